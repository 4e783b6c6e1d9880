"""Header fields: masks credentials and cookies, secret names, URLs and secret values: `Authorization: Bearer
[redacted]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._mask import MASK
from drhttp._redact.detect.vendor_headers import ONLY_IN_HEADERS
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.base64_json import may_be_base64_json
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_links, mask_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._record import Headers
    from drhttp._redact.policy import Policy

_SCHEMES = frozenset(("basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256"))
_ATTRIBUTES = frozenset(("path", "domain", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"))
_DATE = re.compile(r"(\w{3,9}, )?[\w: -]+", re.ASCII)  # RFC 1123 and similar dates, with no more than one comma
# Fields with secret names that hold no credentials.
_HARMLESS_NAMES = frozenset(("access-control-allow-credentials", "sec-websocket-key", "sec-websocket-accept",
                             "x-oauth-scopes", "x-accepted-oauth-scopes"))  # fmt: skip
# Fields that mention secret names without holding their values.
_MENTIONING = frozenset((
    "authentication-results", "arc-authentication-results", "permissions-policy", "permissions-policy-report-only",
    "feature-policy", "clear-site-data", "cookie-policy", "x-atlassian-token", "x-auth-email",
))  # fmt: skip
_SECRET = frozenset(("ticket", "x-ticket", "x-amz-signature", "x-goog-signature", "x-auth-code"))
_CHALLENGE = re.compile(r"((?:negotiate|ntlm|kerberos)[ \t]+)([^\s,]+)", re.IGNORECASE)
_PROTOCOL = re.compile(r"[A-Za-z][\w-]{0,30}")  # short enough to be a protocol's name
_WORD = re.compile(r"\w+", re.ASCII)  # a single word, which holds no name with a value
# Words and short numbers, which cannot hold a secret.
_HARMLESS_VALUE = re.compile(r"[A-Za-z]{0,20}(?:[/-][a-z]{1,20}){0,4}|\d{1,8}")
# An identifier of a request or a trace, in hexadecimal digits. A letter tells it from the number of a card, and its
# beginning from that of a bank account.
_HEXADECIMAL = re.compile(r"(?=[0-9]*[a-f])(?![a-f]{2}[0-9]{2})[0-9a-f]{4,64}")
_URLS = frozenset(("referer", "location", "content-location", "origin", "x-original-url", "x-rewrite-url", "refresh"))
_LIKE_URLS = ("-url", "-uri", "-referer", "-referrer", "-location")


def mask_headers(headers: Headers, policy: Policy) -> tuple[Headers, int]:
    """Mask header fields; return them and how many values were masked. Names, order and repetition stay."""
    known = policy.cache.fields
    if known.issuperset(headers):
        return headers, 0
    masked, total = list(headers), 0
    for at, field in enumerate(headers):
        if field not in known:
            text, count = _mask_or_hide(field, policy)
            if count:
                masked[at] = field[0], text
                total += count
    return (tuple(masked) if total else headers), total


def _mask_or_hide(field: tuple[str, str], policy: Policy) -> tuple[str, int]:
    """Mask a field; replace its whole value if that fails, as a field cannot be left out."""
    try:
        text, count = _mask_field(*field, policy)
    except MaskingError:
        # A field cannot be left out, so it gets the built-in mask.
        return MASK, 1
    if not count:
        policy.cache.add_field(field)
    return text, count


def _mask_field(name: str, value: str, policy: Policy) -> tuple[str, int]:
    """Mask the value of a field by its name."""
    name = name.lower()
    if name in _HARMLESS_NAMES:
        return value, 0
    if name in _MENTIONING:
        return policy.mask_values(value)
    mask = _MASKERS.get(name)
    if mask is not None:
        return mask(value, policy)
    if name in _SECRET or policy.is_secret(name) or (name in ONLY_IN_HEADERS and not policy.is_allowed(name)):
        return (value, 0) if policy.is_harmless(name, value) else (policy.mask(value), 1)
    if name in _URLS or name.endswith(_LIKE_URLS):
        return mask_url(value, policy)
    if policy.min_length and (_HARMLESS_VALUE.fullmatch(value) or _HEXADECIMAL.fullmatch(value)):
        return value, 0
    if _WORD.fullmatch(value) and not may_be_base64_json(value):
        return policy.mask_values(value)
    return mask_links(value, policy) if name == "link" else mask_string(value, policy)


def _mask_challenge(value: str, policy: Policy) -> tuple[str, int]:
    """Mask a challenge, which may carry a part of a handshake (NTLM, Negotiate)."""
    masked, count = _CHALLENGE.subn(lambda match: match[1] + policy.mask(match[2]), value)
    text, found = mask_string(masked, policy)
    return text, count + found


def _mask_protocols(value: str, policy: Policy) -> tuple[str, int]:
    """Mask tokens in `Sec-WebSocket-Protocol`: browsers can set no other header field on a WebSocket."""
    names = [each.strip() for each in value.split(",")]
    if not any(map(policy.is_secret, names)):
        return mask_string(value, policy)
    masked = [each if _PROTOCOL.fullmatch(each) and policy.is_secret(each) else policy.mask(each) for each in names]
    return ", ".join(masked), len([each for each, mask in zip(names, masked, strict=True) if each != mask])


def _mask_host(value: str, policy: Policy) -> tuple[str, int]:
    """Mask the user and the password in front of a host."""
    userinfo, at, host = value.rpartition("@")
    return (f"{policy.mask(userinfo)}@{host}", 1) if at else mask_string(value, policy)


def _mask_credentials(value: str, policy: Policy) -> tuple[str, int]:
    """Mask `Authorization`, but not the scheme."""
    scheme, space, credentials = value.partition(" ")
    if space and scheme.lower() in _SCHEMES:
        return f"{scheme} {policy.mask(credentials)}", 1
    return policy.mask(value), 1


def _mask_cookies(value: str, policy: Policy) -> tuple[str, int]:
    """Mask the values of all cookies in `Cookie`."""
    pairs, total = [], 0
    for pair in value.split(";"):
        text, count = _mask_cookie(pair.strip(), policy)
        pairs.append(text)
        total += count
    return ("; ".join(pairs) if total else value), total


def _mask_set_cookie(value: str, policy: Policy) -> tuple[str, int]:
    """Mask the value of the cookie in `Set-Cookie`, and drop what is not an attribute."""
    pair, *attributes = value.split(";")
    text, count = _mask_cookie(pair.strip(), policy)
    known = [each for each in attributes if _is_attribute(each)]
    if not count and len(known) == len(attributes):
        return value, 0
    return "; ".join([text, *map(str.strip, known)]), count + len(attributes) - len(known)


def _is_attribute(text: str) -> bool:
    """Whether a text is one attribute of a cookie. A comma in it may join another cookie by mistake."""
    name, _, value = text.strip().lower().partition("=")
    if name == "expires":
        return _DATE.fullmatch(value.strip()) is not None
    return name in _ATTRIBUTES and "=" not in value and "," not in value


def _mask_cookie(pair: str, policy: Policy) -> tuple[str, int]:
    """Mask the value of one cookie, unless its name is allowed."""
    name, equals, value = pair.partition("=")
    if equals and policy.is_allowed(name):
        return mask_string(pair, policy)
    return (f"{name}={policy.mask(value)}", 1) if equals else (policy.mask(pair), 1)


_MASKERS: dict[str, Callable[[str, Policy], tuple[str, int]]] = {
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
