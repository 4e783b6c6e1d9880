"""The messages of a gRPC, gRPC-Web or Connect body: each has a length in front, and may be compressed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from drhttp._http.content_coding import CodingError, decode
from drhttp.inbox.view import protobuf
from drhttp.inbox.view.tree_text import Pairs

MAX_MESSAGES = 200
INFLATED = 256 * 1024
"""Maximum decompressed bytes of a message."""
_COMPRESSED, _END_OF_STREAM, _TRAILERS = 1, 2, 128
_HEAD = 5


def read(data: bytes, media: str, coding: str) -> tuple[list[Any], bool]:
    """Return the messages, and whether they are all of the body. coding: from the headers, of compressed messages."""
    if "-text" in media:
        data = _from_base64(data)
    frames = list(_frames(data))
    found, whole = [], sum(_HEAD + len(raw) for _, raw in frames) == len(data)
    for flags, raw in frames:
        message, complete = _message(flags, raw, media, coding)
        found.append(message)
        whole = whole and complete
    return found, whole


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(MAX_MESSAGES):
        if at + _HEAD > len(data):
            return
        end = at + _HEAD + int.from_bytes(data[at + 1 : at + _HEAD], "big")
        if end > len(data):
            return
        yield data[at], data[at + _HEAD : end]
        at = end


def _message(flags: int, raw: bytes, media: str, coding: str) -> tuple[Any, bool]:
    if flags & _COMPRESSED:
        try:
            raw = decode(raw, coding, limit=INFLATED, cut=False).content
        except CodingError:
            return Pairs([(f"compressed with {coding or 'an unknown coding'}", raw)]), True
    if flags & _TRAILERS:
        return Pairs([("trailers", _trailers(raw))]), True
    if "json" in media or flags & _END_OF_STREAM:
        try:
            return json.loads(raw, object_pairs_hook=Pairs), True
        except (ValueError, RecursionError):
            return raw, True
    return protobuf.read(raw)


def _trailers(raw: bytes) -> Pairs:
    lines = raw.decode("latin-1").splitlines()
    pairs = (line.partition(":") for line in lines if line)
    return Pairs((name.strip().lower(), value.strip()) for name, _, value in pairs)


def _from_base64(data: bytes) -> bytes:
    """Decode gRPC-Web text, in which each frame may end with padding of its own."""
    text = b"".join(data.split())
    pieces, at = [], 0
    while at < len(text):
        padding = text.find(b"=", at)
        end = len(text) if padding < 0 else at + ((padding - at) // 4 + 1) * 4
        end -= (end - at) % 4  # the end may be missing
        try:
            pieces.append(base64.b64decode(text[at:end], validate=True))
        except binascii.Error:
            break
        if end <= at:
            break
        at = end
    return b"".join(pieces)
