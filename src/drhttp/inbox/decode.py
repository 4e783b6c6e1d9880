"""Converts parsed JSON of both protocols into exchanges. Pure: no clock, no I/O.

Senders differ in which fields they omit, send as null, or spell differently. Only input that cannot be an exchange at
all is rejected.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from drhttp.inbox import coerce
from drhttp.inbox.event_json import JsonText
from drhttp.inbox.exchange import Exchange, Headers, Message, Summary

_DAY = 86_400_000_000
_LOST = "Data could not be decoded with utf-8"
"""The text that client 0.2.0 sends in place of a body that is not UTF-8."""
_BODIES = {"request_body", "response_body"}
_KNOWN_METADATA = {"device", "duration_ms", "ttfb_ms", "aborted", "exception", "route", "sdk", "redacted", *_BODIES}
_EXTRA = ("company_id", "subscription_id", "session_token", "tags", "blocked_by", "action_name")


class DecodeError(ValueError):
    """The input is not an exchange. The message is a sentence for the sender."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The API key of a request and the time it arrived, in microseconds since the epoch.

    project: the digest of the key, unless the key belongs to a project with a name.
    """

    key: str
    received: int
    project: str = ""

    def __post_init__(self) -> None:
        # The events protocol pads short keys with "a" to 50 characters and the record protocol does not.
        digest = hashlib.sha256(self.key.ljust(50, "a").encode("utf-8", "surrogateescape"))
        object.__setattr__(self, "project", self.project or digest.hexdigest())


def decode_batch(value: object, arrival: Arrival) -> list[Exchange]:
    """Decode an array of events. Raises `DecodeError`."""
    if not isinstance(value, list):
        raise DecodeError("The body must be a JSON array of events.")
    return [_event(one, arrival, f"Event {place}") for place, one in enumerate(value)]


def decode_event(value: object, arrival: Arrival, what: str = "The body") -> Exchange:
    """Decode one event. what: its name in the message of `DecodeError`."""
    return _event(value, arrival, what)


def decode_record(value: object, arrival: Arrival) -> Exchange:
    """Decode one record of protocol v1. Its ``datetime`` is local time unless it has a UTC offset."""
    record = _object(value, "The record")
    started = coerce.instant(record.get("datetime"), local=True)
    if started is None or abs(started - arrival.received) > _DAY:
        started = arrival.received
    request = _record_message(record.get("request"))
    response = _record_message(record["response"]) if record.get("response") else None
    return _exchange(record, arrival, "record", started, record.get("uri"), record.get("method"), request, response)


def _event(value: object, arrival: Arrival, what: str) -> Exchange:
    event = _object(value, what)
    request_fields = _object(event.get("request"), f'"request" of {what[0].lower()}{what[1:]}')
    metadata = coerce.mapping(event.get("metadata"))
    started = coerce.instant(request_fields.get("time"))
    request = _message(request_fields, metadata.get("request_body"))
    response_fields = event.get("response")
    response = _message(response_fields, metadata.get("response_body")) if isinstance(response_fields, dict) else None
    return _exchange(
        event,
        arrival,
        "events",
        arrival.received if started is None else started,
        request_fields.get("uri"),
        request_fields.get("verb"),
        request,
        response,
    )


def _exchange(
    event: Mapping[str, object],
    arrival: Arrival,
    protocol: str,
    started: int,
    uri: object,
    method: object,
    request: Message,
    response: Message | None,
) -> Exchange:
    request_fields, response_fields = coerce.mapping(event.get("request")), coerce.mapping(event.get("response"))
    metadata, span = coerce.mapping(event.get("metadata")), coerce.mapping(event.get("span"))
    failure = coerce.mapping(metadata.get("exception"))
    scheme, host, path, query = coerce.address(uri)
    summary = Summary(
        id=coerce.identity(event.get("transaction_id")) or coerce.identity(event.get("id")) or str(uuid.uuid4()),
        project=arrival.project,
        protocol=protocol,
        started=started,
        received=arrival.received,
        direction=coerce.short(event.get("direction")) or "Incoming",
        method=coerce.short(method) or "",
        scheme=scheme,
        host=host,
        path=path,
        query=query,
        route=coerce.text(metadata.get("route")),
        status=_status(event.get("status"), response_fields.get("status")),
        duration=_duration(metadata.get("duration_ms"), response_fields.get("time"), started),
        ttfb=coerce.micros(metadata.get("ttfb_ms")),
        user=coerce.short(event.get("user_id")) or coerce.short(event.get("user_identifier")),
        device=_device(event, metadata, response),
        client=coerce.short(request_fields.get("ip_address")),
        trace=coerce.identity(event.get("trace_id")),
        span=coerce.identity(span.get("id")),
        parent=coerce.identity(span.get("parent_id")) or coerce.identity(span.get("parent_span_id")),
        aborted=metadata.get("aborted") is True,
        exception=coerce.short(failure.get("type")),
        exception_text=coerce.text(failure.get("message")),
        request_size=_size(request, metadata.get("request_body")),
        response_size=_size(response, metadata.get("response_body")),
        request_type=_type(request.headers),
        response_type=_type(response.headers) if response else None,
    )
    return Exchange(summary=summary, request=request, response=response, extra=_extra(event, metadata))


def _record_message(value: object) -> Message:
    part = coerce.mapping(value)
    if part.get("body") == _LOST:
        return replace(_message({**part, "body": None}), omitted="not UTF-8")
    # In this protocol an empty string means no body; any other string is the body itself, JSON or not.
    raw = part.get("body") or None
    encoding = part.get("transfer_encoding") or ("text" if isinstance(raw, str) else None)
    return _message({**part, "body": raw, "transfer_encoding": encoding})


def _message(value: object, marks: object = None) -> Message:
    part, marked = coerce.mapping(value), coerce.mapping(marks)
    headers = coerce.headers(part.get("headers"))
    sent = part.get("body")
    if not isinstance(sent, JsonText):
        body, parsed = coerce.body(sent, encoding=part.get("transfer_encoding"), content_type=_type(headers))
    else:
        body, parsed = coerce.utf8(sent), True
    return Message(
        headers=headers,
        body=body,
        parsed=parsed,
        truncated=marked.get("truncated") is True,
        omitted=coerce.text(marked.get("omitted")),
        redacted=coerce.count(marked.get("redacted")) or 0,
        decoded=coerce.text(marked.get("decoded")),
        read=coerce.text(marked.get("read")),
    )


def _extra(event: Mapping[str, object], metadata: Mapping[str, object]) -> dict[str, object]:
    kept = {name: event[name] for name in _EXTRA if event.get(name) not in (None, "")}
    rest = {name: value for name, value in metadata.items() if name not in _KNOWN_METADATA}
    sdk = coerce.mapping(metadata.get("sdk"))
    masked = coerce.mapping(metadata.get("redacted"))
    failure = coerce.mapping(metadata.get("exception"))
    raised = {name: failure[name] for name in ("module", "line") if failure.get(name) is not None}
    parts = {"masked": masked, "raised": raised, "metadata": rest, "sdk": sdk}
    return {**kept, **{name: part for name, part in parts.items() if part}}


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DecodeError(f"{what} must be a JSON object.")
    return value


def _status(*candidates: object) -> int | None:
    return next((found for found in map(coerce.count, candidates) if found and found < 1000), None)


def _duration(milliseconds: object, ended: object, started: int) -> int | None:
    reported = coerce.micros(milliseconds)
    end = coerce.instant(ended)
    if reported is not None or end is None or end < started:
        return reported
    return end - started


def _device(event: Mapping[str, object], metadata: Mapping[str, object], response: Message | None) -> str | None:
    # Client 0.2.0 leaves the device in the response header that the application set.
    return (
        coerce.short(metadata.get("device"))
        or coerce.short(event.get("device"))
        or (coerce.short(coerce.header(response.headers, "x-drhttp-device")) if response else None)
    )


def _size(message: Message | None, marks: object) -> int | None:
    if message is None:
        return None
    size = coerce.mapping(marks).get("size")
    if size is not None:
        return coerce.count(size)
    if message.truncated or message.omitted:
        return None
    declared = coerce.count(coerce.header(message.headers, "content-length"))
    return declared if message.parsed and declared is not None else len(message.body or b"")


def _type(headers: Headers) -> str | None:
    return coerce.text(coerce.header(headers, "content-type"))
