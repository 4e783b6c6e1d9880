"""Loops of an expression through which one text leads in several ways, so that backtracking tries it several times.

The text leads from a position in a loop back to it, from there to another position, and from that one back to itself
(Weber and Seidl, "On the degree of ambiguity of finite automata"). Where a match may end at the second position,
nothing is tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from drhttp._redos.automaton import PositionAutomaton, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    _State = tuple[int, int, int]


class Pump(NamedTuple):
    """A text that a loop matches in several ways, so that repeating the text multiplies them.

    place: the position where the text begins and ends. cycle: the set of possible characters at each index.
    """

    place: int
    cycle: tuple[int, ...]


class Ambiguity:
    """The search for ambiguous loops in one automaton. Its methods raise `TooLarge` after `most_steps` steps in all."""

    def __init__(self, automaton: PositionAutomaton, most_steps: int) -> None:
        self._automaton = automaton
        self._steps = most_steps

    def pumps(self, *, search: bool) -> Iterator[Pump]:
        """Yield texts that can be matched in several ways.

        search: also those of which one way is that the search starts later.
        """
        looped = sorted(self._automaton.loops)
        for place in looped:
            yield from self._two_ways(place)
        for one in looped if search else looped[1:]:
            for other in looped:
                if self._may_be_pair(one, other) and (cycle := self._pair(one, other)):
                    yield Pump(one, cycle)

    def _two_ways(self, place: int) -> Iterator[Pump]:
        """Yield texts with a step within a loop that can be taken in two ways: `(a+)+`."""
        automaton = self._automaton
        loop = automaton.loops[place]
        for other, ways in automaton.next[place].items():
            if ways > 1 and other in loop and other not in automaton.done:
                rest = self.path({other}, place) if other != place else ()
                yield Pump(place, (automaton.masks[other], *rest))

    def path(self, beginnings: set[int], end: int) -> tuple[int, ...]:
        """Return the characters on a shortest way from one of the beginnings to `end`; none if there is no way."""
        came_from = dict.fromkeys(beginnings, -1)
        waiting = list(beginnings)
        for place in waiting:
            self._spend(1)
            if place == end:
                break
            for after in self._automaton.next[place]:
                if after not in came_from:
                    came_from[after] = place
                    waiting.append(after)
        found: list[int] = []
        while end not in beginnings and end in came_from:
            found.insert(0, self._automaton.masks[end])
            end = came_from[end]
        return tuple(found)

    def _may_be_pair(self, one: int, other: int) -> bool:
        """Whether one text may lead to both places and backtracking may try the second again; a quick check."""
        automaton = self._automaton
        return (
            other not in (0, one)
            and other not in automaton.done
            and bool(automaton.masks[one] & automaton.masks[other])
            and not any(one in each and other not in each for each in automaton.atomic)
        )

    def _pair(self, one: int, other: int) -> tuple[int, ...]:
        """Return a text that leads from `one` to itself, from `one` to `other`, and from `other` to itself."""
        begin, goal = (one, one, other), (one, other, other)
        came_from: dict[_State, _State] = {begin: begin}
        waiting = [begin]
        while waiting:
            state = waiting.pop()
            for after in self._steps_from(state, one, other):
                if after not in came_from:
                    came_from[after] = state
                    waiting.append(after)
                if after == goal:
                    return self._text(came_from, goal)
        return ()

    def _text(self, came_from: dict[_State, _State], state: _State) -> tuple[int, ...]:
        """Return the text that leads to a state: the set of characters that match on all three paths, at each index."""
        masks = self._automaton.masks
        found: list[int] = []
        while came_from[state] != state:
            first, middle, last = state
            found.append(masks[first] & masks[middle] & masks[last])
            state = came_from[state]
        return tuple(reversed(found))

    def _steps_from(self, state: _State, one: int, other: int) -> list[_State]:
        """Return the states one character further on all three paths, of which the outer ones stay in their loops."""
        automaton, found = self._automaton, []
        masks, (first, middle, last) = automaton.masks, state
        loop, other_loop = automaton.loops[one], automaton.loops[other]
        self._spend(1)
        for c in automaton.next[last]:
            # A position that ends a match is not tried again.
            if c not in other_loop or (one == 0 and c in automaton.done):
                continue
            for a in automaton.next[first]:
                mask = masks[a] & masks[c] if a in loop else 0
                if mask:
                    states = [(a, b, c) for b in automaton.next[middle] if masks[b] & mask]
                    self._spend(len(states))
                    found += states
        return found

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise TooLarge
