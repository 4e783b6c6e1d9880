"""What requests have in common: the route that the application told, or the path with its changing parts taken out."""

from __future__ import annotations

import re

from drhttp.inbox.exchange import Summary

_CHANGING = re.compile(
    r"(?<=/)(?:[0-9]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-z]*[0-9])[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26})(?=/|$)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")


def endpoint(summary: Summary) -> str:
    """The endpoint; for a request that the application made, behind its host."""
    place = summary.route or template(summary.path) or "/"
    return summary.host + place if summary.direction == "Outgoing" else place


def template(path: str) -> str:
    """The path with numbers, UUIDs, ULIDs and long hexadecimal parts as ``{id}``."""
    return _CHANGING.sub("{id}", path) if _DIGIT.search(path) else path


def is_error(summary: Summary) -> bool:
    """Whether the exchange failed on the server's side: 5xx, an exception, or no answer."""
    return summary.status is None or summary.status >= 500 or summary.exception is not None
