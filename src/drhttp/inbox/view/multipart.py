"""The parts of multipart bodies, for display."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from itertools import islice

from drhttp._http.multipart import boundary_of, lenient_parts, parameters
from drhttp.inbox.coerce import header, readable
from drhttp.inbox.exchange import Headers

MAX_PARTS = 200
"""Maximum number of parts."""
MOST_PARAMETERS = 2048
"""Maximum characters of a Content-Disposition that `email` reads, as its time grows with the square of the length."""
_FOLD = re.compile(r"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One part. start, end: offsets of its content in the body.

    name, filename: `None` without one. names: all that a reader may take for the name: if one of them is secret, so is
    the content.
    """

    headers: Headers
    name: str | None
    filename: str | None
    media: str
    start: int
    end: int
    names: tuple[str, ...] = ()


def parts(data: bytes, content_type: str) -> list[Part]:
    """Return the parts in order. Without a boundary there are none; the last part may be truncated."""
    boundary = boundary_of(content_type)
    if boundary is None:
        return []
    found = islice(lenient_parts(data, boundary), MAX_PARTS)
    return [_part(head, start, end) for head, start, end in found]


def _part(head: bytes, start: int, end: int) -> Part:
    pairs = tuple(_fields(head))
    found = parameters(head)
    names = [text for kind, text in found if kind == "name"]
    name, filename = _disposition(header(pairs, "content-disposition") or "")
    if name is not None:
        names.insert(0, name)
    if filename is None:
        filename = next((text for kind, text in found if kind == "filename"), None)
    media = (header(pairs, "content-type") or "text/plain").partition(";")[0].strip().lower()
    return Part(pairs, next(iter(names), None), filename, media, start, end, tuple(names))


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    """Yield the header fields in the head of a part, each on one line."""
    _, _, lines = head.decode("latin-1").partition("\n")
    for line in _FOLD.sub(" ", lines).split("\n"):
        name, mark, value = line.partition(":")
        if mark:
            yield name.strip().lower(), value.strip()


def _disposition(value: str) -> tuple[str | None, str | None]:
    """Return the parameters `name` and `filename` of a Content-Disposition (RFC 6266), decoded (RFC 8187, RFC 2231)."""
    if len(value) > MOST_PARAMETERS:
        return None, None
    message = Message()
    message["Content-Disposition"] = value
    try:
        found = message.get_params([], header="Content-Disposition")
    except (TypeError, ValueError):  # as for a value in sections of which one has no number
        return None, None
    return _parameter(found, "name"), _parameter(found, "filename")


def _parameter(found: Sequence[tuple[str, str | tuple[str | None, str | None, str]]], name: str) -> str | None:
    """Return the text of a parameter. found: the value of each, with charset and language if it is an extended one."""
    values = [value for key, value in found if key.lower() == name]
    # The plain value is for readers that do not know the extended one (RFC 6266, section 4.3).
    for value in values:
        if isinstance(value, tuple):
            # Not by any codec of that name: `idna` takes quadratic time, and others raise errors of their own.
            codec = "latin-1" if (value[0] or "").lower() == "iso-8859-1" else "utf-8"
            return value[2].encode("latin-1", "replace").decode(codec, "replace")
    return next((readable(value) for value in values if isinstance(value, str)), None)
