"""Builds the record of a finished call, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._capture.exchange import content_length, first
from drhttp._capture.random_ids import RandomDigits, uuid4
from drhttp._mutable_record import MutableRecord
from drhttp._record import Body, Failure, Trace

if TYPE_CHECKING:
    from drhttp._config import Config
    from drhttp._outbound.call import Call, Fields
    from drhttp._outbound.captured_body import CapturedBody
    from drhttp._record import Headers

_random = RandomDigits()


def assemble_call(call: Call, config: Config) -> MutableRecord:
    """Build the record of a finished call."""
    random = _random.take()
    parent = None if call.parent is None else call.parent.trace()
    request_headers = _fields_of(call.head) if call.head else _lowered(call.request_headers)
    response_headers = _lowered(call.response_headers)
    complete = not (call.failure or call.aborted)
    record = MutableRecord()
    record.id = uuid4(random)
    record.direction = "Outgoing"
    record.time = call.time
    record.method = call.method
    record.uri = _printable(call.uri_of(call.address))
    record.request_headers = request_headers
    record.request_body = _request_body(call, config, request_headers)
    record.response_time = call.time + call.duration
    record.status = call.status
    record.response_headers = response_headers
    record.response_body = _response_body(call, config, response_headers, complete)
    record.duration, record.ttfb, record.aborted = call.duration, call.ttfb, call.aborted
    if call.failure:
        record.exception = Failure(type=call.failure[0], message=call.failure[1])
    record.trace = Trace(
        trace_id=parent.trace_id if parent else random[32:64],
        span_id=random[64:],
        parent_id=parent.span_id if parent else None,
    )
    return record


def _request_body(call: Call, config: Config, headers: Headers) -> Body:
    captured = call.request_body
    declared = content_length(first(headers, "content-length"))
    if captured.size and not config.captures_requests:
        return Body(size=captured.size, omitted="off")
    if captured.size and not config.capture_bodies.takes("request", headers):
        return Body(size=captured.size, omitted="type")
    size = captured.size if declared is None else max(declared, captured.size)
    return _body(captured, size, call.decoded[0])


def _response_body(call: Call, config: Config, headers: Headers, complete: bool) -> Body:
    captured = call.response_body
    if captured.size and not config.captures_responses:
        return Body(size=captured.size, omitted="off")
    if captured.size and not config.capture_bodies.takes("response", headers):
        return Body(size=captured.size, omitted="type")
    if complete or call.bodiless or not call.status:
        return _body(captured, captured.size, call.decoded[1])
    declared = None if call.decoded[1] else content_length(first(headers, "content-length"))
    return _body(captured, declared, call.decoded[1], cut=declared is None or declared > captured.size)


def _body(captured: CapturedBody, size: int | None, decoded: str | None, *, cut: bool = False) -> Body:
    """What a record says of a body. size: of the whole body. cut: not all of it has passed."""
    content = captured.content()
    truncated = bool(content) and (cut or len(content) < (captured.size if size is None else size))
    return Body(content=content or None, size=size, truncated=truncated, decoded=decoded if content else None)


def _fields_of(head: bytes) -> Headers:
    """The header fields in the head of a request, as it was sent."""
    text = head.decode("latin-1").replace("\r\n ", " ").replace("\r\n\t", " ")  # long values may be folded
    fields = []
    for line in text.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip().lower(), value.strip()))
    return tuple(fields)


def _lowered(fields: Fields) -> Headers:
    return tuple([(_text(name).lower(), _text(value)) for name, value in fields])


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _printable(uri: str) -> str:
    """Encode the characters that no URI may contain, as some clients send them all the same."""
    if uri.isascii() and uri.isprintable() and " " not in uri:
        return uri
    from urllib.parse import quote

    return quote(uri.encode("utf-8", "surrogatepass"), safe="%/:?#[]@!$&'()*+,;=~{}|^`\\<>\"")
