"""Protocol Buffers without their schema: fields by number, as a tree of values."""

from __future__ import annotations

import struct
from typing import Any

from drhttp.inbox.view.tree_text import Pairs

MAX_FIELDS = 20_000
"""Maximum fields of a message, including those of the messages in it."""
MAX_DEPTH = 24
MAX_PACKED = 200
"""Maximum numbers that are shown of a packed field."""
_LARGEST_FIELD = (1 << 29) - 1
_SIGNED = 1 << 63


class _Invalid(Exception):
    """The bytes are not a message."""


class _Reader:
    """Reads fields and counts them, so that no body takes long."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fields = 0

    def message(self, at: int, end: int, depth: int, found: Pairs, group: int = 0) -> int:
        """Add the fields between two offsets to `found`. Returns the offset behind them. group: number of the group."""
        while at < end:
            key, at = self._varint(at, end)
            number, wire = key >> 3, key & 7
            if wire == 4 and group and number == group:
                return at
            self.fields += 1
            if not 0 < number <= _LARGEST_FIELD or self.fields > MAX_FIELDS or depth > MAX_DEPTH:
                raise _Invalid
            value, at = self._value(number, wire, at, end, depth)
            found.append((str(number), value))
        if group:
            raise _Invalid
        return at

    def _value(self, number: int, wire: int, at: int, end: int, depth: int) -> tuple[Any, int]:
        if wire == 0:
            whole, at = self._varint(at, end)
            return (whole if whole < _SIGNED else Pairs([("int64", whole - (1 << 64)), ("uint64", whole)])), at
        if wire in {1, 5}:
            size = 8 if wire == 1 else 4
            if at + size > end:
                raise _Invalid
            return _fixed(self.data[at : at + size]), at + size
        if wire == 2:
            length, at = self._varint(at, end)
            if at + length > end:
                raise _Invalid
            return self._delimited(at, at + length, depth), at + length
        if wire == 3:
            inner = Pairs()
            return inner, self.message(at, end, depth + 1, inner, number)
        raise _Invalid

    def _delimited(self, at: int, end: int, depth: int) -> Any:
        """A text, a message, packed numbers, or bytes: the wire does not tell which, so the first that fits."""
        raw = self.data[at:end]
        text = _text(raw)
        if text is not None:
            return text
        inner, before = Pairs(), self.fields
        try:
            self.message(at, end, depth + 1, inner)
        except _Invalid:
            self.fields = max(before, min(self.fields, MAX_FIELDS))
        else:
            return inner
        numbers = self._packed(at, end)
        return raw if numbers is None else Pairs([("bytes", raw), ("as varints", numbers)])

    def _packed(self, at: int, end: int) -> list[int] | None:
        numbers: list[int] = []
        try:
            while at < end and len(numbers) <= MAX_PACKED:
                number, at = self._varint(at, end)
                numbers.append(number)
        except _Invalid:
            return None
        return numbers if 1 < len(numbers) <= MAX_PACKED else None

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while at < end and shift < 70:
            byte = self.data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & ((1 << 64) - 1), at
            shift += 7
        raise _Invalid


def read(data: bytes) -> tuple[Pairs, bool]:
    """Return the fields of a message, and whether they are all of it: the rest may be missing or no message."""
    found = Pairs()
    try:
        _Reader(data).message(0, len(data), 0, found)
    except _Invalid:
        return found, False
    return found, True


def _fixed(raw: bytes) -> Pairs:
    kinds = (("double", "<d"), ("fixed64", "<Q")) if len(raw) == 8 else (("float", "<f"), ("fixed32", "<I"))
    return Pairs((name, struct.unpack(form, raw)[0]) for name, form in kinds)


def _text(raw: bytes) -> str | None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\t\r\n" for char in text) else None
