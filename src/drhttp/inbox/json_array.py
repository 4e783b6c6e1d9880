"""Parses a large JSON array incrementally, so that only one element is in memory at a time."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from drhttp.inbox.bounded_json import (
    MAX_DEPTH,
    MAX_VALUES,
    PIECE,
    SINGLE,
    Limits,
    RequestRejected,
    announced,
    check_depth,
    check_memory,
    measure,
    not_json,
    pieces,
    too_deep,
)
from drhttp.inbox.event_json import raw_decode

_SPACE = re.compile(r"[ \t\r\n]*")


def elements(wire: bytes, coding: str, limits: Limits) -> Iterator[tuple[object, int]]:
    """Yield each element of an array in UTF-8 and its length in characters of JSON. Raises `RequestRejected`."""
    if announced(wire, coding) > limits.inflated:
        measure(wire, limits.inflated)
    return iter(_Array(_text(wire, coding, limits), len(wire)))


def _text(wire: bytes, coding: str, limits: Limits) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogatepass")
    whole = (wire[start : start + PIECE] for start in range(0, len(wire), PIECE))
    values = 0
    try:
        for piece in pieces(wire, limits.inflated) if coding == "gzip" else whole:
            values += piece.count(b",") + piece.count(b"[") + piece.count(b"{")
            if values > MAX_VALUES:
                raise RequestRejected(413, f"The body contains more than {MAX_VALUES:,} JSON values.")
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeError as problem:
        raise not_json(problem) from problem


class _Array:
    """An incremental parser. text: the JSON, in pieces. wire: bytes sent for the whole array."""

    def __init__(self, text: Iterator[str], wire: int) -> None:
        self._pieces = text
        self._wire = wire
        self._text, self._at, self._ended = "", 0, False

    def __iter__(self) -> Iterator[tuple[object, int]]:
        if self._sign() != "[":
            raise RequestRejected(400, "The body must be a JSON array of events.")
        self._at += 1
        empty = self._sign() == "]"
        while not empty:
            yield self._value()
            sign = self._sign()
            if sign == "]":
                break
            if sign != ",":
                raise not_json("missing comma between two events")
            self._at += 1
            self._sign()
        self._at += 1
        if self._sign():
            raise not_json("unexpected data after the array")

    def _value(self) -> tuple[object, int]:
        """Parse the next element and return it with its length in characters."""
        while True:
            value, end = self._attempt()
            # A number may continue in the next piece.
            if end < len(self._text) or self._ended:
                check_depth(value, MAX_DEPTH - 1)
                length, self._at = end - self._at, end
                if length > PIECE:
                    self._read_on(0)  # drop the text of the element
                return value, length
            size = len(self._text) - self._at
            if size > SINGLE.inflated:
                raise RequestRejected(413, f"An event is larger than {SINGLE.inflated:,} bytes.")
            # Double the amount at first: many small steps would take quadratic time.
            self._read_on(min(size, 4 * PIECE) + 1)
            check_memory(self._text, self._at, self._wire)

    def _attempt(self) -> tuple[object, int]:
        """Return the element and its end; the end of the text if the element is incomplete."""
        try:
            return raw_decode(self._text, self._at)
        except RecursionError:
            raise too_deep() from None
        except ValueError as problem:
            if self._ended:
                raise not_json(problem) from problem
            return None, len(self._text)

    def _sign(self) -> str:
        """Return the next non-space character, or an empty string at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._read_on(1)

    def _read_on(self, wanted: int) -> None:
        """Drop the parsed text and read at least `wanted` more characters."""
        found = [self._text[self._at :]]
        while wanted > 0 and not self._ended:
            piece = next(self._pieces, None)
            self._ended = piece is None
            found.append(piece or "")
            wanted -= len(piece or "")
        self._text, self._at = "".join(found), 0
