"""A regular expression of Python as expressions of JavaScript that take as many steps.

Every set of characters (a class, `\\w`, a letter whose case does not matter) is asked of Python itself, character by
character. Characters that no set of the expression tells apart become one, so that what is analyzed is small. And an
alternation becomes one expression for each branch: a search for all takes no longer than the searches for each.
"""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    from re import _compiler as compiler
    from re import _constants as constants
    from re import _parser as parser
else:
    import sre_compile as compiler
    import sre_constants as constants
    import sre_parse as parser

_CHARACTERS = frozenset(
    chr(code)
    for block in ((0, 0x700), (0x1E00, 0x2200), (0x3000, 0x3100), (0x4E00, 0x4E80), (0xFF00, 0xFFF0))
    for code in range(*block)
)
# The characters that a node matches, by node, flags and the characters of the expression: many expressions share them.
_known_members: dict[tuple[str, int, bool, str], frozenset[str]] = {}
_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"  # what `\b` knows in JavaScript
_OTHERS = "#@!;:~^"
_POSITIONS = {
    constants.AT_BEGINNING: "^",
    constants.AT_BEGINNING_STRING: "^",
    constants.AT_END: "$",
    constants.AT_END_STRING: "$",
    constants.AT_BOUNDARY: r"\b",
    constants.AT_NON_BOUNDARY: r"\B",
}
SINGLE = frozenset((constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN))
LOOKS = frozenset((constants.ASSERT, constants.ASSERT_NOT))
REPEATS = frozenset(
    getattr(constants, name) for name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") if hasattr(constants, name)
)
_POSSESSIVE = getattr(constants, "POSSESSIVE_REPEAT", None)
_ATOMIC = getattr(constants, "ATOMIC_GROUP", None)


def translated(
    pattern: str | bytes, flags: int, mode: str, *, split: bool = True, lookbehind: bool = True
) -> list[tuple[str, str]]:
    """Return the expressions, each with its flags.

    mode: "search", "match" or "fullmatch", by how the pattern is used. split: return one for each branch. lookbehind:
    keep the lookbehinds that a branch begins with. Each takes a constant time and can only keep a match from beginning
    somewhere, so what is linear without them is linear.
    """
    tree = parser.parse(pattern, flags)
    writer = _Writer(tree, lookbehind=lookbehind)
    if mode != "search" and tree.state.flags & constants.SRE_FLAG_MULTILINE:
        raise NotImplementedError("an anchor beside others that hold at each line")
    form = {"search": "{}", "match": "^(?:{})", "fullmatch": "^(?:{})$"}[mode]
    js = "m" if tree.state.flags & constants.SRE_FLAG_MULTILINE else ""
    branches = writer.branches() if split else [writer.whole()]
    return [(form.format(each), js) for each in branches]


class _Writer:
    """Writes one expression."""

    def __init__(self, tree: Any, *, lookbehind: bool = True) -> None:
        self._tree = tree
        self._lookbehind = lookbehind
        self._flags = tree.state.flags
        self._is_bytes = isinstance(tree.state.str, bytes)
        self._groups = 0  # groups for text that is never tried again
        characters = {chr(code) for code in range(256)} if self._is_bytes else _CHARACTERS | set(_literals(tree))
        self._characters = "".join(sorted(characters))
        self._sets: dict[tuple[str, int], frozenset[str]] = {}
        self._has_bounds = self._refers = False
        self._gather(tree, self._flags)
        self._words = self._members((constants.IN, [(constants.CATEGORY, constants.CATEGORY_WORD)]), self._flags)
        if self._has_bounds:
            self._sets["words", 0] = self._words
        self._choose()

    def branches(self) -> list[str]:
        """Return one expression for each alternative."""
        return [self.whole()] if self._refers else self._split(list(self._tree), self._flags)

    def whole(self) -> str:
        """Return one expression for all alternatives."""
        return self._sequence(self._tree, self._flags)

    def _split(self, items: list[Any], flags: int) -> list[str]:
        """Return one for each alternative at the end of a sequence with only assertions and anchors in front."""
        if not self._lookbehind:
            while items and _is_lookbehind(items[0]):
                items = items[1:]
        if not items or not all(_has_no_width(each) for each in items[:-1]):
            return [self._sequence(items, flags)]
        front, (op, value) = self._sequence(items[:-1], flags), items[-1]
        if op is constants.BRANCH:
            return [front + each for branch in value[1] for each in self._split(list(branch), flags)]
        if op is constants.SUBPATTERN:
            return [front + each for each in self._split(list(value[3]), (flags | value[1]) & ~value[2])]
        return [self._sequence(items, flags)]

    def _gather(self, items: Any, flags: int) -> None:
        """Collect the sets of characters."""
        for op, value in items:
            if op in SINGLE:
                self._sets[repr((op, value)), flags] = self._members((op, value), flags)
            self._has_bounds |= op is constants.AT and value in (constants.AT_BOUNDARY, constants.AT_NON_BOUNDARY)
            self._refers |= op in (constants.GROUPREF, constants.GROUPREF_EXISTS)
            for inner, inner_flags in inside(op, value, flags):
                self._gather(inner, inner_flags)

    def _members(self, node: tuple[Any, Any], flags: int) -> frozenset[str]:
        """Return the characters that a node for one character matches in Python."""
        known = repr(node), flags, self._is_bytes, self._characters
        if known not in _known_members:
            _known_members[known] = self._find_members(node, flags)
        return _known_members[known]

    def _find_members(self, node: tuple[Any, Any], flags: int) -> frozenset[str]:
        state = self._tree.state
        state.flags, kept = flags & ~constants.SRE_FLAG_VERBOSE, state.flags
        expression = compiler.compile(parser.SubPattern(state, [node]), state.flags)
        state.flags = kept
        if self._is_bytes:
            return frozenset(chr(match[0][0]) for match in expression.finditer(self._characters.encode("latin-1")))
        return frozenset(match[0] for match in expression.finditer(self._characters))

    def _choose(self) -> None:
        """Choose one character for each class that no set distinguishes; the largest class is all others."""
        classes: dict[tuple[bool, ...], list[str]] = {}
        for character in self._characters:
            classes.setdefault(tuple(character in each for each in self._sets.values()), []).append(character)
        self._index = {key: at for at, key in enumerate(self._sets)}
        self._rest = max(classes, key=lambda each: len(classes[each]))
        self._chosen: dict[tuple[bool, ...], str] = {}
        for signature, members in classes.items():
            words = _WORDS if members[0] in self._words else _OTHERS
            fitting = [each for each in members if not self._has_bounds or (each in self._words) == (each in _WORDS)]
            fitting.sort(key=lambda each: (not (each.isascii() and each.isprintable()), each))
            self._chosen[signature] = next(each for each in (*fitting, *words) if each not in self._chosen.values())

    def _class(self, node: tuple[Any, Any], flags: int) -> str:
        at = self._index[repr(node), flags]
        if self._rest[at]:
            return f"[^{''.join(_escaped(one) for each, one in self._chosen.items() if not each[at])}]"
        inside = [_escaped(one) for each, one in self._chosen.items() if each[at]]
        return inside[0] if len(inside) == 1 else f"[{''.join(inside)}]"

    def _sequence(self, items: Any, flags: int) -> str:
        return "".join(self._part(op, value, flags) for op, value in items)

    def _part(self, op: Any, value: Any, flags: int) -> str:
        if op in SINGLE:
            return self._class((op, value), flags)
        if op is constants.AT:
            return _POSITIONS[value]
        if op in LOOKS:
            sign = ("<" if value[0] < 0 else "") + ("=" if op is constants.ASSERT else "!")
            return f"(?{sign}{self._sequence(value[1], flags)})"
        if op is constants.FAILURE:  # `(?!)`
            return "[]"
        return self._composed(op, value, flags)

    def _composed(self, op: Any, value: Any, flags: int) -> str:
        if op is constants.BRANCH:
            return f"(?:{'|'.join(self._sequence(each, flags) for each in value[1])})"
        if op is constants.SUBPATTERN:
            group, add, remove, inner = value
            return f"({'' if group and self._refers else '?:'}{self._sequence(inner, (flags | add) & ~remove)})"
        if op in REPEATS:
            return self._repeat(op, value, flags)
        if op is constants.GROUPREF:
            return f"(?:\\{value})"
        if op is constants.GROUPREF_EXISTS:  # both ways, which takes at least as long
            return f"(?:{'|'.join(self._sequence(each or [], flags) for each in value[1:])})"
        if op is _ATOMIC:
            return self._atomic(self._sequence(value, flags))
        raise NotImplementedError(str(op))

    def _repeat(self, op: Any, value: Any, flags: int) -> str:
        least, most, inner = value
        end = "" if most == constants.MAXREPEAT else most
        times = {(0, ""): "*", (1, ""): "+", (0, 1): "?"}.get((least, end), f"{{{least},{end}}}")
        text = f"(?:{self._sequence(inner, flags)}){times}{'?' if op is constants.MIN_REPEAT else ''}"
        return self._atomic(text) if op is _POSSESSIVE else text

    def _atomic(self, text: str) -> str:
        """Write an atomic group, which JavaScript has only as a lookahead."""
        if self._refers:
            raise NotImplementedError("an atomic group beside a reference to another group")
        self._groups += 1
        return f"(?=({text}))\\{self._groups}"


def inside(op: Any, value: Any, flags: int) -> list[tuple[Any, int]]:
    """Return the content of a node, with the flags that apply to it."""
    if op is constants.BRANCH:
        return [(each, flags) for each in value[1]]
    if op is constants.SUBPATTERN:
        return [(value[3], (flags | value[1]) & ~value[2])]
    if op in REPEATS:
        return [(value[2], flags)]
    if op in LOOKS:
        return [(value[1], flags)]
    if op is constants.GROUPREF_EXISTS:
        return [(each, flags) for each in value[1:] if each]
    return [(value, flags)] if op is _ATOMIC else []


def _has_no_width(part: tuple[Any, Any]) -> bool:
    op, value = part
    if op is constants.SUBPATTERN:
        return all(map(_has_no_width, value[3]))
    if op is constants.BRANCH:
        return all(all(map(_has_no_width, each)) for each in value[1])
    return op is constants.AT or op in LOOKS


def _is_lookbehind(part: tuple[Any, Any]) -> bool:
    op, value = part
    if op is constants.SUBPATTERN:
        return len(value[3]) > 0 and all(map(_is_lookbehind, value[3]))
    if op is constants.BRANCH:
        return all(len(each) > 0 and all(map(_is_lookbehind, each)) for each in value[1])
    return op in LOOKS and value[0] < 0


def _literals(items: Any) -> list[str]:
    """Return the characters that an expression names, except those beyond the Basic Multilingual Plane."""
    found: list[int] = []
    for op, value in items:
        if op in (constants.LITERAL, constants.NOT_LITERAL):
            found.append(value)
        elif op is constants.RANGE:
            found += value
        elif op is constants.IN:
            found += map(ord, _literals(value))
        for inner, _ in inside(op, value, 0):
            found += map(ord, _literals(inner))
    return [chr(each) for each in found if not 0xD800 <= each < 0xE000 and each < 0x10000]


def _escaped(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"\\u{ord(character):04x}"
