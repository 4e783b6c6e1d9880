"""Header fields: credentials and cookies by their form, others by name, URLs by their parts, all by their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._privacy import MASK
from drhttp._redact.detect.vendor_headers import ONLY_IN_HEADERS
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.json_rewriter import may_be_packed
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_links, mask_url
from drhttp._redact.policy import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._record import Headers
    from drhttp._redact.policy import Rules

_SCHEMES = frozenset(("basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256"))
_ATTRIBUTES = frozenset(("path", "domain", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"))
_DATE = re.compile(r"(\w{3,9}, )?[\w: -]+", re.ASCII)  # RFC 1123 and what is written in its place; one comma at most
_MOST_KNOWN, _LONGEST_KNOWN = 1000, 300  # fields, characters
# Fields about credentials that hold none.
_INNOCENT = frozenset(("access-control-allow-credentials", "sec-websocket-key", "sec-websocket-accept"))
# What these say about names is no value of one.
_ABOUT = frozenset((
    "authentication-results", "arc-authentication-results", "permissions-policy", "permissions-policy-report-only",
    "feature-policy", "clear-site-data", "cookie-policy", "x-atlassian-token", "x-auth-email",
))  # fmt: skip
_SECRET = frozenset(("ticket", "x-ticket", "x-amz-signature", "x-goog-signature", "x-auth-code"))
_CHALLENGE = re.compile(r"((?:negotiate|ntlm|kerberos)[ \t]+)([^\s,]+)", re.IGNORECASE)
_PROTOCOL = re.compile(r"[A-Za-z][\w-]{0,30}")  # short enough to be one
_WORD = re.compile(r"\w+", re.ASCII)  # nothing is tied to anything in it
_HARMLESS = re.compile(r"[A-Za-z]{0,20}(?:[/-][a-z]{1,20}){0,4}|\d{1,8}")  # without anything that could tell a secret
_URLS = frozenset(("referer", "location", "content-location", "origin", "x-original-url", "x-rewrite-url", "refresh"))
_LIKE_URLS = ("-url", "-uri", "-referer", "-referrer", "-location")


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
    if name in _ABOUT:
        return rules.mask_values(value)
    mask = _BY_FORM.get(name)
    if mask is not None:
        return mask(value, rules)
    if name in _SECRET or rules.secret(name) or (name in ONLY_IN_HEADERS and not rules.allowed(name)):
        return (value, 0) if rules.spared(name, value) else (rules.mask(value), 1)
    if name in _URLS or name.endswith(_LIKE_URLS):
        return mask_url(value, rules)
    if rules.shortest and _HARMLESS.fullmatch(value):
        return value, 0
    if _WORD.fullmatch(value) and not may_be_packed(value):
        return rules.mask_values(value)
    return mask_links(value, rules) if name == "link" else mask_string(value, rules)


def _mask_challenge(value: str, rules: Rules) -> tuple[str, int]:
    """A challenge may carry half of a handshake."""
    masked, count = _CHALLENGE.subn(lambda match: match[1] + rules.mask(match[2]), value)
    text, found = mask_string(masked, rules)
    return text, count + found


def _mask_protocols(value: str, rules: Rules) -> tuple[str, int]:
    """Browsers cannot set a header on a WebSocket, so people send tokens as the names of protocols."""
    names = [each.strip() for each in value.split(",")]
    if not any(map(rules.secret, names)):
        return mask_string(value, rules)
    masked = [each if _PROTOCOL.fullmatch(each) and rules.secret(each) else rules.mask(each) for each in names]
    return ", ".join(masked), len([each for each, mask in zip(names, masked, strict=True) if each != mask])


def _mask_host(value: str, rules: Rules) -> tuple[str, int]:
    userinfo, at, host = value.rpartition("@")
    return (f"{rules.mask(userinfo)}@{host}", 1) if at else mask_string(value, rules)


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


_BY_FORM: dict[str, Callable[[str, Rules], tuple[str, int]]] = {
    "authorization": _mask_credentials,
    "proxy-authorization": _mask_credentials,
    "cookie": _mask_cookies,
    "set-cookie": _mask_set_cookie,
    "www-authenticate": _mask_challenge,
    "proxy-authenticate": _mask_challenge,
    "sec-websocket-protocol": _mask_protocols,
    "host": _mask_host,
    "x-query": mask_query,
    "x-query-string": mask_query,
    "query-string": mask_query,
}
