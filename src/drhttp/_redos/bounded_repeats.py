"""Repeats with upper bounds that match one text in too many ways, such as `(?:a{1,50}){1,50}b`.

First, bounded repeats count as unbounded: that finds texts that can be matched in several ways. Then the ways are
counted with the bounds as written.
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
    """Whether backtracking repeats more than 100 steps for each character of some text.

    False if finding or counting the ways would take too long; true if the pattern is too large to count them at all.
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
    """Yield texts that repeats may match in several ways, as the set of possible characters at each index."""
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
    """Counts the ways in which an expression matches one text, from all positions where the search may start."""

    def __init__(self, automaton: PositionAutomaton) -> None:
        self._automaton = automaton
        self._steps = _MOST_STEPS_TO_COUNT

    def repeats_much(self, text: Iterable[int]) -> bool:
        """Whether too many ways lead to a position that another way reaches too. False if counting takes too long."""
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
        """Return in how many ways each position is reached one character later; none if every character ends a match.

        character: the set of possible ones. One that matches in the most ways is taken, except those that end a match.
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
