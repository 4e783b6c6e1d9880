"""What the engine puts together for endpoints, and how these parts become the values that every store returns."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from drhttp.inbox.store.aggregates import BOUNDS, PARTS, Endpoint, Group
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.rollup import middle

EXACT = 100_000
"""Records whose durations are counted one by one; beyond them, each may be 1 % off."""
_DURATION = "ifNull(duration, 0)"
_BUCKET = f"if({_DURATION} < 100, {_DURATION}, 100 + toInt64(floor(log(greatest({_DURATION}, 100) / 100) / log(1.02))))"
_SPREAD = f"arraySum(b -> toUInt64({_DURATION} > b * 1000), {list(BOUNDS)})"
CALLS = "direction, method, endpoint, status, duration, error, response_size, started, n"
GROUP = "GROUP BY direction, method, endpoint"


def columns(*, exact: bool) -> str:
    """Return the columns of `endpoint`. exact: every duration, instead of buckets of 2 %."""
    key = _DURATION if exact else _BUCKET
    return (
        "direction, method, endpoint, count(), sum(error), countIf(status BETWEEN 400 AND 499),"
        " ifNull(sum(response_size), 0), count(response_size), min(started), max(started), ifNull(sum(duration), 0),"
        " max(duration), argMaxIf(n, (duration, n), duration IS NOT NULL),"
        f" sumMapIf([{_SPREAD}], [toUInt64(1)], duration IS NOT NULL),"
        f" sumMapIf([toInt64({key})], [toUInt64(1)], duration IS NOT NULL)"
    )


def group_columns(column: str, other: str, start: int, end: int, *, exact: bool) -> str:
    """Return the columns of `group`, from the start to the end of the timeline."""
    key = _DURATION if exact else _BUCKET
    part = f"toUInt64(intDiv((started - {start}) * {PARTS}, {end - start}))"
    return (
        f"assumeNotNull(`{column}`), count(), sum(error), min(started), max(started),"
        f" sumMapIf([toInt64({key})], [toUInt64(1)], duration IS NOT NULL),"
        f" sumMapIf([assumeNotNull(toString(`{other}`))], [toUInt64(1)], `{other}` IS NOT NULL),"
        f" sumMap([{part}], [toUInt64(1)])"
    )


def groups(rows: Iterable[tuple[Any, ...]], limit: int, *, exact: bool) -> tuple[list[Group], int]:
    """Put the windows together. Returns the groups that were there last, and how many there are."""
    found: dict[str, Group] = {}
    for name, count, errors, first, last, durations, others, parts in rows:
        one = found.setdefault(name, Group(name, timeline=[0] * PARTS))
        one.count += count
        one.errors += errors
        one.first, one.last = min(one.first, first), max(one.last, last)
        for duration, times in zip(*durations, strict=True):
            one.durations[duration if exact else middle(duration)] += times
        for value, times in zip(*others, strict=True):
            one.others[value] += times
        for place, times in zip(*parts, strict=True):
            one.timeline[min(place, PARTS - 1)] += times
    return sorted(found.values(), key=lambda one: (-one.last, one.name))[:limit], len(found)


def endpoint(row: tuple[Any, ...], *, exact: bool) -> Endpoint:
    """Build an endpoint from a row of `columns`."""
    *plain, longest, slowest, spread, durations = row
    places = [0] * (len(BOUNDS) + 1)
    for place, times in zip(*spread, strict=True):
        places[place] = times
    counted = Counter({d if exact else middle(d): times for d, times in zip(*durations, strict=True)})
    return Endpoint(*(*plain, longest, None if longest is None else slowest, places, counted))


def endpoints(rows: Iterable[tuple[Any, ...]], *, exact: bool) -> list[Endpoint]:
    """Build the endpoints of some windows."""
    return [endpoint(row, exact=exact) for row in rows]


def called(
    engine: Engine, spans: dict[str, int], span: tuple[int, int], end: float
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return the outgoing calls of requests, newest first, and the request at which the time ran out.

    spans: of the requests, with their numbers. span: numbers between which calls are looked for.
    """
    found: list[tuple[Any, ...]] = []
    listed = list(spans)
    for start in range(0, len(listed), 1_000):
        if start and time.monotonic() > end:
            return found, spans[listed[start - 1]]
        found += engine.rows(
            f"SELECT {CALLS} FROM record FINAL WHERE direction = 'Outgoing' AND parent IN {{s:Array(String)}}"
            " AND n BETWEEN {low:UInt64} AND {high:UInt64}",
            {"s": listed[start : start + 1_000], "low": span[0], "high": span[1]},
        )
    return found, None
