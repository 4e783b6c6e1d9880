"""Builds the record of a finished exchange, in the worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drhttp._capture.client_address import client_address
from drhttp._capture.exchange import content_length, first
from drhttp._capture.trace import continue_trace
from drhttp._capture.uri import absolute_uri
from drhttp._record import Body, Failure, Record, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._record import Headers

_UNPREFIXED = frozenset(("CONTENT_TYPE", "CONTENT_LENGTH"))  # RFC 3875 section 4.1


def assemble(exchange: Exchange, config: Config) -> Record:
    """Build the record of a finished exchange."""
    environ, began, link = exchange.environ, exchange.response_body.first_byte_at, exchange.link
    failure = exchange.failure  # read once, because `close` of the response may raise at this moment
    request_headers = _request_headers(environ)
    response_headers = tuple([(name.lower(), str(value)) for name, value in exchange.headers])
    # One call for all ids, because the system call costs more than building them.
    random = os.urandom(40).hex()
    return Record(
        id=uuid4(random),
        request=Request(
            time=exchange.time,
            method=environ.get("REQUEST_METHOD", ""),
            uri=absolute_uri(environ),
            headers=request_headers,
            body=_request_body(exchange, config, request_headers),
            ip=client_address(environ, config.trusted_proxies),
        ),
        response=Response(
            time=exchange.time + exchange.duration,
            status=500 if failure and not exchange.sent else exchange.code,
            headers=response_headers,
            body=_response_body(exchange, config, response_headers),
        ),
        user=exchange.user,
        device=exchange.device,
        duration=exchange.duration,
        ttfb=None if began is None else began - exchange.start,
        aborted=exchange.aborted,
        exception=Failure(type=failure[0], message=failure[1]) if failure else None,
        trace=link.trace() if link else continue_trace(environ.get("HTTP_TRACEPARENT"), random[32:64], random[64:]),
    )


class _FieldNames(dict[str, "str | None"]):
    """A cache from CGI variables to names of header fields; `None` for a variable that is not a header field.

    Most requests use the same few names. The cache is bounded, because clients may send any.
    """

    _MOST = 500
    _LONGEST = 100  # characters

    def __missing__(self, key: str) -> str | None:
        prefixed = key.startswith("HTTP_")
        name = (key[5:] if prefixed else key).replace("_", "-").lower() if prefixed or key in _UNPREFIXED else None
        if len(key) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[key] = name
        return name


_names = _FieldNames()


def _request_headers(environ: Mapping[str, str]) -> Headers:
    """Convert CGI variables to header fields. The two without a prefix may be there twice, or be empty."""
    headers = []
    for key, value in environ.items():
        name = _names[key]
        if name is not None and (key not in _UNPREFIXED or (value and f"HTTP_{key}" not in environ)):
            headers.append((name, value))
    return tuple(headers)


def _request_body(exchange: Exchange, config: Config, headers: Headers) -> Body:
    captured, environ = exchange.request_body, exchange.environ
    length = content_length(environ.get("CONTENT_LENGTH"))
    if not config.captures_requests:
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        return Body(size=length, omitted="off" if length or chunked else None)
    if captured is None:
        return Body(size=length or 0)
    if captured.size and not wanted("request", config, headers):
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
    if size and not wanted("response", config, headers):
        return Body(size=size, omitted="type")
    content = exchange.response_body.content()
    return Body(content=content or None, size=size, truncated=len(content) < size)


def wanted(direction: str, config: Config, headers: Headers) -> bool:
    """Whether the option `capture_bodies` keeps a body of this content type."""
    capture = config.capture_bodies
    if (capture.request if direction == "request" else capture.response) is True:
        return True
    return capture.takes(direction, first(headers, "content-type") or "")


def uuid4(random: str) -> str:
    """Build a version 4 UUID (RFC 9562 section 5.4) from 32 random hexadecimal digits."""
    variant = "89ab"[int(random[16], 16) & 3]
    return f"{random[:8]}-{random[8:12]}-4{random[13:16]}-{variant}{random[17:20]}-{random[20:32]}"
