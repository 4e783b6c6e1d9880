"""The pieces of hostile texts: each literal, and one character of each class, of the package's patterns.

They are read from the compiled patterns with the parser of `re`, so that a new pattern adds its own pieces.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import drhttp
from drhttp._redact import Policy
from drhttp._redact.detect.name_tables import BUILT_IN
from drhttp._redact.formats.value_locator import _end_of_string
from drhttp._redact_options import Redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

if sys.version_info >= (3, 11):
    from re import _constants as constants
    from re import _parser as parser
else:
    import sre_constants as constants
    import sre_parse as parser

# The inbox runs in a process of its own; Django's module cannot be imported without its settings.
_APART = ("drhttp.inbox", "drhttp.django", "drhttp._django_user", "drhttp.__main__")
# Characters to choose from: ASCII, and some spaces, digits, letters and signs of other scripts.
_ALPHABET = [
    *map(chr, range(128)),
    *"\x80\x85\xa0\xad\xb2\xe9\xff\u0130\u0660\u2009\u2013\u2028\uff1a\uff1d\u5bc6\ufeff\U0001f600",
]


@cache
def patterns() -> tuple[re.Pattern[Any], ...]:
    """Return every regular expression of the recorder: in its modules, and in objects made at run time."""
    found: dict[re.Pattern[Any], None] = {}
    for module in pkgutil.walk_packages(drhttp.__path__, "drhttp."):
        if not module.name.startswith(_APART):
            _search(vars(importlib.import_module(module.name)).values(), found, 2)
    policy = Policy(Redact(emails=True))
    _search((policy._names, policy._credentials), found, 3)
    _search(
        [
            _end_of_string(escapes, quote, triple=triple)
            for escapes in (0, 1, 3)
            for quote in "\"'"
            for triple in (False, True)
        ],
        found,
        1,
    )
    return tuple(found)


def _search(values: Iterable[Any], found: dict[re.Pattern[Any], None], depth: int) -> None:
    for value in values:
        if isinstance(value, re.Pattern):
            found[value] = None
        elif isinstance(getattr(value, "__self__", None), re.Pattern):  # a method of a pattern
            found[value.__self__] = None
        elif depth and isinstance(value, dict):
            _search(value.values(), found, depth - 1)
        elif depth and isinstance(value, (list, tuple, set, frozenset)):
            _search(value, found, depth - 1)
        elif depth and type(value).__module__.startswith("drhttp._redact"):
            _search(vars(value).values(), found, depth - 1)


@cache
def literals() -> tuple[str, ...]:
    """Return each literal of the patterns, and the secret names."""
    found: set[str] = set(BUILT_IN)
    for pattern in patterns():
        if len(pattern.pattern) < 1500:  # longer ones are tries of names, which are pieces already
            found.update(_literals(_tree(pattern)))
    return tuple(sorted(found))


@cache
def characters() -> tuple[str, ...]:
    """Return every sign, and one of the letters, digits and others that the patterns do not distinguish."""
    classes = {str(each): each for pattern in patterns() for each in _classes(_tree(pattern), pattern.flags)}
    matchers = [re.compile(each, re.DOTALL) for each in sorted(classes)]
    kinds: dict[tuple[object, ...], str] = {}
    for character in _ALPHABET:
        kind: tuple[object, ...] = tuple(matcher.fullmatch(character) is not None for matcher in matchers)
        if character.isascii() and character.isprintable() and not character.isalnum():
            kind = (*kind, character)
        kinds.setdefault(kind, character)
    return tuple(kinds.values())


def _tree(pattern: re.Pattern[Any]) -> Any:
    return parser.parse(
        pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    )


def _branches(code: Any, value: Any) -> Iterator[Any]:
    """Yield the sequences in one node of a parsed pattern."""
    if code in (constants.MAX_REPEAT, constants.MIN_REPEAT) or str(code) == "POSSESSIVE_REPEAT":
        yield value[2]
    elif code is constants.SUBPATTERN:
        yield value[3]
    elif code is constants.BRANCH:
        yield from value[1]
    elif code in (constants.ASSERT, constants.ASSERT_NOT):
        yield value[1]
    elif code is constants.GROUPREF_EXISTS:
        yield from filter(None, value[1:])
    elif str(code) == "ATOMIC_GROUP":
        yield value


def _literals(tree: Any, begin: str = "") -> Iterator[str]:
    """Yield runs of literals; the parser factors out common beginnings of alternatives, as `begin`."""
    text = begin
    for code, value in [*tree, (None, None)]:
        if code is constants.LITERAL:
            text += chr(value)
            continue
        if text:
            yield text
        begin, text = (text if code is constants.BRANCH else ""), ""
        for branch in _branches(code, value):
            yield from _literals(branch, begin)


def _classes(tree: Any, flags: int) -> Iterator[str]:
    """Yield each class of a pattern, as a pattern."""
    for code, value in tree:
        if code is constants.IN:
            yield _class(value, flags)
        for branch in _branches(code, value):
            yield from _classes(branch, flags)


_CATEGORIES = {
    constants.CATEGORY_DIGIT: r"\d", constants.CATEGORY_NOT_DIGIT: r"\D", constants.CATEGORY_SPACE: r"\s",
    constants.CATEGORY_NOT_SPACE: r"\S", constants.CATEGORY_WORD: r"\w", constants.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _class(parts: Any, flags: int) -> str:
    text = ""
    for code, value in parts:
        if code is constants.NEGATE:
            text = "^"
        elif code is constants.LITERAL:
            text += re.escape(chr(value))
        elif code is constants.RANGE:
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            text += _CATEGORIES[value]
    return f"(?a:[{text}])" if flags & re.ASCII else f"[{text}]"
