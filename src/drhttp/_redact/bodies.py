"""Bodies: what a body is decides how it is masked; what it says it is comes second, since that may be a lie.

Fails closed: a body that should be understood and is not is left out, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from drhttp._redact.decoding import charset as charsets
from drhttp._redact.decoding.content_coding import decode, undeclared_coding
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.csv import CSV_TYPES, mask_csv
from drhttp._redact.formats.json import mask_json, mask_string, mask_truncated_json
from drhttp._redact.formats.multipart import looks_like_multipart, mask_multipart
from drhttp._redact.formats.ndjson_and_sse import mask_events, mask_lines
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.text_tables import mask_tables
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.xml import mask_xml

if TYPE_CHECKING:
    from drhttp._record import Body, Headers
    from drhttp._redact.policy import Policy

_LINES = frozenset(("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines",
                    "application/jsonlines", "application/json-seq", "application/x-jsonlines"))  # fmt: skip
_PLAIN_JSON = frozenset(("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"))
_FORM = "application/x-www-form-urlencoded"
_EVENTS = "text/event-stream"
_TEXTUAL = re.compile(
    r"text/|application/(?:javascript|ecmascript|yaml|x-yaml|toml|sql|graphql|xml)\b|.*\+(?:xml|yaml)\b"
)
_LONGEST_BEGINNING = 256  # characters of a secret that may not show yet what it is
_HIDDEN = 3  # codings that a body may have without saying so
_SECRET_WORDS = (b"password", b"passwd", b"secret", b"token", b"apikey", b"api_key", b"authorization", b"credential")
# What begins like JSON that holds names; and like a list of anything, which may be a line of a log: `[7] ...`.
_LIKE_JSON = re.compile(r'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[{\["\]]|\Z))')
_LIKE_LIST = re.compile(r"\s*\[\s*(?:[-\d]|true|false|null)")
# The last word, with what stands in front of it; keys, credentials and URLs are words.
_LAST_WORD = re.compile(r"""[\s,;"'`<>|(){}\[\]][^\s,;"'`<>|(){}\[\]]*\Z""")
# The last word may be the beginning of a secret; digits and short groups behind each other may be so together. What the
# end of a line closes is whole. Read from the end of the text to its beginning: there is one place to start.
_LAST_NUMBER = re.compile(
    r"[ -]?(?:(?:[0-9A-Za-z]{1,4}[ -])*[0-9A-Za-z]*[0-9]{2}[A-Za-z]{2}|[0-9]+(?:[ -][0-9]+)*)(?![0-9A-Za-z])"
)
_LONGEST_NUMBER = 60  # characters


def mask_body(body: Body, headers: Headers, policy: Policy) -> Body:
    """The body without its secrets; without its content where that cannot be had, and then it says why."""
    if not body.content:
        return body
    policy.budget.reset(len(body.content))
    content_type = coding = ""
    for name, value in headers:
        if name == "content-type":
            content_type = content_type or value
        elif name == "content-encoding":
            coding = f"{coding},{value}" if coding else value
    try:
        if content_type in _PLAIN_JSON and not (coding or body.truncated) and body.content[:1] in (b"{", b"["):
            masked = _mask_plain_json(body, body.content, policy)
            if masked is not None:
                return masked
        return _BodyMasker(body, content_type, policy).run(coding.strip().lower())
    except MaskingError as error:
        return replace(body, content=None, truncated=False, omitted=error.reason)


def _mask_plain_json(body: Body, content: bytes, policy: Policy) -> Body | None:
    """Most bodies are JSON that is just what it says, and nothing else is to be found out; `None` if it is not."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    masked, count = mask_json(text, policy)
    return replace(body, content=masked.encode("utf-8", "replace"), redacted=count) if count else body


def drop_partial_end(text: str) -> str:
    """A text that was cut, without what may be the beginning of a secret: the last word, and numbers in groups."""
    last = _LAST_WORD.search(text, max(0, len(text) - _LONGEST_BEGINNING))
    if last is None and len(text) > _LONGEST_BEGINNING:
        return text
    text = text[: last.start() + 1] if last else ""
    number = _LAST_NUMBER.match(text[: -_LONGEST_NUMBER - 1 : -1])
    return text[: len(text) - number.end()] if number else text


class _BodyMasker:
    """The masking of one body."""

    def __init__(self, body: Body, content_type: str, policy: Policy) -> None:
        self._body = body
        self._content = body.content or b""
        self._cut = body.truncated
        self._declared = content_type
        self._type = content_type.partition(";")[0].strip().lower()
        self._policy = policy
        self._says_json = self._type in ("application/json", "text/json") or self._type.endswith("+json")

    def run(self, coding: str) -> Body:
        """Decode it, find out what it is, and mask it accordingly."""
        decoded = self._decode(coding)
        content, count = self._masked()
        if not count and content is self._body.content:
            return self._body
        return replace(self._body, content=content, truncated=self._cut, redacted=count, decoded=decoded)

    def _decode(self, coding: str) -> str | None:
        codings = [coding] if coding not in ("", "identity") else []
        if codings:
            self._content, self._cut = decode(self._content, coding, cut=self._cut)
        while (hidden := undeclared_coding(self._content, cut=self._cut)) is not None:
            if len(codings) > _HIDDEN:
                raise MaskingError("coding")
            codings.append(hidden)
            self._content, self._cut = decode(self._content, hidden, cut=self._cut)
        return ", ".join(codings) or None

    def _masked(self) -> tuple[bytes, int]:
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
        masked, count = self._mask_text(text)
        if not count and not charsets.is_ascii_superset(charset):
            self._refuse_secrets_in_latin1()
        return self._content if masked == text else masked.encode(charset, "replace"), count

    def _decode_as_latin1(self) -> str:
        """What is not in the charset that it says; it may be binary, or a text that can be read all the same."""
        if self._says_json or self._type in _LINES or self._type == _FORM:
            raise MaskingError("encoding")
        text = self._content.decode("latin-1")
        if _LIKE_JSON.match(text) or (charsets.is_binary(self._content) and _TEXTUAL.match(self._type)):
            raise MaskingError("encoding")
        if not _TEXTUAL.match(self._type):
            self._refuse_named_binary()
        return text

    def _refuse_named_binary(self) -> None:
        """Refuse formats that are no text and have names: MessagePack, CBOR, BSON, property lists."""
        lower = self._content.lower()
        if any(name in lower for name in _SECRET_WORDS):
            raise MaskingError("encoding")

    def _mask_binary(self, text: str) -> tuple[bytes, int]:
        """Only what betrays itself can be told from other bytes."""
        if self._content.count(0) * 10 > len(self._content):
            self._refuse_wide_text()
        masked, count = self._policy.mask_values(text)
        return masked.encode("latin-1", "replace") if count else self._content, count

    def _refuse_wide_text(self) -> None:
        """Refuse what has several bytes a letter, does not say so, and holds secrets, or names as JSON does."""
        if b"\0" in self._content:
            self._refuse_named_binary()
            text = self._content.replace(b"\0", b"").decode("latin-1")
            if _LIKE_JSON.match(text) or mask_text(text, self._policy)[1]:
                raise MaskingError("encoding")

    def _refuse_secrets_in_latin1(self) -> None:
        """Refuse what shows secrets only when it is not read in the charset that it says."""
        if mask_text(self._content.replace(b"\0", b"").decode("latin-1"), self._policy)[1]:
            raise MaskingError("encoding")

    def _mask_text(self, text: str) -> tuple[str, int]:
        if self._type in _LINES:
            return mask_lines(text, self._policy, cut=self._cut)
        if self._says_json or _LIKE_JSON.match(text) or _LIKE_LIST.match(text):
            try:
                return (mask_truncated_json if self._cut else mask_json)(text, self._policy)
            except MaskingError:
                if self._says_json or not _LIKE_LIST.match(text):
                    raise
        return self._mask_other(text)

    def _mask_other(self, text: str) -> tuple[str, int]:
        if self._type == _FORM:
            return mask_query(text.rpartition("&")[0] if self._cut else text, self._policy, cut=self._cut)
        if self._type == _EVENTS:
            return mask_events(text, self._policy, cut=self._cut)
        declared = self._type.endswith(("/xml", "+xml")) and not self._type.endswith("xhtml+xml")
        if declared or "html" in self._type or text.lstrip().startswith("<"):
            return mask_xml(text, self._policy, cut=self._cut, html=not declared)
        if self._type in CSV_TYPES:
            table = mask_csv(text, self._policy, partial(mask_string, policy=self._policy, tables=False), cut=self._cut)
            if table is not None:
                return table
        if not self._cut:
            return mask_string(text, self._policy)
        text, count = mask_tables(text, self._policy, cut=True)
        masked, found = mask_string(drop_partial_end(text), self._policy, tables=False)
        return masked, count + found
