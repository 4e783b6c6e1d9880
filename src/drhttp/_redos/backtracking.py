"""Regular expressions that can take quadratic time or worse to fail, such as `(a+)+$`.

An expression becomes a position automaton (Glushkov): a graph of its characters, in which each may be followed by
others. The search that starts at each position of a text is a loop in front. Backtracking is slow where one text leads
through two loops in several ways: from the first back to the first, from the first into the second, and from the second
back to the second (Weber and Seidl, "On the degree of ambiguity of finite automata"). Where a match may end within the
second, nothing is tried again.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from drhttp._redos.character_sets import SINGLE, CharacterSets

if TYPE_CHECKING:
    from collections.abc import Callable

_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_REPEATS = frozenset(("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"))
_MOST_COPIES = 3  # of a part with a limited number of repetitions
_LARGE = 100  # repetitions that count as unlimited
_MOST_STEPS = 300_000


def is_superlinear(pattern: re.Pattern[str]) -> bool:
    """Whether a search may take more than linear time. Also true if the analysis itself would take too long."""
    try:
        return _PositionAutomaton(pattern).is_ambiguous()
    except (_TooLarge, RecursionError):
        return True


class _TooLarge(Exception):
    """The automaton has too many paths to examine."""


@dataclass(slots=True)
class _Fragment:
    """A part of an expression: the positions where it begins and ends, and whether it may match the empty text.

    done: positions at which a match is final, as nothing is checked behind it. certain: an empty match is final.
    """

    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    empty: bool = True
    certain: bool = True


class _PositionAutomaton:
    """The characters of one expression: the set that each position matches, and the positions that may follow."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        tree = _parser.parse(pattern.pattern, pattern.flags)
        self._flags = pattern.flags
        self._sets = CharacterSets(tree)
        self._masks: list[int] = []
        self._next: list[dict[int, int]] = []  # the positions that follow each one, and in how many ways
        self._loops: dict[int, range] = {}  # the outermost loop around a position
        self._atomic: list[range] = []  # atomic groups, which are not tried again after a match
        self._steps = 0
        start = self._place(self._sets.every)
        self._loops[start] = range(start, start + 1)
        self._follow({start}, {start})
        whole = self._sequence(list(tree), self._flags, leading=True)
        self._follow({start}, whole.first)
        self._done = whole.done

    def is_ambiguous(self) -> bool:
        """Whether a text can lead from a loop back to it, from there into another loop or place, and back to that."""
        looped = sorted(self._loops)
        return any(self._has_two_ways(place) for place in looped) or any(
            self._is_ambiguous_pair(one, other)
            for one in looped
            for other in looped
            if other not in (0, one) and other not in self._done and not self._is_atomic(one, other)
        )

    def _has_two_ways(self, place: int) -> bool:
        """Whether the same step within a loop can be taken in two ways: `(a+)+`."""
        loop = self._loops[place]
        return any(ways > 1 and other in loop and other not in self._done for other, ways in self._next[place].items())

    def _is_atomic(self, one: int, other: int) -> bool:
        """Whether one position is in an atomic group that the other is outside of."""
        return any(one in each and other not in each for each in self._atomic)

    def _is_ambiguous_pair(self, one: int, other: int) -> bool:
        """Whether one text leads from `one` to itself, from `one` to `other`, and from `other` to itself."""
        goal = (one, other, other)
        seen = {(one, one, other)}
        waiting = list(seen)
        while waiting:
            first, middle, last = waiting.pop()
            for state in self._steps_from(first, middle, last, one, other):
                if state == goal:
                    return True
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
        return False

    def _steps_from(self, first: int, middle: int, last: int, one: int, other: int) -> list[tuple[int, int, int]]:
        """Return the states one character further on all three paths, of which the outer ones stay in their loops."""
        masks, found = self._masks, []
        loop, other_loop = self._loops[one], self._loops[other]
        for c in self._next[last]:
            # A position that ends a match is not tried again.
            if c not in other_loop or (one == 0 and c in self._done):
                continue
            for a in self._next[first]:
                mask = masks[a] & masks[c] if a in loop else 0
                if mask:
                    found += [(a, b, c) for b in self._next[middle] if masks[b] & mask]
        self._steps += len(found) + 1
        if self._steps > _MOST_STEPS:
            raise _TooLarge
        return found

    # The parts of an expression.

    def _place(self, mask: int) -> int:
        self._masks.append(mask)
        self._next.append({})
        return len(self._masks) - 1

    def _follow(self, ends: set[int], beginnings: set[int]) -> None:
        for end in ends:
            following = self._next[end]
            for beginning in beginnings:
                following[beginning] = following.get(beginning, 0) + 1

    def _one(self, mask: int) -> _Fragment:
        place = self._place(mask)
        return _Fragment({place}, {place}, {place}, empty=False, certain=False)

    def _sequence(self, items: list[tuple[Any, Any]], flags: int, *, leading: bool) -> _Fragment:
        whole = _Fragment()
        for at, (op, value) in enumerate(items):
            front = self._in_front(op, value, flags, items[at + 1 :]) if leading else None
            part = front or self._part(op.name, value, flags, leading=leading)
            leading = leading and op.name in ("AT", "ASSERT", "ASSERT_NOT")
            whole = self._behind(whole, part)
        return whole

    def _behind(self, one: _Fragment, other: _Fragment) -> _Fragment:
        """Concatenate two fragments."""
        self._follow(one.last, other.first)
        return _Fragment(
            one.first | other.first if one.empty else one.first,
            one.last | other.last if other.empty else other.last,
            one.done | other.done if other.certain else other.done,
            empty=one.empty and other.empty,
            certain=one.certain and other.certain,
        )

    def _in_front(self, op: Any, value: Any, flags: int, behind: list[tuple[Any, Any]]) -> _Fragment | None:
        """Return what must precede a match, as a character that is read there; `None` if it is not a character."""
        if op.name == "AT":
            begins = value.name.startswith("AT_BEGINNING")
            if begins:
                lines = value.name == "AT_BEGINNING" and flags & re.MULTILINE
                return self._one(self._sets.line_end if lines else 0)
            if value.name == "AT_BOUNDARY" and self._begins_with_word(behind, flags):
                return self._one(self._sets.every & ~self._sets.word)
        elif op.name == "ASSERT_NOT" and value[0] < 0 and len(value[1]) == 1 and value[1][0][0].name in SINGLE:
            return self._one(self._sets.every & ~self._sets.of(value[1][0][0].name, value[1][0][1], flags))
        elif op.name == "ASSERT" and value[0] < 0:
            return self._sequence(list(value[1]), flags, leading=False)
        return None

    def _begins_with_word(self, items: list[tuple[Any, Any]], flags: int) -> bool:
        while items:
            op, value = items[0]
            if op.name in SINGLE:
                return not self._sets.of(op.name, value, flags) & ~self._sets.word
            if op.name == "SUBPATTERN":
                items = list(value[3])
            elif op.name in _REPEATS and value[0]:
                items = list(value[2])
            elif op.name == "BRANCH":
                return all(self._begins_with_word(list(each), flags) for each in value[1])
            else:
                return False
        return False

    def _part(self, name: str, value: Any, flags: int, *, leading: bool) -> _Fragment:
        if name in SINGLE:
            return self._one(self._sets.of(name, value, flags))
        if name in _REPEATS:
            return self._repeat(name, *value, flags=flags)
        build = _BUILDERS.get(name)
        # The rest are anchors, and what never matches.
        return build(self, value, flags, leading) if build else _Fragment(certain=False)

    def _group(self, value: Any, flags: int, leading: bool) -> _Fragment:
        return self._sequence(list(value[3]), (flags | value[1]) & ~value[2], leading=leading)

    def _branches(self, value: Any, flags: int, leading: bool) -> _Fragment:
        return self._any([self._sequence(list(each), flags, leading=leading) for each in value[1]])

    def _conditional(self, value: Any, flags: int, leading: bool) -> _Fragment:
        return self._any([self._sequence(list(each or []), flags, leading=False) for each in value[1:]])

    def _atomic_group(self, value: Any, flags: int, leading: bool) -> _Fragment:
        begin = len(self._masks)
        part = self._sequence(list(value), flags, leading=leading)
        self._atomic.append(range(begin, len(self._masks)))
        return part

    def _reference(self, value: Any, flags: int, leading: bool) -> _Fragment:
        """A back-reference, which may match any text."""
        part = self._loop(lambda: self._one(self._sets.every))
        part.empty = part.certain = True
        return part

    def _any(self, parts: list[_Fragment]) -> _Fragment:
        return _Fragment(
            set().union(*(each.first for each in parts)),
            set().union(*(each.last for each in parts)),
            set().union(*(each.done for each in parts)),
            empty=any(each.empty for each in parts),
            certain=any(each.certain for each in parts),
        )

    def _look(self, value: Any, flags: int, leading: bool) -> _Fragment:
        """A lookahead: the text is read, and then again from the same position."""
        direction, items = value
        ahead = self._sequence(list(items), flags, leading=False) if direction > 0 else _Fragment()
        return _Fragment(first=ahead.first, certain=False)

    def _repeat(self, name: str, least: int, most: int, inner: Any, *, flags: int) -> _Fragment:
        begin = len(self._masks)
        if most == _parser.MAXREPEAT or most >= _LARGE:
            whole = self._loop(lambda: self._sequence(list(inner), flags, leading=False))
            if not least:
                whole.empty = whole.certain = True
        else:
            whole = _Fragment()
            for copy in range(min(most, _MOST_COPIES)):
                part = self._sequence(list(inner), flags, leading=False)
                if copy >= least:
                    part.empty = part.certain = True
                whole = self._behind(whole, part)
        if name == "POSSESSIVE_REPEAT":
            self._atomic.append(range(begin, len(self._masks)))
        return whole

    def _loop(self, build: Callable[[], _Fragment]) -> _Fragment:
        begin = len(self._masks)
        whole = build()
        self._follow(whole.last, whole.first)
        places = range(begin, len(self._masks))
        self._loops |= dict.fromkeys(places, places)
        return whole


_BUILDERS: dict[str, Callable[[_PositionAutomaton, Any, int, bool], _Fragment]] = {
    "SUBPATTERN": _PositionAutomaton._group,
    "BRANCH": _PositionAutomaton._branches,
    "ASSERT": _PositionAutomaton._look,
    "ASSERT_NOT": _PositionAutomaton._look,
    "ATOMIC_GROUP": _PositionAutomaton._atomic_group,
    "GROUPREF": _PositionAutomaton._reference,
    "GROUPREF_EXISTS": _PositionAutomaton._conditional,
}
