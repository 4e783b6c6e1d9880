"""JSON documents (RFC 8259): parsed once, for masking, which needs the names, and for the wire, which needs I-JSON."""

from __future__ import annotations

import json
import math
import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEEPEST = 48  # levels of nesting that every receiver reads
_ESCAPE = re.compile(r"\\.", re.DOTALL)
NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]")
_NEITHER_BRACKETS_NOR_QUOTES = bytes(byte for byte in range(256) if byte not in b'{}[]"')
_SQUARE = bytes.maketrans(b"{}", b"[]")
_SURROGATE = re.compile(r"\\u[dD]")
# The shape of a text: digits are "0", both letters of an exponent "e".
_SHAPES = bytes(48 if 48 <= byte <= 57 else 101 if byte in b"eE" else byte for byte in range(256))
# Exponents of three digits, and too many digits: 10 to the power of 308 is about the largest of double precision.
_LONGEST_NUMBER = 308
_HINTS = (b"0e000", b"0e+000", b"0" * (_LONGEST_NUMBER + 1))
_SPACES = (" :", "\n:", "\t:", "\r:")
STRING_SEPARATOR = '","'  # as between the strings of an array
_LONG_NUMBER = 13  # characters; the shortest number of a card


class Document(NamedTuple):
    """What is known about a text.

    fault: why it is not usable as JSON, "unparsable" or "too_deep"; empty if it is. names: of all members. strings: all
    other strings, and numbers of at least 13 characters, joined by `STRING_SEPARATOR`; some are missing if the names
    are not unique. members: how many there are. unique: no object has a name twice. small_numbers: all are certainly
    within double precision. shallow: it has so few brackets that it is certainly not nested too deep.
    """

    fault: str
    names: frozenset[str] = frozenset()
    strings: str = ""
    members: int = 0
    unique: bool = True
    small_numbers: bool = False
    shallow: bool = False


def read(text: str) -> Document:
    """Parse a text as JSON; the result for the last few texts is remembered."""
    known = _known.get(text)
    return _remembered(text, _read(text), _known) if known is None else known


def remember_derived(text: str, document: Document) -> None:
    """Remember a text made from a document by replacing values with strings, so that it is not parsed again.

    Only `is_portable` uses that: the names and strings of such a text are not known.
    """
    _remembered(text, document, _derived)


# A text is read when it is masked and again when it is encoded, one record after the other; more is not worth keeping.
_known: dict[str, Document] = {}
_derived: dict[str, Document] = {}
_MOST_KNOWN = 4


def _remembered(text: str, document: Document, known: dict[str, Document]) -> Document:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[text] = document
    return document


class _Reader:
    """A decoder that collects objects and numbers. Only one thread may use it."""

    __slots__ = ("_decode", "_numbers", "_objects", "_pair_decoder", "_pairs", "_scan")

    def __init__(self) -> None:
        self._objects: list[dict[str, Any]] = []
        self._pairs: list[list[tuple[str, Any]]] = []
        # Numbers are not converted: they may be longer than Python converts.
        self._numbers: list[str] = []
        keep = self._numbers.append
        decoder: Any = json.JSONDecoder(
            object_hook=self._objects.append, parse_int=keep, parse_float=keep, parse_constant=_refuse
        )
        self._decode, self._scan = decoder.decode, decoder.scan_once
        self._pair_decoder = json.JSONDecoder(object_pairs_hook=self._pairs.append, parse_int=len, parse_float=len)

    def read(self, text: str) -> Document:
        """Read a document. Raises `ValueError` and `RecursionError`."""
        objects, numbers = self._objects, self._numbers
        try:
            # `scan_once` is most of `decode`, without the spaces around the document. Many end with a line break.
            root, end = self._scan(text, 0) if text[:1] in ("{", "[") else (None, -1)
            if end != len(text) and (end < 0 or text[end:] != "\n"):
                objects.clear()
                numbers.clear()
                root = self._decode(text)
            members = sum(map(len, objects))
            names = frozenset().union(*objects)
            longest = max(map(len, numbers), default=0)
            digits = "".join(numbers)
            small_numbers = longest <= _LONGEST_NUMBER and "e" not in digits and "E" not in digits
            strings, containers = _strings(objects, root)
            if longest >= _LONG_NUMBER:
                strings += [each for each in numbers if len(each) >= _LONG_NUMBER]
            joined = STRING_SEPARATOR.join(strings)
            shallow = containers <= _DEEPEST
        finally:
            objects.clear()  # they may be secrets
            numbers.clear()
        if _has_members(text, members):
            return Document("", names, joined, members, True, small_numbers, shallow)
        written = self._count_members(text)
        return Document("", names, joined, written, written == members, small_numbers, shallow)

    def _count_members(self, text: str) -> int:
        """Count the members of all objects, also those whose name another one of the same object has."""
        try:
            self._pair_decoder.decode(text)
            return sum(map(len, self._pairs))
        finally:
            self._pairs.clear()


def _reader() -> _Reader:
    """Return the reader of this thread. Each has one, because making one takes a microsecond."""
    try:
        reader: _Reader = _of_thread.reader
    except AttributeError:
        reader = _of_thread.reader = _Reader()
    return reader


def _read(text: str) -> Document:
    try:
        return _reader().read(text)
    except RecursionError:
        return Document("too_deep")
    except (ValueError, StopIteration):  # `scan_once` raises the latter where a value is missing
        return Document("unparsable")


def _strings(objects: list[dict[str, Any]], root: Any) -> tuple[list[str], int]:
    """Return the strings among the values of objects and in arrays, and the number of objects and arrays.

    root: the document, which may be an array.
    """
    strings: list[str] = []
    groups: list[Iterable[Any]] = [each.values() for each in objects]
    if type(root) is list:
        groups.append(root)
    for group in groups:  # it grows by the arrays that are found
        for value in group:
            if type(value) is str:  # faster than `isinstance`
                strings.append(value)
            elif type(value) is list:
                groups.append(value)
    return strings, len(groups)


def _has_members(text: str, number: int) -> bool:
    """Whether a document certainly has that many members. Other colons than those of members are in strings."""
    if text.count(":") == number:
        return True
    # A quote in front of a colon ends a name, or is escaped in a string.
    return text.count('":') == number and not any(colon in text for colon in _SPACES)


def is_portable(text: str) -> bool:
    """Whether every receiver can read a document (I-JSON, RFC 7493).

    Some refuse deep nesting, numbers beyond double precision, unpaired surrogates and duplicate names. One such record
    would cost the whole batch it travels in, and anybody who sends requests could cause that.
    """
    document = _derived.get(text) or read(text)
    if document.fault or not document.unique:
        return False
    if "\\" in text and _SURROGATE.search(text) and not _has_whole_letters(text):
        return False
    if document.small_numbers and (document.shallow or _is_certainly_shallow(text)):
        return True
    shape = text.encode("utf-8", "replace").translate(_SHAPES)
    # A document with few brackets is not deep, and few documents have long numbers or exponents of three digits.
    deep = shape.count(b"[") + shape.count(b"{") > _DEEPEST
    if not deep and not (b"0e" in shape and any(hint in shape for hint in _HINTS[:2])) and _HINTS[2] not in shape:
        return True
    bare = "".join(split_strings(text)[::2]).encode()  # without its strings
    return _has_small_numbers(bare.translate(_SHAPES), text) and not (deep and _is_deep(bare))


def split_strings(text: str) -> list[str]:
    """Split a text at its quotes: every second piece, from the second on, is a string.

    Escapes are replaced by something of the same length, so that every quote begins or ends a string and positions
    stay.
    """
    escaped = "\\" in text and ('\\"' in text or "\\\\" in text)  # others matter to no quote
    return (_ESCAPE.sub("__", text) if escaped else text).split('"')


def _is_certainly_shallow(text: str) -> bool:
    """Whether a document is not nested too deep, as far as that shows if no string holds brackets."""
    if '\\"' in text:
        return False
    brackets = brackets_and_quotes(text)
    return b'"' not in brackets and not _is_deep(brackets)


def brackets_and_quotes(text: str) -> bytes:
    """Return the brackets of a text without escaped quotes, and the quotes around those in strings."""
    return text.encode("utf-8", "replace").translate(None, _NEITHER_BRACKETS_NOR_QUOTES).replace(b'""', b"")


def _has_small_numbers(shape: bytes, text: str) -> bool:
    exponent, plus, long_number = _HINTS
    return long_number not in shape and (not (exponent in shape or plus in shape) or _is_finite(text))


def _is_finite(text: str) -> bool:
    try:
        json.loads(text, parse_int=len, parse_float=_finite)
    except ValueError:
        return False
    return True


def _has_whole_letters(text: str) -> bool:
    try:
        json.dumps(json.loads(text, parse_int=len, parse_float=len), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(bare: bytes) -> bool:
    """Whether objects and arrays are nested too deep; each round removes the innermost brackets."""
    brackets = bare.translate(_SQUARE, NO_BRACKETS)
    for _ in range(_DEEPEST):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(number)
    return value


def _refuse(constant: str) -> None:
    # Python reads NaN and Infinity, which are not JSON and which other parsers reject.
    raise ValueError(constant)


_of_thread = threading.local()
