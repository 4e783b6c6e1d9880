"""The recorder's own failures: whatever of it breaks, an ASGI application answers as bare, and runs once."""

from __future__ import annotations

from typing import Any

import pytest
from support.asgi_calls import Recorded, Server, asked, part, scope, start

import drhttp
import drhttp.asgi
from drhttp._capture import asgi_exchange, asgi_identity_headers, asgi_recording, body_tap, exchange
from drhttp._delivery import queue, worker
from drhttp._process import recorder

# Everything of ours that runs within a request. What may break anywhere breaks here.
HOOKS: list[tuple[Any, str]] = [
    (body_tap.RequestBodyCapture, "__init__"),
    (body_tap.RequestBodyCapture, "on_part"),
    (body_tap.Tap, "__init__"),
    (body_tap.Tap, "note"),
    (body_tap.Tap, "settle"),
    (exchange.Exchange, "__init__"),
    (exchange.Exchange, "failed"),
    (asgi_exchange, "_fields"),
    (asgi_exchange.ASGIExchange, "__init__"),
    (asgi_exchange.ASGIExchange, "finish"),
    (asgi_exchange.ASGIExchange, "weight"),
    (asgi_identity_headers, "_identity"),
    (asgi_recording, "_note_start"),
    (asgi_recording, "_read_flags"),
    (asgi_recording, "read_start"),
    (asgi_recording, "route_of"),
    (asgi_recording.ASGIRecording, "__init__"),
    (asgi_recording.ASGIRecording, "_note_handed_over"),
    (asgi_recording.ASGIRecording, "_note_last"),
    (asgi_recording.ASGIRecording, "_note_sent"),
    (asgi_recording.ASGIRecording, "finish"),
    (asgi_recording.ASGIRecording, "raised"),
    (asgi_recording.ASGIRecording, "returned"),
    (queue.Queue, "put"),
    (recorder.Recorder, "_create_state"),
    (recorder.Recorder, "put"),
    (worker.Worker, "wake"),
    (drhttp.asgi, "chance"),
    (drhttp.asgi, "encoded_path"),
    (drhttp.asgi.ASGIMiddleware, "_begin"),
]


class App:
    """Reads all there is and answers in two parts; fails at the end if told to, having said so."""

    def __init__(self, failing: bool) -> None:
        self.calls = 0
        self._failing = failing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        read = (await receive())["body"] + (await receive())["body"]
        await send(start(500 if self._failing else 201, (b"x-one", b"1")))
        await send(part(read, True))
        await send(part(b"end", self._failing))
        if self._failing:
            raise LookupError("at the end")


def outcome(app: Any) -> tuple[Any, ...]:
    """All that a server sees of a request."""
    server, error = Server([asked(b"one", True), asked(b"two")]), None
    coroutine = app(scope("POST", "/path"), server.receive, server.send)
    try:
        coroutine.send(None)
    except StopIteration:
        pass
    except LookupError as raised:
        error = repr(raised)
    return (*server.sent, server.received, error)


@pytest.mark.parametrize(("owner", "name"), HOOKS, ids=[f"{owner.__name__}.{name}" for owner, name in HOOKS])
@pytest.mark.parametrize("failing", [False, True])
def test_hook_that_raises(owner: Any, name: str, failing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: each hook in turn raises: the answer is that of the bare application, which ran once; it is counted."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the recorder is broken")

    app = App(failing)
    recorded = Recorded(app, exclude=["/never"], sample_rate=0.999999999 if name == "chance" else 1.0)
    monkeypatch.setattr(owner, name, broken)
    assert outcome(recorded.app) == outcome(App(failing))
    assert app.calls == 1
    reached = name not in (("returned",) if failing else ("failed", "raised", "returned", "_note_last"))
    assert (drhttp.stats().failures > 0) is reached


@pytest.mark.parametrize("name", ["returned", "_note_last"])
def test_hook_at_an_early_return_that_raises(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: the application returns before its response has ended, and the hook for that raises."""

    async def leaving(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200))
        await send(part(b"begun", True))

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the recorder is broken")

    recorded = Recorded(leaving)
    monkeypatch.setattr(asgi_recording.ASGIRecording, name, broken)
    assert outcome(recorded.app) == outcome(leaving)
    assert drhttp.stats().failures > 0
