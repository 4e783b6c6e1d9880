"""Multipart bodies (RFC 2046, section 5.1; RFC 7578 for forms): finds the parts, and the names in their headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETER = re.compile(
    rb"""(?<![\w*])(name|filename)(\*(?:\d{1,3}\*?)?)?\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)""", re.IGNORECASE
)
"""A parameter `name` or `filename`: its name, its section or mark as in `name*0*` (RFC 2231), and its value."""
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class MultipartError(ValueError):
    """A body is not a multipart body, or different readers may find different parts in it."""


class Part(NamedTuple):
    """One part. start, end: offsets of its content in the body.

    head: what precedes its blank line, which is the rest of the line of the delimiter, and the header fields.
    """

    head: bytes
    start: int
    end: int


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary in the value of a Content-Type header; `None` if there is none."""
    match = _BOUNDARY.search(content_type)
    return (match[1] or match[2]).encode("latin-1", "replace") if match else None


def strict_parts(content: bytes, boundary: bytes, *, cut: bool) -> Iterator[Part]:
    """Yield the parts of a body that all readers take apart in the same way. Raises `MultipartError` for others.

    That is, lines end with CRLF, only spaces stand in front of the first delimiter, and no part contains one. cut: the
    end of the body is missing, so the last part is left out, as it may be incomplete.
    """
    mark = b"--" + boundary
    sections = _sections(content, mark, b"\r\n")
    start, end = next(sections)
    if end == len(content) or content[start:end].strip():
        raise MultipartError("no delimiter at the beginning")
    for start, end in sections:
        if (cut and end == len(content)) or content.startswith(b"--", start):
            return
        section = content[start:end]
        blank = section.find(b"\r\n\r\n")
        if blank < 0 or not section.lstrip(b" \t").startswith(b"\r\n") or mark in section:
            raise MultipartError("not a part")
        yield Part(section[:blank], start + blank + 4, end)


def lenient_parts(content: bytes, boundary: bytes) -> Iterator[Part]:
    """Yield what can be read as a part. Lines may end with LF alone, and the last part may be incomplete."""
    sections = _sections(content, b"--" + boundary, b"\n")
    next(sections)
    for start, following in sections:
        line_end = content.find(b"\n", start, following) + 1
        last = following == len(content)
        if content.startswith(b"--", start) or (last and not line_end):
            return
        end = following - 1 if not last and content.startswith(b"\r", following - 1) else following
        blank = _BLANK_LINE.search(content, max(start, line_end - 2), end) if line_end else None
        head = content[start : blank.start()] if blank else b""
        yield Part(head, min(blank.end() if blank else line_end or end, end), end)


def _sections(content: bytes, mark: bytes, line_end: bytes) -> Iterator[tuple[int, int]]:
    """Yield the offsets of what stands in front of the first delimiter, and then between the delimiters."""
    separator = line_end + mark
    start = 0
    # In front of the first delimiter there may be no line.
    end, following = (0, len(mark)) if content.startswith(mark) else (content.find(separator), 0)
    while end >= 0:
        yield start, end
        start = following or end + len(separator)
        end, following = content.find(separator, start), 0
    yield start, len(content)


def parameters(head: bytes) -> list[tuple[str, str]]:
    """Return the parameters `name` and `filename` that stand anywhere in the head of a part, and their values.

    Values with a charset (RFC 8187) are decoded as UTF-8, and values in sections (RFC 2231) are joined. The time is
    linear in the size of the head.
    """
    found: list[tuple[str, str]] = []
    for name, section, value in PARAMETER.findall(head):
        kind, text = name.lower().decode(), text_of(value)
        first = section in (b"", b"*", b"*0", b"*0*")
        if section.endswith(b"*"):
            text = unquote(text.split("'", 2)[-1] if first else text)
        if not first and found and found[-1][0] == kind:
            text = found.pop()[1] + text
        found.append((kind, text))
    return found


def text_of(value: bytes) -> str:
    """Return the text of a parameter's value, without its quotes."""
    text = value.decode("utf-8", "replace")
    if text[:1] != '"':
        return text
    return _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
