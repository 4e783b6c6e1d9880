"""Masking on display. Recorders mask before they send; those of others may not, and screens are shared.

The rules are the recorder's own (`drhttp._redact`): a second set would know other names and other tokens, and what is
safe to show would depend on who sent it. The mask is another one, because it says something else: the value arrived in
clear, is in the file, and is hidden here only.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qsl, quote, quote_plus

from drhttp._http.multipart import boundary_of
from drhttp._redact.bodies import mask_content, mask_decoded
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_json, mask_string
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_url
from drhttp._redact.formats.xml import mask_xml
from drhttp._redact.policy import Policy
from drhttp._redact_options import Redact
from drhttp.inbox.exchange import Headers, Summary
from drhttp.inbox.mask_detection import is_mask, masks

MASK = "[hidden here, arrived in clear]"
_IN_QUERY = quote_plus(MASK, safe="[]")
_ENCODED = (_IN_QUERY, quote_plus(_IN_QUERY, safe="[]"), quote_plus(MASK), quote(MASK, safe=",[]"))
_OPENING = frozenset("[{*")
_CLOSING = {"{": "}", "[": "]", '"': '"'}
_WORK_BUDGET = 6 << 20
"""Work budget for masking a text, as the number of bytes for which the recorder allows it: a few seconds."""
_CONTAINERS = 100
"""Different arrays and objects of masks whose type is kept; for each the text is searched."""
_HARMLESS = re.compile(r"^(?:access-control-.*|sec-.*|www-authenticate|proxy-authenticate)$", re.IGNORECASE)
_FILE = re.compile(r"\[\d+ bytes\]")

Masked = tuple[str, int]
"""A text as it is shown, and how many values are hidden in it."""
_Way = Callable[[Policy], tuple[str, int]]
"""A way to mask a text. Raises `MaskingError` if it does not suit the text."""


class _Masking(threading.local):
    """Masking rules per thread, with counters of masked values since `begin`."""

    def __init__(self) -> None:
        self.hidden = self.known = 0
        self.containers: set[str] = set()
        self.policy = Policy(Redact(value=self._mask), keep_files=True)

    def begin(self) -> Policy:
        """Reset the counters and return the rules for a new text."""
        self.hidden = self.known = 0
        self.containers.clear()
        self.policy.budget.reset(_WORK_BUDGET)
        return self.policy

    def _mask(self, secret: str) -> str:
        # A recorder's mask, or its placeholder for a file, is not a secret, and there is nothing to reveal.
        inner = secret.strip(' \t\r\n"')
        if inner[:1] in _OPENING and (is_mask(inner) or _FILE.fullmatch(inner)):
            self.known += 1
            if inner[:1] != "*" and len(self.containers) < _CONTAINERS:
                self.containers.add(secret)
            return secret
        self.hidden += 1
        return MASK


_here = _Masking()


def is_secret(name: str) -> bool:
    """Return whether values with this name are secret."""
    try:
        return _here.policy.is_secret(name) and not _HARMLESS.match(name)
    except MaskingError:
        return True


def headers(pairs: Headers, *, reveal: bool) -> list[tuple[str, str, int]]:
    """Mask headers. Returns name, displayed value, and number of hidden values."""
    return [(name, *_field(name, value, reveal)) for name, value in pairs]


def pairs(text: str, masked: str, limit: int) -> list[tuple[str, str, int]]:
    """Decode a masked query or form. Returns name, displayed value, and number of hidden values of each pair.

    text: as it arrived. limit: how many pairs to look at, from the first on.
    """
    found, shown = _decoded(text, limit), _decoded(masked, limit)
    if len(shown) != len(found):
        return [(name, value, int(MASK in name + value)) for name, value in shown]
    return [(*pair, _hidden(pair, original)) for pair, original in zip(shown, found, strict=True)]


def _decoded(text: str, limit: int) -> list[tuple[str, str]]:
    first = "&".join(text.split("&", limit)[:limit])
    return parse_qsl(first, keep_blank_values=True, errors="replace")


def _hidden(pair: tuple[str, str], original: tuple[str, str]) -> int:
    """Return how many values are hidden in a pair; the masks are not visible if they are encoded."""
    return 0 if pair == original else max(1, "=".join(pair).count(MASK) - "=".join(original).count(MASK))


def cookies(pairs: Iterable[tuple[str, str]], *, reveal: bool) -> list[tuple[str, str, int]]:
    """Mask the values of all cookies. Returns name, displayed value, and number of hidden values."""
    return [(name, value, 0) if reveal or is_mask(value) else (name, MASK, 1) for name, value in pairs]


def query(text: str | None) -> tuple[str | None, int]:
    """Mask a query string."""
    return (text, 0) if text is None else pairs_text(text)


def value(text: str, *, reveal: bool = False) -> Masked:
    """Mask text without a name, by the form of the values in it."""
    return (text, 0) if reveal else _shown(text, partial(mask_string, text))


def secret(text: str) -> Masked:
    """Hide a secret value, unless it is a mask."""
    return _shown(text, lambda policy: (policy.mask(text), 1))


def name(text: str | None) -> tuple[str | None, int]:
    """Mask tokens in the name of a user or device; the result is the same in lists and in groups."""
    return path(text) if text else (text, 0)


def host(text: str) -> Masked:
    """Mask the user information and other secrets in a host and port."""
    user, mark, place = text.rpartition("@")
    shown, count = _values(place)
    if not user or is_mask(user):
        return f"{user}{mark}{shown}", count
    return f"{MASK}@{shown}", count + 1


def path(text: str) -> Masked:
    """Mask a path or an endpoint with parameter names."""
    # A path that starts with // would be parsed as a URL with a host.
    if text.startswith("/") and not text.startswith("//"):
        return _shown(text, partial(mask_url, text))
    return value(text)


def summary(original: Summary, *, reveal: bool) -> Summary:
    """Mask a summary unless `reveal` is true."""
    return original if reveal else summary_and_counts(original)[0]


def summary_and_counts(original: Summary) -> tuple[Summary, dict[str, int]]:
    """Mask a summary. Returns it with the number of hidden values by part."""
    exception_text = original.exception_text
    parts = {
        "host": host(original.host),
        "path": path(original.path),
        "query": query(original.query),
        "user": name(original.user),
        "device": name(original.device),
        "exception": (exception_text, 0) if exception_text is None else value(exception_text),
    }
    counts = {part: count for part, (_, count) in parts.items() if count}
    if not counts:
        return original, counts
    texts = {"exception_text" if part == "exception" else part: text for part, (text, _) in parts.items()}
    return replace(original, **texts), counts  # type: ignore[arg-type]


def json_text(text: str) -> Masked:
    """Mask JSON, even if it is truncated or invalid."""
    whole = _CLOSING.get(text.lstrip()[:1], "") == text.rstrip()[-1:]
    ways = (partial(mask_json, text), partial(mask_string, text))
    return _shown(text, *ways[0 if whole else 1 :])


def pairs_text(text: str) -> Masked:
    """Mask a form or a query string."""
    return _shown(text, partial(mask_query, text))


def body(text: str, content_type: str, *, cut: bool) -> Masked:
    """Mask the text of a body that is not multipart, as the recorder does by content type and contents.

    What the recorder would leave out, as it cannot be masked reliably, is hidden whole if it seems to hold a secret.
    cut: the end is missing.
    """
    is_markup = text.lstrip().startswith("<")
    ways: list[_Way] = [partial(mask_decoded, text, content_type)]
    if cut:
        ways.append(partial(_truncated, text, content_type))
    if is_markup and "<!ENTITY" not in text:
        ways.append(partial(mask_xml, text, html=True))
    return _shown(text, *ways, partial(_whole, text))


def multipart(data: bytes, content_type: str) -> tuple[bytes, int] | None:
    """Mask a multipart body; `None` if the recorder would leave it out, as it is none or cannot be masked reliably."""
    closing = b"\n--" + (boundary_of(content_type) or b"") + b"--"
    front, mark, epilogue = data.rpartition(closing)
    more = mark and epilogue.strip()  # the recorder leaves it out, as it belongs to no part
    whole = front + mark if more else data
    try:
        masked, count = _masked(whole.decode("latin-1"), partial(_content, whole, content_type))
    except MaskingError as error:
        return (MASK.encode(), 1) if error.reason == "too_dense" else None
    content = masked.encode("latin-1")
    return (content + b"\r\n" + MASK.encode(), count + 1) if more else (content, count)


def count_secrets_in_bytes(data: bytes, content_type: str) -> int:
    """Return the number of secrets in binary data; 1 if the recorder would leave it out."""
    return _shown(data.decode("latin-1"), partial(_content, data, content_type))[1]


def _content(data: bytes, content_type: str, policy: Policy) -> tuple[str, int]:
    masked, count = mask_content(data, content_type, policy)
    return masked.decode("latin-1"), count


def _whole(text: str, policy: Policy) -> tuple[str, int]:
    """Mask a text as a whole if it seems to hold a secret."""
    mask_string(text, policy)
    return (MASK, 1) if _here.hidden else (text, 0)


def _truncated(text: str, content_type: str, policy: Policy) -> tuple[str, int]:
    """Mask a text whose end is missing. The rules leave out a part at the end, so that may be all that is secret."""
    masked, count = mask_decoded(text, content_type, policy, cut=True)
    return (masked, count) if _here.hidden else mask_string(text, policy)


def _shown(text: str, *ways: _Way) -> Masked:
    """Mask a text in the first way that succeeds. If none does, or it takes too much work, the whole text is hidden."""
    for mask in ways:
        try:
            return _masked(text, mask)
        except MaskingError as error:
            if error.reason == "too_dense":
                break
    return MASK, 1


def _masked(text: str, mask: _Way) -> Masked:
    """Mask a text in one way. Raises `MaskingError`."""
    masked, count = mask(_here.begin())
    if not _here.hidden or masked == text:
        return text, 0
    masked = _readable(masked)
    # A JSON array or object of masks was written as a string that holds it; it stays what it was.
    for container in _here.containers:
        written = json.dumps(container)
        masked = masked if written in text else masked.replace(written, container)
    # Count the visible masks. Masks in encoded values are not visible; then use the count of the recorder's rules.
    return masked, max(1, masked.count(MASK) - text.count(MASK), count - _here.known)


def _readable(text: str) -> str:
    """Decode percent-encoded masks, so that they are readable."""
    for encoded in _ENCODED:
        text = text.replace(encoded, MASK)
    return text


def _values(text: str) -> Masked:
    return _shown(text, lambda policy: policy.mask_values(text))


def _field(name: str, value: str, reveal: bool) -> Masked:
    if reveal or not value or is_mask(value):
        return value, 0
    field = ((name.lower(), value),)

    def mask(policy: Policy) -> tuple[str, int]:
        ((_, text),), count = mask_headers(field, policy)
        return text, count

    masked, count = _shown(value, mask)
    return (MASK if count and is_secret(name) and not masks(value) else masked), count
