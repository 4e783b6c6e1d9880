"""O5, O6, O15, O21, O22 under ASGI: which request a call belongs to, and which are not recorded."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import socket
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
import requests
import uvicorn
from a2wsgi import WSGIMiddleware as A2WSGI
from asgiref.wsgi import WsgiToAsgi
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from support.asgi_calls import END, START, Recorded, Server, asked, part, run, scope
from support.threads import collect_garbage
from support.wide import wide
from support.wsgi_calls import Recorded as RecordedWSGI

import drhttp
from drhttp import _guard
from drhttp._capture import link
from drhttp._capture.asgi_exchange import ASGIExchange
from drhttp._delivery.own_requests import unrecorded

from .test_linking import assert_nested, split

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"


async def by_httpx(url: str) -> None:
    """Call with httpx."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        await client.get(url)


async def by_aiohttp(url: str) -> None:
    """Call with aiohttp."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        await response.read()


async def by_requests(url: str) -> None:
    """Call with requests, in a thread."""
    await asyncio.to_thread(requests.get, url, timeout=60)


def calling(url: str, call: Any = by_httpx) -> Any:
    """An application that makes a request before it answers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await call(url)
        await send(START)
        await send(END)

    return app


@pytest.fixture(autouse=True)
def _no_middleware_is_left() -> Iterator[None]:
    """The first middleware with the option records what belongs to no request, so none may be left of another test."""
    collect_garbage()
    yield
    collect_garbage()


class TestServing:
    """Calls while an ASGI application serves a request."""

    @pytest.mark.parametrize("call", [by_httpx, by_aiohttp, by_requests])
    def test_o5_calls_are_nested(self, call, server):
        """O5: calls belong to the request, and to its trace if it continues one."""
        recorded = Recorded(calling(f"{server.url}/ok", call), outbound=True)
        recorded.serve(scope(headers=[(b"host", b"localhost"), (b"traceparent", TRACEPARENT.encode())]))
        assert_nested(recorded.records, 1)
        (inbound,), _ = split(recorded.records)
        assert inbound.trace.trace_id == TRACEPARENT[3:35]
        assert inbound.trace.parent_id == TRACEPARENT[36:52]

    def test_calls_are_not_recorded_by_default(self, server):
        """O11: without the option nothing is recorded but what is served, although another middleware records calls."""
        other = Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)
        recorded = Recorded(calling(f"{server.url}/ok"))
        recorded.serve(scope())
        assert [record.direction for record in recorded.records] == ["Incoming"]
        assert other.records == []

    def test_o6_while_it_streams_and_after_it(self, server):
        """O6: calls between parts of the body, and in a background task behind its end, are nested."""
        url = f"{server.url}/ok"

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await send(part(b"one", more=True))
            await by_httpx(url)
            await send(part(b"two"))
            await by_aiohttp(url)

        recorded = Recorded(app, outbound=True)
        recorded.serve(scope())
        assert_nested(recorded.records, 2)

    def test_o6_a_task_that_outlives_the_request(self, server):
        """O6: a task that the request has left behind is still of that request; what the server does next is not."""
        tasks: list[asyncio.Task[None]] = []
        gate = asyncio.Event()

        async def later() -> None:
            await gate.wait()
            await by_httpx(f"{server.url}/ok")

        async def app(scope: Any, receive: Any, send: Any) -> None:
            tasks.append(asyncio.create_task(later()))
            await send(START)
            await send(END)

        recorded = Recorded(app, outbound=True)

        async def main() -> None:
            await Server().serve(recorded.app, scope())
            assert link.current() is None
            gate.set()
            await tasks[0]

        run(main())
        assert_nested(recorded.records, 1)

    @pytest.mark.parametrize("options", [{"exclude": ["/quiet"]}, {"sample_rate": 0.0}])
    def test_o22_calls_share_the_fate_of_their_request(self, options, server):
        """O22: an excluded or unsampled request takes its calls with it, and those of its tasks."""
        url = f"{server.url}/ok"
        tasks: list[asyncio.Task[None]] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await by_httpx(url)
            tasks.append(asyncio.create_task(by_aiohttp(url)))
            await send(START)
            await send(END)
            await by_requests(url)

        recorded = Recorded(app, outbound=True, **options)

        async def main() -> None:
            await Server().serve(recorded.app, scope(path="/quiet"))
            assert link.current() is None
            await tasks[0]

        run(main())
        assert recorded.records == []

    def test_a25_an_excluded_request_has_the_same_receive(self, server):
        """A25: an excluded request is linked without a part in what it receives and, if nothing is removed, sends."""
        given: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            given.extend([receive, send])

        recorded = Recorded(app, outbound=True, exclude=["/quiet"], expose_identity=True)

        async def main() -> None:
            web = Server()
            receive, send = web.receive, web.send
            await recorded.app(scope(path="/quiet"), receive, send)
            assert given == [receive, send]

        run(main())

    @pytest.mark.parametrize("kind", ["answered", "error", "cancelled"])
    def test_what_follows_a_request_is_not_its(self, kind, server):
        """A call in the same task after the request has a trace of its own."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if kind != "answered":
                raise ValueError("no") if kind == "error" else asyncio.CancelledError
            await send(START)
            await send(END)

        recorded = Recorded(app, outbound=True)

        async def main() -> None:
            with contextlib.suppress(ValueError, asyncio.CancelledError):
                await Server().serve(recorded.app, scope())
            assert link.current() is None
            await by_httpx(f"{server.url}/ok")

        run(main())
        _, (call,) = split(recorded.records)
        assert call.trace.parent_id is None

    def test_o5_requests_that_interleave(self, server):
        """O5: of 20 requests at once, each has its own calls."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            url = f"{server.url}/ok?{scope['path']}"
            await asyncio.gather(by_httpx(url), by_aiohttp(url))
            await send(START)
            await send(END)

        recorded = Recorded(app, outbound=True)

        async def main() -> None:
            await asyncio.gather(*(Server().serve(recorded.app, scope(path=f"/{number}")) for number in range(20)))

        run(main())
        inbound, outbound = split(recorded.records)
        spans = {record.request.uri.rpartition("/")[2]: record.trace for record in inbound}
        assert (len(spans), len(outbound)) == (20, 40)
        for record in outbound:
            mine = spans[record.request.uri.rpartition("/")[2]]
            assert (record.trace.trace_id, record.trace.parent_id) == (mine.trace_id, mine.span_id)


class TestStacks:
    """Middlewares around each other."""

    def test_twice(self, server):
        """With two middlewares around an application, its calls belong to the one record."""
        inner = Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)
        outer = Recorded(inner.app, outbound=True)
        outer.serve(scope())
        assert_nested(outer.records, 1)
        assert inner.records == []

    def test_an_inner_middleware_that_excludes_the_request(self, server):
        """The outer one records the request, and so its calls."""
        inner = Recorded(calling(f"{server.url}/ok"), outbound=True, exclude=["/*"], flush_interval=3.0)
        outer = Recorded(inner.app, outbound=True)
        outer.serve(scope())
        assert_nested(outer.records, 1)

    def test_an_outer_middleware_that_excludes_the_request(self, server):
        """The inner one records the request, and so its calls; what the outer part calls afterwards is not recorded."""
        inner = Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)

        async def around(scope: Any, receive: Any, send: Any) -> None:
            await inner.app(scope, receive, send)
            await by_httpx(f"{server.url}/ok")

        outer = Recorded(around, outbound=True, exclude=["/*"])
        outer.serve(scope())
        assert_nested(inner.records, 1)
        assert outer.records == []

    @pytest.mark.parametrize("adapter", [A2WSGI, WsgiToAsgi])
    def test_a17_wsgi_inside(self, adapter, server):
        """A17: calls of a recorded WSGI application inside belong to the request that the outer middleware records."""

        def app(environ: Any, start_response: Any) -> list[bytes]:
            requests.get(f"{server.url}/ok", timeout=60)
            start_response("200 OK", [])
            return [b"done"]

        inner = RecordedWSGI(app, outbound=True, flush_interval=3.0)
        outer = Recorded(adapter(inner.app), outbound=True)
        outer.serve(scope())
        assert_nested(outer.records, 1)
        assert inner.records == []

    def test_a_whole_request_to_itself(self, server):
        """An application called by a client without a network: each request has its own calls."""
        inner = Recorded(calling(f"{server.url}/ok"), outbound=True)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(inner.app), base_url="http://inner") as client:
                await client.get("/")
            await calling(f"{server.url}/ok")(scope, receive, send)

        outer = Recorded(app, outbound=True, flush_interval=3.0)
        outer.serve(scope())
        assert_nested(inner.records, 1)
        assert_nested(outer.records, 1)


class TestContexts:
    """What contexts keep, and where a request may end."""

    def test_o15_a_context_keeps_a_few_ids_alive(self, server):
        """O15: 30 requests of 1 MB that each leave a task behind hold less than 10 MB."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            body = (await receive())["body"]
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                await client.post(f"{server.url}/ok", content=body)
            tasks.append(asyncio.create_task(gate.wait()))
            await send(START)
            await send(part(bytes(len(body))))

        recorded = Recorded(app, outbound=True, max_body_size=2_000_000)
        tasks: list[asyncio.Task[Any]] = []
        gate: Any = None

        async def serve(times: int) -> None:
            for _ in range(times):
                await Server([asked(bytes(1_000_000))]).serve(recorded.app, scope("POST"))
                server.take()
                recorded.forget()
            collect_garbage()

        async def main() -> int:
            nonlocal gate
            gate = asyncio.Event()
            await serve(1)
            tracemalloc.start()
            try:
                await serve(30)
                return tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()
                gate.set()
                await asyncio.gather(*tasks)

        assert run(main()) < 10 * 1024 * 1024
        assert len(tasks) == 31

    @pytest.mark.parametrize(
        ("owner", "name"), [(link, "enter"), (link.Link, "__init__"), (ASGIExchange, "traceparent")]
    )
    @pytest.mark.parametrize("path", ["/", "/quiet"])
    def test_a_failure_is_not_the_applications(self, owner, name, path, server, monkeypatch):
        """Where the link cannot be made, the request is served and recorded as without it."""

        def fail(*args: Any) -> None:
            raise RuntimeError("broken")

        recorded = Recorded(calling(f"{server.url}/ok"), outbound=True, exclude=["/quiet"])
        monkeypatch.setattr(owner, name, property(fail) if name == "traceparent" else fail)
        assert recorded.serve(scope(path=path)).sent == [START, END]
        monkeypatch.undo()
        inbound, _ = split(recorded.records)
        assert len(inbound) == (path == "/")

    def test_o21_no_token_outlives_its_context(self, server):
        """O21: a request whose coroutine is closed in another context restores nothing there."""

        class Pause:
            def __await__(self) -> Iterator[None]:
                yield

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await Pause()

        recorded = Recorded(app, outbound=True)

        async def send(message: Any) -> None:
            pass

        serving: Any = recorded.app(scope(), None, send)
        contextvars.copy_context().run(serving.send, None)
        serving.close()
        assert link.current() is None
        assert recorded.record.aborted
        assert _guard.failures() == 0

    def test_a_websocket_belongs_to_no_request_before_it(self, server):
        """A server may go on reading a connection in the context of a request that has ended."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await by_httpx(f"{server.url}/ok")

        recorded = Recorded(app, outbound=True)
        stale = link.enter(recorded.app._recorder, None)
        contextvars.Context().run(stale.leave)
        assert link.current() is stale.link
        contextvars.copy_context().run(recorded.serve, {"type": "websocket", "path": "/"})
        link.forget_ended()
        assert recorded.record.trace.parent_id is None


class TestUvicorn:
    """A real server and Starlette."""

    @pytest.mark.parametrize("path", ["async", "aiohttp", "sync", "background", "stream"])
    @pytest.mark.parametrize("wrapped", [False, *wide(True)])
    def test_o5_endpoints(self, path, wrapped, server):
        """O5, O6: coroutines, endpoints in threads, background tasks and streams; behind `BaseHTTPMiddleware` too."""
        seen: list[Any] = []
        app = starlette(f"{server.url}/ok")
        if wrapped:
            app.add_middleware(BaseHTTPMiddleware, dispatch=_pass)
        app.add_middleware(drhttp.ASGIMiddleware, dsn=NOWHERE, outbound=True, before_send=seen.append)
        with served(app) as url:
            for _ in range(2):
                unrecorded(requests.get, f"{url}/{path}")
        assert drhttp.flush(10.0)
        inbound, outbound = split(seen)
        assert [record.response.status for record in inbound] == [200, 200]
        assert {record.trace.parent_id for record in outbound} == {record.trace.span_id for record in inbound}
        assert len(outbound) == 2

    def test_a_connection_that_is_kept(self, server):
        """O5, O22: requests of one connection, uploads among them, are told apart; an excluded one takes its calls."""
        seen: list[Any] = []
        app = starlette(f"{server.url}/ok")
        app.add_middleware(
            drhttp.ASGIMiddleware, dsn=NOWHERE, outbound=True, exclude=["/sync"], before_send=seen.append
        )
        with served(app) as url, requests.Session() as session:
            for path in ("async", "sync", "background", "async"):
                unrecorded(lambda path: session.post(f"{url}/{path}", data=bytes(1_000_000)), path)
        assert drhttp.flush(10.0)
        inbound, outbound = split(seen)
        assert (len(inbound), len(outbound)) == (3, 3)
        assert {record.trace.parent_id for record in outbound} == {record.trace.span_id for record in inbound}


NOWHERE = "http://key@127.0.0.1:9/"


def starlette(url: str) -> Starlette:
    """An application that calls that address in several ways."""

    async def coroutine(request: Any) -> PlainTextResponse:
        await request.body()
        await by_httpx(url)
        return PlainTextResponse("done")

    async def with_aiohttp(request: Any) -> PlainTextResponse:
        await by_aiohttp(url)
        return PlainTextResponse("done")

    def in_a_thread(request: Any) -> PlainTextResponse:
        requests.get(url, timeout=60)
        return PlainTextResponse("done")

    async def background(request: Any) -> PlainTextResponse:
        return PlainTextResponse("done", background=BackgroundTask(by_httpx, url))

    async def stream(request: Any) -> StreamingResponse:
        async def parts() -> Any:
            yield "one"
            await by_httpx(url)
            yield "two"

        return StreamingResponse(parts())

    endpoints = {
        "async": coroutine,
        "aiohttp": with_aiohttp,
        "sync": in_a_thread,
        "background": background,
        "stream": stream,
    }
    return Starlette(routes=[Route(f"/{name}", each, methods=["GET", "POST"]) for name, each in endpoints.items()])


async def _pass(request: Any, call_next: Any) -> Any:
    return await call_next(request)


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Run uvicorn in a thread; yield its address. It stops when all responses and their tasks have ended."""
    web = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            web.should_exit = True
            thread.join()
