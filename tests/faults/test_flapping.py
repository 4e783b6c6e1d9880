"""A receiver that fails and recovers every second, in front of a real inbox: every record is there once in the end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from support.behaviors import (
    close_before_last_chunk,
    reset_during_upload,
    reset_in_response_body,
    reset_in_status_line,
)
from support.receiver import Response

from .faulty_receiver import FaultyReceiver
from .invariants import all_sent, assert_arrived_once, assert_ends_in_time, assert_nothing_leaked
from .served_app import PATIENCE, RecordedApp
from .services import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHASE = 1.0  # seconds
FAULTS: tuple[Callable[[FaultyReceiver], object], ...] = (
    FaultyReceiver.stop,
    lambda receiver: receiver.set_behavior(Response(500)),
    lambda receiver: receiver.set_behavior(reset_during_upload),
    lambda receiver: receiver.set_behavior(reset_in_status_line),
    lambda receiver: receiver.set_behavior(reset_in_response_body),
    lambda receiver: receiver.set_behavior(close_before_last_chunk),
    lambda receiver: receiver.set_behavior(Response(503)),
)


def request_for_a_phase(app: RecordedApp) -> None:
    """Some 50 requests a second, for the time of a phase; more would fill the queue on a busy machine."""
    end, never = time.monotonic() + PHASE, threading.Event()
    while time.monotonic() < end:
        app.request()
        never.wait(0.02)


@pytest.mark.long
def test_flapping(receiver: FaultyReceiver, serve: Callable[..., RecordedApp], tmp_path: Path) -> None:
    """A second of each: well, refused, well, 500, well, reset, well, broken off. Each record is there once, in a
    receiver that recognizes repeats by their id, and in the inbox behind it."""
    with Inbox(tmp_path) as inbox:
        receiver.forward = inbox.post
        app = serve(receiver.dsn, {"DRHTTP_BATCH_SIZE": "20"})
        app.request_many(20)
        before = app.wait_for(all_sent)
        for begin in (*FAULTS, *FAULTS):
            receiver.recover()
            request_for_a_phase(app)
            begin(receiver)
            request_for_a_phase(app)
        receiver.recover()
        assert_arrived_once(receiver, app)
        state = app.wait_for(all_sent, 2 * PATIENCE)
        assert inbox.paths() == sorted(app.requested_paths)
        assert (state["stats"]["sent"], state["stats"]["dropped"]) == (len(app.requested_paths), {})
        assert receiver.repeats > 0  # or it would have been no test of the ids
        assert state["stats"]["retried"] >= receiver.repeats
        assert_nothing_leaked(before, state)
        assert app.log_lines == []
        assert_ends_in_time(app)
