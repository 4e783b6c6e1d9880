"""Starlette, FastAPI, Quart, Litestar, Channels, and WSGI applications behind adapters, in this process."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest
from a2wsgi import WSGIMiddleware as A2WSGI
from asgiref.wsgi import WsgiToAsgi
from fastapi import APIRouter, FastAPI, WebSocket
from flask import Flask
from litestar import Litestar, get
from quart import Quart
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from support.asgi_calls import LAST_PART, Recorded, Server, asked, run, scope

import drhttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.receiver import Receiver

PLACE = "test_asgi_frameworks"


def greet(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.path_params.get('name', '')}")


async def fail(request: Request) -> PlainTextResponse:
    raise ZeroDivisionError("by zero")


def fail_in_a_thread(request: Request) -> PlainTextResponse:
    raise ZeroDivisionError("by zero")


async def echo(request: Request) -> JSONResponse:
    return JSONResponse(await request.json(), headers={drhttp.DRHTTP_HEADER_USER: "ann"})


ROUTES = [
    Route("/hello/{name:str}", greet),
    Route("/fail", fail),
    Route("/fail-in-a-thread", fail_in_a_thread),
    Route("/echo", echo, methods=["POST"]),
    Mount("/shop/{tenant}", routes=[Route("/items/{id:int}", greet)]),
    Mount("/same", routes=[Route("/{name}", greet)]),
    Mount("/{a}/{b}", routes=[Route("/{c}", greet)]),
]


def added(**options: Any) -> tuple[Starlette, list[Any]]:
    """An application of Starlette that has the middleware added, and its records."""
    seen: list[Any] = []
    app = Starlette(routes=ROUTES)
    app.add_middleware(drhttp.ASGIMiddleware, dsn="http://key@127.0.0.1:9/", before_send=seen.append, **options)
    return app, seen


def wrapped(**options: Any) -> tuple[Any, list[Any]]:
    """An application of Starlette that the middleware is wrapped around, and its records."""
    recorded = Recorded(Starlette(routes=ROUTES), **options)
    return recorded.app, recorded._seen


def listed(**options: Any) -> tuple[Starlette, list[Any]]:
    """An application of Starlette that lists the middleware, and its records."""
    seen: list[Any] = []
    options = {"dsn": "http://key@127.0.0.1:9/", "before_send": seen.append, **options}
    return Starlette(routes=ROUTES, middleware=[Middleware(drhttp.ASGIMiddleware, **options)]), seen


every_way = pytest.mark.parametrize("build", [added, wrapped, listed])


class EndingServer(Server):
    """A server that says that the client has left when the response has ended, as real ones do."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.left.set()


def serve(app: Any, request: Any, messages: Any = (LAST_PART,), error: type[BaseException] | None = None) -> Server:
    """Serve a request, which raises in the end if an error is given."""

    async def main() -> Server:
        server = EndingServer(messages)
        if error is None:
            await server.serve(app, request)
        else:
            with pytest.raises(error):
                await server.serve(app, request)
        return server

    return run(main())


@every_way
def test_ways_to_add_it(build: Any) -> None:
    """A20: `add_middleware`, `Middleware` and plain wrapping record alike."""
    app, seen = build()
    server = serve(app, scope("POST", "/echo"), [asked(b'{"a"', True), asked(b": 1}")])
    assert server.body == b'{"a":1}'
    assert drhttp.DRHTTP_HEADER_USER.encode() not in dict(server.headers)
    assert drhttp.flush()
    (record,) = seen
    assert (record.user, record.request.body.content, record.response.body.content) == ("ann", b'{"a": 1}', b'{"a":1}')


@every_way
@pytest.mark.parametrize("path", ["/fail", "/fail-in-a-thread"])
def test_exceptions_of_which_starlette_makes_a_page(build: Any, path: str) -> None:
    """A9: inside of Starlette's error page and outside of it, the exception is in the one record, with its place."""
    app, seen = build()
    assert serve(app, scope(path=path), error=ZeroDivisionError).sent[0]["status"] == 500
    assert drhttp.flush()
    (record,) = seen
    assert record.response.status == 500
    assert (record.exception.type, record.exception.message) == ("ZeroDivisionError", "by zero")
    assert record.exception.module == PLACE


@every_way
@pytest.mark.parametrize(
    ("path", "root", "route"),
    [
        ("/hello/ann", "", "/hello/{name}"),
        ("/api/hello/ann", "/api", "/api/hello/{name}"),
        ("/hello/ann", "/api", "/hello/{name}"),
        ("/shop/acme/items/7", "", "/shop/{tenant}/items/{id}"),
        ("/api/shop/acme/items/7", "/api", "/api/shop/{tenant}/items/{id}"),
        ("/shop/shop/items/7", "", "/shop/{tenant}/items/{id}"),
        ("/shop/7/items/7", "", "/shop/{tenant}/items/{id}"),
        ("/same/same", "", "/same/{name}"),
        ("/same/ann", "", "/same/{name}"),
        ("/x/x/same", "", "/{a}/{b}/{c}"),
        ("/x/x/x", "", "/{a}/{b}/{c}"),
        ("/nowhere", "", None),
    ],
)
def test_routes_of_starlette(build: Any, path: str, root: str, route: str | None) -> None:
    """A28: the route is the template of the path, with those of mounts and the root path."""
    app, seen = build()
    serve(app, scope(path=path, root_path=root))
    assert drhttp.flush()
    assert [record.route for record in seen] == [route]


def test_routes_of_fastapi() -> None:
    """A28: the routes of included routers have their prefixes."""
    app, inner, router = FastAPI(), APIRouter(), APIRouter()

    @router.get("/orders/{number}")
    def order(number: int) -> int:
        return number

    @inner.get("/deep/{word}")
    async def deep(word: str) -> str:
        return word

    router.include_router(inner, prefix="/inner")
    app.include_router(router, prefix="/api")
    sub = FastAPI()
    sub.include_router(router, prefix="/v{version}")
    app.mount("/sub", sub)
    recorded = Recorded(app)
    paths = ["/api/orders/7", "/api/inner/deep/x", "/sub/v1/orders/7", "/api/orders/x", "/nowhere"]
    assert [recorded.serve(scope(path=path)).sent[0]["status"] for path in paths] == [200, 200, 200, 422, 404]
    assert [record.route for record in recorded.records] == [
        "/api/orders/{number}",
        "/api/inner/deep/{word}",
        "/sub/v{version}/orders/{number}",
        "/api/orders/{number}",
        None,
    ]


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")  # FastAPI advises to set it for the server
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_root_path_that_the_application_sets(outside: bool, prefix: str) -> None:
    """A6: URI, route and `exclude` do not depend on whether the middleware is inside or outside of FastAPI."""
    seen: list[Any] = []
    app: Any = FastAPI(root_path="/v1")

    @app.get("/orders/{number}")
    def order(number: int) -> int:
        return number

    options: Any = {"dsn": "http://key@127.0.0.1:9/", "before_send": seen.append, "exclude": [f"{prefix}/orders/8"]}
    if outside:
        app = drhttp.ASGIMiddleware(app, **options)
    else:
        app.add_middleware(drhttp.ASGIMiddleware, **options)
    for number in (b"7", b"8"):
        assert serve(app, scope(path=f"{prefix}/orders/{number.decode()}")).body == number
    assert drhttp.flush()
    (record,) = seen
    assert record.request.uri == f"http://localhost{prefix}/orders/7"
    assert record.route == f"{prefix}/orders/{{number}}"


@pytest.mark.parametrize("inside", [False, True])
def test_a_mount_around(inside: bool) -> None:
    """A6, A28: a mount has the same route, whether the middleware is around it or in it."""
    seen: list[Any] = []
    options: Any = {"dsn": "http://key@127.0.0.1:9/", "before_send": seen.append}
    app: Any = Starlette(routes=[Route("/hello/{name}", greet)])
    app = Starlette(routes=[Mount("/{tenant}", drhttp.ASGIMiddleware(app, **options) if inside else app)])
    serve(app if inside else drhttp.ASGIMiddleware(app, **options), scope(path="/acme/hello/ann"))
    assert drhttp.flush()
    (record,) = seen
    assert record.request.uri == "http://localhost/acme/hello/ann"
    assert record.route == "/{tenant}/hello/{name}"


def test_an_exception_handler_of_fastapi() -> None:
    """A9: what a handler for all exceptions answers is recorded with the exception."""
    app = FastAPI()

    @app.get("/fail")
    def fail_here() -> None:
        raise ZeroDivisionError("by zero")

    @app.exception_handler(Exception)
    async def handler(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("sorry", 503)

    recorded = Recorded(app)
    assert serve(recorded.app, scope(path="/fail"), error=ZeroDivisionError).body == b"sorry"
    record = recorded.record
    assert record.response.status == 503
    assert record.exception is not None
    assert (record.exception.type, record.exception.module) == ("ZeroDivisionError", PLACE)


def test_a_background_task(receiver: Receiver) -> None:
    """A10: the record has left before a background task ends."""
    ended: list[int] = []

    async def work() -> None:
        await asyncio.to_thread(drhttp.flush, 10.0)
        ended.append(len(receiver.records))

    async def start(request: Request) -> PlainTextResponse:
        return PlainTextResponse("begun", background=BackgroundTask(work))

    run(Server().serve(drhttp.ASGIMiddleware(Starlette(routes=[Route("/", start)]), receiver.dsn), scope()))
    assert ended == [1]


@pytest.mark.parametrize("outside", [False, True])
def test_compressed_answers(outside: bool, receiver: Receiver) -> None:
    """A26: on either side of a middleware that compresses, secrets are masked, and the client gets the same."""

    async def secret(request: Request) -> JSONResponse:
        return JSONResponse({"password": "correct horse battery", "padding": "x" * 1000})

    ours = Middleware(drhttp.ASGIMiddleware, dsn=receiver.dsn)
    gzipped, cors = Middleware(GZipMiddleware, minimum_size=10), Middleware(CORSMiddleware, allow_origins=["*"])
    app = Starlette(routes=[Route("/", secret)], middleware=[ours, gzipped, cors] if outside else [cors, gzipped, ours])
    server = serve(app, scope(headers=[(b"accept-encoding", b"gzip"), (b"origin", b"http://a.example")]))
    assert b"correct horse battery" in gzip.decompress(server.body)
    assert dict(server.headers)[b"access-control-allow-origin"] == b"*"
    assert drhttp.flush()
    (record,) = receiver.records
    assert record["response"]["body"]["padding"] == "x" * 1000
    assert "correct horse" not in str(record)
    assert ("content-encoding" in record["response"]["headers"]) is outside


def test_a_file(tmp_path: Path) -> None:
    """A3: a file is sent by the server if it can, and recorded without its bytes."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    app = Starlette(routes=[Route("/", lambda request: FileResponse(file))])
    recorded = Recorded(app)
    server = recorded.serve(scope(extensions={"http.response.pathsend": {}}))
    assert server.sent[1] == {"type": "http.response.pathsend", "path": str(file)}
    assert recorded.record.response.body.omitted == "file"
    assert recorded.record.response.body.size == 100


@pytest.mark.parametrize("version", ["2.3", "2.4"])
@pytest.mark.parametrize("base", [False, True], ids=["plain", "behind BaseHTTPMiddleware"])
def test_a_stream_that_its_client_leaves(version: str, base: bool) -> None:
    """A16: whoever notices that the client has left, the generator is closed, and the record is aborted."""
    closed: list[str] = []

    async def blocks() -> AsyncIterator[bytes]:
        try:
            for _ in range(5):
                yield b"x"
                await asyncio.sleep(0)
            server.left.set()
            while True:
                yield b"x"
                await asyncio.sleep(0)
        finally:
            closed.append("closed")

    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await call_next(request)

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(blocks())

    middleware = [Middleware(Passing)] if base else []
    recorded = Recorded(Starlette(routes=[Route("/", stream)], middleware=middleware))
    server = Server(leaves_after=8 if version == "2.4" else None)
    request = scope(asgi={"version": "3.0", "spec_version": version})

    async def main() -> None:
        try:
            await server.serve(recorded.app, request)
        except Exception as error:  # noqa: BLE001 - how it ends is Starlette's business
            assert type(error).__name__ in ("ClientDisconnect", "OSError")  # noqa: PT017

    run(main())
    record = recorded.record
    assert closed == ["closed"]
    assert (record.aborted, record.exception) == (True, None)
    assert record.response.body.content == server.body


def test_websockets_pass() -> None:
    """A4: a WebSocket of FastAPI gets the very `receive` and `send` of the server, and is not recorded."""
    app = FastAPI()
    got: list[Any] = []

    @app.websocket("/ws")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        got.extend((receive, send))
        await app(scope, receive, send)

    recorded = Recorded(watched)
    messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "tea"}]
    request = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b"", "subprotocols": []}
    server = Server(messages)
    run(server.serve(recorded.app, request))
    assert [message["type"] for message in server.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert got == [server.receive, server.send]
    assert recorded.records == []


@pytest.mark.parametrize("adapter", [A2WSGI, WsgiToAsgi], ids=["a2wsgi", "asgiref"])
def test_a_recorded_flask_app_inside(adapter: Any) -> None:
    """A17: a recorded Flask application behind an adapter is recorded once, outside, with its user."""
    inside: list[Any] = []
    flask = Flask(__name__)

    @flask.post("/hello")
    def hello() -> Any:
        return "hello", 200, {drhttp.DRHTTP_HEADER_USER: "ann"}

    options = {"dsn": "http://key@127.0.0.1:9/", "before_send": inside.append}
    flask.wsgi_app = drhttp.WSGIMiddleware(flask.wsgi_app, **options)  # type: ignore[method-assign, arg-type]
    recorded = Recorded(Starlette(routes=[Mount("/", app=adapter(flask))]))
    server = recorded.serve(scope("POST", "/hello"), [asked(b"tea")])
    assert server.body == b"hello"
    assert drhttp.DRHTTP_HEADER_USER.encode() not in dict(server.headers)
    assert recorded.record.user == "ann"
    assert inside == []


def test_quart() -> None:
    """Quart, wrapped as its documentation says: body, user, and the exception of which it makes a page."""
    app = Quart(__name__)
    seen: list[Any] = []

    @app.post("/echo")
    async def echo_here() -> Any:
        from quart import request

        return await request.get_data(), 200, {drhttp.DRHTTP_HEADER_USER: "ann"}

    @app.get("/fail")
    async def fail_here() -> Any:
        raise ZeroDivisionError("by zero")

    options: Any = {"dsn": "http://key@127.0.0.1:9/", "before_send": seen.append}
    app.asgi_app = drhttp.ASGIMiddleware(app.asgi_app, **options)  # type: ignore[method-assign]
    assert serve(app, scope("POST", "/echo"), [asked(b"te", True), asked(b"a")]).body == b"tea"
    assert serve(app, scope(path="/fail")).sent[0]["status"] == 500
    assert drhttp.flush()
    echoed, failed = seen
    assert (echoed.user, echoed.request.body.content, echoed.response.body.content) == ("ann", b"tea", b"tea")
    assert (failed.exception.type, failed.exception.module) == ("ZeroDivisionError", PLACE)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its ways to declare parameters change
def test_litestar() -> None:
    """Litestar, with the middleware in its list: the route, and the exception of which it makes a page."""
    seen: list[Any] = []

    @get("/orders/{number:int}", sync_to_thread=False)
    def order(number: int) -> int:
        return number

    @get("/fail", sync_to_thread=False)
    def fail_here() -> None:
        raise ZeroDivisionError("by zero")

    def ours(app: Any) -> Any:
        return drhttp.ASGIMiddleware(app, "http://key@127.0.0.1:9/", before_send=seen.append)

    app = Litestar([order, fail_here], middleware=[ours])
    assert serve(app, scope(path="/orders/7")).body == b"7"
    assert serve(drhttp.ASGIMiddleware(app, ""), scope(path="/fail")).sent[0]["status"] == 500
    assert drhttp.flush()
    ordered, failed = seen
    assert ordered.route == "/orders/{number}"
    assert (failed.exception.type, failed.exception.module) == ("ZeroDivisionError", PLACE)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its ways to declare parameters change
@pytest.mark.parametrize("root", ["", "/api"])
def test_litestar_wrapped(root: str, receiver: Receiver) -> None:
    """A15: wrapped, as the documentation says, what no route matches is recorded too, and the lifespan is seen."""

    @get("/orders/{number:int}", sync_to_thread=False)
    def order(number: int) -> int:
        return number

    app = drhttp.ASGIMiddleware(Litestar([order]), receiver.dsn, flush_interval=300.0)
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def main() -> None:
        for path in ("/orders/7", "/nowhere"):
            await Server().serve(app, scope(path=f"{root}{path}", root_path=root))
        await Server(messages).serve(app, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}})

    run(main())
    found, missing = receiver.records
    assert (found["response"]["status"], found["metadata"]["route"]) == (200, f"{root}/orders/{{number}}")
    assert (missing["response"]["status"], missing["metadata"].get("route")) == (404, None)
