"""URLs (RFC 3986): masks the userinfo, secret parameters, and tokens in the path:
`https://[redacted]@host/?token=[redacted]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from drhttp._percent import unquote
from drhttp._redact.detect import capability_urls
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
_GENERATED = re.compile(r"(?=[^0-9]*[0-9])[\w~.%-]{8,}(?:[:=][\w~.%=-]*)?")
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
    path, found = _mask_capability_url(host if at else authority[2:], path, policy)
    count += found
    path, found = _mask_path(path, policy)
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
    route, count = _mask_capability_url("", route, policy)
    masked, found = mask_query(route, policy)
    text, more = mask_query(query, policy)
    return f"{masked}{mark}{text}", count + found + more


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL that cannot be masked."""
    match = _PARTS.fullmatch(url)
    scheme, authority = (match[1] or "", match[2] or "") if match else ("", "")
    return f"{scheme}//{authority.removeprefix('//').rpartition('@')[2]}/" if authority else ""


def _mask_capability_url(host: str, path: str, policy: Policy) -> tuple[str, int]:
    """Mask tokens in the paths of capability URLs, some of which are known only by their host."""
    front = f"//{host}"
    masked, count = capability_urls.mask(front + path, lambda token: quote(policy.mask(unquote(token)), safe=_PATH))
    return masked[len(front) :], count


def _mask_path(path: str, policy: Policy) -> tuple[str, int]:
    """Mask secrets in a path, in its segments or as text."""
    path, count = _mask_segments(path, policy)
    if count:
        return path, count
    if "%" not in path:
        return mask_text(path, policy)
    # Encoded spaces may separate the words of a secret.
    masked, count = mask_text(unquote(path), policy)
    return (quote(masked, safe=_PATH), count) if count else (path, 0)


def _mask_segments(path: str, policy: Policy) -> tuple[str, int]:
    """Mask segments that look generated, behind a secret name: `/reset-password/8d1f40b7c2/`."""
    names, segments, count = False, path.split("/"), 0
    for at, segment in enumerate(segments):
        if names and _GENERATED.fullmatch(segment):
            segments[at], count = quote(policy.mask(unquote(segment)), safe=_PATH), count + 1
        names = names or (bool(segment) and _GENERATED.fullmatch(segment) is None and policy.is_secret(segment))
    return "/".join(segments), count


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
