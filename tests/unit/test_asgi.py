"""ASGI: the recorder cannot change the application, and records each request once, by hand-driven scopes."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import subprocess
import sys
import threading
import tracemalloc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from support.asgi_calls import DISCONNECT, END, LAST_PART, START, Recorded, Server, asked, part, run, scope, start
from support.seen_records import NOWHERE
from support.threads import collect_garbage
from support.wsgi_calls import Server as WSGIServer
from support.wsgi_calls import environ

import drhttp
from drhttp._guard import MARK
from drhttp._process import registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.receiver import Receiver

LONG = b"x" * 65_536


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a greeting."""
    await send(START)
    await send(part(b"hello"))


def sending(*messages: Any) -> Any:
    """An application that sends these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def reading(times: int) -> Any:
    """An application that receives so often before it answers. It remembers what came in `app.got`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        app.got = [await receive() for _ in range(times)]  # type: ignore[attr-defined]
        await hello(scope, receive, send)

    return app


def failing(*messages: Any, error: BaseException) -> Any:
    """An application that raises after these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sending(*messages)(scope, receive, send)
        raise error

    return app


class Again:
    """Header fields that are no list."""

    def __init__(self, fields: Any) -> None:
        self._fields = fields

    def __iter__(self) -> Any:
        return iter(self._fields)


class TestReceive:
    """A1: `receive` is a tee that only the application calls."""

    @pytest.mark.parametrize(
        ("times", "read", "content"),
        [(0, "none", None), (1, "partial", b"one"), (2, "full", b"onetwo")],
        ids=["not", "once", "to the end"],
    )
    def test_as_often_as_the_application(self, times: int, read: str, content: bytes | None) -> None:
        """A1: calls and messages of the server are those of the application; the record says how much was read."""
        app, messages = reading(times), [asked(b"one", True), asked(b"two")]
        recorded = Recorded(app, redact=False)
        server = recorded.serve(scope("POST", headers=[(b"content-length", b"6")]), messages)
        assert server.received == times
        assert all(got is given for got, given in zip(app.got, messages, strict=False))
        body = recorded.record.request.body
        assert (body.read, body.content, body.size) == (read, content, 6)

    def test_once_more_than_there_are_messages(self) -> None:
        """A1: the call after the last message waits in the server until the client leaves, as without the recorder."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            assert (await receive())["type"] == "http.request"
            listening = asyncio.ensure_future(receive())
            await send(START)
            await asyncio.sleep(0)
            assert not listening.done()
            await send(END)
            server.left.set()
            assert await listening is DISCONNECT

        recorded = Recorded(app)

        async def main() -> None:
            await server.serve(recorded.app, scope())

        server = Server()
        run(main())
        assert server.received == 2
        assert recorded.record.aborted is False

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_body_of_unknown_length(self, method: str) -> None:
        """A1: a body whose length no header field declares is recorded whole, whatever the method."""
        recorded = Recorded(reading(3))
        recorded.serve(scope(method), [asked(b"a", True), asked(b"", True), asked(b"b")])
        body = recorded.record.request.body
        assert (body.read, body.content, body.size, body.truncated) == ("full", b"ab", 2, False)

    def test_no_body(self) -> None:
        """A1: a request without a body has none in the record, read or not."""
        recorded = Recorded(reading(1))
        recorded.serve(scope())
        body = recorded.record.request.body
        assert (body.read, body.content, body.size, body.omitted) == (None, None, 0, None)


class TestDisconnect:
    """A2: `http.disconnect` reaches whoever listens, while the application works."""

    def test_at_once(self) -> None:
        """A2: an application that listens while it works is told at once, and we take no message away."""
        noticed: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(START)
            await send(part(b"first", True))
            server.left.set()
            noticed.append(await receive())

        recorded = Recorded(app)

        async def main() -> None:
            await server.serve(recorded.app, scope())

        server = Server()
        run(main())
        assert noticed == [DISCONNECT]
        assert server.received == 2
        record = recorded.record
        assert (record.aborted, record.exception, record.response.body.content) == (True, None, b"first")


class TestFiles:
    """A3: files that the server sends are left to it."""

    @pytest.mark.parametrize(
        "message",
        [
            {"type": "http.response.pathsend", "path": "/there/is/no/such/file"},
            {"type": "http.response.zerocopysend", "file": 7, "count": 9},
        ],
        ids=["pathsend", "zerocopysend"],
    )
    def test_passes(self, message: Any) -> None:
        """A3: the message passes as it is, nobody opens the file, and the record ends without its bytes."""
        recorded = Recorded(sending(start(200, (b"content-length", b"9")), message))
        server = recorded.serve(scope(extensions={"http.response.pathsend": {}}))
        assert server.sent[1] is message
        body = recorded.record.response.body
        assert (body.omitted, body.size, body.content) == ("file", 9, None)
        assert recorded.record.aborted is False

    def test_a_file_in_two_parts(self) -> None:
        """A3: the record ends with the last part of a file."""
        first = {"type": "http.response.zerocopysend", "file": 7, "count": 4, "more_body": True}
        recorded = Recorded(sending(START, first, {**first, "more_body": False}))
        assert len(recorded.serve(scope()).sent) == 3
        assert recorded.record.response.body.omitted == "file"

    def test_extensions(self) -> None:
        """A3: the application sees the extensions of the server."""
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["extensions"])
            await hello(scope, receive, send)

        offered = {"http.response.pathsend": {}, "http.response.trailers": {}}
        Recorded(app).serve(scope(extensions=offered))
        assert seen == [offered]
        assert seen[0] is offered


class TestOtherMessages:
    """A4: every scope and every message passes, in order and unchanged."""

    @pytest.mark.parametrize("kind", ["websocket", "unknown", None])
    def test_other_scopes(self, kind: str | None) -> None:
        """A4: the application gets the very same scope, `receive` and `send`, and there is no record."""
        got: list[Any] = []

        async def app(*connection: Any) -> None:
            got.extend(connection)

        recorded = Recorded(app)
        given = ({"type": kind} if kind else {}, object(), object())
        run(recorded.app(*given))
        assert all(one is other for one, other in zip(got, given, strict=True))
        assert given[0] == ({"type": kind} if kind else {})
        assert recorded.records == []

    def test_lifespan(self) -> None:
        """A4: the lifespan has the very same scope and `receive`; its messages and what they return are the same."""
        got: list[Any] = []
        messages = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.failed"}, {"type": "new"}, None]

        async def app(scope: Any, receive: Any, send: Any) -> None:
            got.extend((scope, receive, *[await send(message) for message in messages]))

        async def send(message: Any) -> Any:
            return message

        recorded = Recorded(app)
        given = ({"type": "lifespan"}, object(), send)
        run(recorded.app(*given))
        assert all(one is other for one, other in zip(got, [*given[:2], *messages], strict=True))
        assert given[0] == {"type": "lifespan"}
        assert recorded.records == []

    def test_messages_of_extensions(self) -> None:
        """A4: debugging before the start, early hints, push, trailers and unknown messages pass, the same objects."""
        messages = [
            {"type": "http.response.debug", "info": {}},
            {"type": "http.response.early_hint", "links": []},
            {**START, "trailers": True},
            {"type": "http.response.push", "path": "/style.css", "headers": []},
            part(b"a", True),
            {"type": "http.response.unknown", "more_body": False},
            part(b"b"),
            {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]},
            {"no type": True, "type": "later"},
        ]
        recorded = Recorded(sending(*messages))
        sent = recorded.serve(scope()).sent
        assert len(sent) == len(messages)
        assert all(one is other for one, other in zip(sent, messages, strict=True))
        assert recorded.record.response.body.content == b"ab"
        assert recorded.record.response.status == 200

    def test_what_servers_refuse(self) -> None:
        """A4: what is no message reaches the server, whose exception reaches the application."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            with pytest.raises(TypeError):
                await send(None)
            await hello(scope, receive, send)

        assert Recorded(app).serve(scope()).body == b"hello"

    def test_what_send_returns(self) -> None:
        """A4: what `send` of the server and the application return is returned."""

        async def app(scope: Any, receive: Any, send: Any) -> Any:
            return await send(START), await send(END), await send(END)

        async def send(message: Any) -> Any:
            return message

        recorded = Recorded(app)
        assert run(recorded.app(scope(), None, send)) == (START, END, END)


class TestScope:
    """A5, A6: what is optional in the scope, and where its paths are."""

    OPTIONAL = ("client", "server", "raw_path", "scheme", "root_path", "headers", "extensions", "http_version")

    @pytest.mark.parametrize("name", OPTIONAL)
    @pytest.mark.parametrize("how", ["missing", "None"])
    def test_optional_parts(self, name: str, how: str) -> None:
        """A5: without a part of the scope, or with `None` in it, the answer is the same and there is a record."""
        request = scope()
        if how == "None":
            request[name] = None
        else:
            del request[name]
        recorded = Recorded(hello)
        assert recorded.serve(request).body == b"hello"
        record = recorded.record
        assert record.request.uri == ("http://127.0.0.1/" if name == "headers" else "http://localhost/")
        assert record.request.ip == (None if name == "client" else "192.0.2.1")
        assert drhttp.stats().failures == 0

    @pytest.mark.parametrize(
        ("server", "expected"),
        [
            (("a.example", 8000), "http://a.example:8000/"),
            (("a.example", 80), "http://a.example/"),
            (("::1", 8000), "http://[::1]:8000/"),
            (("/run/app.sock", None), "http://%2Frun%2Fapp.sock/"),
            (None, "http:///"),
        ],
    )
    def test_host(self, server: Any, expected: str) -> None:
        """A5: without a field `Host`, the address of the server is in the URI, that of a Unix socket too."""
        recorded = Recorded(hello)
        recorded.serve(scope(headers=[], server=server))
        assert recorded.record.request.uri == expected

    @pytest.mark.parametrize(
        ("raw", "path", "expected"),
        [
            (b"/a%2Fb%20c%E9", "/a/b c\ufffd", "/a%2Fb%20c%E9"),
            (b"/plain", "/plain", "/plain"),
            (b"/a?b=1", "/a", "/a"),
            (b"http://h/a", "/a b", "/a%20b"),
            (None, "/\u00e9 \u20ac", "/%C3%A9%20%E2%82%AC"),
            (b"", "", "/"),
            (None, "*", "/*"),
            (None, "/\ud800", "/%ED%A0%80"),
        ],
    )
    def test_raw_path(self, raw: bytes | None, path: str, expected: str) -> None:
        """A5: `raw_path`, if it is there, is the path byte for byte; else the path is encoded."""
        recorded = Recorded(hello)
        recorded.serve(scope(path="/", raw_path=raw) | {"path": path, "query_string": b"a=%20&b=\xff"})
        assert recorded.record.request.uri == f"http://localhost{expected}?a=%20&b=%FF"

    @pytest.mark.parametrize(
        ("root", "path", "raw", "expected"),
        [
            ("/mcp", "/mcp/x", b"/mcp/x", "/mcp/x"),  # uvicorn; a mount of Starlette around us
            ("/mcp", "/x", b"/x", "/x"),  # hypercorn, daphne, and an application that sets it itself
            ("/mcp/", "/mcp/x", None, "/mcp/x"),
            ("/mcp", "/x", b"/mcp/x", "/mcp/x"),  # a mount of an old Starlette around us
            ("/mcp", "/mcp", None, "/mcp"),
            ("/mcp", "/mcpx", None, "/mcpx"),
            ("/m c", "/m c/x", b"/m%20c/x", "/m%20c/x"),
        ],
    )
    def test_root_path(self, root: str, path: str, raw: bytes | None, expected: str) -> None:
        """A6: the URI and `exclude` have the path that the client sent, with the root path only if that was in it."""
        recorded = Recorded(hello)
        recorded.serve(scope(path=path, root_path=root, raw_path=raw))
        assert recorded.record.request.uri == f"http://localhost{expected}"
        recorded = Recorded(hello, exclude=[expected])
        recorded.serve(scope(path=path, root_path=root, raw_path=raw))
        assert recorded.records == []

    def test_a_mount_inside(self) -> None:
        """A6: what a mount inside of the application does to the scope is not in the URI."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["root_path"] += "/sub"
            await hello(scope, receive, send)

        recorded = Recorded(app)
        recorded.serve(scope(path="/sub/x"))
        assert recorded.record.request.uri == "http://localhost/sub/x"

    @pytest.mark.parametrize(("pattern", "matches"), [("/a b", True), ("/a%20b", True), ("/a*", True), ("/b*", False)])
    def test_exclude(self, pattern: str, matches: bool) -> None:
        """A6: a pattern matches the path as the client sent it, in whatever form that was encoded."""
        recorded = Recorded(hello, exclude=[pattern])
        recorded.serve(scope(path="/a b", raw_path=b"/%61%20b"))
        assert (recorded.records == []) is matches

    def test_the_scope_stays_the_servers(self) -> None:
        """The application gets the very scope of the server, so that what it leaves there is seen outside."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["session"] = "mine"
            await hello(scope, receive, send)

        request = scope()
        before = dict(request)
        Recorded(app).serve(request)
        assert {name: request[name] for name in before} == before
        assert request["session"] == "mine"

    @pytest.mark.parametrize("trusted", [0, 1])
    def test_client_behind_a_proxy(self, trusted: int) -> None:
        """The client's address is that of trusted proxies, as under WSGI; repeated fields are one list."""
        headers = [(b"X-Forwarded-For", b"6.6.6.6"), (b"x-forwarded-for", b"203.0.113.7")]
        recorded = Recorded(hello, trusted_proxies=trusted)
        recorded.serve(scope(headers=headers))
        assert recorded.record.request.ip == ("203.0.113.7" if trusted else "192.0.2.1")

    def test_trace(self) -> None:
        """The trace of the client goes on in the record."""
        recorded = Recorded(hello)
        recorded.serve(scope(headers=[(b"traceparent", f"00-{'a' * 32}-{'b' * 16}-01".encode())]))
        assert recorded.record.trace is not None
        assert (recorded.record.trace.trace_id, recorded.record.trace.parent_id) == ("a" * 32, "b" * 16)


class TestHeaders:
    """A7, A8: header fields are bytes, and the messages are the application's."""

    FIELDS = ((b"x-\xe9", b"\xff\xe9"), (b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"))

    @pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
    def test_of_a_request(self, kind: Any) -> None:
        """A7: the application gets the fields of the request unchanged; the record has them as latin-1."""
        got: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            got.extend(scope["headers"])
            await hello(scope, receive, send)

        recorded = Recorded(app, redact=False)
        recorded.serve(scope(headers=kind([list(field) if kind is list else field for field in self.FIELDS])))
        assert list(map(tuple, got)) == list(self.FIELDS)
        assert recorded.record.request.headers[0] == ("x-\xe9", "\xff\xe9")

    @pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
    def test_of_a_response(self, kind: Any) -> None:
        """A7: the server gets the fields of the response unchanged; repeated ones stay apart in the record."""
        recorded = Recorded(sending({**START, "headers": kind(self.FIELDS)}, END), redact=False)
        server = recorded.serve(scope())
        assert server.headers == list(self.FIELDS)
        assert recorded.record.response.headers == (
            ("x-\xe9", "\xff\xe9"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        )

    def test_no_fields(self) -> None:
        """A7: a start without fields passes as it is."""
        message = {"type": "http.response.start", "status": 204}
        recorded = Recorded(sending(message, END))
        assert recorded.serve(scope()).sent[0] is message
        assert recorded.record.response.status == 204

    @pytest.mark.parametrize("fields", [None, [(b"one",)], [("text", "text")], 7])
    def test_what_is_no_field(self, fields: Any) -> None:
        """A7: what servers refuse reaches them as it is, the same object."""
        message = {"type": "http.response.start", "status": 200, "headers": fields}
        assert Recorded(sending(message, END)).serve(scope()).sent[0] is message

    def test_set_cookie_is_an_array(self, receiver: Receiver) -> None:
        """A7: repeated `Set-Cookie` fields are an array where the record is sent."""
        app = drhttp.ASGIMiddleware(sending({**START, "headers": list(self.FIELDS)}, END), receiver.dsn, redact=False)
        run(Server().serve(app, scope()))
        assert drhttp.flush(10.0)
        (record,) = receiver.records
        assert record["response"]["headers"]["set-cookie"] == ["a=1", "b=2"]

    @pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
    @pytest.mark.parametrize("name", [b"x-drhttp-user", b"X-DrHTTP-User", b"X-DRHTTP-USER"])
    def test_identification(self, name: bytes, kind: Any) -> None:
        """A8: the identification is cut from a copy; the application's message is as before, and identifies again."""
        fields = kind([(b"a", b"1"), (name, b"ann\xe9"), (b"b", b"2")])
        message = {**START, "headers": fields}
        app = sending(message, part(b"x"))
        recorded = Recorded(app)
        for _ in range(1 if kind is iter else 2):
            assert recorded.serve(scope()).headers == [(b"a", b"1"), (b"b", b"2")]
            assert message["headers"] is fields
        assert {record.user for record in recorded.records} == {"ann\xe9"}

    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    @pytest.mark.parametrize("kind", ["view", "object"])
    def test_header_fields_that_can_be_read_again(self, kind: str, options: Any) -> None:
        """A8: fields that are no list pass in the same message; if identification is removed, they become a list."""
        for fields in ({b"a": b"1"}, {b"a": b"1", b"x-drhttp-user": b"ann"}):
            headers = fields.items() if kind == "view" else Again(list(fields.items()))
            message = {"type": "http.response.start", "status": 200, "headers": headers}
            recorded = Recorded(sending(message, END), **options)
            (passed, _) = recorded.serve(scope()).sent
            if len(fields) == 1:
                assert passed is message
            else:
                assert passed["headers"] == [(b"a", b"1")]
            assert [record.response.headers for record in recorded.records] == ([] if options else [(("a", "1"),)])
        assert drhttp.stats().failures == 0

    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    def test_header_fields_that_can_be_read_once(self, options: Any) -> None:
        """A8: an iterator, and an object that reads from one, become a list, which a middleware around may read too."""
        for headers in (iter([(b"a", b"1")]), Again(iter([(b"a", b"1")]))):
            sent: list[Any] = []
            app = drhttp.ASGIMiddleware(sending({**START, "headers": headers}), NOWHERE, **options)

            async def send(message: Any, sent: Any = sent) -> None:
                sent.append(message["headers"])

            run(app(scope(), None, send))
            assert sent == [[(b"a", b"1")]]

    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    @pytest.mark.parametrize("again", [False, True], ids=["generator", "object"])
    def test_header_fields_that_raise(self, again: bool, options: Any) -> None:
        """A8: what iterating over header fields raises reaches the application from `send`, as without the recorder."""
        error = ValueError("header fields failed")

        def fields() -> Any:
            yield (b"a", b"1")
            yield (b"x-drhttp-user", b"ann")
            raise error

        class Fields:
            def __iter__(self) -> Any:
                return fields()

        async def send(message: Any) -> None:
            for field in message["headers"]:
                sent.append(field)  # noqa: PERF402 - to see what comes before the exception

        sent: list[Any] = []
        recorded = Recorded(sending({**START, "headers": Fields() if again else fields()}, END), **options)
        with pytest.raises(ValueError, match="header fields failed") as caught:
            run(recorded.app(scope(), None, send))
        assert (caught.value is error, sent) == (True, [(b"a", b"1")])
        assert drhttp.stats().failures == 0
        shown = [(record.response.status, record.exception and record.exception.type) for record in recorded.records]
        assert shown == ([] if options else [(500, "ValueError")])

    def test_device_and_skip(self) -> None:
        """The other identification headers work as under WSGI."""
        recorded = Recorded(sending(start(200, (b"x-drhttp-device", b"phone")), END))
        assert recorded.serve(scope()).headers == []
        assert recorded.record.device == "phone"
        recorded = Recorded(sending(start(200, (b"x-drhttp-skip", b"1")), END))
        assert recorded.serve(scope()).headers == []
        assert recorded.records == []

    @pytest.mark.parametrize(
        "options", [{"exclude": ["/*"]}, {"enabled": False}, {"dsn": ""}, {"sample_rate": 0.0}, {}]
    )
    @pytest.mark.parametrize("expose", [False, True])
    def test_identification_is_removed_from_every_response(self, options: Any, expose: bool) -> None:
        """The identification is removed from responses that are not recorded too, unless it is to be exposed."""
        recorded = Recorded(sending(start(200, (b"X-DrHTTP-User", b"ann")), END), expose_identity=expose, **options)
        assert (recorded.serve(scope()).headers == []) is not expose
        assert len(recorded.records) == (not options)


class TestCopies:
    """A5: what is ours on a request does not keep the application from copying it."""

    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    def test_of_the_connection(self, options: Any) -> None:
        """A5: a scope is copied and pickled as without the recorder, with each request; so are `receive` and `send`."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            copies = [copy.copy(scope), copy.deepcopy(scope), pickle.loads(pickle.dumps(scope))]
            assert all(each.keys() == scope.keys() for each in copies)
            assert copies[1].get(MARK) is scope.get(MARK)
            assert copies[2].get(MARK) is None
            assert await copy.copy(receive)() == LAST_PART
            await copy.copy(send)(START)
            await (send if options else copy.deepcopy(send))(part(b"a"))

        recorded = Recorded(app, **options)
        for _ in range(3):
            assert recorded.serve(scope()).body == b"a"
        contents = [record.response.body.content for record in recorded.records]
        assert contents == ([] if options else [b"a"] * 3)

    def test_of_the_middleware(self) -> None:
        """A5: a copy of a middleware, as in one of the application in the scope, records by the same recorder."""
        recorded = Recorded(hello)
        recorded.serve(scope())
        for app in (copy.copy(recorded.app), copy.deepcopy(recorded.app)):
            run(Server().serve(app, scope()))
        assert len(recorded.records) == 3


class TestExceptions:
    """A9: exceptions pass as they are."""

    @pytest.mark.parametrize("error", [LookupError("lost"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
    @pytest.mark.parametrize(
        ("messages", "status", "body"),
        [
            ((), 500, None),
            ((START,), 200, None),
            ((START, part(b"a", True)), 200, b"a"),
            ((start(503), part(b"sorry", True)), 503, b"sorry"),
        ],
        ids=["before", "after the start", "in the middle", "in the middle of a failure"],
    )
    def test_passes(self, messages: Any, status: int, body: bytes | None, error: BaseException) -> None:
        """A9: the same object leaves, with nothing chained to it; the record has its type and what was sent."""
        recorded, server = Recorded(failing(*messages, error=error)), Server()
        coroutine = server.serve(recorded.app, scope())
        with pytest.raises(type(error)) as caught:
            coroutine.send(None)
        assert caught.value is error
        assert (error.__cause__, error.__context__) == (None, None)
        record = recorded.record
        assert record.response.status == status
        assert record.response.body.content == body
        assert record.exception is not None
        assert record.exception.type == type(error).__name__
        assert record.exception.module == __name__
        assert record.exception.line is not None
        assert record.aborted is False

    def test_a_framework_that_answers_and_raises(self) -> None:
        """A9: what is raised again after a whole response with status 500 is in its record, which has left."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                raise ZeroDivisionError("by zero")
            except ZeroDivisionError:
                await send(start(500))
                await send(part(b"Internal Server Error"))
                raise

        recorded = Recorded(app)
        with pytest.raises(ZeroDivisionError):
            recorded.serve(scope())
        record = recorded.record
        assert (record.response.status, record.response.body.content) == (500, b"Internal Server Error")
        assert record.exception == drhttp._record.Failure(type="ZeroDivisionError", message="by zero")

    def test_a_framework_that_answers_and_does_not_raise(self) -> None:
        """A9: an exception that the application handles while it answers with status 500 is in the record."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                raise ZeroDivisionError("by zero")
            except ZeroDivisionError:
                await send(start(500))
                await send(END)

        recorded = Recorded(app)
        recorded.serve(scope())
        assert recorded.record.exception is not None
        assert recorded.record.exception.type == "ZeroDivisionError"
        assert recorded.record.exception.module == __name__

    @pytest.mark.parametrize("handles", [False, True])
    def test_another_exception_after_a_failure(self, handles: bool) -> None:
        """A9, A10: what a background task raises is none of the response's business, whatever its status."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                if handles:
                    raise ZeroDivisionError("by zero")
                await send(start(503))
                await send(END)
            except ZeroDivisionError:
                await send(start(500))
                await send(END)
            raise KeyError("in the background")

        recorded = Recorded(app)
        with pytest.raises(KeyError):
            recorded.serve(scope())
        exception = recorded.record.exception
        assert (exception and exception.type) == ("ZeroDivisionError" if handles else None)

    def test_a_handled_exception_of_another_answer(self) -> None:
        """A9: an exception that ends in an ordinary answer is none of the record's business."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                raise KeyError
            except KeyError:
                await hello(scope, receive, send)

        recorded = Recorded(app)
        recorded.serve(scope())
        assert recorded.record.exception is None

    def test_no_answer(self) -> None:
        """A9: an application that returns without an answer is recorded as the failure that servers make of it."""
        recorded = Recorded(sending())
        recorded.serve(scope())
        assert recorded.record.response.status == 500
        assert recorded.record.exception is not None
        assert recorded.record.aborted is False


class TestEnd:
    """A10, A12: the record ends with the last message of the body."""

    def test_background_task(self) -> None:
        """A10: the record is complete before what the application does after its answer has ended."""
        ran: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await hello(scope, receive, send)
            while not seen:
                await asyncio.to_thread(drhttp.flush, 10.0)
            ran.append("to its end")

        seen: list[Any] = []
        recorded = Recorded(app, before_send=seen.append, flush_interval=0.01)
        recorded.serve(scope())
        assert ran == ["to its end"]
        assert len(seen) == 1

    def test_an_error_after_the_answer(self) -> None:
        """A10: what fails after the answer reaches the server, and is not in the record, which has left."""
        recorded = Recorded(failing(START, part(b"hello"), error=LookupError()))
        with pytest.raises(LookupError):
            recorded.serve(scope())
        assert recorded.record.exception is None

    @pytest.mark.parametrize(
        ("method", "status", "headers"),
        [("HEAD", 200, ()), ("GET", 204, ()), ("GET", 304, ()), ("GET", 200, ((b"Content-Length", b"0"),))],
        ids=["HEAD", "204", "304", "no content"],
    )
    def test_bodiless(self, method: str, status: int, headers: Any) -> None:
        """A12: a response without a body is whole as soon as it has started, even if its body never ends."""
        recorded = Recorded(sending(start(status, *headers)))
        assert recorded.serve(scope(method)).sent == [start(status, *headers)]
        record = recorded.record
        assert (record.aborted, record.exception, record.response.status) == (False, None, status)

    def test_incomplete(self) -> None:
        """A12: a response with a body that does not end is aborted."""
        recorded = Recorded(sending(START, part(b"a", True)))
        recorded.serve(scope())
        assert recorded.record.aborted is True

    def test_ttfb(self) -> None:
        """The time to the first byte is told if there is one."""
        recorded = Recorded(hello)
        recorded.serve(scope())
        assert recorded.record.ttfb is not None
        assert 0 < recorded.record.ttfb <= recorded.record.duration


class Never:
    """Suspends whoever awaits it, for ever."""

    def __await__(self) -> Any:
        yield


class SlowServer(Server):
    """Suspends the application in the last message, for ever, and says that the client has left."""

    def __init__(self) -> None:
        super().__init__([DISCONNECT])

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await Never()


class TestLastMessage:
    """A12, A16: a response whose last message the server has is complete, whatever happens while it sends that."""

    @pytest.mark.parametrize("begun", [(START,), (START, part(b"a", True))], ids=["at once", "after a part"])
    @pytest.mark.parametrize("closed", [False, True], ids=["cancelled", "closed"])
    @pytest.mark.parametrize("told", [False, True], ids=["untold", "told"])
    def test_stopped_while_it_is_sent(self, begun: Any, closed: bool, told: bool) -> None:
        """A12, A16: cancelled or closed, with or without `http.disconnect` before: complete, with all of the body."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            listening.append(receive())
            for message in (*begun, part(b"z")):
                await send(message)

        listening: list[Any] = []
        recorded, server = Recorded(app), SlowServer()
        coroutine = recorded.app(scope(), server.receive, server.send)
        coroutine.send(None)
        if told:
            with pytest.raises(StopIteration):
                listening[0].send(None)
        if closed:
            coroutine.close()
        else:
            with pytest.raises(asyncio.CancelledError):
                coroutine.throw(asyncio.CancelledError())
        listening[0].close()
        record = recorded.record
        assert (record.aborted, record.exception) == (False, None)
        assert record.response.body.content == server.body

    def test_the_application_returns_while_it_is_sent(self) -> None:
        """A12: an application that returns while another task of its own sends the last message: complete."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            sending.append(send(part(b"z")))
            sending[0].send(None)

        sending: list[Any] = []
        recorded, server = Recorded(app), SlowServer()
        run(recorded.app(scope(), server.receive, server.send))
        sending[0].close()
        record = recorded.record
        assert (record.aborted, record.exception, record.response.body.content) == (False, None, b"z")

    @pytest.mark.parametrize("error", [OSError(), RuntimeError()], ids=repr)
    def test_that_the_server_refuses(self, error: Exception) -> None:
        """A16: a last message that the server refuses is not sent: the client has left, or the application failed."""

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise error

        recorded = Recorded(hello)
        with pytest.raises(type(error)):
            run(recorded.app(scope(), None, send))
        record = recorded.record
        assert record.aborted is isinstance(error, OSError)
        assert (record.exception is None) is isinstance(error, OSError)
        assert record.response.body.content is None


class TestCancellation:
    """A11: cancellation is not ours to catch."""

    @pytest.mark.parametrize("begun", [False, True])
    def test_leaves_at_once(self, begun: bool) -> None:
        """A11: the task is cancelled in the same step of the loop as without us; one record, aborted."""
        waiting = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if begun:
                await send(START)
                await send(part(b"a", True))
            waiting.set()
            await asyncio.Event().wait()

        async def steps(app: Any) -> int:
            waiting.clear()
            task = asyncio.ensure_future(Server().serve(app, scope()))
            await waiting.wait()
            task.cancel()
            count = 0
            while not task.done():
                await asyncio.sleep(0)
                count += 1
            assert task.cancelled()
            return count

        recorded = Recorded(app)

        async def main() -> tuple[int, int]:
            return await steps(app), await steps(recorded.app)

        bare, with_us = run(main())
        assert with_us == bare
        record = recorded.record
        assert (record.aborted, record.exception) == (True, None)
        assert record.response.status == (200 if begun else 0)
        assert record.response.body.content == (b"a" if begun else None)

    def test_a_coroutine_that_is_closed_elsewhere(self) -> None:
        """A11, A13: a coroutine that is closed in another context ends without a word; one record, aborted."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await receive()

        async def receive() -> None:
            await Never()

        recorded, server = Recorded(app), Server()
        coroutine = recorded.app(scope(), receive, server.send)
        contextvars.copy_context().run(coroutine.send, None)
        contextvars.copy_context().run(coroutine.close)
        assert recorded.record.aborted is True
        assert drhttp.stats().failures == 0


class TestTask:
    """A13: same task, same context, no thread."""

    def test_tasks_and_variables(self) -> None:
        """A13: the application runs in the server's task, and variables flow both ways."""
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append((asyncio.current_task(), threading.current_thread(), variable.get(), len(asyncio.all_tasks())))
            variable.set("inside")
            await hello(scope, receive, send)

        recorded = Recorded(app)

        async def main() -> None:
            variable.set("outside")
            before = len(asyncio.all_tasks())
            await Server().serve(recorded.app, scope())
            assert seen == [(asyncio.current_task(), threading.current_thread(), "outside", before)]
            assert variable.get() == "inside"
            assert len(asyncio.all_tasks()) == before

        run(main())

    def test_the_context_is_left_as_it_was(self) -> None:
        """A13: after the call, no variable of ours is set, however the call ends."""
        from drhttp._capture.nesting import nesting

        for app in (hello, failing(error=LookupError())):
            recorded = Recorded(app)
            coroutine = Server().serve(recorded.app, scope())
            with pytest.raises((StopIteration, LookupError)):
                coroutine.send(None)
            assert nesting.get() is None


class TestSend:
    """A14: one `send` in, one `send` out, at the same moment."""

    def test_paced(self) -> None:
        """A14: each message is with the server before `send` returns, and a slow server holds the application back."""
        steps: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            for message in (START, part(b"1", True), part(b"2", True), part(b"3")):
                steps.append(("made", message))
                await send(message)

        async def send(message: Any) -> None:
            steps.append(("begun", message))
            await asyncio.sleep(0)
            steps.append(("taken", message))

        recorded = Recorded(app)
        run(recorded.app(scope(), None, send))
        assert [name for name, _ in steps] == ["made", "begun", "taken"] * 4
        assert all(one[1] is two[1] is three[1] for one, two, three in zip(*[iter(steps)] * 3, strict=True))


class TestLeavers:
    """A16: a client that left is "aborted", whoever noticed."""

    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_send_raises(self, after: int) -> None:
        """A16: `OSError` of `send` reaches the application; the record is aborted, with what was sent before."""
        raised: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                for message in (START, part(b"a", True), part(b"b", True), part(b"c")):
                    await send(message)
            except OSError as error:
                raised.append(error)
                raise

        recorded = Recorded(app)
        with pytest.raises(OSError, match="left") as caught:
            recorded.serve(scope(), leaves_after=after)
        assert raised == [caught.value]
        record = recorded.record
        assert (record.aborted, record.exception) == (True, None)
        assert (record.response.body.content or b"") == b"ab"[: max(0, after - 1)]

    def test_a_framework_that_gives_up(self) -> None:
        """A16: a framework that stops after `http.disconnect`, with or without its own exception: aborted."""

        class ClientDisconnect(Exception):
            pass

        for error in (None, ClientDisconnect()):

            async def app(scope: Any, receive: Any, send: Any, error: Any = error) -> None:
                await send(START)
                await send(part(b"a", True))
                assert await receive() is DISCONNECT
                if error is not None:
                    raise error

            recorded = Recorded(app)
            if error is None:
                recorded.serve(scope(), [DISCONNECT])
            else:
                with pytest.raises(ClientDisconnect):
                    recorded.serve(scope(), [DISCONNECT])
            assert (recorded.record.aborted, recorded.record.exception) == (True, None)

    def test_an_application_that_goes_on(self) -> None:
        """A16: the client has left before the end, also if the application sends the rest into the void."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(start(200, (b"content-length", b"2")))
            await send(part(b"a", True))
            await receive()
            await send(part(b"b"))

        recorded = Recorded(app)
        recorded.serve(scope(), [DISCONNECT])
        assert recorded.record.aborted is True

    def test_a_client_that_left_with_everything(self) -> None:
        """A16: a client that leaves with the whole body has aborted nothing."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(start(200, (b"content-length", b"1")))
            await send(part(b"a", True))
            await receive()
            await send(END)

        recorded = Recorded(app)
        recorded.serve(scope(), [DISCONNECT])
        assert recorded.record.aborted is False

    def test_a_real_error_after_the_client_has_left(self) -> None:
        """A16: an error of the application is one, whether the client is still there or not."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            raise ZeroDivisionError

        recorded = Recorded(app)
        with pytest.raises(ZeroDivisionError):
            recorded.serve(scope(), [DISCONNECT])
        assert recorded.record.exception is not None
        assert recorded.record.aborted is False


class TestStacks:
    """A17: one record, however stacked."""

    def test_twice(self) -> None:
        """A17: only the outer of two middlewares records, and it sees the identification."""
        inner = Recorded(sending(start(200, (b"x-drhttp-user", b"ann")), END))
        outer = Recorded(inner.app)
        assert outer.serve(scope()).headers == []
        assert outer.record.user == "ann"
        assert inner.records == []

    @pytest.mark.parametrize("options", [{"exclude": ["/*"]}, {"enabled": False}])
    def test_inner_that_is_off(self, options: Any) -> None:
        """A17: an inner middleware that does not record leaves the identification to the outer one."""
        inner = Recorded(sending(start(200, (b"x-drhttp-user", b"ann")), END), **options)
        outer = Recorded(inner.app)
        assert outer.serve(scope()).headers == []
        assert outer.record.user == "ann"

    def test_outer_that_is_off(self) -> None:
        """A17: the inner one records what the outer one excludes."""
        inner = Recorded(hello)
        outer = Recorded(inner.app, exclude=["/*"])
        outer.serve(scope())
        assert len(inner.records) == 1

    def test_unsampled(self) -> None:
        """A17: what the outer one leaves out of its sample, the inner one does not record either."""
        inner = Recorded(hello)
        Recorded(inner.app, sample_rate=0.0).serve(scope())
        assert inner.records == []

    def test_a_copy_of_the_scope(self) -> None:
        """A17: a framework that copies the scope for a mount does not hide the outer one."""
        inner = Recorded(hello)

        async def mount(scope: Any, receive: Any, send: Any) -> None:
            await inner.app({**scope, "root_path": "/sub"}, receive, send)

        outer = Recorded(mount)
        outer.serve(scope())
        assert len(outer.records) == 1
        assert inner.records == []

    def test_wsgi_inside(self) -> None:
        """A17: a recorded WSGI application inside is recorded once, in a thread and with an environ of its own."""
        seen: list[Any] = []

        def flask(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("x-drhttp-user", "ann")])
            return [b"hello"]

        inside = drhttp.WSGIMiddleware(flask, "http://key@127.0.0.1:9/", before_send=seen.append)

        async def adapter(scope: Any, receive: Any, send: Any) -> None:
            server = WSGIServer()
            await asyncio.to_thread(server.serve, inside, environ())
            await send(start(200, *((name.encode(), value.encode()) for name, value in server.headers)))
            await send(part(server.body))

        outer = Recorded(adapter)
        assert outer.serve(scope()).headers == []
        assert outer.record.user == "ann"
        assert seen == []

    def test_wsgi_after(self) -> None:
        """A17: what a task does with a WSGI application after the answer is a request of its own."""
        inside: list[Any] = []
        recorded_inside = drhttp.WSGIMiddleware(
            lambda environ, start_response: (start_response("200 OK", []) and []) or [],
            "http://key@127.0.0.1:9/",
            before_send=inside.append,
        )

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await hello(scope, receive, send)
            WSGIServer().serve(recorded_inside, environ())

        outer = Recorded(app)
        outer.serve(scope())
        assert len(outer.records) == 1
        assert len(inside) == 1

    def test_one_recorder(self) -> None:
        """Middlewares of both interfaces share a recorder if their configuration is equal."""
        wsgi = drhttp.WSGIMiddleware(print, "http://key@127.0.0.1:9/")
        asgi = drhttp.ASGIMiddleware(hello, "http://key@127.0.0.1:9/")
        assert wsgi._recorder is asgi._recorder
        assert len(list(registry.recorders)) == 1


class TestLoop:
    """A18: the loop never waits for us, and no task is born."""

    @pytest.mark.parametrize("kind", ["hangs", "has a name that does not resolve"])
    def test_a_receiver_that(self, kind: str, receiver: Receiver) -> None:
        """A18: while nothing is delivered, requests go through in one step each, without a task or a wait of ours."""
        receiver.behavior = lambda request: request.interrupted.wait(60)
        dsn = receiver.dsn if kind == "hangs" else "http://key@nowhere.invalid/"
        app = drhttp.ASGIMiddleware(hello, dsn, batch_size=1)

        async def main() -> None:
            before = asyncio.all_tasks()
            for _ in range(200):
                coroutine = Server().serve(app, scope())
                with pytest.raises(StopIteration):
                    coroutine.send(None)
            assert asyncio.all_tasks() == before

        run(main())
        assert drhttp.stats().recorded == 200
        drhttp.close(0.1)


class TestMemory:
    """A19: memory stays bounded for each body."""

    @pytest.mark.no_cover
    def test_a_stream_and_an_upload(self) -> None:
        """A19: a stream of 131 MB and an upload of 6 MB take less than 4 MB, and their true sizes are told."""
        block = b"x" * 65_536

        async def app(scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["more_body"]:
                pass
            await send(START)
            for _ in range(2000):
                await send(part(block, True))
            await send(END)

        async def receive() -> Any:
            nonlocal given
            given += 1
            return asked(bytes(65_536), given < 92)

        async def send(message: Any) -> None:
            return None

        given = 0
        recorded = Recorded(app)
        Recorded(hello).serve(scope())  # loads what is loaded once
        tracemalloc.start()
        try:
            run(recorded.app(scope("POST"), receive, send))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 4_000_000
        record = recorded.record
        assert record.response.body.size == 2000 * 65_536
        assert record.request.body.size == 92 * 65_536

    def test_nothing_is_kept_by_a_task_that_stays(self) -> None:
        """A19: a task that is born in a request and never ends keeps neither the bodies nor the scope alive."""

        class Marker(dict):  # type: ignore[type-arg]
            pass

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["marker"] = Marker()
            markers.append(weakref.ref(scope["marker"]))
            tasks.append(asyncio.ensure_future(asyncio.Event().wait()))
            await send(START)
            await send(part(LONG))

        markers: list[Any] = []
        tasks: list[Any] = []
        recorded = Recorded(app)

        async def main() -> None:
            for _ in range(3):
                await Server().serve(recorded.app, scope())
            await asyncio.to_thread(drhttp.flush, 10.0)
            collect_garbage()
            assert [marker() for marker in markers] == [None] * 3
            for task in tasks:
                task.cancel()

        run(main())


class TestRecognition:
    """A20, A21: recognised as ASGI 3, without an event loop of our choice."""

    def test_a_coroutine_function(self) -> None:
        """A20: `__call__` is a coroutine function, which is how servers tell ASGI 3 from ASGI 2 and from WSGI."""
        import inspect

        app = drhttp.ASGIMiddleware(app=hello)
        assert inspect.iscoroutinefunction(app.__call__)
        assert app.app is hello

    def test_no_event_loop_is_loaded(self) -> None:
        """A21: the middleware, and a request through it, load no event loop."""
        program = """
import sys
import drhttp

async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})

async def receive():
    return {"type": "http.request"}

async def send(message):
    pass

wrapped = drhttp.ASGIMiddleware(app, "http://key@127.0.0.1:9/")
try:
    wrapped({"type": "http", "method": "GET", "path": "/"}, receive, send).send(None)
except StopIteration:
    pass
drhttp.flush(0)
print(drhttp.stats().recorded, sorted({"asyncio", "trio", "anyio", "django", "starlette"} & set(sys.modules)))
"""
        environment = {"PYTHONPATH": "", "DRHTTP_EXIT_TIMEOUT": "0.1"}
        command = [sys.executable, "-W", "error", "-c", program]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        assert done.stdout == "1 []\n"


class TestState:
    """A22: no state of a request is on the middleware."""

    def test_interleaved(self) -> None:
        """A22: 200 requests at once, each step of each after one of all others; each record is its own."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            message = await receive()
            await asyncio.sleep(0)
            await send(start(200, (b"x-drhttp-user", message["body"])))
            for letter in message["body"]:
                await asyncio.sleep(0)
                await send(part(bytes([letter]), True))
            await send(part(scope["path"].encode()))

        recorded = Recorded(app)
        before = set(vars(recorded.app))

        async def main() -> None:
            await asyncio.gather(
                *(
                    Server([asked(b"user %d" % number)]).serve(recorded.app, scope("POST", f"/{number}"))
                    for number in range(200)
                )
            )

        run(main())
        records = recorded.records
        assert len(records) == 200
        assert len({record.id for record in records}) == 200
        for record in records:
            number = record.request.uri.rpartition("/")[2]
            assert record.user == f"user {number}"
            assert record.request.body.content == f"user {number}".encode()
            assert record.response.body.content == f"user {number}/{number}".encode()
        assert set(vars(recorded.app)) == before


class TestOff:
    """A24, A25: off is off, and what is not recorded costs nothing."""

    def test_bodies(self, receiver: Receiver) -> None:
        """A24: with `capture_bodies=False`, no byte of a body is kept or sent; sizes are told."""
        app = drhttp.ASGIMiddleware(reading(1), receiver.dsn, capture_bodies=False)
        run(Server([asked(b"secret question")]).serve(app, scope("POST", headers=[(b"content-length", b"15")])))
        assert drhttp.flush(10.0)
        (record,) = receiver.records
        assert "body" not in record["request"]
        assert "body" not in record["response"]
        assert record["metadata"]["request_body"]["omitted"] == "off"
        assert record["metadata"]["response_body"]["size"] == 5

    @pytest.mark.parametrize("options", [{"exclude": ["/*"]}, {"enabled": False}, {"dsn": ""}])
    def test_not_recorded(self, options: Any) -> None:
        """A25: what is excluded or off gets the very same `receive`, and `send` too if identification may stay."""
        got: list[Any] = []

        async def app(*connection: Any) -> None:
            got.append(connection)

        given = (scope(), object(), object())
        run(Recorded(app, expose_identity=True, **options).app(*given))
        run(Recorded(app, **options).app(*given))
        assert [one is other for one, other in zip(got[0], given, strict=True)] == [True, True, True]
        assert [one is other for one, other in zip(got[1], given, strict=True)] == [True, True, False]

    def test_unsampled(self) -> None:
        """A25: a request outside of the sample gets the very same `receive`."""
        got: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            got.append(receive)

        receive = object()
        run(Recorded(app, sample_rate=0.0).app(scope(), receive, None))
        assert got == [receive]


class TestCost:
    """A29: one record for each request, whatever it sends."""

    def test_one_record(self) -> None:
        """A29: a thousand messages make one record, and one object in the queue."""
        recorded = Recorded(sending(START, *[part(b"x", True)] * 1000, END))
        recorded.serve(scope())
        assert len(recorded.records) == 1
        assert drhttp.stats().recorded == 1


class TestFlags:
    """The marks of an application on its own request, and what frameworks leave in the scope."""

    def test_skip(self) -> None:
        """`scope["drhttp.skip"]` keeps a request out of the records."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["drhttp.skip"] = True
            await hello(scope, receive, send)

        recorded = Recorded(app)
        assert recorded.serve(scope()).body == b"hello"
        assert recorded.records == []

    @pytest.mark.parametrize("names", [["nickname"], "__ALL__"])
    def test_sensitive(self, names: Any) -> None:
        """`scope["drhttp.sensitive"]` masks parameters, or the whole body."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            scope["drhttp.sensitive"] = names
            await hello(scope, receive, send)

        recorded = Recorded(app)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"20")]
        recorded.serve(scope("POST", headers=headers), [asked(b'{"nickname": "rosa"}')])
        assert b"rosa" not in (recorded.record.request.body.content or b"")

    @pytest.mark.parametrize(
        ("left", "expected"),
        [
            ({"route": type("Route", (), {"path_format": "/orders/{id}"})()}, "/orders/{id}"),
            ({"route": type("Route", (), {"path": "/orders/{id:int}"})()}, "/orders/{id}"),
            ({"path_template": "/orders/{id:int}"}, "/orders/{id}"),
            ({"drhttp.route": "orders/<int:id>"}, "/orders/{id}"),
            ({"route": object()}, None),
            ({"route": type("Route", (), {"path": 7})()}, None),
            ({"path_template": 7}, None),
            ({}, None),
        ],
    )
    def test_route(self, left: Any, expected: str | None) -> None:
        """A28: the route is read from the scope after the fact, or left out."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.update(left)
            await hello(scope, receive, send)

        recorded = Recorded(app)
        recorded.serve(scope(path="/orders/7"))
        assert recorded.record.route == expected

    def test_a_route_that_raises(self) -> None:
        """A28: a route that cannot be asked is left out, and the request goes on."""

        class Route:
            @property
            def path_format(self) -> str:
                raise RuntimeError

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["route"] = Route()
            await hello(scope, receive, send)

        recorded = Recorded(app)
        assert recorded.serve(scope()).body == b"hello"
        assert recorded.record.route is None


class TestLifespan:
    """A15: what waits is delivered at the end of the lifespan."""

    async def _supporting(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            return await hello(scope, receive, send)
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
        return None

    async def _busy(self, scope: Any, receive: Any, send: Any) -> None:
        await self._supporting(scope, receive, send)
        if scope["type"] == "lifespan":
            await Never()

    async def _unwilling(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            return await hello(scope, receive, send)
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed"})
        raise ValueError("no database")

    async def _ignorant(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError("only HTTP")
        await hello(scope, receive, send)

    async def _failing(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("no database")

    @staticmethod
    def _server() -> tuple[asyncio.Queue[Any], list[str]]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        queue.put_nowait({"type": "lifespan.startup"})
        return queue, []

    @pytest.mark.parametrize("kind", ["_supporting", "_ignorant"])
    def test_delivers(self, kind: str, receiver: Receiver) -> None:
        """A15: at the end of the lifespan all is delivered; an application that raises at once is answered for."""
        app = drhttp.ASGIMiddleware(getattr(self, kind), receiver.dsn, flush_interval=300.0, exit_timeout=10.0)

        async def main() -> list[str]:
            queue, sent = self._server()

            async def send(message: Any) -> None:
                sent.append(message["type"])

            lifespan = asyncio.ensure_future(app({"type": "lifespan"}, queue.get, send))
            await asyncio.sleep(0)
            for _ in range(5):
                await Server().serve(app, scope())
            assert sent == ["lifespan.startup.complete"]
            queue.put_nowait({"type": "lifespan.shutdown"})
            await lifespan
            return sent

        assert run(main()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert len(receiver.records) == 5

    @pytest.mark.parametrize("kind", ["_supporting", "_busy", "_unwilling", "_ignorant"])
    def test_delivers_before_the_server_learns_of_the_end(self, kind: str, receiver: Receiver) -> None:
        """A15: all is delivered, also the open requests, before the last message, after which the server may stop."""
        streaming = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] != "/stream":
                return await getattr(self, kind)(scope, receive, send)
            await send(START)
            await send(part(b"a", True))
            streaming.set()
            return await asyncio.Event().wait()

        recorded = drhttp.ASGIMiddleware(app, receiver.dsn, flush_interval=300.0, exit_timeout=10.0)

        async def main() -> None:
            queue, _ = self._server()

            async def send(message: Any) -> None:
                if message["type"].startswith("lifespan.shutdown."):
                    delivered.append(len(receiver.records))
                    told.set()

            told = asyncio.Event()
            lifespan = asyncio.ensure_future(recorded({"type": "lifespan", "path": ""}, queue.get, send))
            tasks = [asyncio.ensure_future(Server().serve(recorded, scope(path="/stream"))) for _ in range(5)]
            await streaming.wait()
            await Server().serve(recorded, scope())
            queue.put_nowait({"type": "lifespan.shutdown"})
            await told.wait()
            for task in (lifespan, *tasks):
                task.cancel()
            await asyncio.wait([lifespan, *tasks])
            assert lifespan.cancelled() or lifespan.exception() is None or kind == "_unwilling"

        delivered: list[int] = []
        run(main())
        assert delivered == [6]
        assert drhttp.flush()
        aborted = [record["metadata"].get("aborted") for record in receiver.records]
        assert sorted(aborted, key=str) == [None] + [True] * 5

    def test_a_start_ends_no_request(self) -> None:
        """A15: an application that returns from its lifespan at once ends no request of another server."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await send(START)
                await recorded.app({"type": "lifespan"}, receive, send)
                await send(part(b"a"))

        recorded = Recorded(app)
        recorded.serve(scope())
        assert (recorded.record.aborted, recorded.record.response.body.content) == (False, b"a")

    @pytest.mark.parametrize(
        ("error", "shown"),
        [
            (RuntimeError("database is down"), ["RuntimeError: database is down"]),
            (OSError(2, "no such file"), ["FileNotFoundError: [Errno 2] no such file"]),
            (UnicodeDecodeError("ascii", b"\xff", 0, 1, "bad"), ["UnicodeDecodeError: 'ascii' codec can't decode"]),
            (ValueError("only HTTP"), []),
            (AssertionError(), []),
            (NotImplementedError("lifespan"), []),
            (KeyError("path"), []),
        ],
        ids=repr,
    )
    def test_what_an_application_raises_is_logged(
        self, error: Exception, shown: list[str], receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A15: what an application that is answered for raised is logged once, unless that is a refusal."""
        app = drhttp.ASGIMiddleware(drhttp.ASGIMiddleware(failing(error=error), receiver.dsn), receiver.dsn)

        async def main() -> list[str]:
            queue, sent = self._server()
            queue.put_nowait({"type": "lifespan.shutdown"})

            async def send(message: Any) -> None:
                sent.append(message["type"])

            await app({"type": "lifespan"}, queue.get, send)
            return sent

        assert run(main()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        logged = [(each.name, each.levelname, each.getMessage()) for each in caplog.records]
        assert [each[:2] for each in logged] == [("drhttp", "WARNING")] * len(shown)
        assert all(text in each[2] for each, text in zip(logged, shown, strict=True))

    def test_an_application_that_fails_to_start(self, receiver: Receiver) -> None:
        """A15: an application that raises after its first `receive` is not answered for: its exception passes."""
        app = drhttp.ASGIMiddleware(self._failing, receiver.dsn)

        async def main() -> list[str]:
            queue, sent = self._server()
            with pytest.raises(ValueError, match="no database"):
                await app({"type": "lifespan"}, queue.get, sent.append)
            queue.put_nowait("next")
            assert await queue.get() == "next"  # nobody of ours waits for it
            return sent

        assert run(main()) == []

    def test_without_an_event_loop(self, receiver: Receiver) -> None:
        """A15, A21: under another event loop, the exception of an application that knows no lifespan passes."""
        app = drhttp.ASGIMiddleware(self._ignorant, receiver.dsn)
        with pytest.raises(ValueError, match="only HTTP"):
            app({"type": "lifespan"}, None, None).send(None)

    def test_off(self) -> None:
        """A25: without a recorder, the lifespan is the application's alone."""
        app = drhttp.ASGIMiddleware(self._ignorant, "")
        with pytest.raises(ValueError, match="only HTTP"):
            app({"type": "lifespan"}, None, None).send(None)


def test_streams_of_generators() -> None:
    """W1: a generator that an application streams from is closed as without the recorder."""
    closed: list[str] = []

    async def blocks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append("closed")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        stream = blocks()
        try:
            async for block in stream:
                await send(part(block, True))
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    recorded = Recorded(app)
    with pytest.raises(OSError, match="left"):
        recorded.serve(scope(), [LAST_PART], leaves_after=4)
    assert closed == ["closed"]
    assert recorded.record.response.body.content == b"xxx"
