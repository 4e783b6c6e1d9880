"""What the record says of a request beside its body, read by the worker from an exchange of any interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from drhttp._record import Headers


class RequestHead(NamedTuple):
    """The head of a request.

    ip: the address of the client. length, traceparent: the values of these header fields. chunked: the length
    of the body is not declared. expects_body: whether there may be a body.
    """

    method: str
    uri: str
    headers: Headers
    ip: str | None
    length: str | None
    chunked: bool
    expects_body: bool
    traceparent: str | None
