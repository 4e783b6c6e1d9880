"""Applications of the other interface, and everything that may look like one but is none."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import drhttp


def wsgi(environ: Any, start_response: Any) -> Any:
    """A WSGI application."""


def generating(environ: Any, start_response: Any) -> Any:
    """A WSGI application that is a generator."""
    yield b""


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application."""


def twice(scope: Any) -> Any:
    """An application of ASGI 2."""


def plain(scope: Any, receive: Any, send: Any) -> Any:
    """An ASGI application that returns something to await."""
    return asgi(scope, receive, send)


def anything(*args: Any) -> Any:
    """A decorator's function."""


def optional(scope: Any, receive: Any, send: Any = None) -> Any:
    """An application that takes two arguments or three."""


class WSGI:
    """A WSGI application."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Serve one request."""

    def method(self, environ: Any, start_response: Any) -> Any:
        """Serve one request."""


class InheritedWSGI(WSGI):
    """An application as frameworks have users write it."""


class ASGI:
    """An ASGI application."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""


class InheritedASGI(ASGI):
    """An application as frameworks have users write it."""


class Static:
    """An ASGI application without a state."""

    @staticmethod
    def __call__(scope: Any, receive: Any, send: Any) -> Any:
        """Serve one connection."""


class Awaitable:
    """An ASGI application that is the connection."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        pass


class Proxy:
    """Stands for an application that does not exist yet."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("there is no application yet")

    def __call__(self, *args: Any) -> Any:
        """Call the application."""


NEITHER = [
    anything,
    Static(),
    Awaitable,
    Proxy(),
    print,
    functools.partial(asgi),
    functools.partial(wsgi),
    optional,
    twice,
]


def name_of(value: Any) -> str | None:
    """The name for a test, without an address."""
    if isinstance(value, str):
        return None
    return (
        type(value).__name__
        if type(value) in (Proxy, functools.partial)
        else getattr(value, "__qualname__", "an object")
    )


options = pytest.mark.parametrize(
    "options", [{}, {"dsn": "http://key@127.0.0.1:9/"}, {"enabled": False}], ids=["no DSN", "on", "off"]
)


@options
@pytest.mark.parametrize(
    ("app", "name"),
    [
        (wsgi, "wsgi"),
        (generating, "generating"),
        (WSGI(), "WSGI"),
        (InheritedWSGI(), "InheritedWSGI"),
        (WSGI().method, "WSGI.method"),
        (drhttp.WSGIMiddleware(wsgi, ""), "WSGIMiddleware"),
    ],
    ids=name_of,
)
def test_wsgi_applications(app: Any, name: str, options: Any) -> None:
    """`ASGIMiddleware` refuses a WSGI application, and names the other class."""
    drhttp.WSGIMiddleware(app, **options)
    with pytest.raises(drhttp.ConfigError) as raised:
        drhttp.ASGIMiddleware(app, **options)
    assert str(raised.value) == f"app: {name} is a WSGI application; use drhttp.WSGIMiddleware"


@options
@pytest.mark.parametrize(
    ("app", "name"),
    [
        (asgi, "asgi"),
        (ASGI(), "ASGI"),
        (InheritedASGI(), "InheritedASGI"),
        (ASGI().method, "ASGI.method"),
        (drhttp.ASGIMiddleware(asgi, ""), "ASGIMiddleware"),
    ],
    ids=name_of,
)
def test_asgi_applications(app: Any, name: str, options: Any) -> None:
    """`WSGIMiddleware` refuses an ASGI application, and names the other class."""
    drhttp.ASGIMiddleware(app, **options)
    with pytest.raises(drhttp.ConfigError) as raised:
        drhttp.WSGIMiddleware(app, **options)
    assert str(raised.value) == f"app: {name} is an ASGI application; use drhttp.ASGIMiddleware"


@pytest.mark.parametrize("app", [*NEITHER, plain], ids=name_of)
def test_no_false_alarm(app: Any) -> None:
    """What may be an application of both interfaces is taken by both middlewares."""
    drhttp.WSGIMiddleware(app, "")
    drhttp.ASGIMiddleware(app, "")
