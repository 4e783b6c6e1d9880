"""From what lies on the wire to parsed JSON, within bounds: no body, however made, takes more memory than allowed."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DEPTH = 64
"""Nesting of JSON, the array of a batch included."""
MAX_VALUES = 4_000_000
"""An empty list takes three bytes to write and fifty to keep: values are bounded apart from bytes."""
PIECE = 256 * 1024
SMALL = 2 * 1024 * 1024
"""Bytes that a body may inflate to however small it was on the wire."""
RATIO = 50
"""How many times its size a larger body may inflate to. Batches of JSON reach 10 to 30."""
MEMORY = 6 * 1024 * 1024
"""Bytes of memory that the values of a body may take however small it was on the wire."""
MEMORY_RATIO = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one POST may hold. wire, inflated: bytes before and after decompression. records: how many."""

    wire: int
    inflated: int
    records: int


BATCH = Limits(wire=16 * 1024 * 1024, inflated=64 * 1024 * 1024, records=1000)
SINGLE = Limits(wire=1024 * 1024, inflated=8 * 1024 * 1024, records=1)


class Refused(Exception):
    """A request that is not taken. status: the answer's. The text is a sentence for the sender."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def announced(wire: bytes, coding: str) -> int:
    """How many bytes of JSON a body says it holds: the last field of a gzip file, modulo 2**32 (RFC 1952)."""
    return int.from_bytes(wire[-4:], "little") if coding == "gzip" else len(wire)


def load(wire: bytes, coding: str, limits: Limits) -> tuple[object, int]:
    """The parsed body, and how many bytes of JSON it was."""
    content = inflate(wire, limits.inflated) if coding == "gzip" else wire
    size = len(content)
    text = _decoded(content)
    del content  # or it would stay in memory while the text is parsed
    check_memory(text, 0, len(wire))
    return _parsed(text), size


def inflate(wire: bytes, limit: int) -> bytearray:
    """Gunzip in pieces. What is large is measured first, without keeping it, and refused if it is a bomb.

    Raises `Refused`: 413 beyond `limit` bytes, or beyond `SMALL` and `RATIO` times the size on the wire; 400 if it is
    no gzip file.
    """
    size = announced(wire, "gzip")
    if size > SMALL and measure(wire, limit) > RATIO * len(wire):
        raise Refused(413, f"The body decompresses to {size:,} bytes, more than {RATIO} times its size.")
    content = bytearray()
    for piece in pieces(wire, limit):
        # A body that is longer than it says is refused at its end at the latest; until then the rest is only counted.
        if len(content) <= size:
            content += piece
    return content


def measure(wire: bytes, limit: int) -> int:
    """How many bytes gzip data inflate to, without keeping them. Raises `Refused`."""
    return sum(map(len, pieces(wire, limit)))


def pieces(wire: bytes, limit: int) -> Iterator[bytes]:
    """Gzip data inflated, at most `PIECE` bytes at a time. Raises `Refused`: 413 beyond `limit` bytes, or 400."""
    machine = zlib.decompressobj(wbits=31)
    total, rest = 0, wire
    try:
        while rest and not machine.eof:
            piece = machine.decompress(rest, PIECE)
            total += len(piece)
            rest = machine.unconsumed_tail
            if total > limit:
                raise Refused(413, f"The body decompresses to more than {limit:,} bytes.")
            yield piece
    except zlib.error as problem:
        raise Refused(400, f"The body is not valid gzip: {problem}.") from problem
    if not machine.eof:
        raise Refused(400, "The gzip data is truncated.")
    if machine.unused_data:
        raise Refused(400, "The gzip data is followed by other bytes.")


def parse(content: bytes) -> object:
    """JSON, within the bounds of depth and number of values. Raises `Refused`."""
    return _parsed(_decoded(content))


def _decoded(content: bytes | bytearray) -> str:
    try:
        return content.decode(json.detect_encoding(content), "surrogatepass")
    except ValueError as problem:
        raise not_json(problem) from problem


def check_memory(text: str, start: int, wire: int) -> None:
    """Refuse JSON from `start` on that takes far more memory than the `wire` bytes that were sent."""
    values = 200 * text.count("{", start) + 64 * text.count("[", start) + 32 * text.count(",", start)
    memory = sys.getsizeof(text) + values
    if memory > MEMORY and memory > MEMORY_RATIO * wire:
        raise Refused(
            413, f"Parsing the JSON would take about {memory:,} bytes of memory for a body of {wire:,} bytes."
        )


def not_json(problem: object) -> Refused:
    """The refusal of what cannot be parsed."""
    return Refused(400, f"The body is not valid JSON: {problem}.")


def _parsed(text: str) -> object:
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise Refused(413, f"The body contains more than {MAX_VALUES:,} JSON values.")
    try:
        value = json.loads(text)
    except RecursionError:
        raise too_deep() from None
    except ValueError as problem:
        raise not_json(problem) from problem
    check_depth(value, MAX_DEPTH)
    return value


def check_depth(value: object, deepest: int) -> None:
    """Refuse a value that is nested deeper than `deepest` levels."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(deepest):
        # All in one expression: there are dozens of values in a record, and thousands of records in a second.
        level = [
            child
            for one in level
            for child in (one.values() if type(one) is dict else one)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise too_deep()


def too_deep() -> Refused:
    """The refusal of what is nested too deep."""
    return Refused(400, f"The JSON is nested more than {MAX_DEPTH} levels deep.")
