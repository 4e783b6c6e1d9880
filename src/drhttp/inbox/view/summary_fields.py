"""The fields of a summary that the API and `drhttp inbox list --json` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp.inbox.exchange import Summary


def summary_fields(summary: Summary, iso: Callable[[int], str]) -> dict[str, Any]:
    """Return the fields that both have. ``_ms`` means milliseconds, ``_size`` bytes.

    iso: formats an instant, which the API does more precisely.
    """
    failure = None if summary.exception is None else {"type": summary.exception, "message": summary.exception_text}
    return {
        "id": summary.id,
        "time": iso(summary.started),
        "received": iso(summary.received),
        "protocol": summary.protocol,
        "method": summary.method,
        "url": summary.url,
        "path": summary.path,
        "query": summary.query,
        "route": summary.route,
        "status": summary.status,
        "duration_ms": ms(summary.duration),
        "ttfb_ms": ms(summary.ttfb),
        "request_size": summary.request_size,
        "response_size": summary.response_size,
        "user": summary.user,
        "device": summary.device,
        "client": summary.client,
        "trace_id": summary.trace,
        "span_id": summary.span,
        "parent_id": summary.parent,
        "aborted": summary.aborted,
        "exception": failure,
    }


def ms(microseconds: int | None) -> float | None:
    """Convert microseconds to milliseconds."""
    return None if microseconds is None else microseconds / 1000
