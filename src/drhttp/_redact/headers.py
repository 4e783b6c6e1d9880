"""Header fields: credentials and cookies by their form, others by name, URLs by their parts, all by their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._privacy import MASK
from drhttp._redact.json import mask_string
from drhttp._redact.rules import Refusal
from drhttp._redact.urls import mask_links, mask_url

if TYPE_CHECKING:
    from drhttp._record import Headers
    from drhttp._redact.rules import Rules

_SCHEMES = frozenset(("basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256"))
_ATTRIBUTES = frozenset(("path", "domain", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"))
_DATE = re.compile(r"(\w{3,9}, )?[\w: -]+", re.ASCII)  # RFC 1123 and what is written in its place; one comma at most
_MOST_KNOWN, _LONGEST_KNOWN = 1000, 300  # fields, characters
# Fields about credentials that hold none.
_INNOCENT = frozenset(("access-control-allow-credentials", "sec-websocket-key", "sec-websocket-accept"))
_HARMLESS = re.compile(r"[A-Za-z]{0,20}(?:[/-][a-z]{1,20}){0,4}|\d{1,8}")  # without anything that could tell a secret
_URLS = frozenset(("referer", "location", "content-location", "origin", "x-original-url", "x-rewrite-url", "refresh"))


def mask_headers(headers: Headers, rules: Rules) -> tuple[Headers, int]:
    """The header fields without their secrets, and how many those were. Names, order and repetition stay."""
    if rules.innocent.issuperset(headers):
        return headers, 0
    masked: list[tuple[str, str]] = []
    total = 0
    for field in headers:
        if field not in rules.innocent:
            text, count = _mask_or_hide(field, rules)
            total += count
            masked.append((field[0], text) if count else field)
        else:
            masked.append(field)
    return (tuple(masked) if total else headers), total


def _mask_or_hide(field: tuple[str, str], rules: Rules) -> tuple[str, int]:
    try:
        text, count = _mask_field(*field, rules)
    except Refusal:
        # There is no leaving out a field: without a mask of the user's making it gets ours.
        return MASK, 1
    if not count:
        _remember(rules.innocent, field)
    return text, count


def _remember(known: set[tuple[str, str]], field: tuple[str, str]) -> None:
    """Keep a field that holds no secret, so that it is not looked at in each request; only few, and only short ones."""
    if len(field[1]) < _LONGEST_KNOWN:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known.add(field)


def _mask_field(name: str, value: str, rules: Rules) -> tuple[str, int]:
    name = name.lower()
    if name in _INNOCENT:
        return value, 0
    if rules.secret(name):
        mask = _BY_FORM.get(name)
        return mask(value, rules) if mask else (rules.mask(value), 1)
    if name in _URLS:
        return mask_url(value, rules)
    if rules.shortest and _HARMLESS.fullmatch(value):
        return value, 0
    return mask_links(value, rules) if name == "link" else mask_string(value, rules)


def _mask_credentials(value: str, rules: Rules) -> tuple[str, int]:
    scheme, space, credentials = value.partition(" ")
    if space and scheme.lower() in _SCHEMES:
        return f"{scheme} {rules.mask(credentials)}", 1
    return rules.mask(value), 1


def _mask_cookies(value: str, rules: Rules) -> tuple[str, int]:
    pairs = [_mask_cookie(pair.strip(), rules) for pair in value.split(";")]
    count = sum(count for _, count in pairs)
    return ("; ".join(text for text, _ in pairs) if count else value), count


def _mask_set_cookie(value: str, rules: Rules) -> tuple[str, int]:
    pair, *attributes = value.split(";")
    text, count = _mask_cookie(pair.strip(), rules)
    known = [each for each in attributes if _is_attribute(each)]
    if not count and len(known) == len(attributes):
        return value, 0
    return "; ".join([text, *map(str.strip, known)]), count + len(attributes) - len(known)


def _is_attribute(text: str) -> bool:
    """Whether this is an attribute and nothing else: behind a comma may stand another cookie, wrongly joined to it."""
    name, _, value = text.strip().lower().partition("=")
    if name == "expires":
        return _DATE.fullmatch(value.strip()) is not None
    return name in _ATTRIBUTES and "=" not in value and "," not in value


def _mask_cookie(pair: str, rules: Rules) -> tuple[str, int]:
    name, equals, value = pair.partition("=")
    if equals and rules.allowed(name):
        return mask_string(pair, rules)
    return (f"{name}={rules.mask(value)}", 1) if equals else (rules.mask(pair), 1)


_BY_FORM = {
    "authorization": _mask_credentials,
    "proxy-authorization": _mask_credentials,
    "cookie": _mask_cookies,
    "set-cookie": _mask_set_cookie,
}
