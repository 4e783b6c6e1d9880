"""Position automata (Glushkov automata) of regular expressions: which of its characters may follow each other.

The search that starts at each position of a text is a loop in front of the expression.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from drhttp._redos.character_sets import SINGLE, CharacterSets, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_REPEATS = frozenset(("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"))
_MOST_EDGES = 500_000
_MOST_WAYS = 100  # to match the empty text


class TooLarge(Exception):
    """The expression has too many characters, or too many paths through them, to examine."""


class Bounds(NamedTuple):
    """How an automaton treats a repeat with an upper bound, such as `a{1,8}`.

    loop: the bound from which on the repeat counts as unbounded. copies: below that, the most copies of the repeated
    part, for a part without repeats, with one level of nested repeats, and so on; the last number also applies to
    deeper levels. places: the most characters that the automaton may have.
    """

    loop: int
    copies: tuple[int, ...]
    places: int


@dataclass(slots=True)
class _Fragment:
    """A part of an expression: the positions where it begins and ends, each with the number of ways to get there.

    done: positions at which a match is final, since nothing is checked after it. empty: the number of ways to match the
    empty text, counted up to a limit. certain: an empty match is final.
    """

    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    empty: int = 1
    certain: bool = True


class PositionAutomaton:
    """A graph of the numbered characters of one expression. Position 0 is any character before a match.

    masks: the set of characters that each position matches. next: the positions that may follow each one, and in how
    many ways. loops: the positions in the outermost loop around a position. atomic: the positions of each atomic group,
    which is not tried again after it matched. front: positions that stand for an anchor or a negative lookbehind, and
    so are also satisfied at the beginning of a text. done: positions at which a match is final.
    """

    def __init__(self, pattern: re.Pattern[str], bounds: Bounds) -> None:
        tree = _parser.parse(pattern.pattern, pattern.flags)
        self._bounds = bounds
        self._sets = CharacterSets(list(tree))
        self._edges = 0
        self.masks: list[int] = []
        self.next: list[dict[int, int]] = []
        self.loops: dict[int, range] = {}
        self.atomic: list[range] = []
        self.front: set[int] = set()
        start = self._place(self._sets.every)
        self.loops[start] = range(start, start + 1)
        self._follow({start: 1}, {start: 1})
        whole = self._sequence(list(tree), pattern.flags, leading=True)
        self._follow({start: 1}, whole.first)
        self.done = whole.done

    def _place(self, mask: int) -> int:
        if len(self.masks) > self._bounds.places:
            raise TooLarge
        self.masks.append(mask)
        self.next.append({})
        return len(self.masks) - 1

    def _follow(self, ends: dict[int, int], beginnings: dict[int, int]) -> None:
        self._edges += len(ends) * len(beginnings)
        if self._edges > _MOST_EDGES:
            raise TooLarge
        for end, ways in ends.items():
            following = self.next[end]
            for beginning, others in beginnings.items():
                following[beginning] = following.get(beginning, 0) + ways * others

    def _one(self, mask: int) -> _Fragment:
        place = self._place(mask)
        return _Fragment({place: 1}, {place: 1}, {place}, empty=0, certain=False)

    def _before(self, mask: int) -> _Fragment:
        """Place a character that must precede a match, unless the match is at the beginning of the text."""
        part = self._one(mask)
        self.front.update(part.first)
        return part

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
            _either(one.first, other.first, one.empty),
            _either(other.last, one.last, other.empty),
            one.done | other.done if other.certain else other.done,
            empty=min(one.empty * other.empty, _MOST_WAYS),
            certain=one.certain and other.certain,
        )

    def _in_front(self, op: Any, value: Any, flags: int, behind: list[tuple[Any, Any]]) -> _Fragment | None:
        """Return an anchor or lookbehind as the character that it needs before a match; `None` if it needs none."""
        if op.name == "AT":
            begins = value.name.startswith("AT_BEGINNING")
            if begins:
                lines = value.name == "AT_BEGINNING" and flags & re.MULTILINE
                return self._before(self._sets.line_end if lines else 0)
            if value.name == "AT_BOUNDARY" and self._begins_with_word(behind, flags):
                return self._before(self._sets.every & ~self._sets.word)
        elif op.name == "ASSERT_NOT" and value[0] < 0 and len(value[1]) == 1 and value[1][0][0].name in SINGLE:
            return self._before(self._sets.every & ~self._sets.of(value[1][0][0].name, value[1][0][1], flags))
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
        begin = len(self.masks)
        part = self._sequence(list(value), flags, leading=leading)
        self.atomic.append(range(begin, len(self.masks)))
        return part

    def _reference(self, value: Any, flags: int, leading: bool) -> _Fragment:
        """A back-reference, which may match any text."""
        part = self._loop(lambda: self._one(self._sets.every))
        part.empty, part.certain = 1, True
        return part

    def _any(self, parts: list[_Fragment]) -> _Fragment:
        return _Fragment(
            {place: ways for each in parts for place, ways in each.first.items()},
            {place: ways for each in parts for place, ways in each.last.items()},
            set().union(*(each.done for each in parts)),
            empty=min(sum(each.empty for each in parts), _MOST_WAYS),
            certain=any(each.certain for each in parts),
        )

    def _look(self, value: Any, flags: int, leading: bool) -> _Fragment:
        """A lookahead: the text is read, and then again from the same position."""
        direction, items = value
        ahead = self._sequence(list(items), flags, leading=False) if direction > 0 else _Fragment()
        return _Fragment(first=ahead.first, certain=False)

    def _repeat(self, name: str, least: int, most: int, inner: Any, *, flags: int) -> _Fragment:
        begin = len(self.masks)
        if most >= self._bounds.loop:
            whole = self._loop(lambda: self._sequence(list(inner), flags, leading=False))
            whole.certain = whole.certain or not least
            if whole.empty or not least:  # A part that matches the empty text is tried once more after that.
                whole.empty = min(whole.empty, 1) + 1
        else:
            whole = self._copies(least, most, inner, flags)
        if name == "POSSESSIVE_REPEAT":
            self.atomic.append(range(begin, len(self.masks)))
        return whole

    def _copies(self, least: int, most: int, inner: Any, flags: int) -> _Fragment:
        """Write out a bounded repeat: `a{1,3}` as `a(?:a(?:a)?)?`."""
        limits = self._bounds.copies
        whole = _Fragment()
        for copy in range(min(most, limits[min(_nesting(inner), len(limits) - 1)]), 0, -1):
            whole = self._behind(self._sequence(list(inner), flags, leading=False), whole)
            if copy > least:
                whole.empty, whole.certain = min(whole.empty, 1) + 1, True
        return whole

    def _loop(self, build: Callable[[], _Fragment]) -> _Fragment:
        begin = len(self.masks)
        whole = build()
        self._follow(whole.last, whole.first)
        places = range(begin, len(self.masks))
        self.loops |= dict.fromkeys(places, places)
        return whole


def _either(one: dict[int, int], other: dict[int, int], ways: int) -> dict[int, int]:
    """Return the positions of both parts. ways: to reach the other part through the first, which multiply its own."""
    return one | {place: count * ways for place, count in other.items()} if ways else one


def _nesting(items: Any) -> int:
    """Return how many repeats are nested in a part of an expression; `a?` is not counted."""
    found = 0
    for op, value in items:
        depth = max((_nesting(each) for each in parts_of(op.name, value)), default=0)
        found = max(found, depth + (op.name in _REPEATS and value[1] > 1))
    return found


_BUILDERS: dict[str, Callable[[PositionAutomaton, Any, int, bool], _Fragment]] = {
    "SUBPATTERN": PositionAutomaton._group,
    "BRANCH": PositionAutomaton._branches,
    "ASSERT": PositionAutomaton._look,
    "ASSERT_NOT": PositionAutomaton._look,
    "ATOMIC_GROUP": PositionAutomaton._atomic_group,
    "GROUPREF": PositionAutomaton._reference,
    "GROUPREF_EXISTS": PositionAutomaton._conditional,
}
