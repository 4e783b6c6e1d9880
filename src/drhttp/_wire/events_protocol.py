"""The protocol "events": batches as a gzipped JSON array, for the collector under `/moesif`."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from drhttp._version import __version__
from drhttp._wire._bodies import event_members
from drhttp._wire._gzip import compress
from drhttp._wire._header_fields import encode_headers
from drhttp._wire._json import dumps, quoted, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._mutable_record import MutableRecord
    from drhttp._record import Body, Failure, Headers, Trace

PATH = "/moesif/v1/events/batch"
LARGEST_BATCH: int | None = None

_KEY_LENGTH = 50  # other clients of the protocol reject a shorter application id, so the service expects padding
_SDK: dict[str, Any] = {"name": "drhttp-python", "version": __version__}
_ENCODED_SDK = dumps(_SDK)
_name = itemgetter(0)


def headers(key: str) -> dict[str, str]:
    """The header fields of a POST."""
    return {
        "X-Moesif-Application-Id": key.ljust(_KEY_LENGTH, "a"),
        "Content-Type": "application/json; charset=utf-8",
        "Content-Encoding": "gzip",
    }


def encode(record: MutableRecord, dropped: Mapping[str, int]) -> bytes:
    """Encode a record as an event."""
    headers = record.request_headers
    ip = f',"ip_address":{quoted(record.ip)}' if record.ip else ""
    user = f',"user_id":{quoted(record.user)}' if record.user else ""
    return (
        f'{{"direction":{quoted(record.direction)},"transaction_id":{quoted(record.id)},'
        f'"metadata":{_metadata(record, dropped)}{user}{_trace(record.trace)},'
        f'"request":{{"time":"{timestamp(record.time)}","uri":{quoted(record.uri)},"verb":{quoted(record.method)},'
        f'"headers":{encode_headers(headers)}{ip}{event_members(record.request_body, headers)}}}'
        f"{_response(record)}}}"
    ).encode()


def without_bodies(encoded: bytes) -> bytes:
    """Remove the bodies from an event, and mark them as omitted. An event without bodies is returned as it is."""
    event = json.loads(encoded)
    sides = [side for side in ("request", "response") if "body" in event.get(side, {})]
    for side in sides:
        del event[side]["body"], event[side]["transfer_encoding"]
        # The metadata of an ordinary body has no size; then `Content-Length` has it.
        length = event[side]["headers"].get("content-length", "")
        default = {"size": int(length) if length.isdecimal() and len(length) < 20 else None, "redacted": 0}
        known = event["metadata"].get(f"{side}_body", default)
        event["metadata"][f"{side}_body"] = {**known, "truncated": False, "omitted": "too_large"}
    return dumps(event).encode() if sides else encoded


def join(encoded: Sequence[bytes]) -> bytes:
    """Join events to a compressed batch."""
    return compress(b"[" + b",".join(encoded) + b"]")


def _response(record: MutableRecord) -> str:
    """Encode the response. There is none if nothing answered a request that the application sent."""
    if record.direction == "Outgoing" and not record.status:
        return ""
    headers = record.response_headers
    return (
        f',"response":{{"time":"{timestamp(record.response_time)}","status":{record.status:d},'
        f'"headers":{encode_headers(headers)}{event_members(record.response_body, headers)}}}'
    )


def _metadata(record: MutableRecord, dropped: Mapping[str, int]) -> str:
    """Encode the metadata. Only few records have more than the device, the times and the counts of masked values."""
    failure = record.exception
    device = f'"device":{quoted(record.device)},' if record.device is not None else ""
    members = [f'{{{device}"duration_ms":{_milliseconds(record.duration)}']
    if record.ttfb is not None:
        members.append(f'"ttfb_ms":{_milliseconds(record.ttfb)}')
    if record.aborted:
        members.append('"aborted":true')
    if failure is not None:
        members.append(f'"exception":{dumps(_exception(failure))}')
    if record.route is not None:
        members.append(f'"route":{quoted(record.route)}')
    for name, body, headers in (
        ("request_body", record.request_body, record.request_headers),
        ("response_body", record.response_body, record.response_headers),
    ):
        about = _body_metadata(body, headers)
        if about is not None:
            members.append(f'"{name}":{dumps(about)}')
    if record.redacted:
        members.append(f'"redacted":{_encoded_counts(tuple(record.redacted.items()))}')
    members.append(f'"sdk":{dumps({**_SDK, "dropped": dict(dropped)}) if dropped else _ENCODED_SDK}}}')
    return ",".join(members)


def _milliseconds(seconds: float) -> str:
    milliseconds = round(seconds * 1000, 3)
    return repr(milliseconds) if math.isfinite(milliseconds) else dumps(milliseconds)


def _exception(failure: Failure) -> dict[str, Any]:
    place = {} if failure.module is None else {"module": failure.module, "line": failure.line}
    return {"type": failure.type, "message": failure.message, **place}


def _body_metadata(body: Body, headers: Headers) -> dict[str, Any] | None:
    """Metadata of a body that was cut, masked, omitted, or not fully read, or that has no `Content-Length`."""
    read = body.read if body.read != "full" else None
    size_unknown = bool(body.size) and "content-length" not in map(_name, headers)
    if not (body.truncated or body.omitted or body.redacted or body.decoded or read or size_unknown):
        return None
    always = {"size": body.size, "truncated": body.truncated, "redacted": body.redacted}
    sometimes = {"omitted": body.omitted, "decoded": body.decoded, "read": read}
    return {**always, **{name: value for name, value in sometimes.items() if value}}


@lru_cache(maxsize=256)
def _encoded_counts(counts: tuple[tuple[str, int], ...]) -> str:
    return dumps(dict(counts))


def _trace(trace: Trace | None) -> str:
    if trace is None:
        return ""
    parent = f',"parent_id":{quoted(trace.parent_id)}' if trace.parent_id else ""
    return f',"trace_id":{quoted(trace.trace_id)},"span":{{"id":{quoted(trace.span_id)}{parent}}}'
