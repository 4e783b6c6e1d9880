"""Periods of traffic: a histogram without the long gaps between them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from drhttp.inbox.store.aggregates import WIDTHS, Histogram, width_for

FINE = 8_000
"""Bars of the histogram in which gaps are looked for."""
SHORTEST = 1_000_000
"""Minimum width of a bar in microseconds."""
MAX_PERIODS = 10
_SHARE = 10
"""A gap is cut out if it is longer than this fraction (1/10) of the time that is shown."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time with traffic. start: in microseconds, of the first bar. counts: of each bar, as in `Histogram`."""

    start: int
    counts: Sequence[Sequence[int]]


def periods(fine: Histogram, bars: int) -> tuple[int, list[Period]]:
    """Return the width of a bar, in microseconds, and the periods, with about `bars` bars in all.

    A bar is at least `SHORTEST` wide and begins at a round time.
    """
    busy = [at for at, counts in enumerate(fine.counts) if any(counts)]
    if not busy:
        return SHORTEST, []
    runs = _runs(busy)
    shown = sum(last - first + 1 for first, last in runs) * fine.width
    needed = max(SHORTEST, width_for(shown, max(1, bars - 2 * len(runs))))
    width = next((each for each in WIDTHS if each >= needed and each % fine.width == 0), max(needed, fine.width))
    found: list[Period] = []
    for first, last in runs:
        period = _period(fine, first, last, width)
        # Where the bars became wider than the gap, two periods are one again, and no bar is there twice.
        if found and found[-1].start + len(found[-1].counts) * width >= period.start:
            period = _joined(found.pop(), period, width)
        found.append(period)
    return width, found


def _runs(busy: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last bar of each period: the longest gaps are taken out, one after the other."""
    gaps = sorted(((after - before - 1, before, after) for before, after in pairwise(busy)), reverse=True)
    shown, cuts = busy[-1] - busy[0] + 1, []
    for length, before, after in gaps[: MAX_PERIODS - 1]:
        if length * _SHARE <= shown:
            break
        shown -= length
        cuts.append((before, after))
    edges = sorted(cuts)
    firsts, lasts = [busy[0], *(after for _, after in edges)], [*(before for before, _ in edges), busy[-1]]
    return list(zip(firsts, lasts, strict=True))


def _period(fine: Histogram, first: int, last: int, width: int) -> Period:
    begin = fine.start + first * fine.width
    start = begin - begin % width
    bars = (fine.start + last * fine.width - start) // width + 1
    counts = [[0] * len(fine.counts[0]) for _ in range(bars)]
    for at in range(first, last + 1):
        bar = counts[(fine.start + at * fine.width - start) // width]
        for kind, count in enumerate(fine.counts[at]):
            bar[kind] += count
    return Period(start, counts)


def _joined(one: Period, other: Period, width: int) -> Period:
    bars = (other.start - one.start) // width + len(other.counts)
    counts = [[0] * len(one.counts[0]) for _ in range(bars)]
    for period in (one, other):
        for at, bar in enumerate(period.counts, (period.start - one.start) // width):
            counts[at] = [count + more for count, more in zip(counts[at], bar, strict=True)]
    return Period(one.start, counts)
