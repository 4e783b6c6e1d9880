"""M1: what waits is bounded in bytes of the process, not only by the recorder's own count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .comparison import Comparison
from .invariants import ends_in_time, unharmed
from .test_outages import FAULTS, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from .party import Party
    from .side import Side

QUEUE_BYTES = 32 * 1024 * 1024  # the default of the option
BODY = 64 * 1024  # bytes up and the same down, as much as is kept of each
FLOOD = 40  # rounds of 25 requests, of which the queue can hold about ten
FLOODED = ("refused", "black-hole", "silent", "slow-upload", "slow-answer", "reset-answer", "503")


@pytest.mark.parametrize("name", FLOODED)
def test_a_flood_during_an_outage(
    name: str, party: Party, bare: Side, serve: Callable[..., Side], report: Callable[[dict[str, Any]], None]
) -> None:
    """The process grows by `queue_bytes` + 20 % at most; what does not fit is counted, and the rest arrives."""
    fault: Fault = FAULTS[name]
    app = serve(party.dsn())
    compared = Comparison()
    compared.go_on(bare, app, 2, BODY)
    party.wait(50)
    before = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    fault.begin(party)
    grown = 0
    for _ in range(FLOOD // 4):
        compared.go_on(bare, app, 4, BODY)
        state = app.state()
        grown = max(grown, state["rss"] - before["rss"])
        assert state["stats"]["queued_bytes"] <= QUEUE_BYTES
    app.wait_for(lambda state: fault.words in str(state["stats"]["last_error"]))
    report({**compared.check(), "grown": grown})
    assert grown <= QUEUE_BYTES * 1.2
    lost = state["stats"]["dropped"]["queue_bytes"]
    assert lost > 500
    unharmed(before, app.state())

    party.recover()
    arrived = party.wait(len(app.asked) - lost)
    after = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    assert after["stats"]["dropped"] == {"queue_bytes": lost}
    assert len(set(arrived)) == len(arrived) == after["stats"]["sent"]
    assert set(arrived) <= set(app.asked)
    unharmed(before, after)
    (line,) = app.lines  # the first loss is told at once, and the next not before a minute is over
    assert "(queue_bytes)" in line
    ends_in_time(app)
