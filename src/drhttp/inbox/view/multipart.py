"""A lenient, bounded parser of multipart bodies, for display."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Headers

MOST = 200
"""Maximum number of parts."""
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;]{1,200}))', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))', re.IGNORECASE)
_FILE = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. start, end: offsets of its content in the body."""

    headers: Headers
    name: str | None
    filename: str | None
    media: str
    start: int
    end: int


def parts(data: bytes, content_type: str) -> list[Part]:
    """Return the parts in order. Without a boundary there are none; the last part may be truncated."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return []
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    return [part for part, _ in zip(_parts(data, mark), range(MOST), strict=False)]


def _parts(data: bytes, mark: bytes) -> Iterator[Part]:
    at = 0 if data.startswith(mark) else data.find(b"\n" + mark) + 1
    while data[at : at + len(mark)] == mark and data[at + len(mark) : at + len(mark) + 2] != b"--":
        start = data.find(b"\n", at) + 1
        if not start:
            return
        end = data.find(b"\n" + mark, start - 1)
        following = end + 1 if end >= 0 else len(data)
        end = end - 1 if end > 0 and data[end - 1 : end] == b"\r" else end
        yield _part(data, start, end if end >= 0 else len(data))
        at = following


def _part(data: bytes, start: int, end: int) -> Part:
    blank = re.compile(rb"\r?\n\r?\n").search(data, max(0, start - 2), end)
    head, body = (data[start : blank.start()], blank.end()) if blank else (b"", start)
    pairs = tuple(
        (name.strip().lower(), value.strip())
        for name, mark, value in (line.partition(":") for line in head.decode("latin-1").splitlines())
        if mark
    )
    said = header(pairs, "content-disposition") or ""
    media = (header(pairs, "content-type") or "text/plain").partition(";")[0].strip().lower()
    return Part(pairs, _found(_NAME, said), _found(_FILE, said), media, min(body, end), end)


def _found(pattern: re.Pattern[str], said: str) -> str | None:
    found = pattern.search(said)
    if found is None:
        return None
    value = found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
