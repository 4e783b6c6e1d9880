"""The JSON of endpoints, for the API and for the tools that read the records themselves."""

from __future__ import annotations

import re
from typing import Any

from drhttp.inbox.store.aggregates import Endpoint
from drhttp.inbox.view import masking
from drhttp.inbox.view.summary import iso
from drhttp.inbox.view.summary_fields import ms


def endpoint_json(one: Endpoint) -> dict[str, Any]:
    """Return an endpoint with its figures, and the query that finds its records."""
    way = "out" if one.direction == "Outgoing" else "in"
    method = f"method:{quoted(one.method)} " if one.method else ""
    middle, high, highest = one.percentiles((0.5, 0.95, 0.99))
    return {
        "direction": way,
        "method": one.method,
        "endpoint": masking.path(one.name)[0],
        "count": one.count,
        "errors": one.errors,
        "error_share": one.errors / one.count,
        "client_errors": one.client_errors,
        "p50_ms": ms(middle),
        "p95_ms": ms(high),
        "p99_ms": ms(highest),
        "max_ms": ms(one.longest),
        "total_ms": one.total / 1000,
        "mean_size": one.bytes / one.sized if one.sized else None,
        "first": iso(one.first),
        "last": iso(one.last),
        "slowest": one.slowest,
        "query": f"{method}route:{quoted(one.name)} dir:{way}",
        "distribution": one.spread,
    }


def quoted(text: str) -> str:
    """Quote a value for a query. A masked value becomes a pattern, which may match other values too."""
    shown, count = masking.path(text)
    if count:
        return "*".join(re.sub(r"[^\w./*~-]", "?", part) for part in shown.split(masking.MASK))
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
