"""Requests and responses of HAR entries as messages: our own, with their exact bytes, and those of other programs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from drhttp._http.content_coding import detect_coding
from drhttp._redact.decoding.charset import codec_of
from drhttp.inbox import coerce
from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Headers, Message

MISSING_BODY = "not in the HAR"
_CHARSET = re.compile(r'charset\s*=\s*"?([\w.:-]+)', re.IGNORECASE)
_UNKNOWN = "x-unknown"  # as Chromium writes it
_FORM = "application/x-www-form-urlencoded"

Part = Mapping[str, object]


def own_message(part: Part, content: Part, ours: Part) -> Message:
    """Return a message of our own export. part: the request or response. ours: what it has below ``_drhttp``."""
    return Message(
        headers=_own_headers(ours.get("headers")) or _headers(part.get("headers")),
        body=_own_body(content, ours),
        parsed=ours.get("parsed") is True,
        truncated=ours.get("truncated") is True,
        omitted=coerce.text(ours.get("omitted")),
        redacted=coerce.count(ours.get("redacted")) or 0,
        hidden=coerce.count(ours.get("hidden")) or 0,
        decoded=coerce.text(ours.get("decoded")),
        content_type=coerce.text(ours.get("content_type")),
        read=coerce.text(ours.get("read")),
    )


def foreign_message(part: Part, content: Part) -> Message:
    """Return a message of another program. content: ``postData`` or ``content``.

    Others write a text decoded and without its content coding, and leave out what is large or was not kept.
    """
    headers = _headers(part.get("headers"))
    declared, mime = header(headers, "content-type"), coerce.text(content.get("mimeType"))
    mime = None if mime == _UNKNOWN else mime
    body = _packed(content)
    kind = None if declared else mime
    if body is None and (text := _text(content)) is not None:
        body, charset = _encoded(text, declared or mime or "")
        kind = f"{(declared or mime or 'text/plain').partition(';')[0]}; charset=utf-8" if charset else kind
    if body is None and is_form_without_text(content):
        body = _form(content.get("params"))
    message = Message(headers=headers, body=body, content_type=kind)
    if body:
        coding = coerce.text(header(headers, "content-encoding"))
        # Few programs keep the bytes as they were sent.
        return message if not coding or detect_coding(body, limit=1, cut=True) else replace(message, decoded=coding)
    size = coerce.count(content.get("size")) or coerce.count(part.get("bodySize"))
    return replace(message, omitted=MISSING_BODY) if body is None and (size or content.get("params")) else message


def is_form_without_text(content: Part) -> bool:
    """Return whether a form is there by its fields alone, from which its text can be put together."""
    kind = (coerce.text(content.get("mimeType")) or _FORM).partition(";")[0].strip().lower()
    return kind == _FORM and bool(_params(content.get("params"))) and not content.get("text")


def is_base64(content: Part) -> bool:
    """Return whether a body is written as base64."""
    return _packed(content) is not None


def _own_body(content: Part, ours: Part) -> bytes | None:
    raw = ours.get("raw")
    if isinstance(raw, str) and (packed := _unpacked(raw)) is not None:
        return packed
    if (packed := _packed(content)) is not None:
        return packed
    charset = ours.get("charset")
    if (text := _text(content)) is not None:
        return _encoded(text, f"charset={charset}" if isinstance(charset, str) else "")[0]
    if params := _params(content.get("params")):
        return _form(params) if ours.get("body") is not False else None
    return b"" if ours.get("body") is True else None


def _text(content: Part) -> str | None:
    text = content.get("text")
    return coerce.scrub(text) if isinstance(text, str) else None


def _packed(content: Part) -> bytes | None:
    text = content.get("text")
    packed = isinstance(text, str) and (content.get("encoding") or content.get("_encoding")) == "base64"
    return _unpacked(str(text)) if packed else None


def _unpacked(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _encoded(text: str, content_type: str) -> tuple[bytes, bool]:
    """Encode a text in its declared charset; also returns whether it had to be UTF-8 in spite of that."""
    found = _CHARSET.search(content_type)
    codec = codec_of(found[1]) if found else None
    if codec is not None:
        try:
            body = text.encode(codec)
            if body.decode(codec) == text:
                return body, False
        except UnicodeError:
            pass
    return text.encode("utf-8"), codec not in {None, "utf-8"}


def _headers(value: object) -> Headers:
    """As text of any alphabet; HTTP/2 writes parts of the first line among them, with a colon in front."""
    listed = [coerce.mapping(pair) for pair in value] if isinstance(value, list) else []
    pairs = [(_plain(pair.get("name")), _plain(pair.get("value"))) for pair in listed]
    return tuple((_bytes(name), _bytes(text)) for name, text in pairs if name and not name.startswith(":"))


def _own_headers(value: object) -> Headers:
    found = coerce.headers(value) if isinstance(value, list) else ()
    return tuple((_latin(name), _latin(text)) for name, text in found)


def _latin(text: str) -> str:
    """One character a byte, also when somebody has edited the file."""
    return text if all(char <= "\xff" for char in text) else _bytes(text)


def _bytes(text: str) -> str:
    return coerce.scrub(text).encode().decode("latin-1")


def _params(value: object) -> list[Part]:
    return [coerce.mapping(one) for one in value] if isinstance(value, list) else []


def _form(params: object) -> bytes:
    pairs = _params(params)
    return "&".join(f"{quote(_plain(pair.get('name')))}={quote(_plain(pair.get('value')))}" for pair in pairs).encode()


def _plain(value: object) -> str:
    return "" if value is None else coerce.text(value) or ""
