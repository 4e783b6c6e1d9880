"""The numbers that tell what became of every record."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from support.receiver import Response

import drhttp
from drhttp._stats import Stats

ONE = Stats(
    recorded=5, queued=1, queued_bytes=10, sent=2, retried=3, dropped={"a": 1, "b": 1}, last_error="x", last_success=2.0
)
OTHER = Stats(recorded=3, sent=1, dropped={"b": 2}, restarts=1, last_success=1.0)


def test_nothing_yet():
    """A process without recorders has counted nothing."""
    assert Stats.total([], 0) == Stats() == drhttp.stats()


def test_the_sum_over_recorders():
    """Counts are added, losses by their reason; the last error is of the last recorder that had one."""
    assert Stats.total(iter([ONE, OTHER]), 4) == Stats(
        recorded=8,
        queued=1,
        queued_bytes=10,
        sent=3,
        retried=3,
        dropped={"a": 1, "b": 3},
        failures=4,
        restarts=1,
        last_error="x",
        last_success=2.0,
    )
    assert Stats.total([ONE, Stats(last_error="y")], 0).last_error == "y"


@pytest.mark.parametrize("stats", [ONE, OTHER, Stats.total([ONE, OTHER], 0)])
def test_no_record_is_forgotten(stats):
    """What was recorded is sent, queued or dropped."""
    assert stats.recorded == stats.sent + stats.queued + sum(stats.dropped.values())


def test_stats_are_a_picture():
    """They do not change any more, neither themselves nor what they were made of."""
    with pytest.raises(FrozenInstanceError):
        ONE.sent = 9
    Stats.total([ONE], 0).dropped["a"] = 9
    assert ONE.dropped["a"] == 1


def test_the_story_of_a_process(receiver):
    """Sent, retried, lost and the last error are told for real deliveries, and add up."""
    receiver.next_behaviors.extend([Response(503), Response(201), Response(400)])

    def app(environ, start_response):
        start_response("204 No Content", [])
        return []

    wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn)
    for _ in range(2):
        wrapped({"REQUEST_METHOD": "GET"}, lambda *_: None)
        assert drhttp.flush(10.0)
    stats = drhttp.stats()
    assert (stats.recorded, stats.sent, stats.retried, stats.queued, stats.queued_bytes) == (2, 1, 1, 0, 0)
    assert stats.dropped == {"status_400": 1}
    assert stats.last_error.endswith("answered 400")
    assert stats.last_success is not None
