"""Random ASGI applications under random servers: with the recorder everything is as without, and is recorded once."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.asgi_calls import DISCONNECT, Recorded, scope
from support.effort import effort

import drhttp
from drhttp._capture import link
from drhttp._mutable_record import MutableRecord
from drhttp._process import registry
from drhttp._wire import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Generator


class UnspeakableError(Exception):
    """An exception that cannot be asked what it says."""

    def __str__(self) -> str:
        raise ValueError("not telling")


class RefusedError(Exception):
    """The server refuses a message."""


BODIES = ("http.response.body", "http.response.pathsend", "http.response.zerocopysend")
ERRORS = [ValueError, OSError, StopAsyncIteration, UnspeakableError, SystemExit, KeyboardInterrupt]
CAUGHT = (*ERRORS, RefusedError, asyncio.CancelledError, RuntimeError)


class Suspension:
    """Suspends the coroutine that awaits it, once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True)
class Script:
    """What an application does, step by step: it receives, sends a message, suspends itself or raises.

    catches: which exceptions of `send` it ignores. cleans: what it does when it ends by an exception.
    """

    steps: list[tuple[str, Any]]
    catches: type[BaseException] | tuple[()]
    cleans: tuple[str, Any] | None


@dataclass(frozen=True)
class Handling:
    """What a server and its client do.

    messages: what the server gives; then it tells that the client has left. leaves: after how many messages the client
    is gone. silent: the server drops what is sent to nobody, and otherwise raises. slow: it suspends the application in
    `send` and `receive`. cancels: at which suspension it stops the application. closes: by closing the coroutine.
    """

    messages: list[Any]
    leaves: int | None
    silent: bool
    slow: bool
    cancels: int | None
    closes: bool


class Server:
    """Calls an application, and logs all that it sees. accepted: the messages that it has taken, as they came."""

    def __init__(self, handling: Handling, log: list[Any]) -> None:
        self._handling = handling
        self._messages = list(handling.messages)
        self._started = self._ended = False
        self.log = log
        self.accepted: list[Any] = []
        self.told = False  # that the client has left

    async def receive(self) -> Any:
        self.log.append("asked")
        if self._handling.slow:
            await Suspension()
        message = self._messages.pop(0) if self._messages else DISCONNECT
        self.told = self.told or (message is DISCONNECT and not self._ended)
        return message

    async def send(self, message: Any) -> None:
        shown = {name: list(value) if name == "headers" else value for name, value in message.items()}
        self.log.append(("sent", shown))
        if self._handling.slow:
            try:
                await Suspension()
            except BaseException:
                self._keep_last(shown)
                raise
        leaves = self._handling.leaves
        if leaves is not None and len(self.accepted) >= leaves and not self._ended and not self._handling.silent:
            self.told = True
            raise OSError("the client has left")
        self._check(message["type"], message)
        self.accepted.append(shown)

    def _keep_last(self, message: Any) -> None:
        """Send the last message of a response even if the application is stopped meanwhile, as servers do."""
        if self._started and not self._ended and message["type"] in BODIES and not message.get("more_body", False):
            self._ended = True
            self.accepted.append(message)

    def _check(self, kind: str, message: Any) -> None:
        """Refuse what the specification does not allow."""
        if kind == "http.response.start":
            if self._started:
                raise RefusedError(kind)
            self._started = True
        elif kind in BODIES:
            if not self._started or self._ended:
                raise RefusedError(kind)
            self._ended = not message.get("more_body", False)


class Application:
    """An application that follows the script, and logs what it sees."""

    def __init__(self, script: Script, log: list[Any]) -> None:
        self._script = script
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        self._log.append(("scope", {name: scope[name] for name in scope if name != "drhttp.exchange"}))
        try:
            for kind, argument in self._script.steps:
                await self._step(kind, argument, receive, send)
        except BaseException as error:
            self._log.append(("ends", type(error).__name__))
            if self._script.cleans is not None and not isinstance(error, GeneratorExit):
                await self._step(*self._script.cleans, receive, send)
            raise
        return "returned"

    async def _step(self, kind: str, argument: Any, receive: Any, send: Any) -> None:
        if kind == "receive":
            self._log.append(("received", await receive()))
        elif kind == "send":
            await self._send(argument, send)
        elif kind == "suspend":
            await Suspension()
        else:
            raise argument("blown")

    async def _send(self, message: Any, send: Any) -> None:
        before = copy.deepcopy(message)
        try:
            self._log.append(("result", await send(message)))
        except self._script.catches as error:
            self._log.append(("caught", type(error).__name__))
        assert message == before  # it is the application's


def outcome(app: Any, request: Any, handling: Handling, log: list[Any]) -> tuple[list[Any], Server]:
    """All that server and application see, in order, and how it ends."""
    server, suspensions = Server(handling, log), 0
    coroutine = app(copy.deepcopy(request), server.receive, server.send)
    try:
        coroutine.send(None)
        while True:
            log.append("suspended")
            suspensions += 1
            if suspensions == handling.cancels:
                if handling.closes:
                    coroutine.close()
                    log.append("closed")
                    break
                coroutine.throw(asyncio.CancelledError("stop"))
            else:
                coroutine.send(None)
    except StopIteration as returned:
        log.append(("value", returned.value))
    except CAUGHT as error:
        log.append(("error", type(error).__name__, error.args, type(error.__cause__), type(error.__context__)))
    coroutine.close()
    return log, server


NAME = st.sampled_from([b"content-type", b"set-cookie", b"x-\xe9", b"X-One", b"content-length"])
VALUE = st.binary(max_size=6) | st.sampled_from([b"0", b"3"])
FIELDS = st.lists(st.tuples(NAME, VALUE), max_size=3)
START = st.builds(
    lambda status, headers, more: {"type": "http.response.start", "status": status, "headers": headers, **more},
    st.sampled_from([200, 204, 304, 404, 500, 503]),
    FIELDS | FIELDS.map(tuple),
    st.sampled_from([{}, {"trailers": True}]),
)
BODY = st.builds(
    lambda body, more: {"type": "http.response.body", **body, **more},
    st.binary(max_size=6).map(lambda body: {"body": body}) | st.just({}),
    st.sampled_from([{"more_body": True}, {"more_body": True}, {"more_body": False}, {}]),
)
OTHER = st.sampled_from(
    [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.early_hint", "links": [b"</style.css>"]},
        {"type": "http.response.push", "path": "/style.css", "headers": []},
        {"type": "http.response.trailers", "headers": [], "more_trailers": False},
        {"type": "http.response.pathsend", "path": "/nowhere"},
        {"type": "http.response.zerocopysend", "file": 0, "more_body": True},
        {"type": "http.response.zerocopysend", "file": 0},
    ]
)
STEP = st.one_of(
    st.just(("receive", None)),
    st.tuples(st.just("send"), BODY),
    st.tuples(st.just("send"), BODY),
    st.tuples(st.just("send"), START | OTHER),
    st.just(("suspend", None)),
    st.tuples(st.just("raise"), st.sampled_from(ERRORS)),
)
SCRIPTS = st.builds(
    Script,
    # Most answers begin with a start, so that most of them get further than the first refusal.
    st.builds(
        lambda before, begin, after: [*before, *begin, *after],
        st.lists(STEP, max_size=2),
        START.map(lambda message: [("send", message)]) | st.just([]),
        st.lists(STEP, max_size=6),
    ),
    st.sampled_from([(), (), OSError, RefusedError]),
    st.none() | st.tuples(st.just("send"), START) | st.tuples(st.just("send"), BODY) | st.just(("receive", None)),
)
PART = st.builds(
    lambda body, more: {"type": "http.request", "body": body, "more_body": more}, st.binary(max_size=5), st.booleans()
)
HANDLINGS = st.builds(
    Handling,
    st.lists(PART, max_size=3),
    st.none() | st.integers(0, 4),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 6),
    st.booleans(),
)
REQUESTS = st.builds(
    scope,
    st.sampled_from(["GET", "POST", "HEAD", "", "odd"]),
    st.text(max_size=6)
    .map(lambda text: f"/{text}")
    .filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    FIELDS,
)
WHO = st.sampled_from([None, b"x-drhttp-user", b"X-DRHTTP-DEVICE"])


@pytest.mark.timeout(0)
@effort(300)
@given(SCRIPTS, REQUESTS, HANDLINGS, WHO, st.integers(0, 20), st.booleans())
def test_as_without(
    script: Script, request: Any, handling: Handling, who: bytes | None, limit: int, outbound: bool
) -> None:
    """A1-A16: the same messages, suspensions, exceptions and clean-up; one record of what was sent."""
    failures = drhttp.stats().failures
    bare, server = outcome(Application(script, log := []), request, handling, log)
    if who is not None:
        for kind, message in [*script.steps, *filter(None, [script.cleans])]:
            if kind == "send" and message["type"] == "http.response.start":
                message["headers"] = type(message["headers"])([*message["headers"], (who, b"who")])
    recorded = Recorded(Application(script, again := []), max_body_size=limit, redact=False, outbound=outbound)
    assert outcome(recorded.app, request, handling, again)[0] == bare
    assert link.current() is None
    record = recorded.record
    drhttp.close(10.0)
    registry.recorders.clear()  # there is one more with each example
    check(record, bare[-1], server, limit)
    if who is not None and server.accepted and record.response.status != 500:
        started = any(message["type"] == "http.response.start" for message in server.accepted)
        assert ("who" in {record.user, record.device}) is started
    # The message that cannot be had is counted as a failure of ours, and costs nothing but itself.
    unspeakable = record.exception is not None and record.exception.type.endswith("UnspeakableError")
    # Twice, if the application answers with a status of 500 while it handles it.
    assert (drhttp.stats().failures > failures) is unspeakable
    for wire in PROTOCOLS.values():
        json.loads(wire.encode(MutableRecord.of(record), {}).decode("utf-8"))


def check(record: Any, end: Any, server: Server, limit: int) -> None:
    """The record tells what the server took until the last message of the body, and how it ended."""
    kinds = [message["type"] for message in server.accepted]
    starts = [message for message in server.accepted if message["type"] == "http.response.start"]
    whole, file = bodies(server.accepted)
    answer = record.response
    if starts:
        assert answer.status == starts[0]["status"]
        fields = [(name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in starts[0]["headers"]]
        assert [pair for pair in answer.headers if not pair[0].startswith("x-drhttp-")] == fields
    else:
        assert answer.status == (500 if record.exception else 0)
        assert answer.headers == ()
    if file:
        assert answer.body.omitted == "file"
    else:
        assert (answer.body.content or b"") == whole[:limit]
        assert answer.body.size == len(whole)
    if record.exception is not None and end[0] == "error":
        assert record.exception.type.rpartition(".")[2] == end[1]
    stopped = end == "closed" or (end[0] == "error" and end[1] == "CancelledError")
    if stopped and not server.told:
        assert record.exception is None
        assert record.aborted or "http.response.body" in kinds or file or starts


def bodies(messages: list[Any]) -> tuple[bytes, bool]:
    """The body up to its last message, and whether a file is part of it."""
    whole, file = b"", False
    for message in messages:
        if message["type"] == "http.response.body":
            whole += message.get("body", b"")
        elif message["type"] in ("http.response.pathsend", "http.response.zerocopysend"):
            file = True
        else:
            continue
        if not message.get("more_body", False):
            break
    return whole, file
