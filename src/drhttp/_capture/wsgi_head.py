"""Reads the head of a request from a WSGI exchange, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._capture.client_address import client_address
from drhttp._capture.request_head import RequestHead
from drhttp._capture.wsgi_uri import absolute_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drhttp._capture.wsgi_exchange import WSGIExchange
    from drhttp._record import Headers

_UNPREFIXED = frozenset(("CONTENT_TYPE", "CONTENT_LENGTH"))  # RFC 3875 section 4.1
_MOST, _LONGEST = 500, 100  # names that are remembered, and characters of each
_TWICE = frozenset(f"HTTP_{key}" for key in _UNPREFIXED)  # some servers pass these on too


def read_head(exchange: WSGIExchange, trusted_proxies: int) -> RequestHead:
    """Read the head of the request."""
    environ = exchange.environ
    return RequestHead(
        environ.get("REQUEST_METHOD", ""),
        absolute_uri(environ),
        _request_headers(environ),
        client_address(environ, trusted_proxies),
        environ.get("CONTENT_LENGTH"),
        "HTTP_TRANSFER_ENCODING" in environ,
        exchange.request_body is not None,  # only the input of a request that may have a body is captured
        environ.get("HTTP_TRACEPARENT"),
    )


def read_response_headers(exchange: WSGIExchange) -> Headers:
    """Read the header fields of the response."""
    return tuple([(name.lower(), str(value)) for name, value in exchange.headers])


class _FieldNames(dict[str, "str | None"]):
    """A cache from CGI variables to names of header fields; `None` for a variable that is not a header field.

    Most requests use the same few names. The cache is bounded, because clients may send any.
    """

    def __missing__(self, key: str) -> str | None:
        prefixed = key.startswith("HTTP_")
        name = (key[5:] if prefixed else key).replace("_", "-").lower() if prefixed or key in _UNPREFIXED else None
        if len(key) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[key] = name
        return name


_names = _FieldNames()


def _request_headers(environ: Mapping[str, str]) -> Headers:
    """Convert CGI variables to header fields. The two without a prefix may be there twice, or be empty."""
    if _TWICE.isdisjoint(environ) and environ.get("CONTENT_TYPE", "-") and environ.get("CONTENT_LENGTH", "-"):
        return tuple([(name, value) for key, value in environ.items() if (name := _names[key]) is not None])
    return tuple(
        [
            (name, value)
            for key, value in environ.items()
            if (name := _names[key]) is not None
            and (key not in _UNPREFIXED or (value and f"HTTP_{key}" not in environ))
        ]
    )
