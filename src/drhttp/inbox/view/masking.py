"""Masking on display. Recorders mask before they send; those of others may not, and screens are shared.

The rules are the recorder's own (`drhttp._redact`): a second set would know other names and other tokens, and what is
safe to show would depend on who sent it. The mask is another one, because it says something else: the value arrived in
clear, is in the file, and is hidden here only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from urllib.parse import quote, quote_plus

from drhttp._privacy import Redact
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.csv import CSV_TYPES, mask_csv
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_json, mask_string
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_url
from drhttp._redact.formats.xml import mask_xml
from drhttp._redact.policy import Policy
from drhttp.inbox.exchange import Headers, Summary
from drhttp.inbox.mask_detection import is_mask, masks

TABLES = CSV_TYPES
MASK = "[hidden here, arrived in clear]"
_IN_QUERY = quote_plus(MASK, safe="[]")
_ENCODED = (_IN_QUERY, quote_plus(_IN_QUERY, safe="[]"), quote_plus(MASK), quote(MASK, safe=",[]"))
_BEGINNINGS = frozenset("[{*")
_ENDS = {"{": "}", "[": "]", '"': '"'}
_LARGE = 1 << 20
"""Characters of markup that are taken apart in no time that anybody notices."""
_EFFORT = 6 << 20
"""How much a text may take to mask, as the bytes for which the recorder would allow it: a few seconds."""
_HARMLESS = re.compile(r"^(?:access-control-.*|sec-.*|www-authenticate|proxy-authenticate)$", re.IGNORECASE)
_ELEMENT = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)([^<]+)(?=</|$)")

Masked = tuple[str, int]
"""A text as it is shown, and how many values are hidden in it."""


class _Masking(threading.local):
    """The rules, one set a thread, and how often their mask was asked for since `begin`."""

    def __init__(self) -> None:
        self.hidden = self.known = 0
        self.policy = Policy(Redact(value=self._mask, also=("signature", "x-moesif-application-id")))

    def begin(self) -> Policy:
        """The rules, for a text that has not been looked at."""
        self.hidden = self.known = 0
        self.policy.budget.reset(_EFFORT)
        return self.policy

    def _mask(self, secret: str) -> str:
        # What the recorder has masked already is no secret, and there would be nothing to reveal.
        inner = secret.strip(' \t\r\n"')
        if inner[:1] in _BEGINNINGS and is_mask(inner):
            self.known += 1
            return secret
        self.hidden += 1
        return MASK


_here = _Masking()


def is_secret(name: str) -> bool:
    """Whether values under the name are not for everybody's eyes."""
    return _here.policy.is_secret(name) and not _HARMLESS.match(name)


def headers(pairs: Headers, *, reveal: bool) -> list[tuple[str, str, int]]:
    """Name, value to show, and how many values are hidden in it."""
    return [(name, *_field(name, value, reveal)) for name, value in pairs]


def named(pairs: Iterable[tuple[str, str]], *, reveal: bool) -> list[tuple[str, str, int]]:
    """The same for the parameters of a query or a form, decoded."""
    return [(name, *_parameter(name, value, reveal)) for name, value in pairs]


def cookies(pairs: Iterable[tuple[str, str]], *, reveal: bool) -> list[tuple[str, str, int]]:
    """The same for cookies: the value of each is hidden."""
    return [(name, value, 0) if reveal or is_mask(value) else (name, MASK, 1) for name, value in pairs]


def query(text: str | None) -> tuple[str | None, int]:
    """A query string as it is shown."""
    return (text, 0) if text is None else pairs_text(text)


def value(text: str, *, reveal: bool = False) -> Masked:
    """Text that is called nothing in particular, without what betrays itself."""
    return (text, 0) if reveal else _shown(text, partial(mask_string, text))


def name(text: str | None) -> tuple[str | None, int]:
    """Who it was, or from which device: whatever was told, but no token. The same in a list and in a group."""
    return path(text) if text else (text, 0)


def host(text: str) -> Masked:
    """A host and port as they are shown: who logs in there, and with which password, is nobody else's business."""
    user, mark, place = text.rpartition("@")
    shown, count = _values(place)
    if not user or is_mask(user):
        return f"{user}{mark}{shown}", count
    return f"{MASK}@{shown}", count + 1


def path(text: str) -> Masked:
    """A path, also with names of its parts in it, as it is shown."""
    # With two slashes in front it would be taken for the address of a host.
    if text.startswith("/") and not text.startswith("//"):
        return _shown(text, partial(mask_url, text))
    return value(text)


def summary(original: Summary, *, reveal: bool) -> Summary:
    """An exchange's line as it is shown."""
    return original if reveal else summary_and_counts(original)[0]


def summary_and_counts(original: Summary) -> tuple[Summary, dict[str, int]]:
    """An exchange's line as it is shown, and how many values are hidden in which part of it."""
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
    """JSON, also when it is cut or broken."""
    whole = _ENDS.get(text.lstrip()[:1], "") == text.rstrip()[-1:]
    ways = (partial(mask_json, text), partial(mask_string, text))
    return _shown(text, *ways[0 if whole else 1 :])


def pairs_text(text: str) -> Masked:
    """A form or a query string."""
    return _shown(text, partial(mask_query, text))


def xml_text(text: str, *, html: bool = False) -> Masked:
    """XML or HTML."""
    if len(text) > _LARGE:
        return _shown(text, partial(_by_elements, text))
    return _shown(text, partial(mask_xml, text, html=html), partial(mask_xml, text, html=True))


def csv_text(text: str) -> Masked:
    """A table, with the columns masked whose name in the first row says secret."""

    def mask(policy: Policy) -> tuple[str, int]:
        inner = partial(mask_string, policy=policy, tables=False)
        return mask_csv(text, policy, inner) or mask_string(text, policy)

    return _shown(text, mask)


def bytes_betray(data: bytes) -> int:
    """How many secrets betray themselves in bytes that are no text."""
    return _values(data.decode("latin-1"))[1]


def _shown(text: str, *ways: Callable[[Policy], tuple[str, int]]) -> Masked:
    """The text masked in the first way that is possible, or hidden whole: what cannot be masked is not shown."""
    for mask in ways:
        policy = _here.begin()
        try:
            masked, count = mask(policy)
        except MaskingError:
            continue
        if not _here.hidden or masked == text:
            return text, 0
        masked = _readable(masked)
        # How many there are to be seen; and one that is packed is not, but then the recorder's own are counted too.
        return masked, max(1, masked.count(MASK) - text.count(MASK), count - _here.known)
    return MASK, 1


def _readable(text: str) -> str:
    """The text with the mask as words, where it was percent-encoded."""
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


def _parameter(name: str, value: str, reveal: bool) -> Masked:
    if reveal or not value or is_mask(value):
        return value, 0
    if _here.policy.is_secret_in_query(name) and not _here.policy.is_harmless(name, value):
        return MASK, 1
    return _shown(value, partial(mask_string, value))


def _by_elements(text: str, policy: Policy) -> tuple[str, int]:
    """Large markup: the text of elements of a secret name, and whatever betrays itself."""
    count = 0

    def mask(found: re.Match[str]) -> str:
        nonlocal count
        if not found[3].strip() or not is_secret(found[2]):
            return found[0]
        count += 1
        return found[1] + policy.mask(found[3])

    masked, found = policy.mask_values(_ELEMENT.sub(mask, text))
    return masked, count + found
