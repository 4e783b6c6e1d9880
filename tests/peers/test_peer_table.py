"""The table of benchmarks/peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers.recorders import NAMES
from benchmarks.peers.table import lines, remarks

if TYPE_CHECKING:
    from benchmarks.peers.workloads import Figures


def sync(rate: float, records: int, requests: int = 1000) -> Figures:
    """What one measurement under gunicorn found."""
    return {"rate": rate, "cpu": rate / 10, "records": records, "requests": requests, "twice": 0, "dropped": 0}


ROUNDS = {
    "sync": [
        {name: sync(2000, 0) if name == "bare" else sync(1000, 1000) for name in NAMES},
        {name: sync(4000, 0) if name == "bare" else sync(1000, 999) for name in NAMES},
    ]
}


def test_each_round_is_compared_with_its_own_bare_application() -> None:
    """A share is that of the bare application of the same round; the median, the lowest and the highest are shown."""
    head, bare, ours, *_ = lines(ROUNDS)
    assert head == ("recorder", "bodies", "sync: requests/s", "sync: worker CPU, µs", "arrived: sync")
    assert bare[2] == "3,000 (2,000 to 4,000)"
    assert ours[2] == "37.5 % (25.0 to 50.0)"


def test_a_lost_record_shows() -> None:
    """What arrived is never rounded up to all of it, and a remark gives the numbers."""
    assert lines(ROUNDS)[2][-1] == "99.9 %"
    assert "sync: drhttp: 1,999 of 2,000 records arrived; it reported 0 as dropped" in remarks(ROUNDS)
