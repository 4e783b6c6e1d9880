"""A gate that opens at most once an interval."""

from __future__ import annotations

from drhttp._rate_limiter import RateLimiter


def test_it_opens_once_an_interval():
    """It opens at once, then not before the interval is over, and the interval begins anew with each opening."""
    now = [100.0]
    gate = RateLimiter(10.0, lambda: now[0])
    opened = []
    for step in (0.0, 0.0, 9.9, 0.2, 9.9, 5.0, 100.0, 0.0):
        now[0] += step
        opened.append(gate.allow())
    assert opened == [True, False, False, True, False, True, True, False]


def test_the_interval_is_a_minute():
    """Without further words it is a minute."""
    now = [0.0]
    gate = RateLimiter(clock=lambda: now[0])
    assert gate.allow()
    now[0] = 59.9
    assert not gate.allow()
    now[0] = 60.0
    assert gate.allow()
