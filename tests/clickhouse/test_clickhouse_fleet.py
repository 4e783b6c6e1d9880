"""The simulated fleet with small numbers; `nox -s fleet` runs it with 1,000 senders."""

from __future__ import annotations

from benchmarks.fleet import Options, run


def test_every_record_of_a_fleet_arrives_exactly_once():
    """While a receiver is killed and the engine stops for a while, nothing is lost and nothing comes twice."""
    result = run(Options(senders=40, records=25, seconds=8, kills=2, pause=3))

    assert result.missing == result.twice == []
    assert (result.sent, result.stored, result.dropped) == (1_000, 1_000, 0)
