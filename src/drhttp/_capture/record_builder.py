"""Builds the record of a finished exchange, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._capture import asgi_head, wsgi_head
from drhttp._capture.asgi_exchange import ASGIExchange
from drhttp._capture.exchange import content_length, first
from drhttp._capture.random_ids import RandomDigits, uuid4
from drhttp._capture.route import template
from drhttp._capture.trace import continue_trace
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._guard import guarded
from drhttp._mutable_record import MutableRecord
from drhttp._record import Body, Failure

if TYPE_CHECKING:
    from drhttp._capture.exchange import Exchange
    from drhttp._capture.request_head import RequestHead
    from drhttp._config import Config
    from drhttp._record import Headers

_READERS: dict[type[Exchange], Any] = {WSGIExchange: wsgi_head, ASGIExchange: asgi_head}

_random = RandomDigits()


def assemble(exchange: Exchange, config: Config) -> MutableRecord:
    """Build the record of a finished exchange."""
    began, reader, link = exchange.response_body.first_byte_at, _READERS[type(exchange)], exchange.link
    # Read once, because `close` of the response may raise at this moment, which sets the failure first.
    status, failure = exchange.code, exchange.failure
    head: RequestHead = reader.read_head(exchange, config.trusted_proxies)
    response_headers: Headers = reader.read_response_headers(exchange)
    random = _random.take()
    record = MutableRecord()
    record.id = uuid4(random)
    record.time = exchange.time
    record.method, record.uri, record.request_headers, record.ip = head.method, head.uri, head.headers, head.ip
    record.request_body = _request_body(exchange, config, head)
    record.response_time = exchange.time + exchange.duration
    record.status = status
    record.response_headers = response_headers
    record.response_body = _response_body(exchange, config, response_headers)
    record.user, record.device = exchange.user, exchange.device
    record.duration = exchange.duration
    record.aborted = exchange.aborted
    if began is not None:
        record.ttfb = began - exchange.start
    if failure or exchange.handled:
        record.exception = _failure(exchange, failure or exchange.handled)
    if exchange.route:
        record.route = guarded(template, exchange.route)
    record.trace = link.trace() if link else continue_trace(head.traceparent, random[32:64], random[64:])
    return record


def _failure(exchange: Exchange, raised: tuple[str, str] | None) -> Failure | None:
    if raised is None:
        return None
    module, line = exchange.place or (None, None)
    return Failure(type=raised[0], message=raised[1], module=module, line=line)


def _request_body(exchange: Exchange, config: Config, head: RequestHead) -> Body:
    captured, length = exchange.request_body, content_length(head.length)
    if not config.captures_requests:
        return Body(size=length, omitted="off" if length or head.chunked else None)
    if captured is None or not (captured.size or head.expects_body):
        return Body(size=length or 0)
    if captured.size and not config.capture_bodies.takes("request", head.headers):
        return Body(size=length, omitted="type")
    content = captured.content()
    full = captured.exhausted or (length is not None and captured.size >= length)
    size = captured.size if full else length
    read = "full" if full else "partial" if captured.size else "none"
    truncated = captured.size > 0 and (not full or len(content) < captured.size)
    return Body(content=content or None, size=size, truncated=truncated, read=read)


def _response_body(exchange: Exchange, config: Config, headers: Headers) -> Body:
    if exchange.file:
        return Body(size=content_length(first(headers, "content-length")), omitted="file")
    size = exchange.response_body.size
    if not config.captures_responses:
        return Body(size=size, omitted="off" if size else None)
    if size and not config.capture_bodies.takes("response", headers):
        return Body(size=size, omitted="type")
    content = exchange.response_body.content()
    return Body(content=content or None, size=size, truncated=len(content) < size)
