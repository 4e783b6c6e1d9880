"""Decompresses and parses JSON within limits of size, depth, and memory, as a defense against decompression bombs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drhttp._http.content_coding import GZIP, CodingError, InflateStream

MAX_DEPTH = 64
"""Maximum nesting of JSON, including the array of a batch."""
MAX_VALUES = 4_000_000
"""Maximum number of values. A limit on bytes is not enough: an empty list takes 3 bytes to send and 50 to store."""
PIECE = 256 * 1024
SMALL = 2 * 1024 * 1024
"""Bytes to which any body may decompress, however small it is on the wire."""
RATIO = 50
"""Maximum compression ratio of a body above `SMALL`. Batches of JSON reach 10 to 30."""
MEMORY = 6 * 1024 * 1024
"""Bytes of memory that the values of any body may take, however small it is on the wire."""
MEMORY_RATIO = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one POST. wire, inflated: bytes before and after decompression. records: number of records."""

    wire: int
    inflated: int
    records: int


BATCH = Limits(wire=16 * 1024 * 1024, inflated=64 * 1024 * 1024, records=1000)
SINGLE = Limits(wire=1024 * 1024, inflated=8 * 1024 * 1024, records=1)


class RequestRejected(Exception):
    """A rejected request. status: HTTP status of the response. The message is a sentence for the sender."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def announced(wire: bytes, coding: str) -> int:
    """Return the size that a gzip body declares (ISIZE, modulo 2**32; RFC 1952), or the size of a plain body."""
    return int.from_bytes(wire[-4:], "little") if coding == "gzip" else len(wire)


def load(wire: bytes, coding: str, limits: Limits, loads: Callable[[str], object] = json.loads) -> tuple[object, int]:
    """Return the parsed body and its size in bytes of JSON. Raises `RequestRejected`.

    loads: a parser that raises as `json.loads`.
    """
    content = inflate(wire, limits.inflated) if coding == "gzip" else wire
    size = len(content)
    text = _decoded(content)
    del content  # frees the memory while the text is parsed
    check_memory(text, 0, len(wire))
    return _parsed(text, loads), size


def inflate(wire: bytes, limit: int) -> bytearray:
    """Decompress gzip data. The size of large data is measured first, without keeping it.

    Raises `RequestRejected`: 413 beyond `limit` bytes, or beyond both `SMALL` and `RATIO` times the size on the wire;
    400 for invalid gzip data.
    """
    size = announced(wire, "gzip")
    if size > SMALL and measure(wire, limit) > RATIO * len(wire):
        raise RequestRejected(413, f"The body decompresses to {size:,} bytes, more than {RATIO} times its size.")
    content = bytearray()
    for piece in pieces(wire, limit):
        # A body longer than declared is rejected at its end at the latest; until then the rest is only counted.
        if len(content) <= size:
            content += piece
    return content


def measure(wire: bytes, limit: int) -> int:
    """Return the decompressed size of gzip data without keeping it. Raises `RequestRejected`."""
    return sum(map(len, pieces(wire, limit)))


def pieces(wire: bytes, limit: int) -> Iterator[bytes]:
    """Decompress gzip data in pieces of up to `PIECE` bytes. Raises `RequestRejected`: 413 beyond `limit`, else 400."""
    stream = InflateStream(wire, GZIP)
    total = 0
    try:
        while stream.readable:
            piece = stream.read(PIECE)
            total += len(piece)
            if total > limit:
                raise RequestRejected(413, f"The body decompresses to more than {limit:,} bytes.")
            yield piece
    except CodingError as problem:
        raise RequestRejected(400, f"The body is not valid gzip: {problem}.") from problem
    if not stream.ended:
        raise RequestRejected(400, "The gzip data is truncated.")
    if stream.trailing:
        raise RequestRejected(400, "The gzip data is followed by other bytes.")


def parse(content: bytes) -> object:
    """Parse JSON within the limits of depth and number of values. Raises `RequestRejected`."""
    return _parsed(_decoded(content), json.loads)


def _decoded(content: bytes | bytearray) -> str:
    try:
        return content.decode(json.detect_encoding(content), "surrogatepass")
    except ValueError as problem:
        raise not_json(problem) from problem


def check_memory(text: str, start: int, wire: int) -> None:
    """Raise `RequestRejected` if the JSON after `start` would take far more memory than the `wire` bytes sent."""
    values = 200 * text.count("{", start) + 64 * text.count("[", start) + 32 * text.count(",", start)
    memory = sys.getsizeof(text) + values
    if memory > MEMORY and memory > MEMORY_RATIO * wire:
        raise RequestRejected(
            413, f"Parsing the JSON would take about {memory:,} bytes of memory for a body of {wire:,} bytes."
        )


def not_json(problem: object) -> RequestRejected:
    """Return the error for invalid JSON."""
    return RequestRejected(400, f"The body is not valid JSON: {problem}.")


def _parsed(text: str, loads: Callable[[str], object]) -> object:
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise RequestRejected(413, f"The body contains more than {MAX_VALUES:,} JSON values.")
    try:
        value = loads(text)
    except RecursionError:
        raise too_deep() from None
    except ValueError as problem:
        raise not_json(problem) from problem
    check_depth(value, MAX_DEPTH)
    return value


def check_depth(value: object, deepest: int) -> None:
    """Raise `RequestRejected` if a value is nested more than `deepest` levels deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(deepest):
        # One expression, for speed: a record has dozens of values, and a second has thousands of records.
        level = [
            child
            for one in level
            for child in (one.values() if type(one) is dict else one)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise too_deep()


def too_deep() -> RequestRejected:
    """Return the error for JSON that is nested too deeply."""
    return RequestRejected(400, f"The JSON is nested more than {MAX_DEPTH} levels deep.")
