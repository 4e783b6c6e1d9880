"""SQL functions that search headers and bodies.

Letters are compared without case, A to Z only, as everywhere in queries.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress

from drhttp._http.content_coding import CodingError, decode
from drhttp.inbox.store.rows import unpack

MESSAGES = ("extra", "har", "rest", "set", "_webSocketMessages")
"""Where the marks of an imported record have its WebSocket messages."""
INFLATED = 8 * 1024 * 1024
"""Maximum decompressed bytes of a body that are searched."""


def install(db: sqlite3.Connection) -> None:
    """Register the SQL functions that `where` uses."""
    db.create_function("drhttp_body", 2, in_body, deterministic=True)
    db.create_function("drhttp_header", 3, in_header, deterministic=True)
    db.create_function("drhttp_lines", 2, in_lines, deterministic=True)
    db.create_function("drhttp_messages", 2, in_messages, deterministic=True)


def in_body(kept: bytes | str | None, part: bytes) -> bool:
    """Return whether a stored body contains `part`, which is lower-case."""
    body = unpack(kept)
    if body is None:
        return False
    if body[:2] == b"\x1f\x8b":
        with suppress(CodingError):
            body = decode(body, "gzip", limit=INFLATED, cut=True, ignore_trailing=True).content
    return part in body.lower()


def in_header(kept: str | None, name: str, part: str | None) -> bool:
    """Return whether a header with this name exists and, if `part` is given, its value contains it."""
    if kept is None or (_plain(name) and f'"{name}"' not in kept.lower()):
        return False
    values = [value for key, value in json.loads(kept) if key.lower() == name]
    return bool(values) if part is None else any(_within(value, part) for value in values)


def in_lines(kept: str | None, part: str) -> bool:
    """Return whether a header, written as ``name: value``, contains `part`."""
    if kept is None:
        return False
    return any(_within(f"{name}: {value}", part) for name, value in json.loads(kept))


def in_messages(marks: str, part: str) -> bool:
    """Return whether a WebSocket message of an imported record contains `part`, which is lower-case."""
    found = json.loads(marks)
    for name in MESSAGES:
        found = found.get(name) if isinstance(found, dict) else None
    texts = [one.get("data") for one in found or () if isinstance(one, dict)] if isinstance(found, list) else []
    return any(isinstance(text, str) and part in lower(text) for text in texts)


def lower(text: str) -> str:
    """Lower-case A to Z only, as SQLite and `bytes.lower` do."""
    return text.lower() if text.isascii() else "".join(char.lower() if char < "\x80" else char for char in text)


def _within(value: str, part: str) -> bool:
    if part in lower(value):
        return True
    # Header bytes are kept as latin-1; whoever asks for an umlaut may mean its UTF-8 bytes.
    return not part.isascii() and part.encode().decode("latin-1") in lower(value)


def _plain(name: str) -> bool:
    return name.isascii() and name.isprintable() and '"' not in name and "\\" not in name
