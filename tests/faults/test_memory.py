"""M1: what waits is bounded in bytes of the process, not only by the recorder's own count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .comparison import Comparison
from .invariants import assert_ends_in_time, assert_nothing_leaked
from .test_outages import FAULTS, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faulty_receiver import FaultyReceiver
    from .served_app import BareApp, RecordedApp

    Serve = Callable[..., RecordedApp]
    Report = Callable[[dict[str, Any]], None]

QUEUE_BYTES = 32 * 1024 * 1024  # the default of the option
BODY = 64 * 1024  # bytes up and the same down, as much as is kept of each
FLOOD = 40  # rounds of 25 requests, of which the queue can hold about ten
FLOODED = ("refused", "black-hole", "silent", "slow-upload", "slow-answer", "reset-answer", "503")


@pytest.mark.parametrize("name", FLOODED)
def test_a_flood_during_an_outage(
    name: str,
    receiver: FaultyReceiver,
    bare: BareApp,
    serve: Serve,
    report: Report,
) -> None:
    """The process grows by `queue_bytes` + 20 % at most; what does not fit is counted, and the rest arrives."""
    fault: Fault = FAULTS[name]
    app = serve(receiver.dsn)
    compared = Comparison()
    compared.add_rounds(bare, app, 2, BODY)
    receiver.wait_for_paths(50)
    before = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    fault.begin(receiver)
    grown = 0
    for _ in range(FLOOD // 4):
        compared.add_rounds(bare, app, 4, BODY)
        state = app.state()
        grown = max(grown, state["rss"] - before["rss"])
        assert state["stats"]["queued_bytes"] <= QUEUE_BYTES
    app.wait_for(lambda state: fault.error in str(state["stats"]["last_error"]))
    report({**compared.check(), "grown": grown})
    assert grown <= QUEUE_BYTES * 1.2
    lost = state["stats"]["dropped"]["queue_bytes"]
    assert lost > 500
    assert_nothing_leaked(before, app.state())

    receiver.recover()
    arrived = receiver.wait_for_paths(len(app.requested_paths) - lost)
    after = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    assert after["stats"]["dropped"] == {"queue_bytes": lost}
    assert len(set(arrived)) == len(arrived) == after["stats"]["sent"]
    assert set(arrived) <= set(app.requested_paths)
    assert_nothing_leaked(before, after)
    (line,) = app.log_lines  # the first loss is logged at once, and the next one only after a minute
    assert "(queue_bytes)" in line
    assert_ends_in_time(app)
