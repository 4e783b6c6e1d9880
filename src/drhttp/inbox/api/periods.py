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
LEAST_GAP = 10_000_000
"""Microseconds that a gap has at least to be cut out."""
MAX_PERIODS = 10
_WIDEST = 0.3
"""Share of the bars asked for of which each can be as wide as the page draws any: so little time needs no cuts."""
_ALIKE = 2
"""Gaps up to this many times shorter than the longest are cut out with it, or not at all."""
_FREED = 3
"""Gaps are cut out together if they are at least this fraction (1/3) of the time that is shown."""
_REVEALED = 4
"""Bars that there must be for each cut: where every period is a dot, cuts would only hide the rhythm."""
_JOINED = 3
"""Bars between two periods up to which they are shown as one."""
Span = tuple[int, int]
"""When something begins and ends, in microseconds."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time with traffic. start: in microseconds, of the first bar. counts: of each bar, as in `Histogram`."""

    start: int
    counts: Sequence[Sequence[int]]


def periods(fine: Histogram, bars: int) -> tuple[int, list[Period]]:
    """Return the width of a bar, in microseconds, and the periods, with about `bars` bars in all.

    A bar is at least `SHORTEST` wide and begins at a round time.
    """
    step, start = fine.width, fine.start
    busy = [(start + at * step, start + (at + 1) * step) for at, counts in enumerate(fine.counts) if any(counts)]
    if not busy:
        return SHORTEST, []
    runs = spans(busy, max(SHORTEST, step), bars)
    shown = sum(end - begin for begin, end in runs)
    needed = max(SHORTEST, width_for(shown, max(1, bars - 2 * len(runs))))
    width = next((each for each in WIDTHS if each >= needed and each % fine.width == 0), max(needed, fine.width))
    found: list[Period] = []
    for begin, end in runs:
        period = _period(fine, (begin - start) // step, (end - start) // step - 1, width)
        # Where the bars became about as wide as the gap, two periods are one again.
        if found and period.start - found[-1].start - len(found[-1].counts) * width < max(LEAST_GAP, _JOINED * width):
            period = _joined(found.pop(), period, width)
        found.append(period)
    return width, found


def spans(busy: Sequence[Span], unit: int, bars: int) -> list[Span]:
    """Return the periods of ascending times with traffic: long gaps are taken out. unit: of the width of a bar.

    It depends on the whole plot which gaps are long: they leave room that is needed, and what they hide from sight.
    """
    whole = busy[-1][1] - busy[0][0]
    cuts = sorted(_cuts(busy, whole, unit, bars))
    firsts, lasts = [0, *cuts], [*(at - 1 for at in cuts), len(busy) - 1]
    return [(busy[first][0], busy[last][1]) for first, last in zip(firsts, lasts, strict=True)]


def _cuts(busy: Sequence[Span], shown: int, unit: int, bars: int) -> list[int]:
    """Return the places before which there is a gap to cut out, the longest gaps first."""
    gaps = sorted(((later[0] - one[1], at) for at, (one, later) in enumerate(pairwise(busy), 1)), reverse=True)
    left = [gap for gap in gaps if gap[0] >= LEAST_GAP]
    cuts: list[int] = []
    while left and shown > _WIDEST * bars * SHORTEST:
        alike = [gap for gap in left if gap[0] * _ALIKE >= left[0][0]]
        freed, count = sum(length for length, _ in alike), len(cuts) + len(alike)
        if freed * _FREED < shown or count >= MAX_PERIODS or shown - freed < count * _REVEALED * unit:
            break
        shown -= freed
        cuts += [at for _, at in alike]
        left = left[len(alike) :]
    return cuts


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
