"""Periods of traffic: bars of at least a second, with the long gaps between them cut out."""

from __future__ import annotations

import random

import pytest

from drhttp.inbox.api.periods import FINE, MAX_PERIODS, SHORTEST, periods
from drhttp.inbox.store.aggregates import CLASSES, WIDTHS, Histogram, grid, histogram, span

SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
BEGIN = 1_795_363_200_000_000


def fine(moments):
    low, width, bars = grid(*span(moments, None, None), FINE)
    counts = histogram([(moment, 200, 1) for moment in moments], low, width, bars)
    return Histogram(start=low, end=low + width * bars, width=width, counts=counts, total=len(moments), scanned_to=None)


def cut(moments, bars=120):
    return periods(fine(moments), bars)


def test_one_record_is_one_bar_of_a_second():
    """It does not fill the plot."""
    width, found = cut([BEGIN + 250_000])
    assert width == SHORTEST
    assert [(one.start, [sum(bar) for bar in one.counts]) for one in found] == [(BEGIN, [1])]


def test_a_night_is_cut_out():
    """Two bursts a day apart keep their shape."""
    moments = [BEGIN + at * SECOND for at in range(300)] + [BEGIN + DAY + at * SECOND for at in range(300)]
    width, found = cut(moments)
    assert len(found) == 2
    assert width <= 30 * SECOND
    assert sum(len(one.counts) for one in found) >= 20
    assert [sum(map(sum, one.counts)) for one in found] == [300, 300]


def test_steady_traffic_is_not_cut():
    """A pause that is short beside the whole is shown as it is."""
    moments = [BEGIN + at * 20 * SECOND for at in range(1_000) if not 500 <= at < 560]
    _, found = cut(moments)
    assert len(found) == 1
    assert any(sum(bar) == 0 for bar in found[0].counts)


def cuts(moments, bars=185):
    """The seconds from the end of a period to the begin of the next one, as the page shows them."""
    width, found = cut(moments, bars)
    ends = [one.start + len(one.counts) * width for one in found]
    return [(later.start - end) / SECOND for end, later in zip(ends, found[1:], strict=False)]


def test_only_gaps_that_are_long_in_the_plot_are_cut():
    """Pauses of seconds stay, however few records there are; nothing is cut that fits, or is shorter than 10 s."""
    tries = [0, 1, 4, 5, 8, 9, 10, 11, 131, 182, 184, 186, 188, 190]
    assert [round(gap, -1) for gap in cuts([BEGIN + at * SECOND for at in tries])] == [120, 50]
    assert cuts([BEGIN + at * SECOND for at in (0, 1, 3, 40)]) == []
    assert cuts([BEGIN + at * SECOND for at in (*range(3), *range(12, 60))]) == []


def test_a_rhythm_is_not_cut_to_pieces():
    """A request a minute is shown as one; the night before is cut all the same."""
    minutes = [BEGIN + at * 60 * SECOND for at in range(8)]
    assert cuts(minutes) == []
    assert len(cuts([*minutes, *(moment + DAY for moment in minutes)])) == 1


def test_gaps_of_about_the_same_length_are_cut_together():
    """Eight bursts of half a minute over a day."""
    moments = [BEGIN + (at * 5_400 + second) * SECOND for at in range(8) for second in range(0, 30, 2)]
    assert len(cuts(moments)) == 7


def test_nothing_has_no_periods():
    """An empty inbox has no bars at all."""
    assert cut([]) == (SHORTEST, [])


@pytest.mark.parametrize("seed", range(200))
def test_every_record_is_in_one_bar(seed):
    """Whatever the traffic is like: bars are round, in order, do not overlap, and count everything once."""
    dice = random.Random(seed)
    moments, at = [], BEGIN + dice.randrange(DAY)
    for _ in range(dice.choice([1, 2, 3, 50, 400])):
        at += int(dice.choice([0, 1_000, SECOND, HOUR, 30 * DAY]) * dice.random())
        moments.append(at)
    bars = dice.choice([2, 20, 120, 200])
    width, found = cut(moments, bars)

    assert width >= SHORTEST
    assert width in WIDTHS or width % DAY == 0 or width > WIDTHS[-1]
    assert 1 <= len(found) <= MAX_PERIODS
    assert sum(sum(map(sum, one.counts)) for one in found) == len(moments)
    assert sum(len(one.counts) for one in found) <= max(bars, 2 * MAX_PERIODS) + 2 * MAX_PERIODS
    end = 0
    for one in found:
        assert one.start % width == 0
        assert one.start >= end
        assert all(len(bar) == len(CLASSES) for bar in one.counts)
        assert sum(one.counts[0]) > 0
        assert sum(one.counts[-1]) > 0
        end = one.start + len(one.counts) * width
    edges = {(one.start, one.start + len(one.counts) * width) for one in found}
    slack = fine(moments).width  # a fine bar may begin before the record in it
    assert all(any(low - slack <= moment < high + slack for low, high in edges) for moment in moments)
