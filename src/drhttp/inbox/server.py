"""Sockets and signals: the inbox listens on loopback only, and stops in good order on Ctrl-C and SIGTERM."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from drhttp.inbox.errors import PortError

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

DEFAULT_PORT = 8399
TRIES = 100
"""How many ports after the default one are tried."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Open sockets on one port of 127.0.0.1 and, where there is IPv6, ::1."""

    port: int
    sockets: list[socket.socket]

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *problem: object) -> None:
        for one in self.sockets:
            one.close()


def listen(port: int | None) -> Listener:
    """Bind `port`, or the default one or the first free one after it when no port was asked for."""
    candidates = range(DEFAULT_PORT, DEFAULT_PORT + TRIES) if port is None else (port,)
    for candidate in candidates:
        try:
            return _bind(candidate)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise PortError(f"Port {candidate} cannot be used: {problem.strerror}.") from problem
    if port is None:
        raise PortError(f"All ports from {DEFAULT_PORT} to {DEFAULT_PORT + TRIES - 1} are busy.")
    raise PortError(f"Port {port} is busy; choose another one with --port, or none to get the next free one.")


def serve(app: ASGIApp, listener: Listener) -> None:
    """Answer until a signal says stop."""
    # h11 bounds the header block, and the limits are the same whatever else is installed.
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=256,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    with _stopped_by_signals(server):
        server.run(sockets=listener.sockets)


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Take the signals before uvicorn is ready to, and those that it raises again after its own clean stop.

    The first kind would be lost, the second would end the process before the file is closed.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _bind(port: int) -> Listener:
    sockets = [_socket(socket.AF_INET, "127.0.0.1", port)]
    chosen = int(sockets[0].getsockname()[1])
    try:
        if socket.has_ipv6:
            sockets.append(_socket(socket.AF_INET6, "::1", chosen))
    except OSError as problem:
        if problem.errno in {errno.EADDRINUSE, errno.EACCES}:
            sockets[0].close()
            raise
    return Listener(chosen, sockets)


def _socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
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
