"""The connections and pools of `urllib3`, changed so that a POST ends with its deadline.

`urllib3` does not document all that is overridden here. The tests run with the oldest and the newest version that
`pyproject.toml` allows.
"""

from __future__ import annotations

import _socket

# Resolving a host name loads this codec. It is loaded here, so that it is not loaded while another thread forks.
import encodings.idna  # noqa: F401
import http.client
import select
import socket
import ssl
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError, SSLError
from urllib3.util.ssltransport import SSLTransport

from drhttp._delivery.deadline import PostDeadline
from drhttp._delivery.idle_connections import IdleConnections
from drhttp._delivery.late_patching import greenlets_stall, original, suitable
from drhttp._delivery.response_reader import Response

_BLOCK = 16 * 1024  # bytes sent at a time, between two checks of the deadline

# The overridden names that are not documented, and what may happen with a version of `urllib3` that does not use them.
_UNDOCUMENTED = {
    "_new_conn": "a POST to a host with several addresses may exceed the timeout",
    "QueueCls": "a forked process may hang when it ends",
    "response_class": "an incomplete response may count as a success",
}


class _DeadlineConnection(HTTPConnection):
    """A connection whose operations end with the deadline.

    The timeout of a socket is for one operation. A receiver that reads or sends a byte now and then would never exceed
    it, and a name with several dead addresses would take that long several times.
    """

    deadline: PostDeadline
    sockets: list[socket.socket]  # the socket of the latest connection; there is one at a time
    used_overrides: set[str]  # those of the undocumented ones that `urllib3` has used

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open. gevent's `poll` is not used by a thread without an event loop."""
        if self.sock is None or not greenlets_stall():
            return super().is_connected
        if not hasattr(select, "poll"):  # as on Windows
            return not original("select", "select")([self.sock], [], [], 0)[0]
        poll = original("select", "poll")()
        poll.register(self.sock, select.POLLIN)
        return not poll.poll(0)

    def connect(self) -> None:
        super().connect()
        sock: Any = self.sock
        while hasattr(sock, "socket"):
            sock = sock.socket  # `SSLTransport` is not a socket, but has one
        self.sockets[:] = [sock]

    def _new_conn(self) -> socket.socket:
        self.used_overrides.add("_new_conn")
        # `host` lacks the final dot of a fully qualified name.
        addresses = _addresses(getattr(self, "_dns_host", self.host), self.port)
        failure: OSError | None = None
        for index, (family, kind, protocol, _, address) in enumerate(addresses):
            # A share of the time, so that a dead address leaves some for the next.
            share = self.deadline.remaining_seconds() / (len(addresses) - index)
            sock: socket.socket = suitable("socket", "socket")(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(share)
                sock.connect(address)
                sock.settimeout(self.deadline.remaining_seconds())
            except OSError as error:
                failure = error
                sock.close()
            else:
                return sock
        if isinstance(failure, TimeoutError):
            raise failure
        raise NewConnectionError(self, "no address could be connected to") from failure

    def send(self, data: Any) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            if self.sock is not None:
                self.sock.settimeout(self.deadline.remaining_seconds())
            try:
                super().send(view[start : start + _BLOCK])
            except (BrokenPipeError, ConnectionResetError) as error:
                self.deadline.cut = True
                # For this exception, urllib3 reads a response that came before the end of the request.
                raise BrokenPipeError(error.errno, error.strerror) from error

    # A method instead of a class: urllib3 only calls it, and it needs the deadline.
    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        self.used_overrides.add("response_class")
        return Response(sock, self.deadline, *args, **kwargs)


class _SecureConnection(_DeadlineConnection, HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        try:
            super().connect()
        except ConnectionError as error:
            if self.proxy is not None:
                raise
            # A receiver without TLS may reset the connection before its error message for the client has arrived.
            raise SSLError(error) from error


class _MemoryTLS(SSLTransport):
    """TLS over a socket, or over other TLS: that of a proxy, which `SSLTransport` takes for a socket."""

    @property
    def _io_refs(self) -> int:
        return self.socket._io_refs  # type: ignore[attr-defined, no-any-return]

    @_io_refs.setter
    def _io_refs(self, count: int) -> None:
        self.socket._io_refs = count  # type: ignore[attr-defined]


def encrypt_in_memory(context: ssl.SSLContext) -> None:
    """Make a context wrap sockets in an `SSLTransport`: gevent's `SSLSocket` needs an event loop."""

    def wrap_socket(sock: socket.socket, server_hostname: str | None = None) -> _MemoryTLS:
        return _MemoryTLS(sock, context, server_hostname)

    context.wrap_socket = wrap_socket  # type: ignore[method-assign, assignment]


def _addresses(host: str, port: int | None) -> list[tuple[Any, ...]]:
    """Resolve a host name. gevent does that in a thread, which cannot be started while the interpreter shuts down."""
    try:
        return [*suitable("socket", "getaddrinfo")(host, port, type=socket.SOCK_STREAM)]
    except RuntimeError:
        return [*_socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def unused_overrides(used: set[str]) -> str:
    """What this version of `urllib3` does not use, and what may happen, for the log; empty if it uses everything.

    used: the member `used_overrides`, after a response.
    """
    return "; ".join(
        f"it does not use {name}, so {effect}" for name, effect in _UNDOCUMENTED.items() if name not in used
    )


def pool_classes(members: dict[str, Any]) -> dict[str, type[HTTPConnectionPool]]:
    """The classes of pools for `PoolManager.pool_classes_by_scheme`.

    members: the attributes `deadline`, `sockets` and `used_overrides` of all connections.
    """
    if not issubclass(HTTPConnection, http.client.HTTPConnection):
        # Another library stands in the place of urllib3, such as urllib3-future. What is overridden would break it.
        return {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
    plain = type("_HTTPConnection", (_DeadlineConnection,), members)
    secure = type("_HTTPSConnection", (_SecureConnection,), members)

    def queue(maxsize: int) -> IdleConnections:
        members["used_overrides"].add("QueueCls")
        return IdleConnections(maxsize)

    queue_class = staticmethod(queue)
    return {
        "http": type("_HTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain, "QueueCls": queue_class}),
        "https": type("_HTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure, "QueueCls": queue_class}),
    }
