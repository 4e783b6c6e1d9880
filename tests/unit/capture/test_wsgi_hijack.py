"""Connections that an application takes over: the server gets the application's own result, and one record is made."""

from __future__ import annotations

import io
import sys
import types
from array import array
from collections import Counter, OrderedDict, deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from support.wsgi_calls import Recorded, Server, environ

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade"}
ALREADY_HANDLED = object()


class Sentinel:
    """The result by which old eventlet knows that it must not answer: it can be iterated, and is empty."""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        raise StopIteration


class PlainList(list[bytes]):
    """A list of an application's own that is iterated as a list is."""


class Named(NamedTuple):
    """A tuple with names."""

    number: int


@pytest.fixture
def sentinel(monkeypatch: pytest.MonkeyPatch) -> Sentinel:
    """Such a result, in the module of the server that knows it."""
    server = types.ModuleType("some_server")
    monkeypatch.setitem(sys.modules, "some_server", server)
    monkeypatch.setattr(Sentinel, "__module__", "some_server")
    server.ALREADY_HANDLED = Sentinel()  # type: ignore[attr-defined]
    return server.ALREADY_HANDLED  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("rate", [1.0, 0.0], ids=["recorded", "outside the sample"])
@pytest.mark.parametrize(
    "result",
    [
        *(ALREADY_HANDLED, None, 0, [], (), b"", "", {}, set(), frozenset()),
        *(PlainList(), Named(0), Counter(), OrderedDict(), deque(), range(0), memoryview(b""), bytearray()),
        *({}.keys(), {}.values(), {}.items(), array("b"), io.BytesIO(), io.StringIO()),
        *map(iter, ((), [], PlainList(), {}, {}.values(), {}.items(), set(), range(0), deque(), "", b"", bytearray())),
        *map(iter, (memoryview(b""), array("b"), Named(0))),
    ],
    ids=lambda each: "ALREADY_HANDLED" if each is ALREADY_HANDLED else f"{type(each).__name__}",
)
def test_without_an_answer(result: Any, rate: float) -> None:
    """The server gets the very object when `start_response` was not called, and the record has no exception."""
    recorded = Recorded(lambda environ, start_response: result, sample_rate=rate)
    assert Server().call(recorded.app, environ(**SOCKET)) is result
    assert [(record.response.status, record.exception, record.aborted) for record in recorded.records] == [
        (0, None, False)
    ][: int(rate)]
    assert drhttp.stats().failures == 0


def test_sentinel_that_can_be_iterated(sentinel: Sentinel) -> None:
    """The `ALREADY_HANDLED` of the module that defines its type is passed on too, and another of that type is not."""
    recorded = Recorded(lambda environ, start_response: sentinel)
    assert Server().call(recorded.app, environ()) is sentinel
    assert recorded.record.exception is None
    other = Recorded(lambda environ, start_response: Sentinel())
    assert other.serve(environ()).steps == []
    assert other.record.response.status == 0


@pytest.mark.parametrize("protocol", ["events", "record"])
@pytest.mark.parametrize("make", [list, tuple, partial(map, bytes)], ids=["list", "tuple", "map"])
def test_a_body_without_a_status(make: Any, protocol: str) -> None:
    """The mistake is recorded with the status 0, because servers respond differently; the server gets the blocks."""
    recorded, server = Recorded(lambda environ, start_response: make([b"a", b"b"]), protocol=protocol), Server()
    server.serve(recorded.app, environ())
    assert server.steps == [("block", b"a"), ("block", b"b")]
    assert recorded.record.response.status == 0
    assert recorded.record.exception == drhttp._record.Failure(
        type="AssertionError", message="start_response() was not called before the response body"
    )


@pytest.mark.parametrize("status", ["101 Switching Protocols", "200 OK"])
def test_status_that_was_told(status: str) -> None:
    """A status that the application has told stands in the record of a connection that it has taken over."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, [("Upgrade", "websocket")])
        return ALREADY_HANDLED

    recorded = Recorded(app)
    assert Server().call(recorded.app, environ(**SOCKET)) is ALREADY_HANDLED
    assert recorded.record.response.status == int(status[:3])
    assert recorded.record.response.headers == (("upgrade", "websocket"),)
    assert recorded.record.exception is None


@pytest.mark.parametrize("result", [None, 7])
def test_result_that_no_server_can_send(result: Any) -> None:
    """After an answer has begun, a result that cannot be iterated is the mistake that the server will see."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return result

    recorded, server = Recorded(app), Server()
    assert server.call(recorded.app, environ()) is result
    with pytest.raises(TypeError) as raised:
        iter(result)
    assert recorded.record.exception == drhttp._record.Failure(type="TypeError", message=str(raised.value))
    assert recorded.record.response.status == 500


@pytest.mark.parametrize("rate", [1.0, 0.0], ids=["recorded", "outside the sample"])
@pytest.mark.parametrize(
    ("error", "started"), [(StopIteration(), False), (StopIteration("done"), True), (ConnectionError(), False)]
)
def test_exception_that_ends_it(error: BaseException, started: bool, rate: float) -> None:
    """`StopIteration`, and under Werkzeug a bare `ConnectionError`, reach the server and are recorded as no error."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        if started:
            start_response("101 Switching Protocols", [])
        raise error

    recorded = Recorded(app, sample_rate=rate)
    with pytest.raises(type(error)) as raised:
        Server().call(recorded.app, environ(**SOCKET))
    assert raised.value is error
    assert [(record.response.status, record.exception, record.aborted) for record in recorded.records] == [
        (101 if started else 0, None, False)
    ][: int(rate)]


@pytest.mark.parametrize(
    ("error", "more", "started"),
    [
        (ConnectionError(), {}, False),
        (ConnectionError(), SOCKET, True),
        (ConnectionError("database"), SOCKET, False),
        (ConnectionRefusedError(), SOCKET, False),
        (ValueError(), SOCKET, False),
    ],
)
def test_exception_that_is_an_error(error: Exception, more: dict[str, str], started: bool) -> None:
    """Other exceptions are errors of the application, also where the client asked for another protocol."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        if started:
            start_response("200 OK", [])
        raise error

    recorded = Recorded(app)
    with pytest.raises(type(error)):
        Server().call(recorded.app, environ(**more))
    assert recorded.record.exception is not None
    assert recorded.record.response.status == 500


class LazyAnswer:
    """An application as a class (PEP 3333): it begins its answer when it is iterated."""

    def __init__(self, environ: dict[str, Any], start_response: Any) -> None:
        self._start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        self._start_response("203 Fine", [("X-Lazy", "1")])
        yield b"late"


class OldAnswer:
    """The same by the old protocol of iteration."""

    def __init__(self, environ: dict[str, Any], start_response: Any) -> None:
        self._start_response = start_response

    def __getitem__(self, number: int) -> bytes:
        if number:
            raise IndexError
        self._start_response("203 Fine", [("X-Lazy", "1")])
        return b"late"


def lazy_generator(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("203 Fine", [("X-Lazy", "1")])
    yield b"late"


class LazyList(list[bytes]):
    """A list that begins the answer when it is iterated."""

    def __iter__(self) -> Iterator[bytes]:
        self.start_response("203 Fine", [("X-Lazy", "1")])  # type: ignore[attr-defined]
        return super().__iter__()


class LazyDict(dict[bytes, int]):
    """A dict that begins the answer when it is iterated."""

    def __iter__(self) -> Iterator[bytes]:
        self.start_response("203 Fine", [("X-Lazy", "1")])  # type: ignore[attr-defined]
        return super().__iter__()


def lazy_dict(environ: dict[str, Any], start_response: Any) -> Any:
    answer = LazyDict({b"late": 1})
    answer.start_response = start_response  # type: ignore[attr-defined]
    return answer


def lazy_map(environ: dict[str, Any], start_response: Any) -> Any:
    def block(data: bytes) -> bytes:
        start_response("203 Fine", [("X-Lazy", "1")])
        return data

    return map(block, [b"late"])


def old_iterator(environ: dict[str, Any], start_response: Any) -> Any:
    return iter(OldAnswer(environ, start_response))  # type: ignore[call-overload]


def callable_iterator(environ: dict[str, Any], start_response: Any) -> Any:
    blocks = iter(lazy_generator(environ, start_response))
    return iter(lambda: next(blocks, None), None)


def lazy_list(environ: dict[str, Any], start_response: Any) -> Any:
    answer = LazyList([b"late"])
    answer.start_response = start_response  # type: ignore[attr-defined]
    return answer


APPS = [lazy_generator, LazyAnswer, OldAnswer, lazy_list, lazy_dict, lazy_map, old_iterator, callable_iterator]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("more", [{}, SOCKET])
def test_answer_that_begins_late(app: Any, more: dict[str, str]) -> None:
    """An answer that begins with the first `next` is recorded whole, whatever the client asked for."""
    recorded = Recorded(app)
    assert recorded.serve(environ(**more)).body == b"late"
    assert recorded.record.response.status == 203
    assert recorded.record.response.body.content == b"late"


def test_iteration_that_never_begins_an_answer() -> None:
    """An iterator that ends without an answer ends as it does alone, and its record has no status and no exception."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield from ()

    recorded = Recorded(app)
    assert recorded.serve(environ(**SOCKET)).steps == []
    assert (recorded.record.response.status, recorded.record.exception) == (0, None)
