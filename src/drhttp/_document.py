"""JSON documents (RFC 8259), read once for all who ask.

The masking wants to know the names, the protocols whether every receiver will read the text.
"""

from __future__ import annotations

import json
import math
import re
from itertools import chain
from typing import Any, NamedTuple

_DEEPEST = 48  # levels of nesting that every receiver reads
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OTHERS = re.compile(r"[^][{}]+")  # all but brackets
_SQUARE = str.maketrans("{}", "[]")
_SURROGATE = re.compile(r"\\u[dD]")
# The shape of a text: digits are "0", both letters of an exponent "e".
_SHAPES = bytes(48 if 48 <= byte <= 57 else 101 if byte in b"eE" else byte for byte in range(256))
_EXPONENT, _PLUS = b"0e000", b"0e+000"
_HUGE = re.compile(r"[:,\[\s]-?[0-9][0-9.]*[eE]\+?[0-9]{3}")
_LONG_NUMBER = b"0" * 309  # 10 to the power of 308 is about the largest number of double precision


class Document(NamedTuple):
    """What is known of a text.

    fault: why it is no JSON document: "unparsable" or "too_deep" (to be read at all); empty if it is one. names: of all
    members. members: how many there are. unique: no object has a name twice.
    """

    fault: str
    names: frozenset[str] = frozenset()
    members: int = 0
    unique: bool = True


def read(text: str) -> Document:
    """Read a text as JSON."""
    known = _known.get(text)
    return _remembered(text, _read(text)) if known is None else known


def derive(text: str, document: Document) -> None:
    """A text was made of this document: values were replaced by strings. So nobody needs to read it again."""
    _remembered(text, document._replace(members=0, names=frozenset()))


# A text is asked for when it is masked and when it is encoded, one record after the other; more is not worth keeping.
_known: dict[str, Document] = {}
_MOST_KNOWN = 4


def _remembered(text: str, document: Document) -> Document:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[text] = document
    return document


def _read(text: str) -> Document:
    objects: list[list[tuple[str, Any]]] = []
    # Numbers are not converted: they may be longer than Python converts.
    decoder = json.JSONDecoder(object_pairs_hook=objects.append, parse_int=len, parse_float=len, parse_constant=_refuse)
    try:
        decoder.decode(text)
    except RecursionError:
        return Document("too_deep")
    except ValueError:
        return Document("unparsable")
    members, different = sum(map(len, objects)), sum(map(len, map(dict, objects)))
    return Document("", frozenset(dict(chain.from_iterable(objects))), members, members == different)


def portable(text: str) -> bool:
    """Whether every receiver reads it (RFC 7493).

    One that some would refuse (too deep, a number beyond double precision, half a surrogate pair, a key twice) would
    cost the whole batch that it travels in, and whoever sends requests could see to that.
    """
    document = read(text)
    return (
        not document.fault
        and document.unique
        and _has_small_numbers(text)
        and ("\\" not in text or _SURROGATE.search(text) is None or _has_whole_letters(text))
        # Few brackets cannot be deep.
        and (text.count("[") + text.count("{") <= _DEEPEST or not _is_deep(text))
    )


def _has_small_numbers(text: str) -> bool:
    shape = text.encode("utf-8", "replace").translate(_SHAPES)
    if _LONG_NUMBER in shape:
        return False
    # A look at floats one by one costs more than all the rest, and few documents have exponents of three digits.
    return not (_EXPONENT in shape or _PLUS in shape) or _HUGE.search(text) is None or _is_finite(text)


def _is_finite(text: str) -> bool:
    try:
        json.loads(text, parse_float=_finite)
    except ValueError:
        return False
    return True


def _has_whole_letters(text: str) -> bool:
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(text: str) -> bool:
    """Whether objects and arrays are nested in each other too deep: each look takes the innermost brackets away."""
    brackets = _OTHERS.sub("", _STRING.sub("", text)).translate(_SQUARE)
    for _ in range(_DEEPEST):
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(number)
    return value


def _refuse(constant: str) -> None:
    # Python reads NaN and Infinity, which are not JSON and which other parsers choke on.
    raise ValueError(constant)
