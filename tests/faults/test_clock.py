"""The clock of the machine jumps, as it does after a suspension, or when somebody sets it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .comparison import Comparison
from .invariants import all_sent, arrived_once, ends_in_time, unharmed
from .party import answers, asks_to_wait, takes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .party import Party
    from .side import Side

COMPILER = shutil.which("cc")
DAY = 24 * 3600  # seconds


@pytest.mark.parametrize("outage", [False, True], ids=["in-peace", "during-an-outage"])
def test_the_clock_jumps(
    outage: bool,
    party: Party,
    bare: Side,
    serve: Callable[..., Side],
    report: Callable[[dict[str, Any]], None],
    absent: Callable[[str], None],
    tmp_path: Path,
) -> None:
    """A day forth and a week back: everything is delivered as usual, and the times of a record fit together."""
    clock = tmp_path / "clock"
    app = serve(party.dsn(), wrong_clock(clock, 0, absent))
    app.record(20)
    party.wait(20)
    before = app.wait_for(all_sent)
    compared = Comparison()
    for jump in (DAY, -7 * DAY, 0):
        if outage:
            party.become(answers(503, "Retry-After: 1\r\n"))
            app.record(1)
            app.wait_for(lambda state: "answered 503" in str(state["stats"]["last_error"]))
        set_clock(clock, jump)
        compared.go_on(bare, app, 4)
        party.become(takes)
        arrived_once(party, app)
    report(compared.check())
    state = app.wait_for(all_sent)
    unharmed(before, state)
    assert state["stats"]["dropped"] == {}
    assert app.lines == []
    assert all(0.0 <= answered - asked < 60.0 for asked, answered in party.times)
    hours = [(asked - party.times[0][0]) / 3600 for asked, _ in party.times]
    assert 23.9 < max(hours) < 24.1  # the application did see another time
    assert -168.1 < min(hours) < -167.9
    ends_in_time(app)


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["ahead", "behind"])
def test_429_with_a_date_for_a_wrong_clock(
    shift: int, party: Party, serve: Callable[..., Side], absent: Callable[[str], None], tmp_path: Path
) -> None:
    """T2: what the receiver says is a date by its own clock, which its answer tells as well: that long is waited."""
    app = serve(party.dsn(), wrong_clock(tmp_path / "clock", shift, absent))
    party.become(asks_to_wait(4, dated=True))
    app.record(20)
    arrived_once(party, app)
    asked, again, *_ = party.starts
    assert 2.8 < again - asked < 60.0
    app.wait_for(all_sent)
    ends_in_time(app)


def wrong_clock(clock: Path, shift: int, absent: Callable[[str], None]) -> dict[str, str]:
    """Variables that let a process see another time of day, as `set_clock` says."""
    if COMPILER is None:
        absent("a clock for a process alone needs a C compiler")
    source, compiled = Path(__file__).with_name("clock.c"), clock.with_suffix(".so")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", str(compiled), str(source)], check=True)
    set_clock(clock, shift)
    return {"LD_PRELOAD": str(compiled), "SHIFTED_BY": str(clock)}


def set_clock(clock: Path, shift: int) -> None:
    """Let the time differ from that of the machine by so many seconds, from one moment to the next."""
    with clock.open("r+b" if clock.exists() else "w+b") as file:
        file.write(struct.pack("q", shift))
