"""The recorder's own failures: whatever of it breaks, the answer is that of the bare application, which runs once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from support.wsgi_calls import Recorded, Server, environ

import drhttp
import drhttp.wsgi
from drhttp import _guard, _rate_limiter
from drhttp._capture import body_tap, exchange, identity_headers, link, wsgi_exchange, wsgi_output_tap, wsgi_recording
from drhttp._delivery import queue, worker
from drhttp._process import recorder

if TYPE_CHECKING:
    from collections.abc import Iterable

# Everything of ours that runs within a request. What may break anywhere breaks here.
HOOKS: list[tuple[Any, str]] = [
    (body_tap.RequestBodyCapture, "__init__"),
    (body_tap.RequestBodyCapture, "on_seek"),
    (body_tap.RequestBodyCapture, "on_read"),
    (wsgi_output_tap.OutputTap, "__init__"),
    (body_tap.Tap, "__init__"),
    (body_tap.Tap, "note"),
    (body_tap.Tap, "settle"),
    (exchange.Exchange, "__init__"),
    (wsgi_exchange.WSGIExchange, "__init__"),
    (exchange.Exchange, "failed"),
    (wsgi_exchange.WSGIExchange, "finish"),
    (wsgi_exchange.WSGIExchange, "weight"),
    (queue.Queue, "put"),
    (recorder.Recorder, "_create_state"),
    (recorder.Recorder, "hold"),
    (recorder.Recorder, "release"),
    (recorder.Recorder, "put"),
    (worker.Worker, "wake"),
    (drhttp.wsgi, "chance"),
    (drhttp.wsgi, "expects_body"),
    (wsgi_recording, "is_one_block"),
    (wsgi_recording, "is_file"),
    (drhttp.wsgi, "encoded_path"),
    (identity_headers, "identity"),
    (drhttp.wsgi, "tapped"),
    (wsgi_recording.Recording, "__init__"),
    (wsgi_recording.Recording, "finish"),
    (wsgi_recording.Recording, "ended"),
    (wsgi_recording.Recording, "closed"),
    (wsgi_recording.Recording, "watch"),
    (wsgi_recording.RecordingStartResponse, "__init__"),
    (drhttp.wsgi.WSGIMiddleware, "_begin"),
    (drhttp.wsgi.WSGIMiddleware, "_tap_input"),
]


class App:
    """Reads its input in every way and answers in every way; fails at the end if told to."""

    def __init__(self, failing: bool = False, listed: bool = False) -> None:
        self.calls = 0
        self._failing = failing
        self._listed = listed

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.calls += 1
        stream = environ["wsgi.input"]
        read = [stream.read(2), stream.readline(), *stream.readlines(1), next(stream), b"%d" % stream.seek(1)]
        into = bytearray(2)
        stream.readinto(into)
        read += [into, stream.read1(1), *stream]
        start_response("201 Made", [("X-One", "1")])(b"written ")
        blocks = [bytes(part) for part in read]
        return blocks if self._listed else self._blocks(blocks)

    def _blocks(self, blocks: list[bytes]) -> Iterable[bytes]:
        yield from blocks
        if self._failing:
            raise LookupError("at the end")


def outcome(app: Any) -> tuple[Any, ...]:
    """All that a server sees of a request."""
    server, error = Server(), None
    try:
        server.serve(app, environ("POST", "/path", b"one\ntwo\nthree\nfour\n"))
    except LookupError as raised:
        error = repr(raised)
    server.result = None
    return (*server.steps, error)


@pytest.mark.parametrize(("owner", "name"), HOOKS, ids=[f"{owner.__name__}.{name}" for owner, name in HOOKS])
@pytest.mark.parametrize("failing", [False, True])
def test_hook_that_raises(owner: Any, name: str, failing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: each hook in turn raises: the answer is that of the bare application, which ran once; it is counted."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the recorder is broken")

    app = App(failing)
    recorded = Recorded(app, exclude=["/never"], sample_rate=1.0 if name != "chance" else 0.5)
    monkeypatch.setattr(owner, name, broken)
    assert outcome(recorded.app) == outcome(App(failing))
    assert app.calls == 1
    reached = name not in (("ended", "hold") if failing else ("failed", "finish"))
    reached = reached or (owner is wsgi_exchange.WSGIExchange and name == "finish")
    assert (drhttp.stats().failures > 0) is reached


def test_hook_that_raises_for_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: the same for an answer that goes through untouched."""

    def broken(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(body_tap.Tap, "note", broken)
    app = App(listed=True)
    assert outcome(Recorded(app).app) == outcome(App(listed=True))
    assert drhttp.stats().failures > 1


def test_answer_that_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: an answer that raises when it is looked at reaches the server as it is, and there is a record without it."""

    class Hostile:
        def __iter__(self) -> Any:
            return iter([b"a"])

        def close(self) -> None:
            pass

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("201 Created", [])
        return answer

    answer, recorded, server = Hostile(), Recorded(app), Server()
    monkeypatch.setattr(link, "watching", True)
    assert server.serve(recorded.app, {**environ(), "wsgi.file_wrapper": lambda file: file}) == b"a"
    assert link.current() is None
    assert server.result is answer
    assert (recorded.record.response.status, recorded.record.aborted) == (201, False)
    assert drhttp.stats().failures == 1


def test_write_that_fails_while_the_recorder_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: the application gets what the server's `write` raises, not what the recorder does about it."""

    def broken(*args: Any) -> None:
        raise RuntimeError

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"a")
        return []

    class Gone(Server):
        def write(self, data: bytes) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(wsgi_recording.Recording, "write_failed", broken)
    with pytest.raises(BrokenPipeError):
        Gone().serve(Recorded(app).app, environ())
    assert drhttp.stats().failures == 1


def test_logged_once_a_minute(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """W8: of many failures one line is logged a minute, with the count and the place; all are counted."""

    def broken(*args: Any) -> None:
        raise RuntimeError("the recorder is broken")

    now = [0.0]
    monkeypatch.setattr(_guard, "_log_limiter", _rate_limiter.RateLimiter(60.0, lambda: now[0]))
    monkeypatch.setattr(wsgi_recording.Recording, "watch", broken)
    recorded = Recorded(lambda environ, start_response: [])
    with caplog.at_level(logging.INFO, "drhttp"):
        for now[0] in (0.0, 1.0, 59.9, 60.0, 61.0):
            recorded.serve(environ())
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "1 times" in lines[0]
    assert "4 times" in lines[1]
    assert all(f"RuntimeError at {__file__}:" in line for line in lines)
    assert drhttp.stats().failures == 5


def test_logging_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: not even a logging handler that raises reaches the application."""

    def broken(*args: Any) -> None:
        raise RuntimeError

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the log is broken too")

    monkeypatch.setattr(_guard, "_log_limiter", _rate_limiter.RateLimiter())
    monkeypatch.setattr(wsgi_recording.Recording, "watch", broken)
    handler = Broken()
    logging.getLogger("drhttp").addHandler(handler)
    try:
        assert Recorded(lambda environ, start_response: [b"fine"]).serve(environ()).body == b"fine"
    finally:
        logging.getLogger("drhttp").removeHandler(handler)


def test_hostile_exception() -> None:
    """An exception that cannot be turned into text passes, and is recorded by its type."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise Mute

    recorded = Recorded(app)
    with pytest.raises(Mute):
        recorded.serve(environ())
    exception = recorded.record.exception
    assert exception is not None
    assert (exception.type.endswith("Mute"), exception.message) == (True, "")


@pytest.mark.parametrize("answer", [["text"], [1], iter(["text"]), "text"])
def test_blocks_that_are_no_bytes(answer: Any) -> None:
    """What is not bytes goes to the server, which is the one to complain. It does so about each block of a list."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return answer

    recorded, server = Recorded(app), Server()
    server.call(recorded.app, environ())
    assert [*server.result] == [*("text" if answer == "text" else answer if isinstance(answer, list) else ["text"])]
    assert recorded.record.response.status == (500 if answer == [1] else 200)
