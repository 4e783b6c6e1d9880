"""The project as ASGI, which counts the calls that asgiref moves to another thread."""

from __future__ import annotations

import os

from asgiref.sync import SyncToAsync
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support.django_project.settings")

hops = []
_call = SyncToAsync.__call__


async def _counted(self, *args, **kwargs):
    hops.append(self.func)
    return await _call(self, *args, **kwargs)


SyncToAsync.__call__ = _counted
django = get_asgi_application()


async def application(scope, receive, send):
    """Answer, and tell in a header of the answer how often that left the thread of the event loop so far."""
    before = len(hops)

    async def counting(message):
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-hops", str(len(hops) - before).encode())]
        await send(message)

    await django(scope, receive, counting)
