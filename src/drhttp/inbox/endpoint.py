"""The endpoint of a request: its route, or its path with variable parts replaced by ``{id}``."""

from __future__ import annotations

import re

from drhttp.inbox.exchange import Summary

_CHANGING = re.compile(
    r"(?<=/)(?:[0-9]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-z]*[0-9])[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26})(?=/|$)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")


def endpoint(summary: Summary) -> str:
    """Return the endpoint; for an outgoing request, prefixed with the host."""
    place = summary.route or template(summary.path) or "/"
    return summary.host + place if summary.direction == "Outgoing" else place


def template(path: str) -> str:
    """Replace numbers, UUIDs, ULIDs, and long hexadecimal segments of a path with ``{id}``."""
    return _CHANGING.sub("{id}", path) if _DIGIT.search(path) else path


def is_error(summary: Summary) -> bool:
    """Return whether the exchange failed on the server: status 5xx, an exception, or no response."""
    return summary.status is None or summary.status >= 500 or summary.exception is not None
