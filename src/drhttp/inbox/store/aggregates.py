"""What many records look like together: counts over time, points, and groups with their percentiles.

Pure: from rows to values. Percentiles go by nearest rank.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil
from typing import Any

BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
"""Upper bounds (inclusive) of the buckets of a distribution, in milliseconds; the last bucket is open."""
WIDTHS = tuple(
    sorted(
        unit * count
        for unit, counts in (
            (1_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
            (1_000_000, (1, 2, 5, 10, 15, 30)),
            (60_000_000, (1, 2, 5, 10, 15, 30)),
            (3_600_000_000, (1, 2, 3, 6, 12)),
            (86_400_000_000, (1, 2, 7, 14, 28, 91, 182, 364)),
        )
        for count in counts
    )
)
"""Allowed widths of a bar, in microseconds."""
_BOUNDS = [bound * 1000 for bound in BOUNDS]
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "none")
PARTS = 40
"""Buckets in the timeline of a user or device."""
OTHERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """counts: for each bar, how many of each of `CLASSES`. scanned_to: ``n``, when not everything was read."""

    start: int
    end: int
    width: int
    counts: Sequence[Sequence[int]]
    total: int
    scanned_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """points: n, started, duration, status and error, oldest first."""

    points: Sequence[tuple[int, int, int, int | None, int]]
    scanned_to: int | None


@dataclass(slots=True)
class Endpoint:
    """Requests that go to one place. total, longest: of their durations, in microseconds.

    slowest: ``n`` of the newest that took longest. spread: how many durations fall between each two of `BOUNDS`.
    durations: how often each is there; in what was counted ahead each may be 1 % off.
    """

    direction: str
    method: str
    name: str
    count: int
    errors: int
    client_errors: int
    bytes: int
    sized: int
    first: int
    last: int
    total: int
    longest: int | None
    slowest: int | None
    spread: list[int]
    durations: Counter[int]

    def percentiles(self, shares: Sequence[float]) -> list[int | None]:
        """Return percentiles. Precomputed counts are rounded, so the result is capped at the maximum."""
        found = percentiles(self.durations, shares)
        return [one if one is None or self.longest is None else min(one, self.longest) for one in found]

    def add(self, other: Endpoint) -> None:
        """Merge another aggregate of the same endpoint."""
        self.count += other.count
        self.errors += other.errors
        self.client_errors += other.client_errors
        self.bytes += other.bytes
        self.sized += other.sized
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.total += other.total
        slow = [(one.longest, one.slowest) for one in (self, other) if one.longest is not None]
        self.longest, self.slowest = max(slow, default=(None, None))
        self.spread = [one + more for one, more in zip(self.spread, other.spread, strict=True)]
        self.durations.update(other.durations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    endpoints: Sequence[Endpoint]
    total: int
    scanned_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstreams:
    """What requests spend their time in. endpoints: of the calls. spent: by the requests, in microseconds."""

    endpoints: Sequence[Endpoint]
    total: int
    spent: int
    scanned_to: int | None


@dataclass(slots=True)
class Group:
    """The aggregate of one user or device. client_errors: responses with a status of 4xx."""

    name: str
    count: int = 0
    errors: int = 0
    client_errors: int = 0
    first: int = 1 << 62
    last: int = 0
    durations: Counter[int] = field(default_factory=Counter)
    starts: list[int] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    timeline: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    groups: Sequence[Group]
    total: int
    start: int
    end: int
    scanned_to: int | None


def percentiles(durations: Mapping[int, int], shares: Sequence[float]) -> list[int | None]:
    """Return the nearest-rank percentile for each share; shares must be ascending."""
    ordered = sorted(durations)
    sums = list(accumulate(durations[one] for one in ordered))
    if not sums:
        return [None for _ in shares]
    # A share is a rounded number: 0.95 of 20 is 19, not a trace more.
    ranks = [max(1, ceil(round(sums[-1] * share, 6))) for share in shares]
    return [ordered[bisect_left(sums, rank)] for rank in ranks]


def distribution(durations: Mapping[int, int]) -> list[int]:
    """Count the durations in each bucket of `BOUNDS`."""
    counts = [0] * (len(BOUNDS) + 1)
    for duration, times in durations.items():
        counts[bisect_left(_BOUNDS, duration)] += times
    return counts


def width_for(span: int, buckets: int, unit: int = 1) -> int:
    """Return the smallest allowed width that needs no more than `buckets` bars, and is a multiple of a unit."""
    fitting = (width for width in WIDTHS if span < width * buckets and width % unit == 0)
    return next(fitting, (-(-span // (buckets * unit)) or 1) * unit)


def span(moments: Iterable[int | None], start: int | None, end: int | None) -> tuple[int, int]:
    """Return the time range; missing ends default to the range of all records."""
    found = [moment for moment in moments if moment is not None]
    low = start if start is not None else min(found, default=0)
    return low, end if end is not None else max(found, default=low) + 1


def grid(low: int, high: int, buckets: int, unit: int = 1) -> tuple[int, int, int]:
    """Return the start, width, and number of bars. unit: what the width is a multiple of."""
    # A bar begins at a round time, so one may stick out at either end.
    width = width_for(max(high - low, 1), max(1, buckets - 1), unit)
    low -= low % width
    return low, width, max(1, -(-(high - low) // width))


def histogram(rows: Iterable[tuple[int, int | None, int]], low: int, width: int, bars: int) -> list[list[int]]:
    """Build a histogram from rows of time, status, and count."""
    counts = [[0] * len(CLASSES) for _ in range(bars)]
    for moment, status, times in rows:
        kind = status // 100 - 1 if status is not None and 100 <= status < 600 else 5
        counts[(moment - low) // width][kind] += times
    return counts


def endpoints(rows: Iterable[tuple[Any, ...]]) -> list[Endpoint]:
    """Aggregate rows of direction, method, endpoint, status, duration, error, size, started, and n by endpoint."""
    found: defaultdict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[:3]].append(row[3:])
    return [endpoint(key, members) for key, members in found.items()]


def merged(parts: Iterable[Endpoint]) -> list[Endpoint]:
    """Merge aggregates of the same endpoint."""
    found: dict[tuple[str, str, str], Endpoint] = {}
    for one in parts:
        key = (one.direction, one.method, one.name)
        if key in found:
            found[key].add(one)
        else:
            found[key] = one
    return list(found.values())


def endpoint(key: tuple[str, str, str], rows: Sequence[tuple[Any, ...]]) -> Endpoint:
    """Aggregate rows of status, duration, error, size, started, and n, the newest first."""
    statuses, durations, errors, sizes, starts, _ = zip(*rows, strict=True)
    known_sizes = [size for size in sizes if size is not None]
    timed = [duration for duration in durations if duration is not None]
    longest = max(timed, default=None)
    counted = Counter(timed)
    return Endpoint(
        *key,
        count=len(rows),
        errors=sum(errors),
        client_errors=sum(status is not None and 400 <= status < 500 for status in statuses),
        bytes=sum(known_sizes),
        sized=len(known_sizes),
        first=min(starts),
        last=max(starts),
        total=sum(timed),
        longest=longest,
        # The newest of the slowest: rows come from the newest on.
        slowest=None if longest is None else rows[durations.index(longest)][-1],
        spread=distribution(counted),
        durations=counted,
    )


def tally(rows: Iterable[tuple[Any, ...]], found: dict[str, Group]) -> None:
    """Add rows of name, other name, started, duration, error, and status to the groups."""
    for name, other, started, duration, error, status in rows:
        one = found.get(name)
        if one is None:
            one = found[name] = Group(name)
        one.count += 1
        one.errors += error
        one.client_errors += status is not None and 400 <= status < 500
        one.first, one.last = min(one.first, started), max(one.last, started)
        one.starts.append(started)
        if duration is not None:
            one.durations[duration] += 1
        if other is not None:
            one.others[other] += 1


def latest(found: Mapping[str, Group], limit: int) -> tuple[list[Group], int, int]:
    """Return the groups that were there last, and start and end of all, with timelines of their `starts`."""
    start = min((one.first for one in found.values()), default=0)
    end = max((one.last for one in found.values()), default=0) + 1
    kept = sorted(found.values(), key=lambda one: (-one.last, one.name))[:limit]
    for one in kept:
        one.timeline = [0] * PARTS
        for moment in one.starts:
            one.timeline[(moment - start) * PARTS // (end - start)] += 1
    return kept, start, end
