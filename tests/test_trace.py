"""Distributed traces: a valid `traceparent` is continued, anything else begins a new trace."""

from __future__ import annotations

import re

import pytest

from drhttp._trace import continue_trace

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("text", [f"00-{TRACE}-{PARENT}-01", f" 00-{TRACE}-{PARENT}-00 ", f"01-{TRACE}-{PARENT}-01-x"])
def test_continued(text: str) -> None:
    """The trace and its parent are taken over, also from a later version; the span is our own."""
    trace = continue_trace(text)
    assert (trace.trace_id, trace.parent_id) == (TRACE, PARENT)
    assert re.fullmatch("[0-9a-f]{16}", trace.span_id)
    assert trace.span_id != PARENT


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
    """What is missing or invalid begins a trace of its own, another each time."""
    first, second = continue_trace(text), continue_trace(text)
    assert first.parent_id is None
    assert re.fullmatch("[0-9a-f]{32}", first.trace_id)
    assert len({TRACE, first.trace_id, second.trace_id}) == 3
