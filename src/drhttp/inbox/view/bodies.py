"""A body for the page: its kind, its text in pages, the fields of forms and the parts of multipart bodies."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from xml.parsers import expat

from drhttp._http.multipart import boundary_of, parameters
from drhttp._redact.formats.multipart import looks_like_multipart
from drhttp.inbox.exchange import Exchange, Message
from drhttp.inbox.view import masking
from drhttp.inbox.view.binary_trees import BinaryTree, tree_of
from drhttp.inbox.view.content import Content, content_of, image_type, rewritten, type_of
from drhttp.inbox.view.multipart import Part, parts

PAGE = 65_536
"""Characters of text that are included in a record."""
MAX_FIELDS = 1_000
MAX_PICTURE = 128 * 1024
"""Maximum bytes of an image in a part."""
MAX_MEMORY = 64 * 1024 * 1024
"""Memory limit in bytes for validating JSON."""


@dataclass(frozen=True, slots=True)
class DisplayedBody:
    """A body as it is shown. text: whole, masked unless revealed. masked: how many values. tree: of binary formats."""

    content: Content
    text: str | None
    masked: int
    fields: list[dict[str, Any]] | None = None
    parts: list[dict[str, Any]] | None = None
    tree: BinaryTree | None = None


def shown(message: Message, *, reveal: bool) -> DisplayedBody:
    """Decode and mask a body for display."""
    content = content_of(message)
    declared = type_of(message)
    if content.form == "multipart":
        return _multipart(content, declared, reveal=reveal)
    text, masked = content.text, 0
    if not reveal:
        text, masked = _masked(content, declared)
    fields = None
    if content.form == "form":
        fields = listed(masking.pairs(content.text or "", text or "", MAX_FIELDS))
    tree = tree_of(message, content, reveal=reveal)
    if tree is not None and text is None:
        masked = max(masked, tree.masked)
    return DisplayedBody(content, text, masked, fields, tree=tree)


def views(exchange: Exchange, *, reveal: bool) -> dict[str, DisplayedBody]:
    """Return the displayed bodies of an exchange by side."""
    sides = {"request": exchange.request, "response": exchange.response}
    return {side: shown(message, reveal=reveal) for side, message in sides.items() if message is not None}


def _masked(content: Content, content_type: str) -> tuple[str | None, int]:
    """Mask a text. Binary data cannot be masked, only withheld."""
    if content.text is None:
        return None, masking.count_secrets_in_bytes(content.data, content_type) if content.form == "binary" else 0
    text, count = masking.body(content.text, content_type, cut=content.cut)
    if not count and content.charset.lower() != "utf-8":
        # The recorder may know that the charset is another one.
        count = masking.count_secrets_in_bytes(content.data, content_type)
        text = masking.MASK if count else text
    return text, count


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
        "content_type": message.content_type,
        "read": message.read,
        "parsed": message.parsed,
        "rewritten": rewritten(message, size),
        "coding": content.coding,
        "coding_error": content.problem,
        "unpacked_in_part": content.partial,
        "masked": view.masked,
        "valid": None if content.partial else _valid(content),
        "fields": view.fields,
        "parts": view.parts,
        "tree": None if view.tree is None else asdict(view.tree),
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


def _memory(text: str) -> int:
    """Estimate the memory in bytes of parsed JSON."""
    return 200 * text.count("{") + 64 * text.count("[") + 32 * text.count(",")


def listed(pairs: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Return masked pairs as JSON objects."""
    return [{"name": name, "value": value, "masked": count > 0} for name, value, count in pairs]


def _multipart(content: Content, declared: str, *, reveal: bool) -> DisplayedBody:
    """Mask a multipart body as a whole, then take it apart."""
    data = content.data
    kinds = [kind for kind in (declared, looks_like_multipart(data)) if kind and boundary_of(kind)]
    masked: tuple[bytes, int] | None = (data, 0) if reveal else None
    kind = next((kind for kind in kinds if parts(data, kind)), "")
    for one in [] if reveal else kinds:
        masked = masking.multipart(data, one)
        if masked is not None:
            kind = one
            break
    if masked is None:
        masked = _leniently(data, parts(data, kind))
    text = _utf8(masked[0]) if masked[1] else content.text
    return DisplayedBody(content, text, masked[1], None, _parts(masked[0], data, kind))


def _leniently(data: bytes, found: list[Part]) -> tuple[bytes, int]:
    """Mask a multipart body that the recorder would leave out, because readers may take it apart in different ways."""
    if not found:
        return _mask_piece(data, secret=bool(parameters(data)))
    pieces: list[tuple[bytes, int]] = []
    done = 0
    for part in found:
        raw = data[part.start : part.end]
        pieces.append(_mask_piece(data[done : part.start], secret=False))
        # What has a name inside is a nested body, or one whose delimiters were not found.
        pieces.append(_mask_piece(raw, secret=any(map(masking.is_secret, part.names)) or bool(parameters(raw))))
        done = part.end
    pieces.append(_mask_piece(data[done:], secret=False))
    return b"".join(piece for piece, _ in pieces), sum(count for _, count in pieces)


def _mask_piece(raw: bytes, *, secret: bool) -> tuple[bytes, int]:
    text = _utf8(raw)
    if secret and raw:
        masked, count = masking.secret(text or masking.MASK)
    elif text is None:
        masked, count = masking.MASK, masking.count_secrets_in_bytes(raw, "")
    else:
        masked, count = masking.value(text)
    return (masked.encode("utf-8", "replace"), count) if count else (raw, 0)


def _parts(masked: bytes, data: bytes, content_type: str) -> list[dict[str, Any]]:
    """Return the JSON of the parts. data: as it arrived."""
    shown, arrived = parts(masked, content_type), parts(data, content_type)
    if len(shown) != len(arrived):
        return [_part(part, masked[part.start : part.end], None) for part in shown]
    return [
        _part(part, masked[part.start : part.end], data[before.start : before.end])
        for part, before in zip(shown, arrived, strict=True)
    ]


def _part(part: Part, raw: bytes, arrived: bytes | None) -> dict[str, Any]:
    masked = masking.MASK.encode() in raw if arrived is None else raw != arrived
    text = _utf8(raw)
    return {
        "name": part.name,
        "filename": part.filename,
        "type": part.media,
        "size": len(raw if arrived is None else arrived),
        "headers": listed([(name, value, value.count(masking.MASK)) for name, value in part.headers]),
        "text": (masking.MASK if masked else None) if text is None else text[:PAGE],
        "masked": masked,
        "image": None if masked or text is not None else _picture(raw),
    }


def _picture(raw: bytes) -> str | None:
    """Return a small raster image as a URL that contains it."""
    media = image_type(raw)
    return f"data:{media};base64,{base64.b64encode(raw).decode()}" if media and len(raw) <= MAX_PICTURE else None


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
