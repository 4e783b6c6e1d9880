"""Writes values that were read from a binary format as JSON text, which is masked and shown like any other JSON.

The text may repeat names in an object, and names anything that JSON has no form for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drhttp.inbox.view import masking

MAX_TEXT = 512 * 1024
"""Maximum characters of the JSON text."""
MAX_DEPTH = 100
SHOWN_BYTES = 48
"""Bytes of a byte string that are shown, in hexadecimal."""


class Pairs(list[tuple[Any, Any]]):
    """The members of an object, in order and with repeated names."""


class TooLarge(ValueError):
    """The text would be too long, or the value is nested too deeply."""


def tree_text(value: Any, *, reveal: bool) -> tuple[str, int]:
    """Return the JSON text of a value, and how many byte strings are hidden in it. Raises `TooLarge`."""
    writer = _Writer(reveal=reveal)
    pieces: list[str] = []
    size = 0
    for piece in writer.pieces(value, 0):
        size += len(piece)
        if size > MAX_TEXT:
            raise TooLarge
        pieces.append(piece)
    return "".join(pieces), writer.hidden


class _Writer:
    def __init__(self, *, reveal: bool) -> None:
        self._reveal = reveal
        self.hidden = 0

    def pieces(self, value: Any, depth: int) -> Iterator[str]:
        """Yield the JSON text in pieces."""
        if depth > MAX_DEPTH:
            raise TooLarge
        if isinstance(value, (Pairs, Mapping)):
            members = value if isinstance(value, Pairs) else value.items()
            yield from _joined("{", "}", (self._member(name, one, depth) for name, one in members))
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield from _joined("[", "]", (self.pieces(one, depth + 1) for one in value))
        elif hasattr(value, "tag") and hasattr(value, "value"):  # of CBOR
            yield from _joined("{", "}", [self._member(f"tag {value.tag}", value.value, depth)])
        elif isinstance(value, (bytes, bytearray, memoryview)):
            yield json.dumps(self._bytes(bytes(value)))
        else:
            yield _leaf(value)

    def _member(self, name: Any, value: Any, depth: int) -> Iterator[str]:
        key = name if isinstance(name, str) else "".join(self.pieces(name, depth + 1)).strip('"')
        yield f"{json.dumps(key)}: "
        yield from self.pieces(value, depth + 1)

    def _bytes(self, raw: bytes) -> str:
        """Describe bytes; those that hold a secret are hidden as a whole, since no rule finds it in hexadecimal."""
        if not self._reveal and masking.count_secrets_in_bytes(raw, ""):
            self.hidden += 1
            return masking.MASK
        more = "…" if len(raw) > SHOWN_BYTES else ""
        return f"{raw[:SHOWN_BYTES].hex(' ')}{more} ({len(raw):,} {'byte' if len(raw) == 1 else 'bytes'})".strip()


def _joined(first: str, last: str, items: Iterable[Iterator[str]]) -> Iterator[str]:
    yield first
    for place, pieces in enumerate(items):
        if place:
            yield ", "
        yield from pieces
    yield last


def _leaf(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 4_000 else json.dumps(hex(value))
    if isinstance(value, float):
        return repr(value) if value - value == 0 else json.dumps(str(value))  # no NaN, no infinity
    if hasattr(value, "isoformat"):
        return json.dumps(value.isoformat())
    return json.dumps(str(value))
