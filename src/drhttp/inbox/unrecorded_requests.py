"""Notices that a program serves requests and nobody records them, and says which line is missing."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import PurePath

from drhttp.inbox.errors import InboxError
from drhttp.inbox.instance_lock import RunningInbox
from drhttp.inbox.listening_sockets import has_served

PATIENCE = 10.0
"""Seconds that requests may go unrecorded: a recorder sends within a few."""
POLL = 0.5
"""Seconds between two looks at the connections of the program."""
_ASGI = ("uvicorn", "hypercorn", "daphne", "granian", "fastapi", "quart", "litestar")
_LINES = {
    "flask": "app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app)",
    "django": "application = drhttp.WSGIMiddleware(application)",
    "asgi": "app = drhttp.ASGIMiddleware(app)",
    "wsgi": "app = drhttp.WSGIMiddleware(app)",
}
_PLACES = {"flask": "below `app = Flask(__name__)`", "django": "at the end of wsgi.py (in asgi.py: ASGIMiddleware)"}


def watch(
    program: subprocess.Popen[bytes],
    words: Sequence[str],
    running: RunningInbox,
    say: Callable[[str], object],
    *,
    patience: float = PATIENCE,
) -> None:
    """Watch a program in a thread, until it is recorded, or ends, or the missing line was reported."""
    began = time.time_ns() // 1000

    def look() -> None:
        since: float | None = None
        while program.poll() is None:
            time.sleep(POLL)
            served = has_served(program.pid)
            if since is None and served is not False:
                since = time.monotonic()
            if since is not None and time.monotonic() - since >= patience:
                if not _recorded(running, began):
                    say("\n".join(_sentences(words, certain=bool(served))))
                return

    threading.Thread(target=look, name="drhttp-inbox-watch", daemon=True).start()


def _recorded(running: RunningInbox, began: int) -> bool:
    """Return whether anything arrived since then; if the inbox cannot be asked, nothing is reported."""
    from drhttp.inbox.remote import Remote  # takes longer to import than an inbox to start

    try:
        with closing(Remote(running)) as remote:
            return any(one.received >= began for one in remote.newest("", 1))
    except (InboxError, OSError, ValueError):
        return True


def _sentences(words: Sequence[str], *, certain: bool) -> Iterator[str]:
    kind = _framework(words)
    if certain:
        yield "The application has answered requests, but none was recorded: it is not wrapped."
    else:
        yield "Nothing was recorded so far. If the application has answered requests, it is not wrapped."
    yield f"Add this {_PLACES.get(kind, 'where `app` is created')}; the DSN is set already:"
    yield f"\n    import drhttp\n\n    {_LINES[kind]}\n"


def _framework(words: Sequence[str]) -> str:
    """Guess from the command line which form of the line fits."""
    names = {PurePath(word).name.lower() for word in words}
    if "manage.py" in names or "django" in names or "django-admin" in names:
        return "django"
    if "flask" in names:
        return "flask"
    return "asgi" if any(name.startswith(_ASGI) for name in names) else "wsgi"
