"""Records for tests: one whole example, and changes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drhttp._mutable_record import MutableRecord
from drhttp._record import Body, Headers, Record, Request, Response, Trace
from drhttp._redact import Policy, redact

AT = 1_700_000_000.1239  # 2023-11-14T22:13:20.123900Z


def a_record(**changes: Any) -> Record:
    """A record of a GET that was answered with nothing, but for `changes`."""
    record = Record(
        id="6f1d3a52-8d6a-4c1e-9b7a-2f1f0c7d9e10",
        request=Request(time=AT, method="GET", uri="https://shop.example/a%20b?c=d", headers=(), body=Body()),
        response=Response(time=AT + 0.25, status=204, headers=(), body=Body()),
        duration=0.25,
    )
    return replace(record, **changes)


def with_request(record: Record | None = None, **changes: Any) -> Record:
    """A record with changes of its request."""
    record = record or a_record()
    return replace(record, request=replace(record.request, **changes))


def with_response(record: Record | None = None, **changes: Any) -> Record:
    """A record with changes of its answer."""
    record = record or a_record()
    return replace(record, response=replace(record.response, **changes))


def with_body(content: bytes, kind: str | None = "application/json", **remarks: Any) -> Record:
    """A record of an answer with this body, of this content type."""
    headers: Headers = () if kind is None else (("content-type", kind),)
    body = Body(**{"content": content, "size": len(content), **remarks})
    return with_response(headers=headers, body=body, status=200)


def a_full_record() -> Record:
    """A record with something in every place."""
    record = a_record(
        user="ann",
        device="phone-7",
        ttfb=0.0125,
        route="/a b",
        trace=Trace(
            trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331", parent_id="00f067aa0ba902b7"
        ),
    )
    request_body = Body(content=b'{"name": "\xc3\xa9"}', size=13, read="full")
    record = with_request(
        record,
        method="POST",
        headers=(("content-type", "application/json"), ("accept", "a/b"), ("accept", "c/d")),
        body=request_body,
        ip="192.0.2.7",
    )
    headers = (("content-type", "image/png"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-latin", "caf\xe9"))
    answered = Body(content=b"\x89PNG", size=9000, truncated=True)
    return with_response(record, status=201, headers=headers, body=answered)


def redacted(record: Record, policy: Policy, sensitive: frozenset[str] | None = None) -> Record:
    """A record with its secrets masked."""
    prepared = MutableRecord.of(record)
    redact(prepared, policy, sensitive)
    return prepared.freeze()
