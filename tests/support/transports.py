"""Transports to receivers for tests, and certificates that they trust."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING

import trustme

from drhttp._delivery.transport import Transport
from drhttp._dsn import Dsn
from support.receiver import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def authority(folder: Path, *names: str) -> tuple[str, ssl.SSLContext]:
    """The file of a private authority's certificate, and a server's context with a certificate from it."""
    issuer = trustme.CA()
    file = folder / "authority.pem"
    issuer.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*names).configure_cert(context)
    return str(file), context


def transports() -> Iterator[Callable[..., Transport]]:
    """A fixture's code: makes transports for a DSN, and closes them in the end."""
    with ExitStack() as stack:

        def make(dsn: str, timeout: float = 5.0) -> Transport:
            transport = Transport(Dsn.parse(dsn), "/path", {"X-Key": KEY}, timeout)
            stack.callback(transport.close)
            return transport

        yield make


def failure_of(transport: Transport, body: bytes = b"x", secrets: tuple[str, ...] = ()) -> str | None:
    """The failure that prevents a response; checks that the POST is retried and the error contains no secret."""
    judged = transport.post(body)
    assert (judged.action, judged.reason, judged.after, judged.suspect) == ("retry", "unreachable", None, False)
    assert judged.error is not None
    assert judged.error.startswith(transport.url)
    assert [secret for secret in (KEY, *secrets) if secret in judged.error] == []
    return transport.result.failure
