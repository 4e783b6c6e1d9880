"""A receiver on a raw loopback socket, which remembers what was posted and whose behavior can be exchanged at any time.

It is on a socket of its own, not on pytest-httpserver: that runs in Werkzeug's server, which answers with HTTP/1.0
by default and always with a whole, valid response. It can neither keep connections and count them, nor reset one, stop
in the middle of a response, read slowly, or refuse to accept.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from io import BufferedReader
    from typing import Any

KEY = "s3ntinel"  # of the DSNs, in no word that is logged otherwise


@dataclass(frozen=True)
class Post:
    """A POST that was read whole. at: seconds, monotonic. client_port: tells connections apart."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    client_port: int
    accepted: bool = False

    @property
    def records(self) -> list[dict[str, Any]]:
        """The events of a batch, or the one record of the old form."""
        data = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        value = json.loads(data)
        return value if isinstance(value, list) else [value]

    @cached_property
    def record_count(self) -> int:
        """The number of `records`, decoded once."""
        return len(self.records)


class ConnectionClosed(Exception):
    """This end of the connection is to be closed, or the other end is closed."""


class Request:
    """A request of which the first byte has arrived; a behavior reads it and responds to it, or does not.

    interrupted: set when the receiver's behavior is exchanged, or its connections are closed; what waits for long
    waits for that.
    """

    def __init__(self, receiver: Receiver, connection: socket.socket, stream: BufferedReader, client_port: int) -> None:
        self.receiver = receiver
        self.connection = connection
        self.stream = stream
        self.interrupted = receiver.interrupted
        self._client_port = client_port

    def read_head(self) -> tuple[str, dict[str, str]]:
        """Read the request line and the header section; return the path and the headers, with names in lower case."""
        request_line = self._read_line().split()
        if len(request_line) != 3:
            raise ConnectionClosed
        headers = {}
        while line := self._read_line().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return request_line[1], headers

    def read(self) -> Post:
        """Read the whole request, without remembering it."""
        path, headers = self.read_head()
        length = int(headers.get("content-length", 0))
        body = self.stream.read(length)
        if len(body) < length:
            raise ConnectionClosed
        return Post(path, headers, body, time.monotonic(), self._client_port)

    def accept(self) -> None:
        """Read the whole request, and remember it as accepted."""
        self.receiver.remember(replace(self.read(), accepted=True))

    def reject(self) -> None:
        """Read the whole request, and remember it as not accepted."""
        self.receiver.remember(self.read())

    def respond_to(self, post: Post, response: Response) -> None:
        """Remember a POST that was read, accepted if the response is a success, and send the response."""
        self.receiver.remember(replace(post, accepted=200 <= response.status < 300))
        self.send(response)

    def send(self, response: Response) -> None:
        """Send the response; the connection stays open unless a header field says otherwise."""
        self.connection.sendall(response.encoded())
        if response.headers.get("Connection") == "close":
            raise ConnectionClosed

    def send_head(self, status: int, length: int) -> None:
        """Send a header section that declares so many bytes of body."""
        self.connection.sendall(f"HTTP/1.1 {status} Response\r\nContent-Length: {length}\r\n\r\n".encode())

    def reset(self) -> None:
        """End the connection with a TCP RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionClosed

    def _read_line(self) -> str:
        line = self.stream.readline()
        if not line:
            raise ConnectionClosed
        return line.decode("latin-1")


@dataclass(frozen=True)
class Response:
    """A complete response, and the behavior of sending it to each request; a status of 2xx accepts the POST."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __call__(self, request: Request) -> None:
        request.respond_to(request.read(), self)

    def encoded(self) -> bytes:
        """The bytes to send, with a date and the length of the body."""
        own = {"Date": formatdate(usegmt=True), "Content-Length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**own, **self.headers}.items())
        return f"HTTP/1.1 {self.status} Response\r\n{lines}\r\n".encode() + self.body


def own_address() -> str:
    """A loopback address that no other program of this machine uses.

    Its ports can be closed and opened, and a sender that outlives its test reaches nobody else's server.
    """
    if sys.platform != "linux":  # others have one
        return "127.0.0.1"
    return "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))


def closed_address() -> str:
    """A host and a port on which nobody listens."""
    with socket.create_server((own_address(), 0)) as listening:
        return "{}:{}".format(*listening.getsockname())


class Receiver:
    """Takes POSTs on a loopback socket and remembers them. A context manager.

    behavior: is called with each request; accepts everything by default. next_behaviors: for the next requests, one
    each; `behavior` follows when there are none left. tls: wraps each connection.

    posts: all that were read whole, whatever the response. request_times: when the first byte of each request
    arrived, in seconds, monotonic. connection_count: how many connections were accepted. connection_closed: a
    semaphore that is released once for each connection that was closed here. bytes_sent: of a large body.
    """

    def __init__(
        self,
        behavior: Callable[[Request], None] = Response(),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.behavior = behavior
        self.next_behaviors: deque[Callable[[Request], None]] = deque()
        self.posts: list[Post] = []
        self.request_times: list[float] = []
        self.connection_count = 0
        self.connection_closed = threading.Semaphore(0)
        self.bytes_sent = 0
        self.interrupted = threading.Event()
        self.host = host
        self._tls = tls
        self._changed = threading.Condition()
        self._connections: set[socket.socket] = set()
        self._fillers: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._listener = socket.create_server((host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Receiver:
        self._accept()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """The DSN that leads here."""
        return self.dsn_for()

    def dsn_for(self, scheme: str = "http", host: str | None = None) -> str:
        """The DSN that leads here over TLS, or by another name of the host."""
        return f"{scheme}://{KEY}@{host or self.host}:{self.port}/"

    # What has arrived

    @property
    def records(self) -> list[dict[str, Any]]:
        """All records of the POSTs that were accepted."""
        with self._changed:
            accepted = [post for post in self.posts if post.accepted]
        return [record for post in accepted for record in post.records]

    def wait(self, count: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """The records, once at least `count` are accepted; fails after `timeout` seconds."""
        self._wait_for(
            lambda: sum(post.record_count for post in self.posts if post.accepted), count, timeout, "records"
        )
        return self.records

    def wait_for_posts(self, count: int, timeout: float = 10.0) -> list[Post]:
        """The POSTs, once at least `count` were read, whatever the response; fails after `timeout` seconds."""
        self._wait_for(lambda: len(self.posts), count, timeout, "POSTs")
        with self._changed:
            return list(self.posts)

    def wait_for_requests(self, count: int, timeout: float = 60.0) -> None:
        """Wait until at least `count` requests have begun to arrive; fails after `timeout` seconds."""
        self._wait_for(lambda: len(self.request_times), count, timeout, "requests")

    def remember(self, post: Post) -> None:
        """Keep a POST; a subclass may keep less of it."""
        with self._changed:
            self.posts.append(post)
            self._changed.notify_all()

    def _wait_for(self, current: Callable[[], int], count: int, timeout: float, what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: current() >= count, timeout):
                raise AssertionError(f"{current()} {what} after {timeout} s instead of {count}")

    # How it behaves

    def set_behavior(self, behavior: Callable[[Request], None]) -> None:
        """Exchange the behavior, and interrupt requests that the old one holds up."""
        self.behavior = behavior
        self._interrupt()

    def stop(self) -> None:
        """Stop listening and close all connections, as when the process has ended: further ones are refused."""
        self._stop_listening()
        self._interrupt()
        for connection in list(self._connections):
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS too, without a close_notify

    def become_black_hole(self) -> None:
        """Close all connections, and neither accept nor refuse further ones: the queue for them is full."""
        self.stop()
        self._listener = socket.create_server((self.host, self.port), backlog=0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.host, self.port))
            self._fillers.append(filler)

    def recover(self) -> None:
        """Listen again, and accept everything."""
        self.set_behavior(Response())
        if self._thread is None:
            self._stop_listening()
            self._listener = socket.create_server((self.host, self.port), backlog=128)
            self._accept()

    def _interrupt(self) -> None:
        before, self.interrupted = self.interrupted, threading.Event()
        before.set()

    def _stop_listening(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # Connections

    def _accept(self) -> None:
        self._thread = threading.Thread(target=self._accept_connections, args=(self._listener,), daemon=True)
        self._thread.start()

    def _accept_connections(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, (_, client_port) = listener.accept()
                self.connection_count += 1
                self._connections.add(connection)
                threading.Thread(target=self._serve, args=(connection, client_port), daemon=True).start()

    def _serve(self, connection: socket.socket, client_port: int) -> None:
        try:
            with suppress(OSError, ConnectionClosed), connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is None:
                    self._serve_requests(connection, client_port)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secure:
                        self._connections.add(secure)
                        try:
                            self._serve_requests(secure, client_port)
                        finally:
                            self._connections.discard(secure)
        finally:
            self._connections.discard(connection)
            self.connection_closed.release()

    def _serve_requests(self, connection: socket.socket, client_port: int) -> None:
        with connection.makefile("rb") as stream:
            while stream.peek(1):
                with self._changed:
                    self.request_times.append(time.monotonic())
                    behavior = self.next_behaviors.popleft() if self.next_behaviors else self.behavior
                    self._changed.notify_all()
                behavior(Request(self, connection, stream, client_port))
