"""Flags that an application sets in another environ or scope than the one that the recording middleware has seen."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from support.asgi_calls import END, START, Recorded, part, scope
from support.threads import collect_garbage
from support.wsgi_calls import NOWHERE, Server, environ
from support.wsgi_calls import Recorded as RecordedWSGI

import drhttp
from drhttp._capture.environ_flags import add_names
from drhttp._capture.nesting import Nesting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODY = b"pinx=98765secret&size=2"
HEADERS = [("content-type", "application/x-www-form-urlencoded")]


def listing(flags: dict[str, Any]) -> Any:
    """A WSGI application that sets flags, and returns a list."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ.update(flags)
        start_response("200 OK", HEADERS)
        return [BODY]

    return app


def generating(flags: dict[str, Any]) -> Any:
    """A WSGI application that begins to run with the first block of its response, and sets flags behind the last."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HEADERS)
        yield BODY
        environ.update(flags)

    return app


def failing(flags: dict[str, Any]) -> Any:
    """A WSGI application that sets flags, and raises after it has sent its body."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ.update(flags)
        start_response("200 OK", HEADERS)(BODY)
        raise ZeroDivisionError("by zero")

    return app


ways = pytest.mark.parametrize("build", [listing, generating, failing])


def adapted(app: Any) -> Any:
    """An ASGI application that runs one of WSGI in a thread, with an environ of its own, as adapters do."""

    async def adapter(scope: Any, receive: Any, send: Any) -> None:
        server, error = Server(), None
        try:
            await asyncio.to_thread(server.serve, app, environ(path=scope["path"]))
        except ZeroDivisionError as raised:
            error = raised
        fields = [(name.encode(), value.encode()) for name, value in server.headers]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send(part(server.body))
        if error is not None:
            raise error

    return adapter


def inside_asgi(app: Any, **options: Any) -> list[Any]:
    """Serve a request to a recorded WSGI application inside of a recorded ASGI one; returns the records."""
    recorded = Recorded(adapted(drhttp.WSGIMiddleware(app, **{"dsn": NOWHERE, **options})))
    with contextlib.suppress(ZeroDivisionError):
        recorded.serve(scope(path="/orders"))
    return recorded.records


def inside_wsgi(app: Any, **options: Any) -> list[Any]:
    """Serve a request to a recorded WSGI application that gets a copy of the environ; returns the records."""
    inner = drhttp.WSGIMiddleware(app, **{"dsn": NOWHERE, **options})
    return alone(lambda environ, start_response: inner(dict(environ), start_response))


def alone(app: Any, **options: Any) -> list[Any]:
    """Serve a request to a recorded WSGI application; returns the records."""
    recorded = RecordedWSGI(app, **options)
    with contextlib.suppress(ZeroDivisionError):
        Server().serve(recorded.app, environ())
    return recorded.records


places = pytest.mark.parametrize("serve", [inside_asgi, inside_wsgi, alone])


@ways
@places
def test_a_request_that_is_not_to_be_recorded(build: Any, serve: Callable[..., list[Any]]) -> None:
    """`environ["drhttp.skip"]` counts under WSGI and inside of ASGI, even if it is set at the end of the response."""
    assert serve(build({"drhttp.skip": True})) == []
    assert len(serve(build({}))) == 1


@ways
@places
def test_sensitive_names(build: Any, serve: Callable[..., list[Any]]) -> None:
    """`environ["drhttp.sensitive"]` masks under WSGI and inside of ASGI."""
    (record,) = serve(build({"drhttp.sensitive": ["pinx"]}))
    assert b"98765secret" not in record.response.body.content
    assert b"size=2" in record.response.body.content


@pytest.mark.parametrize("serve", [inside_asgi, inside_wsgi])
@pytest.mark.parametrize("options", [{"exclude": ["/*"]}, {"enabled": False}, {"sample_rate": 0}])
def test_options_of_the_inner_middleware(options: Any, serve: Callable[..., list[Any]]) -> None:
    """The inner middleware passes flags on whether it would record the request itself or not."""
    assert serve(listing({"drhttp.skip": True}), **options) == []


def test_a_route_inside() -> None:
    """The route in the environ of an adapter is that of the record."""
    (record,) = inside_asgi(listing({"drhttp.route": "orders"}))
    assert record.route == "/orders"


def copying(app: Any) -> Any:
    """A middleware that passes a copy of the scope."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await app(dict(scope), receive, send)

    return middleware


def setting(flags: dict[str, Any]) -> Any:
    """An ASGI application that sets flags in its scope after it has begun its response."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(name.encode(), value.encode()) for name, value in HEADERS]})
        await send(part(BODY, more=True))
        scope.update(flags)
        await send(END)

    return app


class Matched:
    """What a framework has matched."""

    path = "/orders/{id}"


@pytest.mark.parametrize("options", [{}, {"enabled": False}, {"exclude": ["/*"]}])
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"drhttp.skip": True}, []),
        ({"drhttp.sensitive": ["pinx"]}, [(b"pinx=[redacted]&size=2", None)]),
        ({"route": Matched()}, [(BODY, "/orders/{id}")]),
        ({"drhttp.route": "orders/<id>"}, [(BODY, "/orders/{id}")]),
    ],
)
def test_copies_of_the_scope(flags: Any, expected: list[Any], options: Any) -> None:
    """The flags in a copy of the scope count if a middleware of drhttp is behind the one that copies."""
    inner = drhttp.ASGIMiddleware(setting(flags), **{"dsn": NOWHERE, **options})
    recorded = Recorded(copying(copying(inner)))
    recorded.serve(scope(path="/orders/7"))
    assert [(record.response.body.content, record.route) for record in recorded.records] == expected


def test_marks_of_several() -> None:
    """What is sensitive for one application of a stack is masked, whatever the others say."""

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        scope["drhttp.sensitive"] = ["size"]
        await copying(drhttp.ASGIMiddleware(setting({"drhttp.sensitive": ["pinx"]}), NOWHERE))(scope, receive, send)

    recorded = Recorded(outer)
    recorded.serve(scope())
    assert recorded.record.response.body.content == b"pinx=[redacted]&size=[redacted]"


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        (["a"], ["b"], {"a", "b"}),
        (["a"], "__ALL__", set()),
        ("__ALL__", ["a"], set()),
        (["a"], (), set()),
        (["a"], True, set()),
    ],
)
def test_adding_names(first: Any, second: Any, names: set[str]) -> None:
    """All parameters are more than some, and what is no list means all."""
    assert add_names(add_names(None, first), second) == names


def test_many_requests_inside() -> None:
    """An application that calls others without end does not keep their environs; their flags count."""
    nesting = Nesting()
    nesting.exchange = object()  # type: ignore[assignment]
    nesting.attach({"drhttp.sensitive": ["pinx"]})
    for _ in range(1000):
        nesting.attach({})
    assert len(nesting.requests) < 20
    assert nesting.take_flags({})[0] == {"drhttp.sensitive": {"pinx"}}
    assert nesting.requests == ()


def test_what_is_kept_after_the_response() -> None:
    """After the last message, nothing of drhttp keeps the environ or the scope, whatever the application still does."""

    class Marker:
        pass

    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        def inside(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            environ["marker"] = marker = Marker()
            seen.append(weakref.ref(marker))
            return listing({})(environ, start_response)  # type: ignore[no-any-return]

        await adapted(drhttp.WSGIMiddleware(inside, NOWHERE))(scope, receive, send)
        collect_garbage()
        assert seen[0]() is None

    recorded = Recorded(app)
    recorded.serve(scope())
    assert len(recorded.records) == len(seen) == 1
