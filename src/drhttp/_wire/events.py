"""Protocol "events": batches as a JSON array, gzipped, to the collector under `/moesif`."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

from drhttp._version import __version__
from drhttp._wire._json import container, dumps, is_json, splice, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._record import Body, Headers, Record, Trace

PATH = "/moesif/v1/events/batch"
LARGEST_BATCH: int | None = None

_KEY_LENGTH = 50  # reference clients of the protocol refuse a shorter application id, so the service expects it padded
_LEVEL = 3  # of gzip: 6 takes three times as long for a tenth less


def headers(key: str) -> dict[str, str]:
    """Header fields of a POST."""
    return {
        "X-Moesif-Application-Id": key.ljust(_KEY_LENGTH, "a"),
        "Content-Type": "application/json; charset=utf-8",
        "Content-Encoding": "gzip",
    }


def encode(record: Record, dropped: Mapping[str, int]) -> bytes:
    """One event."""
    asked, answered = record.request, record.response
    request = splice(
        {
            "time": timestamp(asked.time),
            "uri": asked.uri,
            "verb": asked.method,
            "headers": _headers(asked.headers),
            **({"ip_address": asked.ip} if asked.ip else {}),
        },
        **_body(asked.body, asked.headers),
    )
    response = splice(
        {"time": timestamp(answered.time), "status": answered.status, "headers": _headers(answered.headers)},
        **_body(answered.body, answered.headers),
    )
    about = {"direction": record.direction, "transaction_id": record.id, "metadata": _metadata(record, dropped)}
    if record.user:
        about["user_id"] = record.user
    if record.trace:
        about["trace_id"] = record.trace.trace_id
        about["span"] = _span(record.trace)
    return splice(about, request=request, response=response).encode()


def join(encoded: Sequence[bytes]) -> bytes:
    """The batch. Without a time in the gzip header, so that equal records make equal bytes."""
    return gzip.compress(b"[" + b",".join(encoded) + b"]", _LEVEL, mtime=0)


def _headers(headers: Headers) -> dict[str, str | list[str]]:
    """Repeated fields are joined (RFC 9110 section 5.3), but for `Set-Cookie`, which cannot be."""
    merged: dict[str, str | list[str]] = {}
    for name, value in headers:
        known = merged.get(name)
        if known is None:
            merged[name] = value
        elif name == "set-cookie":
            merged[name] = [*([known] if isinstance(known, str) else known), value]
        else:
            merged[name] = f"{known}, {value}"
    return merged


def _body(body: Body, headers: Headers) -> dict[str, str | None]:
    if body.content is None:
        return {}
    text = container(body.content) if is_json(headers) else None
    if text is not None:
        return {"body": text, "transfer_encoding": '"json"'}
    return {"body": dumps(base64.b64encode(body.content).decode()), "transfer_encoding": '"base64"'}


def _metadata(record: Record, dropped: Mapping[str, int]) -> dict[str, Any]:
    sdk: dict[str, Any] = {"name": "drhttp-python", "version": __version__}
    failure = record.exception
    members = {
        "device": record.device,
        "duration_ms": round(record.duration * 1000, 3),
        "ttfb_ms": None if record.ttfb is None else round(record.ttfb * 1000, 3),
        "aborted": record.aborted or None,
        "exception": {"type": failure.type, "message": failure.message} if failure else None,
        "route": record.route,
        "request_body": _remarks(record.request.body, record.request.headers),
        "response_body": _remarks(record.response.body, record.response.headers),
        "redacted": dict(record.redacted) or None,
        "sdk": {**sdk, "dropped": dict(dropped)} if dropped else sdk,
    }
    return {name: value for name, value in members.items() if value is not None}


def _remarks(body: Body, headers: Headers) -> dict[str, Any] | None:
    """What there is to say of a body that was cut, masked, left out, not read to its end, or whose size is not told."""
    read = body.read if body.read != "full" else None
    untold = bool(body.size) and not any(name == "content-length" for name, _ in headers)
    if not (body.truncated or body.omitted or body.redacted or body.decoded or read or untold):
        return None
    always = {"size": body.size, "truncated": body.truncated, "redacted": body.redacted}
    sometimes = {"omitted": body.omitted, "decoded": body.decoded, "read": read}
    return {**always, **{name: value for name, value in sometimes.items() if value}}


def _span(trace: Trace) -> dict[str, str]:
    return {"id": trace.span_id, **({"parent_id": trace.parent_id} if trace.parent_id else {})}
