"""Redaction: a record in, a masked record out. Pure, and run in the worker before anything else sees the record.

Masked are the values of the header fields that carry credentials (RFC 9110 section 11, RFC 6265). What names them
stays: the field, the scheme of an authorization, the names of cookies and the attributes of `Set-Cookie`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._record import Headers, Record

MASK = "[redacted]"

_SCHEMES = frozenset(("basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256"))
_ATTRIBUTES = frozenset(("path", "domain", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"))
_DATE = re.compile(r"(\w{3,9}, )?[\w: -]+", re.ASCII)  # RFC 1123 and what is written in its place; one comma at most


def redact(record: Record) -> Record:
    """The record with its credentials masked."""
    request, response = record.request, record.response
    return replace(
        record,
        request=replace(request, headers=_masked_headers(request.headers)),
        response=replace(response, headers=_masked_headers(response.headers)),
    )


def _masked_headers(headers: Headers) -> Headers:
    return tuple((name, _MASKS.get(name.lower(), str)(value)) for name, value in headers)


def _mask_credentials(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in _SCHEMES else MASK


def _mask_cookies(value: str) -> str:
    return "; ".join(_mask_pair(pair) for pair in value.split(";"))


def _mask_set_cookie(value: str) -> str:
    pair, *attributes = value.split(";")
    return "; ".join([_mask_pair(pair), *(each.strip() for each in attributes if _is_attribute(each))])


def _is_attribute(text: str) -> bool:
    """Whether this is an attribute and nothing else: behind a comma may stand another cookie, wrongly joined to it."""
    name, _, value = text.strip().lower().partition("=")
    if name == "expires":
        return _DATE.fullmatch(value.strip()) is not None
    return name in _ATTRIBUTES and "=" not in value and "," not in value


def _mask_pair(pair: str) -> str:
    name, equals, _ = pair.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK


_MASKS = {
    "authorization": _mask_credentials,
    "proxy-authorization": _mask_credentials,
    "cookie": _mask_cookies,
    "set-cookie": _mask_set_cookie,
}
