"""Repeats with upper bounds that read one text in too many ways, such as `(?:a{1,50}){1,50}b`.

First, bounded repeats are taken for unbounded ones: that finds texts that several of them read in several ways. Then
the ways are counted with the bounds as they are.
"""

from __future__ import annotations

from itertools import chain, cycle, islice
from typing import TYPE_CHECKING

from drhttp._redos.ambiguity import Ambiguity
from drhttp._redos.automaton import Bounds, PositionAutomaton, TooLarge

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

_UNBOUNDED = Bounds(loop=1, copies=(1,), places=5_000)
_AS_WRITTEN = Bounds(loop=100, copies=(100, 12, 8, 2), places=10_000)
_MOST_REPEATED = 100  # steps for each character of a text
_LONGEST = 100  # characters of a text, behind those that lead to the repeats
_MOST_STEPS_TO_FIND = 100_000
_MOST_STEPS_TO_COUNT = 50_000  # for each text
_MOST_TEXTS = 10


def repeat_too_often(pattern: re.Pattern[str]) -> bool:
    """Whether some text makes backtracking try more than 100 ways for each character that others have tried before.

    False if it would take too long to find out; true if the repeats are too many to count in, once there is a text
    that would be read in several ways if they had no bounds.
    """
    automaton = None
    for text in islice(_candidates(pattern), _MOST_TEXTS):
        try:
            automaton = automaton or PositionAutomaton(pattern, _AS_WRITTEN)
        except TooLarge:
            return True
        if _Counter(automaton).repeats_much(text):
            return True
    return False


def _candidates(pattern: re.Pattern[str]) -> Iterator[Iterable[int]]:
    """Yield texts that repeats may read in several ways, each character as a set."""
    seen: set[tuple[range, frozenset[int]]] = set()
    try:
        automaton = PositionAutomaton(pattern, _UNBOUNDED)
        ambiguity = Ambiguity(automaton, _MOST_STEPS_TO_FIND)
        for pump in ambiguity.pumps(search=False):
            similar = (automaton.loops[pump.place], frozenset(pump.cycle))
            if similar not in seen:
                seen.add(similar)
                yield chain(ambiguity.path({0, *automaton.front}, pump.place), islice(cycle(pump.cycle), _LONGEST))
    except TooLarge:
        return


class _Counter:
    """Counts the ways in which an expression reads a text from all beginnings at once."""

    def __init__(self, automaton: PositionAutomaton) -> None:
        self._automaton = automaton
        self._steps = _MOST_STEPS_TO_COUNT

    def repeats_much(self, text: Iterable[int]) -> bool:
        """Whether too many of the ways lead to where another one leads too. False if it takes too long to count."""
        ways = dict.fromkeys({0, *self._automaton.front}, 1)
        repeated = 0
        for length, character in enumerate(text, 1):
            ways = self._after(ways, character)
            repeated += sum(ways.values()) - len(ways)
            if repeated > _MOST_REPEATED * length:
                return True
            if not ways or self._steps < 0:
                break
        return False

    def _after(self, ways: dict[int, int], character: int) -> dict[int, int]:
        """Return in how many ways each place is reached one character later; none if the match is complete then.

        character: a set. The one in it that is read in the most ways counts, but none that completes a match.
        """
        automaton, found = self._automaton, dict[int, int]()
        for place, count in ways.items():
            following = automaton.next[place]
            self._steps -= len(following) + 1
            for after, edges in following.items():
                found[after] = found.get(after, 0) + count * edges
                if after in automaton.done:
                    character &= ~automaton.masks[after]
        for place in sorted(found, key=found.__getitem__, reverse=True):
            character = character & automaton.masks[place] or character
        character &= -character
        return {place: count for place, count in found.items() if automaton.masks[place] & character}
