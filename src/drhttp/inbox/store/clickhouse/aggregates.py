"""What the engine puts together for endpoints, and how these parts become the values that every store returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from drhttp.inbox.store.aggregates import BOUNDS, PARTS, Endpoint, Group
from drhttp.inbox.store.rollup import middle

EXACT = 100_000
"""Records whose durations are counted one by one; beyond them, each may be 1 % off."""
_DURATION = "ifNull(duration, 0)"
_BUCKET = f"if({_DURATION} < 100, {_DURATION}, 100 + toInt64(floor(log(greatest({_DURATION}, 100) / 100) / log(1.02))))"
_SPREAD = f"arraySum(b -> toUInt64({_DURATION} > b * 1000), {list(BOUNDS)})"
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
        f"assumeNotNull(`{column}`), count(), sum(error), countIf(status BETWEEN 400 AND 499),"
        f" min(started), max(started), sumMapIf([toInt64({key})], [toUInt64(1)], duration IS NOT NULL),"
        f" sumMapIf([assumeNotNull(toString(`{other}`))], [toUInt64(1)], `{other}` IS NOT NULL),"
        f" sumMap([{part}], [toUInt64(1)])"
    )


def groups(rows: Iterable[tuple[Any, ...]], limit: int, *, exact: bool) -> tuple[list[Group], int]:
    """Put the windows together. Returns the groups that were there last, and how many there are."""
    found: dict[str, Group] = {}
    for name, count, errors, client_errors, first, last, durations, others, parts in rows:
        one = found.setdefault(name, Group(name, timeline=[0] * PARTS))
        one.count += count
        one.errors += errors
        one.client_errors += client_errors
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
