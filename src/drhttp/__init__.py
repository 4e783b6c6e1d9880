"""`drhttp` records the HTTP traffic of Python web applications, and sends it from a background thread.

import drhttp

app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")  # or ASGIMiddleware

PYTEST_DONT_REWRITE: a program may import drhttp, whose plugin pytest loads, before it starts pytest.
"""

from __future__ import annotations

from drhttp._capture.identity_headers import DRHTTP_HEADER_DEVICE, DRHTTP_HEADER_USER
from drhttp._version import __version__
from drhttp.exceptions import ConfigError
from drhttp.wsgi import WSGIMiddleware

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from drhttp._outbound.outbound import record_outbound
    from drhttp._process.recorder import close, flush, stats
    from drhttp._record import Record
    from drhttp._redact_options import Redact
    from drhttp._stats import Stats
    from drhttp.asgi import ASGIMiddleware
    from drhttp.django import DjangoUserMiddleware as DjangoUserMiddleware

# Without `DjangoUserMiddleware`: `from drhttp import *` has to work without Django.
__all__ = [
    "DRHTTP_HEADER_DEVICE",
    "DRHTTP_HEADER_USER",
    "ASGIMiddleware",
    "ConfigError",
    "Record",
    "Redact",
    "Stats",
    "WSGIMiddleware",
    "__version__",
    "close",
    "flush",
    "record_outbound",
    "stats",
]


def __getattr__(name: str) -> object:
    # Loaded on first use: Django, and modules that need dataclasses and threads, which are slow to load.
    value: object
    if name in ("close", "flush", "stats"):
        from drhttp._process import recorder

        value = getattr(recorder, name)
    elif name == "record_outbound":
        from drhttp._outbound.outbound import record_outbound as value
    elif name == "Record":
        from drhttp._record import Record as value
    elif name == "Redact":
        from drhttp._redact_options import Redact as value
    elif name == "Stats":
        from drhttp._stats import Stats as value
    elif name == "ASGIMiddleware":
        from drhttp.asgi import ASGIMiddleware as value
    elif name == "DjangoUserMiddleware":
        value = _django_user_middleware()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # so that the next access finds it without this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _django_user_middleware() -> object:
    try:
        from drhttp.django import DjangoUserMiddleware
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("asgiref", "django"):
            raise
        raise ImportError("drhttp.DjangoUserMiddleware needs Django: pip install 'drhttp[django]'") from error
    return DjangoUserMiddleware
