"""From what lies on the wire to parsed JSON, within bounds: no body, however made, takes more memory than allowed."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

MAX_DEPTH = 64
"""Nesting of JSON, the array of a batch included."""
MAX_VALUES = 4_000_000
"""An empty list takes three bytes to write and fifty to keep: values are bounded apart from bytes."""
PIECE = 256 * 1024


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


def load(wire: bytes, coding: str, limits: Limits) -> tuple[object, int]:
    """The parsed body, and how many bytes of JSON it was."""
    text = inflate(wire, limits.inflated) if coding == "gzip" else wire
    return parse(text), len(text)


def inflate(wire: bytes, limit: int) -> bytes:
    """Gunzip in pieces and stop at `limit` bytes."""
    machine = zlib.decompressobj(wbits=31)
    pieces, total, rest = [], 0, wire
    try:
        while rest and not machine.eof:
            pieces.append(machine.decompress(rest, PIECE))
            total += len(pieces[-1])
            rest = machine.unconsumed_tail
            if total > limit:
                raise Refused(413, f"The body inflates to more than {limit:,} bytes.")
    except zlib.error as problem:
        raise Refused(400, f"The body is not gzip: {problem}.") from problem
    if not machine.eof:
        raise Refused(400, "The gzip data end too early.")
    if machine.unused_data:
        raise Refused(400, "Something follows the gzip data.")
    return b"".join(pieces)


def parse(text: bytes) -> object:
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_VALUES:
        raise Refused(413, f"The body holds more than {MAX_VALUES:,} JSON values.")
    try:
        value = json.loads(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as problem:
        raise Refused(400, f"The body is not JSON: {problem}.") from problem
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        # All in one expression: there are dozens of values in a record, and thousands of records in a second.
        level = [
            child
            for one in level
            for child in (one.values() if type(one) is dict else one)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return value
    raise _too_deep()


def _too_deep() -> Refused:
    return Refused(400, f"The JSON is nested deeper than {MAX_DEPTH} levels.")
