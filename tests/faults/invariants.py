"""What has to be true of a recorded application, whatever the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .party import KEY
from .side import EXIT_TIMEOUT, THREADS

if TYPE_CHECKING:
    from .party import Party
    from .side import Side

LATE = 15.0  # seconds after which an end is late, on whatever machine


def all_sent(state: dict[str, Any]) -> bool:
    """Whether nothing is on its way or lost."""
    stats = state["stats"]
    return bool(stats["sent"] == stats["recorded"] and stats["queued_bytes"] == 0)


def arrived_once(party: Party, app: Side) -> None:
    """All that was asked so far is with the party, each once."""
    assert party.wait(len(app.asked)) == sorted(app.asked)


def unharmed(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No thread of the recorder and no descriptor has been added; the server starts its own threads when it likes."""
    assert after["names"].count("drhttp") == 1
    assert after["threads"] <= THREADS + 2
    assert after["sockets"] <= before["sockets"]
    assert after["descriptors"] <= before["descriptors"]


def ends_in_time(app: Side) -> None:
    """The process ends, whatever its recorder is waiting for; nothing that was logged holds the key."""
    assert app.stop() < EXIT_TIMEOUT + LATE
    says_nothing_secret(app)


def says_nothing_secret(app: Side) -> None:
    """The key is nowhere in the log, although everybody logs at DEBUG; and nothing is logged that looks like a bug."""
    assert KEY not in app.log
    assert "Traceback" not in app.log


def tells_the_loss(app: Side) -> None:
    """What was lost at the exit is said in one line, and it is the only one."""
    (line,) = app.lines
    assert "records lost: " in line
    assert "(closed)" in line
