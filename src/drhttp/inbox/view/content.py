"""Removes the content coding of a body and detects its format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drhttp._http.content_coding import CodingError, decode, detect_coding
from drhttp._redact.decoding.charset import codec_of
from drhttp._redact.formats.multipart import looks_like_multipart
from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Message

INFLATED = 8 * 1024 * 1024
"""Maximum decompressed bytes of a body."""
STRUCTURED = 192 * 1024
"""Maximum decompressed bytes of a structured body whose compression ratio exceeds `RATIO`."""
RATIO = 20
_STRUCTURED_FORMS = {"json", "xml", "html", "form", "multipart"}
_FORMS = {
    "application/x-www-form-urlencoded": "form",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/event-stream": "events",
    **dict.fromkeys(
        (
            "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
            "application/jsonlines", "application/json-lines", "application/stream+json", "text/x-ndjson",
            "text/ndjson", "application/x-json-stream",
        ),
        "ndjson",
    ),
}  # fmt: skip
"""Forms of text by media type."""
_CODINGS = {"gzip", "x-gzip", "deflate"}
_IMAGE_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
)
_LINE_ENDS = range(3)
"""Bytes that may be missing: many frameworks end JSON with LF or CRLF, which parsed JSON does not have."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_CHARSET = re.compile(r'charset\s*=\s*"?([\w.:-]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """data: without its content coding, as far as it was looked at. form: ``empty``, ``json``, ``form`` ...

    coding: what was removed. problem: why it could not be. cut: whether more would have come. charset: of the text.
    """

    data: bytes
    media: str
    form: str
    text: str | None
    coding: str | None = None
    problem: str | None = None
    cut: bool = False
    charset: str = "utf-8"


def content_of(message: Message) -> Content:
    """Decode a body for display, within limits."""
    declared = type_of(message)
    media = declared.partition(";")[0].strip().lower()
    data, coding, problem, cut = decompressed(message, INFLATED)
    cut = cut or message.truncated
    if not data:
        return Content(data, media, "empty", None, coding, problem, cut)
    if image_type(data):
        return Content(data, media, "image", None, coding, problem, cut)
    text, charset = (None, "utf-8") if problem else _text(data, declared, cut=cut)
    form = "multipart" if looks_like_multipart(data) else _form(media, text)
    apart = form in _STRUCTURED_FORMS or "csv" in media
    if coding and apart and len(data) > max(STRUCTURED, RATIO * len(message.body or b"")):
        data, cut = data[:STRUCTURED], True
        text, charset = _text(data, declared, cut=cut)
    return Content(data, media, form, text, coding, problem, cut, charset)


def type_of(message: Message) -> str:
    """Return the content type of a body as it is kept."""
    return message.content_type or header(message.headers, "content-type") or ""


def rewritten(message: Message, size: int | None) -> bool:
    """Return whether JSON arrived in another form than it was sent in, which its size tells. size: as it was sent."""
    if not message.parsed or message.truncated or message.redacted or message.hidden or message.decoded:
        return False
    coded = header(message.headers, "content-encoding") is not None
    return size is not None and size - len(message.body or b"") not in _LINE_ENDS and not coded


def image_type(data: bytes) -> str | None:
    """Return the image type from the first bytes, ignoring the Content-Type header."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in {b"ftypavif", b"ftypavis"}:
        return "image/avif"
    if data[:2] == b"BM" and data[6:10] == bytes(4):  # two letters alone may begin a text
        return "image/bmp"
    return next((kind for start, kind in _IMAGE_SIGNATURES if data.startswith(start)), None)


def decompressed(message: Message, limit: int) -> tuple[bytes, str | None, str | None, bool]:
    """Return a body without its content coding, up to `limit` bytes.

    Returns as well the coding that was removed, why it could not be, and whether there is more than `limit`.
    """
    body = message.body or b""
    coding = (header(message.headers, "content-encoding") or "").strip().lower()
    if not body or message.parsed or message.decoded or coding in {"", "identity"}:
        return body, None, None, False
    if coding not in _CODINGS:
        return body, None, f"The content coding {coding} is not supported.", False
    # Some servers call the one coding by the name of the other.
    actual = detect_coding(body, limit=1, cut=True)
    try:
        found = decode(body, actual if actual in _CODINGS else coding, limit=limit, cut=True, ignore_trailing=True)
    except CodingError:
        # Senders may remove the coding but keep the header.
        return body, None, None if _plain(body) else f"The body is not valid {coding}.", False
    return found.content, coding, None, found.more


def _plain(body: bytes) -> bool:
    return _text(body, "", cut=True)[0] is not None


def _text(data: bytes, declared: str, *, cut: bool) -> tuple[str | None, str]:
    """Return the decoded text and its charset."""
    charset = _CHARSET.search(declared)
    for name in (charset[1] if charset else "utf-8", "utf-8", *(["latin-1"] if declared.startswith("text/") else [])):
        codec = codec_of(name)
        if codec is None:
            continue
        try:
            found = data.decode(codec)
        except UnicodeDecodeError as problem:
            # Truncation may split the last character.
            if not cut or codec != "utf-8" or len(data) - problem.start > 3:
                continue
            found = data[: problem.start].decode("utf-8")
        if _CONTROL.search(found) is None:
            return found, name
    return None, "utf-8"


def _form(media: str, text: str | None) -> str:
    if media.startswith("multipart/"):
        return "multipart"
    if text is None:
        return "binary"
    if media in _FORMS:
        return _FORMS[media]
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if media.endswith(("json", "+json")) or (start in {"{", "["} and not media.startswith("text/")):
        return "json"
    if media.endswith(("/xml", "+xml")) or (start == "<" and not media.startswith("text/")):
        return "xml"
    return "text"
