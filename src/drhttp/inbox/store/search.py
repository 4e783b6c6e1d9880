"""Text within headers and bodies: what the database calls for every row that a query has to look into.

Letters are compared without case, A to Z only, as everywhere in queries.
"""

from __future__ import annotations

import json
import sqlite3
import zlib

from drhttp.inbox.store.rows import unpack

INFLATED = 8 * 1024 * 1024
"""Bytes of a body that was sent compressed in which is searched."""


def install(db: sqlite3.Connection) -> None:
    """Teach a connection the functions that `where` uses."""
    db.create_function("drhttp_body", 2, in_body, deterministic=True)
    db.create_function("drhttp_header", 3, in_header, deterministic=True)
    db.create_function("drhttp_lines", 2, in_lines, deterministic=True)


def in_body(kept: bytes | str | None, part: bytes) -> bool:
    """Whether a body, as it is kept in the file, holds the part, which is lower-case."""
    body = unpack(kept)
    if body is None:
        return False
    if body[:2] == b"\x1f\x8b":
        body = _gunzip(body)
    return part in body.lower()


def in_header(kept: str | None, name: str, part: str | None) -> bool:
    """Whether there is a field of the name, and with a part, one whose value holds it."""
    if kept is None or (_plain(name) and f'"{name}"' not in kept.lower()):
        return False
    values = [value for key, value in json.loads(kept) if key.lower() == name]
    return bool(values) if part is None else any(_within(value, part) for value in values)


def in_lines(kept: str | None, part: str) -> bool:
    """Whether one of the fields, written as ``name: value``, holds the part."""
    if kept is None:
        return False
    return any(_within(f"{name}: {value}", part) for name, value in json.loads(kept))


def lower(text: str) -> str:
    """Without case, A to Z only: what the database and bytes do, too."""
    return text.lower() if text.isascii() else "".join(char.lower() if char < "\x80" else char for char in text)


def _within(value: str, part: str) -> bool:
    if part in lower(value):
        return True
    # Header bytes are kept as latin-1; whoever asks for an umlaut may mean its UTF-8 bytes.
    return not part.isascii() and part.encode().decode("latin-1") in lower(value)


def _plain(name: str) -> bool:
    return name.isascii() and name.isprintable() and '"' not in name and "\\" not in name


def _gunzip(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(body, INFLATED)
    except zlib.error:
        return body
