"""A body for the page: its kind, its text in pages, the fields of forms and the parts of multipart bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.parsers import expat

from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Exchange, Message
from drhttp.inbox.mask_detection import is_mask
from drhttp.inbox.view import masking
from drhttp.inbox.view.content import Content, content_of
from drhttp.inbox.view.multipart import Part, parts

PAGE = 65_536
"""Characters of text that are included in a record."""
MAX_FIELDS = 1_000
MAX_MEMORY = 64 * 1024 * 1024
"""Memory limit in bytes for validating JSON."""
_FILE = re.compile(r"\[\d+ bytes\]")


@dataclass(frozen=True, slots=True)
class DisplayedBody:
    """A body as it is shown. text: whole, masked unless revealed. masked: how many values."""

    content: Content
    text: str | None
    masked: int
    fields: list[dict[str, Any]] | None = None
    parts: list[dict[str, Any]] | None = None


def shown(message: Message, *, reveal: bool) -> DisplayedBody:
    """Decode and mask a body for display."""
    content = content_of(message)
    if content.form == "multipart":
        return _multipart(message, content, reveal=reveal)
    text, masked = content.text, 0
    if not reveal:
        text, masked = _masked(content)
    fields = _fields(content.text or "", reveal=reveal) if content.form == "form" else None
    return DisplayedBody(content, text, masked, fields)


def views(exchange: Exchange, *, reveal: bool) -> dict[str, DisplayedBody]:
    """Return the displayed bodies of an exchange by side."""
    sides = {"request": exchange.request, "response": exchange.response}
    return {side: shown(message, reveal=reveal) for side, message in sides.items() if message is not None}


def _masked(content: Content) -> tuple[str | None, int]:
    """Mask a text. Binary data cannot be masked, only withheld."""
    if content.text is None:
        return None, masking.count_secrets_in_bytes(content.data) if content.form == "binary" else 0
    if content.form in {"xml", "html"}:
        # As the recorder tells them apart: what does not say that it is XML may be HTML, with elements that never end.
        declared = content.media.endswith(("/xml", "+xml")) and not content.media.endswith("xhtml+xml")
        return masking.xml_text(content.text, html=not declared)
    if content.form == "text" and content.media in masking.TABLES:
        return masking.csv_text(content.text)
    return {"json": masking.json_text, "form": masking.pairs_text}.get(content.form, masking.value)(content.text)


def body_json(message: Message, size: int | None, view: DisplayedBody) -> dict[str, Any]:
    """Return the JSON of a body. The caller adds the URLs of its bytes."""
    content = view.content
    return {
        "form": content.form,
        "type": content.media or None,
        "size": size,
        "kept": len(message.body or b""),
        "truncated": message.truncated,
        "omitted": message.omitted,
        "redacted": message.redacted,
        "hidden_before": message.hidden,
        "decoded": message.decoded,
        "read": message.read,
        "parsed": message.parsed,
        "coding": content.coding,
        "coding_error": content.problem,
        "unpacked_in_part": _in_part(message, content),
        "masked": view.masked,
        "valid": None if _in_part(message, content) else _valid(content),
        "fields": view.fields,
        "parts": view.parts,
        **_page(view.text, 0, PAGE),
    }


def text_page(message: Message, offset: int, limit: int, *, reveal: bool) -> dict[str, Any]:
    """A page of the text."""
    view = shown(message, reveal=reveal)
    return {"as": "text", **_page(view.text, offset, limit), "masked": view.masked}


def hex_page(message: Message, offset: int, limit: int) -> dict[str, Any]:
    """A page of the bytes as they are kept."""
    body = message.body or b""
    piece = body[offset : offset + limit]
    rows = []
    for at in range(0, len(piece), 16):
        row = piece[at : at + 16]
        rows.append([offset + at, row.hex(), "".join(chr(one) if 32 <= one < 127 else "." for one in row)])
    return {"as": "hex", "offset": offset, "length": len(body), "rows": rows, "more": offset + limit < len(body)}


def _page(text: str | None, offset: int, limit: int) -> dict[str, Any]:
    if text is None:
        return {"text": None, "offset": 0, "length": 0, "more": False}
    piece = text[offset : offset + limit]
    return {"text": piece, "offset": offset, "length": len(text), "more": offset + limit < len(text)}


def _valid(content: Content) -> bool | None:
    if content.text is None or content.form not in {"json", "xml"} or _memory(content.text) > MAX_MEMORY:
        return None
    try:
        if content.form == "json":
            json.loads(content.text)
        else:
            # Expat loads nothing from outside by itself; entities that grow are stopped by its own limits.
            expat.ParserCreate().Parse(content.text, True)
    except (ValueError, RecursionError, expat.ExpatError):
        return False
    return True


def _in_part(message: Message, content: Content) -> bool:
    """Return whether only a part of a compressed body is shown because of its decompressed size."""
    return content.coding is not None and content.cut and not message.truncated


def _memory(text: str) -> int:
    """Estimate the memory in bytes of parsed JSON."""
    return 200 * text.count("{") + 64 * text.count("[") + 32 * text.count(",")


def _fields(text: str, *, reveal: bool) -> list[dict[str, Any]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100_000, errors="replace")
    except ValueError:
        return []
    return listed(masking.named(pairs[:MAX_FIELDS], reveal=reveal))


def listed(pairs: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Return masked pairs as JSON objects."""
    return [{"name": name, "value": value, "masked": count > 0} for name, value, count in pairs]


def _multipart(message: Message, content: Content, *, reveal: bool) -> DisplayedBody:
    found = parts(content.data, header(message.headers, "content-type") or "")
    texts = [_part_text(part, content.data, reveal=reveal) for part in found]
    pieces: list[bytes] = []
    done = 0
    for part, (text, masked) in zip(found, texts, strict=True):
        if masked:
            pieces += (content.data[done : part.start], (text or "").encode("utf-8", "replace"))
            done = part.end
    count = sum(masked for _, masked in texts)
    # A body without a boundary has no parts, and yet it may hold something.
    whole, more = (content.text, 0) if reveal or found else _masked(content)
    text = _utf8(b"".join([*pieces, content.data[done:]])) if count else whole
    as_parts = [_part(part, *one, reveal=reveal) for part, one in zip(found, texts, strict=True)]
    return DisplayedBody(content, text, count + more, None, as_parts)


def _part_text(part: Part, data: bytes, *, reveal: bool) -> tuple[str | None, int]:
    """Return the masked text of a part and its number of masked values."""
    raw = data[part.start : part.end]
    text = _utf8(raw)
    if not reveal and raw and any(map(masking.is_secret, part.names)) and not _is_placeholder((text or "").strip()):
        return masking.MASK, 1
    if text is None:
        hidden = 0 if reveal else masking.count_secrets_in_bytes(raw)
        return (masking.MASK, hidden) if hidden else (None, 0)
    return masking.value(text, reveal=reveal)


def _is_placeholder(text: str) -> bool:
    """Return whether the data is a recorder's placeholder for a value or file."""
    return is_mask(text) or _FILE.fullmatch(text) is not None


def _part(part: Part, text: str | None, masked: int, *, reveal: bool) -> dict[str, Any]:
    return {
        "name": part.name,
        "filename": part.filename,
        "type": part.media,
        "size": part.end - part.start,
        "headers": listed(masking.headers(part.headers, reveal=reveal)),
        "text": None if text is None else text[:PAGE],
        "masked": masked > 0,
    }


def _utf8(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def cookies(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the cookies of Cookie or Set-Cookie headers, without attributes."""
    for name, value in pairs:
        for one in value.split(";") if name.lower() == "cookie" else [value.partition(";")[0]]:
            key, mark, texts = one.strip().partition("=")
            if mark:
                yield key, texts
