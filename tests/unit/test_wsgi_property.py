"""Random applications under random servers: with the recorder everything is as without, and is recorded once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort
from support.wsgi_calls import Recorded, Server, environ

import drhttp
from drhttp._mutable_record import MutableRecord
from drhttp._process import registry
from drhttp._record import Failure
from drhttp._wire import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnspeakableError(Exception):
    """An exception that cannot be asked what it says."""

    def __str__(self) -> str:
        raise ValueError("not telling")


ERRORS = [ValueError, LookupError, StopIteration, OSError, UnspeakableError, SystemExit, KeyboardInterrupt]
READS = [
    ("read", None),
    ("readline", -1),
    ("readlines", 4),
    ("read1", 2),
    ("readinto",),
    ("next",),
    ("seek", 0),
    ("seek", 2),
    ("tell",),
    ("read",),
    ("read", 3),
    ("read", -1),
    ("read", 0),
    ("readline",),
    ("readline", 2),
    ("readlines",),
    ("iterate",),
]


@dataclass(frozen=True)
class Script:
    """What an application does.

    kind: what it answers with. late: whether it begins to answer with the first block only. fails: before which step it
    raises, and what. restarts: before which step it calls `start_response` again, with `exc_info`, and with which
    status. between: what it reads, and what it writes, after a block.
    """

    kind: str
    reads: list[tuple[Any, ...]]
    headers: list[tuple[str, str]]
    written: list[bytes]
    blocks: list[bytes]
    fails: tuple[int, type[BaseException]] | None
    close_fails: bool
    status: str = "200 OK"
    late: bool = False
    restarts: tuple[int, str] | None = None
    between: tuple[tuple[Any, ...] | None, bytes | None] = (None, None)


class Run:
    """One run of a script."""

    def __init__(self, script: Script, log: list[Any], environ: dict[str, Any], start_response: Any) -> None:
        self.script = script
        self.log = log
        self._stream = environ["wsgi.input"]
        self._start_response = start_response
        self._write: Any = None

    def begin(self) -> None:
        for read in self.script.reads:
            self._read(*read)
        self._write = self._start_response(self.script.status, self.script.headers)
        for data in self.script.written:
            self._write(data)
        self.step(-1)

    def step(self, step: int) -> None:
        """What happens before the block of this number."""
        if self.script.restarts is not None and self.script.restarts[0] == step:
            try:
                raise ArithmeticError("again")
            except ArithmeticError as error:
                caught = (type(error), error, error.__traceback__)
                self._write = self._start_response(self.script.restarts[1], [("X-Again", "1")], exc_info=caught)
            finally:
                caught = None  # as PEP 3333 advises: it is in a cycle
        if self.script.fails is not None and self.script.fails[0] == step:
            raise self.script.fails[1]("blown")

    def after(self, step: int) -> None:
        """What happens after it."""
        read, data = self.script.between
        if read is not None:
            self._read(*read)
        if data is not None:
            self._write(data)

    def _read(self, name: str, *args: Any) -> None:
        stream = self._stream
        if name == "iterate":
            self.log.append(("read", list(stream)))
        elif name == "next":
            self.log.append(("read", next(iter(stream), None)))
        elif name == "readinto":
            buffer = bytearray(3)
            self.log.append(("read", stream.readinto(buffer), bytes(buffer)))
        else:
            self.log.append(("read", getattr(stream, name)(*args)))


@dataclass(frozen=True)
class Handling:
    """What a server and its client do.

    most: how many blocks the server takes. closes: how often it closes. stays: how many writes the client is there for.
    """

    most: int | None
    closes: int
    stays: int | None = None


class LeftServer(Server):
    """A server whose client leaves after some writes."""

    def __init__(self, stays: int | None) -> None:
        super().__init__()
        self._stays = stays

    def write(self, data: bytes) -> None:
        if self._stays is not None:
            self._stays -= 1
            if self._stays < 0:
                raise BrokenPipeError("the client has left")
        super().write(data)


class Answer:
    """An iterable with a `close` of its own."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __iter__(self) -> Iterator[bytes]:
        if self._run.script.late:
            self._run.begin()
        for step, block in enumerate(self._run.script.blocks):
            self._run.step(step)
            self._run.log.append(("made", step))
            yield block
            self._run.after(step)

    def close(self) -> None:
        self._run.log.append("closed")
        if self._run.script.close_fails:
            raise OSError("while closing")


class SizedAnswer(Answer):
    """The same with a length."""

    def __len__(self) -> int:
        return len(self._run.script.blocks)


def application(script: Script, log: list[Any]) -> Any:
    """An application that follows the script, and logs what it sees."""

    def eager(environ: dict[str, Any], start_response: Any) -> Any:
        run = Run(script, log, environ, start_response)
        log.append(("environ", sorted(set(environ) - {"drhttp.exchange"})))
        if not (script.late and script.kind in ("sized", "unsized")):
            run.begin()
        if script.kind == "file":
            return environ["wsgi.file_wrapper"](io.BytesIO(b"".join(script.blocks)), 2)
        answers = {"list": list, "tuple": tuple, "iterator": iter}
        if script.kind in answers:
            return answers[script.kind](script.blocks)
        return (SizedAnswer if script.kind == "sized" else Answer)(run)

    def lazy(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        run = Run(script, log, environ, start_response)
        run.begin()
        try:
            for step, block in enumerate(script.blocks):
                run.step(step)
                log.append(("made", step))
                yield block
                run.after(step)
        finally:
            log.append("cleaned up")

    return lazy if script.kind == "lazy" else eager


def outcome(app: Any, request: Any, handling: Handling, log: list[Any]) -> list[Any]:
    """All that server and application see, in order."""
    server, errors = LeftServer(handling.stays), []
    server.steps = log
    try:
        server.call(app, environ(*request, **{"wsgi.file_wrapper": FileWrapper}))
        log.append(("length", len(server.result) if hasattr(server.result, "__len__") else None))
        server.send(server.result, handling.most)
    except (*ERRORS, ArithmeticError, RuntimeError) as error:  # a StopIteration that leaves a generator is one
        errors.append((type(error).__name__, error.args))
    for _ in range(handling.closes):
        try:
            server.close()
        except (*ERRORS, ArithmeticError, RuntimeError) as error:
            errors.append((type(error).__name__, error.args))
            break
    server.result = None
    return [*log, errors]


TOKEN = st.text("abcXYZ-", min_size=1, max_size=14)
NAME = TOKEN | st.sampled_from(["Content-Length", "Content-Type", "Set-Cookie", "Transfer-Encoding", "Date"])
VALUE = st.text(st.characters(max_codepoint=255), max_size=8) | st.sampled_from(
    ["0", "3", "application/json", "x" * 999]
)
STATUS = st.sampled_from(
    ["200 OK", "204 No Content", "304 Not Modified", "500 No", "999 Odd", "200", "", "abc", "1000 X"]
)
SCRIPTS = st.builds(
    Script,
    kind=st.sampled_from(["list", "tuple", "iterator", "sized", "unsized", "lazy", "file"]),
    reads=st.lists(st.sampled_from(READS), max_size=4),
    headers=st.lists(st.tuples(NAME, VALUE), max_size=4),
    written=st.lists(st.binary(max_size=4), max_size=2),
    blocks=st.lists(st.binary(max_size=4), max_size=5),
    fails=st.none() | st.tuples(st.integers(-1, 4), st.sampled_from(ERRORS)),
    close_fails=st.booleans(),
    status=STATUS,
    late=st.booleans(),
    restarts=st.none() | st.tuples(st.integers(-1, 4), STATUS),
    between=st.tuples(st.none() | st.sampled_from(READS), st.none() | st.binary(max_size=3)),
)
HANDLINGS = st.builds(
    Handling, most=st.none() | st.integers(0, 4), closes=st.integers(0, 1), stays=st.none() | st.integers(0, 3)
)
REQUESTS = st.tuples(
    st.sampled_from(["POST", "GET", "HEAD", "PUT", "", "odd"]),
    st.text(st.characters(max_codepoint=255), max_size=8).map(lambda text: f"/{text}"),
    st.just(b"one\ntwo\nthree") | st.binary(max_size=20) | st.none(),
)
WHO = st.sampled_from([None, "x-drhttp-user", "X-DRHTTP-DEVICE"])


def written_or_sent(log: list[Any]) -> bytes:
    return b"".join(step[1] for step in log if isinstance(step, tuple) and step[0] in ("write", "block"))


@pytest.mark.timeout(0)
@effort(300)
@given(SCRIPTS, REQUESTS, HANDLINGS, WHO, st.integers(0, 20))
def test_as_without(script: Script, request: Any, handling: Handling, identification: str | None, limit: int) -> None:
    """W1-W8: the same bytes, blocks, status, headers, exceptions and clean-up; one record of what was sent."""
    failures = drhttp.stats().failures
    bare = outcome(application(script, log := []), request, handling, log)
    if identification is not None:
        script.headers.insert(len(script.headers) // 2, (identification, "who"))
    recorded = Recorded(application(script, again := []), max_body_size=limit, redact=False)
    assert outcome(recorded.app, request, handling, again) == bare
    record = recorded.record
    drhttp.close(10.0)
    registry.recorders.clear()  # there is one more with each example
    starts = [step for step in again if isinstance(step, tuple) and step[0] == "start"]
    check_answer(script, handling, record, bare, starts, limit)
    # An answer that replaces the first one does not take back who asked.
    assert ("who" in {record.user, record.device}) is (bool(starts) and identification is not None)
    # The message that cannot be had is counted as a failure of ours, and costs nothing but itself.
    unspeakable = record.exception is not None and record.exception.type.endswith("UnspeakableError")
    assert drhttp.stats().failures - failures == unspeakable
    for wire in PROTOCOLS.values():
        json.loads(wire.encode(MutableRecord.of(record), {}).decode("utf-8"))


def check_answer(
    script: Script, handling: Handling, record: Any, bare: list[Any], starts: list[Any], limit: int
) -> None:
    """The record tells what the server took: the last status and header fields, and the start of the body."""
    answer = record.response
    raised = {name for name, _ in bare[-1]}
    assert record.exception is None or record.exception.type.rpartition(".")[2] in raised
    code = starts[-1][1][:3] if starts else ""
    steps = [step for step in bare if isinstance(step, tuple)]
    sent = any(step[0] == "write" or (step[0] == "block" and step[1]) for step in steps)
    if bare[-1] == [("OSError", ("while closing",))]:  # nothing else was raised
        assert record.exception == Failure(type="OSError", message="while closing")
        # After the last block, and so before `close`, a server sends the header fields in any case.
        taken = sum(step[0] == "block" for step in steps)
        sent = sent or handling.most is None or taken < handling.most
    assert answer.status == (500 if record.exception and not sent else int(code) if code.isdigit() else 0)
    shown = starts[-1][2] if starts else ()
    identity = ("x-drhttp-user", "x-drhttp-device")
    assert [pair for pair in answer.headers if pair[0] not in identity] == [
        (name.lower(), value) for name, value in shown
    ]
    if answer.body.omitted == "file":
        assert script.kind == "file"
        assert answer.body.content is None
        return
    listed = script.kind in ("list", "tuple")
    failed = record.exception
    called = any(step[0] == "length" for step in bare[:-1])
    whole = b"".join([*script.written, *script.blocks]) if listed and called and not failed else written_or_sent(bare)
    assert (answer.body.content or b"") == whole[:limit]
    assert answer.body.size == len(whole)
