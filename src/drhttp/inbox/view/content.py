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
"""Maximum decompressed bytes of an image."""
UNPACKED = 2 * 1024 * 1024
"""Maximum decompressed bytes of other bodies."""
MULTIPART = 1024 * 1024
"""Maximum bytes of a multipart body that are looked at."""
TEXT = 512 * 1024
"""Maximum bytes of a text that are looked at: to mask one takes up to 50 times as much memory."""
DENSE = 128 * 1024
"""Maximum bytes of one whose compression ratio exceeds `RATIO`, or whose end is missing and that has `SIGNS` signs."""
RATIO = 20
SIGNS = 60_000
"""Signs of structure in a text whose end is missing: for each an object may be created."""
_WORD = 4096
"""Maximum characters of a word that is left out at the end of the beginning of a text."""
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
    partial: whether more was recorded, too.
    """

    data: bytes
    media: str
    form: str
    text: str | None
    coding: str | None = None
    problem: str | None = None
    cut: bool = False
    charset: str = "utf-8"
    partial: bool = False

    @property
    def unsearched(self) -> bool:
        """Whether its rest, which is not shown, may hold secrets. Those of images are not searched for at all."""
        return self.partial and self.form != "image"


def content_of(message: Message, most: int = TEXT) -> Content:
    """Decode a body for display, within limits. most: bytes of a text that are looked at."""
    declared = type_of(message)
    media = declared.partition(";")[0].strip().lower()
    data, coding, problem, more = decompressed(message, UNPACKED)
    if more and image_type(data):
        data, coding, problem, more = decompressed(message, INFLATED)
    if not data or image_type(data):
        form = "image" if data else "empty"
        return Content(data, media, form, None, coding, problem, more or message.truncated, partial=more)
    is_multipart = looks_like_multipart(data) is not None or media.startswith("multipart/")
    most = MULTIPART if is_multipart else most
    is_repetitive = bool(coding) and len(data) > RATIO * len(message.body or b"")
    if is_repetitive or (_has_many_signs(data[:most]) and (message.truncated or more or len(data) > most)):
        most = DENSE
    longer = more or len(data) > most
    text, charset = (None, "utf-8") if problem else _text(data[:most], declared, cut=longer or message.truncated)
    if is_multipart or text is not None:
        data, more = data[:most], longer
    if more and text is not None:
        text = _whole_words(text)
    form = "multipart" if is_multipart else _form(media, text)
    return Content(data, media, form, text, coding, problem, more or message.truncated, charset, more)


def _has_many_signs(data: bytes) -> bool:
    return sum(map(data.count, (b"[", b"{", b","))) > SIGNS


def _whole_words(text: str) -> str:
    """Leave out the word at the end, which may be the beginning of a secret."""
    end = max(text.rfind(sign, -_WORD) for sign in "\n ,;&<")
    return text[:end] if end > 0 else text


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
            if not cut or len(data) - problem.start > 3:
                continue
            found = data[: problem.start].decode(codec)
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
