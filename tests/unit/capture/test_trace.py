"""Distributed traces: a valid `traceparent` is continued, anything else begins a new trace."""

from __future__ import annotations

import pytest

from drhttp._capture.trace import continue_trace
from drhttp._record import Trace

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
NEW, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("text", [f"00-{TRACE}-{PARENT}-01", f" 00-{TRACE}-{PARENT}-00 ", f"01-{TRACE}-{PARENT}-01-x"])
def test_continued(text: str) -> None:
    """The trace and its parent are taken over, also from a later version; the span is our own."""
    assert continue_trace(text, NEW, SPAN) == Trace(trace_id=TRACE, span_id=SPAN, parent_id=PARENT)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-x",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}",
    ],
)
def test_begun(text: str | None) -> None:
    """What is missing or invalid begins a trace of its own."""
    assert continue_trace(text, NEW, SPAN) == Trace(trace_id=NEW, span_id=SPAN, parent_id=None)
