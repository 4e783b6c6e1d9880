"""Bodies: masks by what a body is, such as JSON sent as `text/plain`; its content type comes second, as it may be
wrong.

A body that cannot be understood is left out, with the reason (it fails closed). So is one at which this code fails: see
`record`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from drhttp._record import Body
from drhttp._redact.decoding import charset as charsets
from drhttp._redact.decoding.content_coding import undo_codings
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.csv import CSV_TYPES, mask_csv
from drhttp._redact.formats.json import mask_json, mask_string, mask_truncated_json
from drhttp._redact.formats.multipart import looks_like_multipart, mask_multipart
from drhttp._redact.formats.named_binary import names_secret
from drhttp._redact.formats.ndjson_and_sse import mask_ndjson, mask_sse
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.text_tables import mask_single_column, mask_tables
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.xml import mask_xml

if TYPE_CHECKING:
    from drhttp._record import Headers
    from drhttp._redact.policy import Policy

_LINES = frozenset(("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines",
                    "application/jsonlines", "application/json-seq", "application/x-jsonlines"))  # fmt: skip
_PLAIN_JSON = frozenset(("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"))
_PLAIN_BEGINNINGS = (b"{", b"[", b"<", b'"')  # and letters
_BEGIN_ZLIB = b"HXhx"  # the letters with which its header may begin (RFC 1950)
_FORM = "application/x-www-form-urlencoded"
_EVENTS = "text/event-stream"
_TEXTUAL = re.compile(
    r"text/|application/(?:javascript|ecmascript|yaml|x-yaml|toml|sql|graphql|xml)\b|.*\+(?:xml|yaml)\b"
)
_LONGEST_BEGINNING = 256  # characters of a truncated secret that is not recognizable yet
# A body that takes too much work keeps only its beginning: the parts of it that are tried, each with its share of the
# limit of work. Together they may take about a sixth of it.
_BEGINNINGS = ((1 / 16, 1 / 11), (1 / 70, 1 / 13))
_SECRET_WORDS = (b"password", b"passwd", b"secret", b"token", b"apikey", b"api_key", b"authorization", b"credential")
_MEDIA = ("image/", "audio/", "video/", "font/")  # no names in these, but any bytes
# The beginnings of JSON with names, and of any list; the latter may also be a line of a log: `[7] ...`.
_JSON_BEGINNING = re.compile(r'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[{\["\]]|\Z))')
_LIST_BEGINNING = re.compile(r"\s*\[\s*(?:[-\d]|true|false|null)")
# The last word and the separator in front of it; keys, credentials and URLs are single words.
_LAST_WORD = re.compile(r"""[\s,;"'`<>|(){}\[\]][^\s,;"'`<>|(){}\[\]]*\Z""")
# Digits and short groups in a row may be the beginning of a card number or an IBAN. The end of a line completes one.
# Matched against the reversed text, where there is one position to start.
_LAST_NUMBER = re.compile(
    r"[ -]?(?:(?:[0-9A-Za-z]{1,4}[ -])*[0-9A-Za-z]*[0-9]{2}[A-Za-z]{2}|[0-9]+(?:[ -][0-9]+)*)(?![0-9A-Za-z])"
)
_LONGEST_NUMBER = 60  # characters


def mask_body(body: Body, headers: Headers, policy: Policy) -> Body:
    """Return the body with its secrets masked, or without its content and with the reason if that is not possible.

    Of a body that takes too much work, the beginning is kept.
    """
    if not body.content:
        return body
    policy.budget.reset(len(body.content))
    content_type, coding = _type_and_coding(headers)
    try:
        if content_type in _PLAIN_JSON and not (coding or body.truncated) and body.content[:1] in (b"{", b"["):
            masked = _mask_plain_json(body, body.content, policy)
            if masked is not None:
                return masked
        masker = _BodyMasker(body, content_type, policy)
        if not (coding or body.truncated) and _is_plain_text(body.content, content_type):
            return masker.run_plain()
        return masker.run(coding.strip().lower())
    except MaskingError as error:
        beginning = _mask_beginning(body, content_type, coding, policy) if error.reason == "too_dense" else None
        return beginning or replace(body, content=None, truncated=False, omitted=error.reason)


def _type_and_coding(headers: Headers) -> tuple[str, str]:
    """The first `Content-Type`, and the values of all fields `Content-Encoding`."""
    content_type = coding = ""
    for name, value in headers:
        if name == "content-type":
            content_type = content_type or value
        elif name == "content-encoding":
            coding = f"{coding},{value}" if coding else value
    return content_type, coding


def _mask_beginning(body: Body, content_type: str, coding: str, policy: Policy) -> Body | None:
    """Mask the beginning of a body that takes too much work, as of one that was cut off there; `None` if that takes too
    much work as well, or is not possible.
    """
    for part, share in _BEGINNINGS:
        policy.budget.reset(len(body.content or b""), share)
        with suppress(MaskingError):
            masked = _BodyMasker(body, content_type, policy).run(coding.strip().lower(), part)
            return masked if masked.content else None
    return None


def mask_content(content: bytes, content_type: str, policy: Policy, *, cut: bool = False) -> tuple[bytes, int]:
    """Mask content without a declared coding by the rules for a body; return it and how many values were masked.

    cut: the end is missing. Raises `MaskingError` if it cannot be masked reliably.
    """
    masker = _BodyMasker(Body(content=content, truncated=cut), content_type, policy)
    masker.decode("")
    return masker.mask()


def mask_decoded(text: str, content_type: str, policy: Policy, *, cut: bool = False) -> tuple[str, int]:
    """Mask decoded content that is not multipart, as `mask_content` does."""
    return _BodyMasker(Body(truncated=cut), content_type, policy).mask_text(text)


def _mask_plain_json(body: Body, content: bytes, policy: Policy) -> Body | None:
    """Mask a body that is JSON in UTF-8, as most are; `None` if it is not in UTF-8, or may be in a wider charset."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    masked, count = mask_json(text, policy)
    return replace(body, content=masked.encode("utf-8", "replace"), redacted=count) if count else body


def _is_plain_text(content: bytes, content_type: str) -> bool:
    """Whether content is ASCII in a charset that includes it, and begins like neither a form nor a compressed body."""
    first = content[:1]
    return (
        content.isascii()
        and ((first.isalpha() and first not in _BEGIN_ZLIB) or first in _PLAIN_BEGINNINGS)
        and _is_ascii_type(content_type)
        and b"\0" not in content
    )


@lru_cache(maxsize=64)
def _is_ascii_type(content_type: str) -> bool:
    """Whether a content type other than multipart names UTF-8, or no charset."""
    lower = content_type.lower()
    return not lower.lstrip().startswith("multipart/") and (
        "charset" not in lower or lower.endswith(("charset=utf-8", 'charset="utf-8"'))
    )


def drop_partial_end(text: str) -> str:
    """Return a truncated text without the beginning of a secret that may stand at its end.

    That is the last word, and digits in groups in front of it.
    """
    last = _LAST_WORD.search(text, max(0, len(text) - _LONGEST_BEGINNING))
    if last is None and len(text) > _LONGEST_BEGINNING:
        return text
    text = text[: last.start() + 1] if last else ""
    number = _LAST_NUMBER.match(text[: -_LONGEST_NUMBER - 1 : -1])
    return text[: len(text) - number.end()] if number else text


class _BodyMasker:
    """Masks one body: decodes it, detects its format, and calls the function for that format."""

    def __init__(self, body: Body, content_type: str, policy: Policy) -> None:
        self._body = body
        self._content = body.content or b""
        self._cut = body.truncated
        self._declared = content_type
        self._type = content_type.partition(";")[0].strip().lower()
        self._policy = policy
        self._says_json = self._type in ("application/json", "text/json") or self._type.endswith("+json")

    def run(self, coding: str, part: float = 1) -> Body:
        """Return the masked body. coding: the value of `Content-Encoding`. part: of the content that is kept."""
        decoded = self.decode(coding)
        if part < 1:
            length = int(len(self._content) * part) // 4 * 4  # whole characters of UTF-16, whole groups of base64
            self._content, self._cut = self._content[:length], True
        content, count = self.mask()
        if not count and content is self._body.content:
            return self._body
        return replace(self._body, content=content, truncated=self._cut, redacted=count, decoded=decoded)

    def run_plain(self) -> Body:
        """Return the masked body, which is ASCII without any coding."""
        text = self._content.decode("ascii")
        masked, count = self.mask_text(text)
        return replace(self._body, content=masked.encode("utf-8", "replace"), redacted=count) if count else self._body

    def decode(self, coding: str) -> str | None:
        """Undo the content codings, declared or not; return their names for the record."""
        undone = self._body.decoded  # by the client that sent an outgoing request
        decoded = undo_codings(self._content, "" if undone else coding, cut=self._cut)
        self._content, self._cut = decoded.content, decoded.cut
        return ", ".join(decoded.codings) or undone

    def mask(self) -> tuple[bytes, int]:
        """Mask the decoded content; return it and how many values were masked."""
        declared = self._declared if self._type.startswith("multipart/") else looks_like_multipart(self._content)
        if declared is not None:
            return mask_multipart(self._content, declared, self._policy, cut=self._cut)
        charset = charsets.charset_of(self._content, self._declared)
        text = charsets.decode(self._content, charset, cut=self._cut)
        if text is None:
            text, charset = self._decode_as_latin1(), "latin-1"
            if charsets.is_binary(self._content):
                return self._mask_binary(text)
        if not charsets.is_wide(charset):
            self._refuse_wide_text()
        masked, count = self.mask_text(text)
        if not count and not charsets.is_ascii_superset(charset):
            self._refuse_secrets_in_latin1()
        return self._content if masked == text else masked.encode(charset, "replace"), count

    def _decode_as_latin1(self) -> str:
        """Decode content that is not in its declared charset: binary data, or a text that is readable all the same.

        Raises `MaskingError` for formats that depend on the charset.
        """
        if self._says_json or self._type in _LINES or self._type == _FORM:
            raise MaskingError("encoding")
        text = self._content.decode("latin-1")
        if _JSON_BEGINNING.match(text) or (charsets.is_binary(self._content) and _TEXTUAL.match(self._type)):
            raise MaskingError("encoding")
        if not _TEXTUAL.match(self._type):
            self._refuse_named_binary()
        return text

    def _refuse_named_binary(self) -> None:
        """Raise `MaskingError` for binary formats with names: MessagePack, CBOR, BSON, property lists."""
        lower = self._content.lower()
        if any(name in lower for name in _SECRET_WORDS) or (
            not self._type.startswith(_MEDIA) and names_secret(self._content, self._policy)
        ):
            raise MaskingError("encoding")

    def _mask_binary(self, text: str) -> tuple[bytes, int]:
        """Mask binary data, in which only values that are secret by their form can be found."""
        if self._content.count(0) * 10 > len(self._content):
            self._refuse_wide_text()
        masked, count = self._policy.mask_values(text)
        return masked.encode("latin-1", "replace") if count else self._content, count

    def _refuse_wide_text(self) -> None:
        """Raise `MaskingError` for undeclared UTF-16 or UTF-32 that holds secrets, or looks like JSON."""
        if b"\0" in self._content:
            self._refuse_named_binary()
            text = self._content.replace(b"\0", b"").decode("latin-1")
            if _JSON_BEGINNING.match(text) or mask_text(text, self._policy)[1]:
                raise MaskingError("encoding")

    def _refuse_secrets_in_latin1(self) -> None:
        """Raise `MaskingError` for secrets that show only when the declared charset is ignored."""
        if mask_text(self._content.replace(b"\0", b"").decode("latin-1"), self._policy)[1]:
            raise MaskingError("encoding")

    def mask_text(self, text: str) -> tuple[str, int]:
        """Mask a text that may be JSON, by its content type or by how it begins."""
        if self._type in _LINES:
            return mask_ndjson(text, self._policy, cut=self._cut)
        if self._says_json or _JSON_BEGINNING.match(text) or _LIST_BEGINNING.match(text):
            try:
                return (mask_truncated_json if self._cut else mask_json)(text, self._policy)
            except MaskingError:
                if self._says_json or not _LIST_BEGINNING.match(text):
                    raise
        return self._mask_other(text)

    def _mask_other(self, text: str) -> tuple[str, int]:
        """Mask a text that is not JSON, by its content type or by how it begins."""
        if self._type == _FORM:
            return mask_query(text.rpartition("&")[0] if self._cut else text, self._policy, cut=self._cut)
        if self._type == _EVENTS:
            return mask_sse(text, self._policy, cut=self._cut)
        declared = self._type.endswith(("/xml", "+xml")) and not self._type.endswith("xhtml+xml")
        if declared or "html" in self._type or text.lstrip().startswith("<"):
            return mask_xml(text, self._policy, cut=self._cut, html=not declared)
        if self._type in CSV_TYPES:
            table = mask_csv(text, self._policy, partial(mask_string, policy=self._policy, tables=False), cut=self._cut)
            if table is not None:
                return table
        if not self._cut:
            return mask_single_column(text, self._policy) or mask_string(text, self._policy)
        text, count = mask_tables(text, self._policy, cut=True)
        masked, found = mask_string(drop_partial_end(text), self._policy, tables=False)
        return masked, count + found
