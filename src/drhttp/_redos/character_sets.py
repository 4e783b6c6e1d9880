"""Sets of characters in a regular expression, such as `[a-z]`, as bits for the characters that matter to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SAMPLE = "".join(map(chr, range(128))) + "\x85\xa0\xb2\xbd\xdf\xe9\u0130\u0131\u017f\u0663\u2028\u212a\u4e2d"
#: The parser's opcodes that match one character.
SINGLE = frozenset(("LITERAL", "NOT_LITERAL", "ANY", "IN"))
_INNER = {"SUBPATTERN": 3, "MAX_REPEAT": 2, "MIN_REPEAT": 2, "POSSESSIVE_REPEAT": 2, "ASSERT": 1, "ASSERT_NOT": 1}
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda letter: letter.isalnum() or letter == "_",
}


class CharacterSets:
    """The character sets of one expression. The alphabet is a sample of Unicode and each character in the expression.

    every: the set of all characters. word: those of `\\w`.
    """

    def __init__(self, tree: list[tuple[Any, Any]]) -> None:
        self._tree = tree  # kept, since the nodes are identified by `id()`
        self._found: dict[tuple[str, int, int], int] = {}
        self._alphabet = "".join(sorted({*_SAMPLE, *_literals(tree)}))
        self.every = (1 << len(self._alphabet)) - 1
        self.word = self._of(_CATEGORIES["WORD"])
        self.line_end = self._of("\n".__eq__)

    def of(self, name: str, value: Any, flags: int) -> int:
        """Return the set that a node of the parse tree matches. name: of its opcode, one of `SINGLE`."""
        key = (name, value if isinstance(value, int) else id(value), flags)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._of_node(name, value, flags)
        return found

    def _of_node(self, name: str, value: Any, flags: int) -> int:
        if name == "ANY":
            return self.every if flags & re.DOTALL else self.every & ~self.line_end
        if name != "IN":
            found = self._member("LITERAL", value, flags)
            return self.every & ~found if name == "NOT_LITERAL" else found
        found, negated = 0, False
        for op, what in value:
            if op.name == "NEGATE":
                negated = True
            else:
                found |= self._member(op.name, what, flags)
        return self.every & ~found if negated else found

    def _member(self, name: str, what: Any, flags: int) -> int:
        """Return the set of a category, a range or a literal."""
        if name == "CATEGORY":
            kind = what.name.removeprefix("CATEGORY_")
            holds = _CATEGORIES[kind.rpartition("NOT_")[2]]
            is_ascii = bool(flags & re.ASCII)
            found = self._of(lambda letter: holds(letter) and (not is_ascii or letter.isascii()))
            return self.every & ~found if kind.startswith("NOT_") else found
        low, high = what if name == "RANGE" else (what, what)
        if flags & re.IGNORECASE:
            return self._of(lambda letter: any(low <= ord(each) <= high for each in _cases(letter)))
        return self._of(lambda letter: low <= ord(letter) <= high)

    def _of(self, holds: Callable[[str], bool]) -> int:
        return sum(1 << at for at, letter in enumerate(self._alphabet) if holds(letter))


def _cases(letter: str) -> list[str]:
    return [each for each in (letter, letter.lower(), letter.upper(), letter.casefold()) if len(each) == 1]


def _literals(items: Iterable[tuple[Any, Any]]) -> set[str]:
    """Return the characters that occur in an expression."""
    found: set[str] = set()
    for op, value in items:
        if op.name in ("LITERAL", "NOT_LITERAL"):
            found.add(chr(value))
        elif op.name == "RANGE":
            found |= set(map(chr, value))
        elif op.name == "IN":
            found |= _literals(value)
        for inner in parts_of(op.name, value):
            found |= _literals(inner)
    return found


def parts_of(name: str, value: Any) -> list[Any]:
    """Return the parse trees within a node, such as the branches of an alternation. name: of the node's opcode."""
    if name == "BRANCH":
        return list(value[1])
    if name == "GROUPREF_EXISTS":
        return [each for each in value[1:] if each]
    return [value] if name == "ATOMIC_GROUP" else [value[_INNER[name]]] if name in _INNER else []
