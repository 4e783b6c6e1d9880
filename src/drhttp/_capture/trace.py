"""Distributed traces: the `traceparent` header field (W3C Trace Context)."""

from __future__ import annotations

import re

from drhttp._record import Trace

_VERSION_00 = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_LATER_VERSION = re.compile(r"(?!ff|00)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")


def continue_trace(traceparent: str | None, trace_id: str, span_id: str) -> Trace:
    """The trace of a request, with a new span. The trace is new too if the header is missing or invalid.

    trace_id, span_id: 32 and 16 random hexadecimal digits, for a new trace and the span.
    """
    text = (traceparent or "").strip()
    match = _VERSION_00.fullmatch(text) or _LATER_VERSION.fullmatch(text) if text else None
    if match is None or not (match[1].strip("0") and match[2].strip("0")):
        return Trace(trace_id=trace_id, span_id=span_id)
    return Trace(trace_id=match[1], span_id=span_id, parent_id=match[2])
