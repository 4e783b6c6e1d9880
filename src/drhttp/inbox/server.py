"""Sockets and signals: listens on loopback by default and shuts down gracefully on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from drhttp.inbox.errors import PortError

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

DEFAULT_PORT = 8399
TRIES = 100
"""Number of ports that are tried, from the default port on."""
CONNECTIONS = 64
"""Concurrent requests; beyond them the response is 503."""
MAX_CONNECTIONS = 128
"""Maximum open connections, including idle ones."""
HEADER_TIME = 10.0
"""Timeout in seconds for receiving request headers."""


@dataclass(slots=True)
class Listener:
    """Open sockets on one port of 127.0.0.1 and, where there is IPv6, ::1. stop: ends what serves them."""

    port: int
    sockets: list[socket.socket]
    stop: Callable[[], None] | None = None

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *problem: object) -> None:
        for one in self.sockets:
            one.close()


class _Server(uvicorn.Server):
    """A server that calls `on_stop` when it receives a signal."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_stop()
        super().handle_exit(sig, frame)


class Protocol(H11Protocol):
    """HTTP/1.1 with a timeout for request headers (slow-loris attacks)."""

    most = MAX_CONNECTIONS
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
            return
        self._clock = self.loop.call_later(HEADER_TIME, self._give_up)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle  # before the first request there is none
        in_progress = cycle is not None and not cycle.response_complete
        if in_progress and self._clock is not None:
            self._clock.cancel()
            self._clock = None
        elif not in_progress and self._clock is None and self.conn.trailing_data[0]:
            self._clock = self.loop.call_later(HEADER_TIME, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._clock is not None:
            self._clock.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def listen(port: int | None, host: str | None = None) -> Listener:
    """Bind `port`, or the first free port from the default one on if `port` is None.

    host: an address to listen on in addition to loopback. Raises `PortError`.
    """
    candidates = range(DEFAULT_PORT, DEFAULT_PORT + TRIES) if port is None else (port,)
    for candidate in candidates:
        try:
            return _bind(candidate, host)
        except OSError as problem:
            if isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
                raise PortError(f"{host} is not an address of this machine.") from problem
            if problem.errno != errno.EADDRINUSE:
                raise PortError(f"Cannot listen on port {candidate}: {problem.strerror}.") from problem
    if port is None:
        raise PortError(f"All ports from {DEFAULT_PORT} to {DEFAULT_PORT + TRIES - 1} are in use.")
    raise PortError(f"Port {port} is in use. Choose another one, or omit --port to use the next free port.")


def serve(
    app: ASGIApp,
    listener: Listener,
    *,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None],
    connections: int = CONNECTIONS,
) -> None:
    """Serve until SIGINT or SIGTERM.

    on_ready: called when requests may come and signals are heeded. on_stop: called as soon as one says stop, so that
    what lasts can end. connections: concurrent requests; twice as many connections may be open.
    """
    # h11 bounds the header block, and the limits are the same whatever else is installed.
    config = uvicorn.Config(
        app,
        http=type("Protocol", (Protocol,), {"most": 2 * connections}),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, on_stop)

    def stop() -> None:
        server.should_exit = True
        on_stop()

    listener.stop = stop
    with _stopped_by_signals(stop):
        on_ready()
        server.run(sockets=listener.sockets)


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Take the signals before uvicorn is ready to, and those that it raises again after its own clean stop.

    The first kind would be lost, the second would end the process before the file is closed.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can take signals
        return
    before = {name: signal.signal(name, handle) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _bind(port: int, host: str | None) -> Listener:
    addresses: dict[socket.AddressFamily, list[str]] = {socket.AF_INET: ["127.0.0.1"]}
    if socket.has_ipv6:
        addresses[socket.AF_INET6] = ["::1"]
    if host is not None:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Where everything is listened to, loopback is part of it.
        whole = ipaddress.ip_address(str(where[0])).is_unspecified
        addresses[family] = [str(where[0])] if whole else [*addresses.get(family, ()), str(where[0])]
    sockets: list[socket.socket] = []
    try:
        for kind, listed in addresses.items():
            for one in listed:
                _add(sockets, kind, one, int(sockets[0].getsockname()[1]) if sockets else port)
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return Listener(int(sockets[0].getsockname()[1]), sockets)


def _add(sockets: list[socket.socket], family: socket.AddressFamily, host: str, port: int) -> None:
    try:
        sockets.append(_socket(family, host, port))
    except OSError as problem:
        # The machine may support IPv6 without having an address.
        if host != "::1" or problem.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise


def _socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY where the protocol is named. Otherwise bodies wait until their header is acknowledged.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # Otherwise the port stays taken for a minute after a stop; elsewhere the option would share the port.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(128)
    except OSError:
        one.close()
        raise
    return one
