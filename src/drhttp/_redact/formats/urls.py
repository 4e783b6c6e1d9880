"""URLs (RFC 3986): masks the userinfo, secret parameters, and tokens in the path:
`https://[redacted]@host/?token=[redacted]`.

For the URI of the request and header fields that hold a URL. In other text, `detect.credentials` finds the userinfo.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from drhttp._percent import unquote
from drhttp._redact.detect import capability_urls
from drhttp._redact.formats.base64_json import mask_base64_json
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.urlencoded import has_no_secret_names, mask_query

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

# The expression of RFC 3986, appendix B: every text matches it.
_PARTS = re.compile(r"([^:/?#]+:)?(//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
# A host, and a path and a query of words that are too short for a secret.
_HARMLESS = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._-]{0,7})*(?:\?([\w-]{1,12}=[\w.-]{0,9}(?:&[\w-]{1,12}=[\w.-]{0,9})*))?",
    re.ASCII,
)
_SHORT_TOKENS = "hooks"  # in URLs of Zapier and Slack, whose tokens may be short
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_PATH = "/;=:@!$&'()*+,[]%"  # characters that are not encoded in a path


def mask_url(url: str, policy: Policy) -> tuple[str, int]:
    """Mask a URL or a relative reference; return it and how many values were masked."""
    harmless = _HARMLESS.fullmatch(url) if policy.min_length else None
    if harmless and _SHORT_TOKENS not in url and (harmless[1] is None or has_no_secret_names(harmless[1], policy)):
        return url, 0
    match = _PARTS.fullmatch(url)
    scheme, authority, path, query, fragment = (
        (part or "" for part in match.groups()) if match else ("", "", url, "", "")
    )
    userinfo, at, host = authority.rpartition("@")
    count = bool(at) + 0
    authority = f"//{policy.mask(userinfo[2:])}@{host}" if at else authority
    path, found = _mask_whole_path(host if at else authority[2:], path, policy)
    count += found
    if query:
        masked, found = mask_query(query[1:], policy)
        query, count = f"?{masked}", count + found
    if fragment:
        masked, found = _mask_fragment(fragment[1:], policy)
        fragment, count = f"#{masked}", count + found
    return f"{scheme}{authority}{path}{query}{fragment}", count


def _mask_fragment(fragment: str, policy: Policy) -> tuple[str, int]:
    """Mask a fragment, which may be a query, or a route with one: `#/in?code=abc`."""
    route, mark, query = fragment.partition("?")
    route, count = capability_urls.mask(
        route, partial(_mask_segment, policy=policy), policy.is_secret, policy.budget.spend
    )
    masked, found = mask_query(route, policy)
    text, more = mask_query(query, policy)
    return f"{masked}{mark}{text}", count + found + more


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL that cannot be masked."""
    match = _PARTS.fullmatch(url)
    scheme, authority = (match[1] or "", match[2] or "") if match else ("", "")
    return f"{scheme}//{authority.removeprefix('//').rpartition('@')[2]}/" if authority else ""


def _mask_whole_path(host: str, path: str, policy: Policy) -> tuple[str, int]:
    """Mask the tokens of capability URLs, some of which are known only by their host, and other secrets in a path."""
    front = f"//{host}"
    copied = len(front)
    pieces, count = [], 0
    spans = capability_urls.spans_of(front + path, policy.is_secret, policy.budget.spend)
    policy.budget.spend(3 * len(spans))
    for begin, end in spans:
        policy.budget.spend(8)
        between, found = _mask_path(path[copied - len(front) : begin - len(front)], policy)
        pieces += [between, _mask_segment(path[begin - len(front) : end - len(front)], policy)]
        copied, count = end, count + found + 1
    rest, found = _mask_path(path[copied - len(front) :], policy)
    return "".join(pieces) + rest, count + found


def _mask_segment(segment: str, policy: Policy) -> str:
    """Return the mask of a segment of a path, percent-encoded like that."""
    return quote(policy.mask(unquote(segment)), safe=_PATH)


def _mask_path(path: str, policy: Policy) -> tuple[str, int]:
    """Mask secrets in a path, as text."""
    if "%" not in path:
        masked, count = mask_text(path, policy)
        masked, found = mask_base64_json(masked, partial(mask_string, policy=policy, level=1))
        return masked, count + found
    # Encoded spaces may separate the words of a secret.
    masked, count = mask_text(unquote(path), policy)
    return (quote(masked, safe=_PATH), count) if count else (path, 0)


def mask_links(value: str, policy: Policy) -> tuple[str, int]:
    """Mask the header field `Link` (RFC 8288): URLs in angle brackets, and parameters."""
    count = position = 0
    pieces = []
    for match in _IN_BRACKETS.finditer(value):
        policy.budget.spend(8)
        for text, mask, end in ((value[position : match.start()], mask_text, "<"), (match[1], mask_url, ">")):
            masked, found = mask(text, policy) if text else ("", 0)
            pieces += [masked, end]
            count += found
        position = match.end()
    masked, found = mask_text(value[position:], policy)
    return "".join(pieces) + masked, count + found
