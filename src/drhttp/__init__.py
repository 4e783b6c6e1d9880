"""`drhttp` records the HTTP traffic of Python web applications and ships it from a background thread.

import drhttp

app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._identity import DRHTTP_HEADER_DEVICE, DRHTTP_HEADER_USER
from drhttp._record import Record
from drhttp._recorder import close, flush, stats
from drhttp._stats import Stats
from drhttp._version import __version__
from drhttp.exceptions import ConfigError
from drhttp.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from drhttp.django import DjangoUserMiddleware

__all__ = [
    "DRHTTP_HEADER_DEVICE",
    "DRHTTP_HEADER_USER",
    "ConfigError",
    "DjangoUserMiddleware",
    "Record",
    "Stats",
    "WSGIMiddleware",
    "__version__",
    "close",
    "flush",
    "stats",
]


def __getattr__(name: str) -> object:
    # Django is loaded when its middleware is asked for, not before.
    if name == "DjangoUserMiddleware":
        from drhttp.django import DjangoUserMiddleware

        return DjangoUserMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
