"""Random applications under random servers: with the recorder everything is as without, and is recorded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wsgi_calls import Recorded, Server, environ

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS = [ValueError, LookupError, StopIteration, OSError, SystemExit, KeyboardInterrupt]
READS = [
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
    """What an application does. kind: what it answers with. fails: before which step it raises, and what."""

    kind: str
    reads: list[tuple[Any, ...]]
    headers: list[tuple[str, str]]
    written: list[bytes]
    blocks: list[bytes]
    fails: tuple[int, type[BaseException]] | None
    close_fails: bool

    def blows(self, step: int) -> None:
        if self.fails is not None and self.fails[0] == step:
            raise self.fails[1]("blown")


@dataclass(frozen=True)
class Handling:
    """What a server does: how many blocks it takes, and how often it closes."""

    most: int | None
    closes: int


class Answer:
    """An iterable with a `close` of its own."""

    def __init__(self, script: Script, log: list[Any]) -> None:
        self._script = script
        self._log = log

    def __iter__(self) -> Iterator[bytes]:
        for step, block in enumerate(self._script.blocks):
            self._script.blows(step)
            self._log.append(("made", step))
            yield block

    def close(self) -> None:
        self._log.append("closed")
        if self._script.close_fails:
            raise OSError("while closing")


class SizedAnswer(Answer):
    """The same with a length."""

    def __len__(self) -> int:
        return len(self._script.blocks)


def application(script: Script, log: list[Any]) -> Any:
    """An application that follows the script, and logs what it sees."""

    def begin(environ: dict[str, Any], start_response: Any) -> None:
        stream = environ["wsgi.input"]
        for name, *args in script.reads:
            log.append(list(stream) if name == "iterate" else getattr(stream, name)(*args))
        write = start_response("200 OK", script.headers)
        for data in script.written:
            write(data)
        script.blows(-1)

    def eager(environ: dict[str, Any], start_response: Any) -> Any:
        begin(environ, start_response)
        answers = {"list": list, "tuple": tuple, "iterator": iter}
        if script.kind in answers:
            return answers[script.kind](script.blocks)
        return (SizedAnswer if script.kind == "sized" else Answer)(script, log)

    def lazy(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        begin(environ, start_response)
        try:
            for step, block in enumerate(script.blocks):
                script.blows(step)
                log.append(("made", step))
                yield block
        finally:
            log.append("cleaned up")

    return lazy if script.kind == "lazy" else eager


def outcome(app: Any, handling: Handling, log: list[Any]) -> list[Any]:
    """All that server and application see, in order."""
    server, errors = Server(), []
    server.steps = log
    try:
        server.call(app, environ("POST", "/path", b"one\ntwo\nthree"))
        log.append(len(server.result) if hasattr(server.result, "__len__") else "no length")
        server.send(server.result, handling.most)
    except (*ERRORS, RuntimeError) as error:  # a StopIteration that leaves a generator is one
        errors.append(repr(error))
    for _ in range(handling.closes):
        try:
            server.close()
        except OSError as error:
            errors.append(repr(error))
            break
    server.result = None
    return [*log, errors]


TOKEN = st.text("abcXYZ-", min_size=1, max_size=14)
VALUE = st.text(st.characters(max_codepoint=255), max_size=8)
SCRIPTS = st.builds(
    Script,
    kind=st.sampled_from(["list", "tuple", "iterator", "sized", "unsized", "lazy"]),
    reads=st.lists(st.sampled_from(READS), max_size=4),
    headers=st.lists(st.tuples(TOKEN, VALUE), max_size=4),
    written=st.lists(st.binary(max_size=4), max_size=2),
    blocks=st.lists(st.binary(max_size=4), max_size=5),
    fails=st.none() | st.tuples(st.integers(-1, 4), st.sampled_from(ERRORS)),
    close_fails=st.booleans(),
)
HANDLINGS = st.builds(Handling, most=st.none() | st.integers(0, 4), closes=st.integers(0, 1))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPTS, HANDLINGS, st.sampled_from([None, "x-drhttp-user", "X-DRHTTP-DEVICE"]), st.integers(0, 20))
def test_as_without(script: Script, handling: Handling, identification: str | None, limit: int) -> None:
    """W1-W8: the same bytes, blocks, status, headers, exceptions and clean-up; one record of what was sent."""
    bare = outcome(application(script, log := []), handling, log)
    if identification is not None:
        script.headers.insert(len(script.headers) // 2, (identification, "who"))
    recorded = Recorded(application(script, again := []), max_body_size=limit, redact=False)
    assert outcome(recorded.app, handling, again) == bare
    record = recorded.record
    listed = script.kind in ("list", "tuple")
    sent = b"".join(step[1] for step in bare if isinstance(step, tuple) and step[0] in ("write", "block"))
    whole = b"".join([*script.written, *script.blocks]) if listed and not record.exception else sent
    assert (record.response.body.content or b"") == whole[:limit]
    assert record.response.body.size == len(whole)
    started = any(step[0] == "start" for step in again if isinstance(step, tuple))
    assert ("who" in {record.user, record.device}) is (started and identification is not None)
    assert drhttp.stats().failures == 0
