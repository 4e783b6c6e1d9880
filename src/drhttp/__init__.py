"""`drhttp` records the HTTP traffic of Python web applications and ships it from a background thread.

import drhttp

app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._identity import DRHTTP_HEADER_DEVICE, DRHTTP_HEADER_USER
from drhttp._privacy import Redact
from drhttp._record import Record
from drhttp._recorder import close, flush, stats
from drhttp._stats import Stats
from drhttp._version import __version__
from drhttp.exceptions import ConfigError
from drhttp.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from drhttp.django import DjangoUserMiddleware as DjangoUserMiddleware

# Without `DjangoUserMiddleware`: `from drhttp import *` has to work where there is no Django.
__all__ = [
    "DRHTTP_HEADER_DEVICE",
    "DRHTTP_HEADER_USER",
    "ConfigError",
    "Record",
    "Redact",
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
        try:
            from drhttp.django import DjangoUserMiddleware
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("asgiref", "django"):
                raise
            raise ImportError(f"drhttp.{name} needs Django: pip install 'drhttp[django]'") from error
        return DjangoUserMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
