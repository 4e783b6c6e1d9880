"""The clock of the machine jumps, as it does after a suspension, or when somebody sets it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.behaviors import accept, rate_limit_once
from support.receiver import Response

from .comparison import Comparison
from .invariants import all_sent, assert_arrived_once, assert_ends_in_time, assert_nothing_leaked

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faulty_receiver import FaultyReceiver
    from .served_app import BareApp, RecordedApp

    Serve = Callable[..., RecordedApp]
    Report = Callable[[dict[str, Any]], None]

COMPILER = shutil.which("cc")
DAY = 24 * 3600  # seconds


@pytest.mark.parametrize("outage", [False, True], ids=["in-peace", "during-an-outage"])
def test_the_clock_jumps(
    outage: bool,
    receiver: FaultyReceiver,
    bare: BareApp,
    serve: Serve,
    report: Report,
    unavailable: Callable[[str], None],
    tmp_path: Path,
) -> None:
    """A day forward and a week back: everything is delivered as usual, and the times of a record are consistent."""
    clock = tmp_path / "clock"
    app = serve(receiver.dsn, wrong_clock(clock, 0, unavailable))
    app.request_many(20)
    receiver.wait_for_paths(20)
    before = app.wait_for(all_sent)
    compared = Comparison()
    for jump in (DAY, -7 * DAY, 0):
        if outage:
            receiver.set_behavior(Response(503, {"Retry-After": "1"}))
            app.request_many(1)
            app.wait_for(lambda state: "answered 503" in str(state["stats"]["last_error"]))
        set_clock(clock, jump)
        compared.add_rounds(bare, app, 4)
        receiver.set_behavior(accept)
        assert_arrived_once(receiver, app)
    report(compared.check())
    state = app.wait_for(all_sent)
    assert_nothing_leaked(before, state)
    assert state["stats"]["dropped"] == {}
    assert app.log_lines == []
    assert all(0.0 <= ended - began < 60.0 for began, ended in receiver.exchange_times)
    hours = [(began - receiver.exchange_times[0][0]) / 3600 for began, _ in receiver.exchange_times]
    assert 23.9 < max(hours) < 24.1  # the application did see another time
    assert -168.1 < min(hours) < -167.9
    assert_ends_in_time(app)


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["ahead", "behind"])
def test_429_with_a_date_for_a_wrong_clock(
    shift: int,
    receiver: FaultyReceiver,
    serve: Serve,
    unavailable: Callable[[str], None],
    tmp_path: Path,
) -> None:
    """T2: what the receiver says is a date by its own clock, which its answer tells as well: that long is waited."""
    app = serve(receiver.dsn, wrong_clock(tmp_path / "clock", shift, unavailable))
    receiver.set_behavior(rate_limit_once(4, dated=True))
    app.request_many(20)
    assert_arrived_once(receiver, app)
    first, second, *_ = receiver.request_times
    assert 2.8 < second - first < 60.0
    app.wait_for(all_sent)
    assert_ends_in_time(app)


def wrong_clock(clock: Path, shift: int, unavailable: Callable[[str], None]) -> dict[str, str]:
    """Variables that let a process see another time of day, as `set_clock` says."""
    if COMPILER is None:
        unavailable("a clock for a process alone needs a C compiler")
    source, compiled = Path(__file__).with_name("clock.c"), clock.with_suffix(".so")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", str(compiled), str(source)], check=True)
    set_clock(clock, shift)
    return {"LD_PRELOAD": str(compiled), "SHIFTED_BY": str(clock)}


def set_clock(clock: Path, shift: int) -> None:
    """Let the time differ from that of the machine by so many seconds, from one moment to the next."""
    with clock.open("r+b" if clock.exists() else "w+b") as file:
        file.write(struct.pack("q", shift))
