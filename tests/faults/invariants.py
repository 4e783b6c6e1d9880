"""Checks of a recorded application that hold whatever the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.receiver import KEY

from .served_app import EXIT_TIMEOUT, THREADS

if TYPE_CHECKING:
    from .faulty_receiver import FaultyReceiver
    from .served_app import RecordedApp

LATE = 15.0  # seconds after which an end is late, on whatever machine


def all_sent(state: dict[str, Any]) -> bool:
    """Whether everything that was recorded is sent."""
    stats = state["stats"]
    return bool(stats["sent"] == stats["recorded"] and stats["queued_bytes"] == 0)


def assert_arrived_once(receiver: FaultyReceiver, app: RecordedApp) -> None:
    """Every request so far has arrived at the receiver, once."""
    assert receiver.wait_for_paths(len(app.requested_paths)) == sorted(app.requested_paths)


def assert_nothing_leaked(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No thread of the recorder and no descriptor has been added; the server starts its own threads when it likes."""
    assert after["names"].count("drhttp") == 1
    assert after["threads"] <= THREADS + 2
    assert after["sockets"] <= before["sockets"]
    assert after["descriptors"] <= before["descriptors"]


def assert_ends_in_time(app: RecordedApp) -> None:
    """The process ends in time, whatever its recorder is waiting for, and its log is clean."""
    assert app.stop() < EXIT_TIMEOUT + LATE
    assert_log_is_clean(app)


def assert_log_is_clean(app: RecordedApp) -> None:
    """The log at DEBUG contains neither the key nor a traceback."""
    assert KEY not in app.log
    assert "Traceback" not in app.log


def assert_loss_is_logged(app: RecordedApp) -> None:
    """The loss at the exit is reported in one line, and nothing else is."""
    (line,) = app.log_lines
    assert "records lost: " in line
    assert "(closed)" in line
