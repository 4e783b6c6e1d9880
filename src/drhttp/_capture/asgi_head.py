"""Reads the head of a request from an ASGI exchange, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._capture.asgi_uri import absolute_uri
from drhttp._capture.body_tap import WITH_BODY
from drhttp._capture.client_address import address_of
from drhttp._capture.exchange import first
from drhttp._capture.request_head import RequestHead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drhttp._capture.asgi_exchange import ASGIExchange
    from drhttp._record import Headers


def read_head(exchange: ASGIExchange, trusted_proxies: int) -> RequestHead:
    """Read the head of the request."""
    scope, headers = exchange.scope, _decoded(exchange.fields)
    client = scope.get("client")
    forwarded = ",".join([value for name, value in headers if name == "x-forwarded-for"]) if trusted_proxies else ""
    method: str = scope.get("method") or ""
    length, chunked = first(headers, "content-length"), first(headers, "transfer-encoding") is not None
    return RequestHead(
        method,
        absolute_uri(scope, first(headers, "host")),
        headers,
        address_of(str(client[0]) if client else "", forwarded, trusted_proxies),
        length,
        chunked,
        length != "0" if length else chunked or method in WITH_BODY,
        first(headers, "traceparent"),
    )


def read_response_headers(exchange: ASGIExchange) -> Headers:
    """Read the header fields of the response."""
    return _decoded(exchange.headers)


def _decoded(fields: Iterable[tuple[Any, Any]]) -> Headers:
    """Decode header fields: each byte is one character, as in WSGI."""
    return tuple([(_text(name).lower(), _text(value)) for name, value in fields])


def _text(part: Any) -> str:
    return part if isinstance(part, str) else bytes(part).decode("latin-1")
