"""Real peers on loopback sockets that behave badly as told, a proxy that behaves well, and transports to them."""

from __future__ import annotations

import base64
import select
import socket
import struct
import threading
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import trustme

from drhttp._delivery.transport import Transport
from drhttp._dsn import Dsn

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "s3ntinel"
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


class Peer:
    """Accepts connections and hands each, in a thread of its own, to `talk(connection, peer)`. A context manager.

    tls: wraps each connection. `ended` is set when the peer is being closed, `served` counts connections that were
    handed over, `sent` what a `talk` notes there.
    """

    def __init__(self, talk: Callable[[socket.socket, Peer], None], tls: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.ended = threading.Event()
        self.left = threading.Semaphore(0)  # one more for each connection that `talk` is done with
        self.served = 0
        self.sent = 0

    def __enter__(self) -> Peer:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def dsn(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """The DSN that leads here."""
        return f"{scheme}://{KEY}@{host}:{self.port}/"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.served += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._tls is None:
                self._talk(connection, self)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure, self)
        self.left.release()


def read_request(connection: socket.socket) -> bytes:
    """One request, headers and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionResetError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def says(answer: bytes) -> Callable[[socket.socket, Peer], None]:
    """Answers each request of a connection with these bytes."""

    def talk(connection: socket.socket, peer: Peer) -> None:
        while True:
            read_request(connection)
            connection.sendall(answer)

    return talk


def hangs_up(answer: bytes) -> Callable[[socket.socket, Peer], None]:
    """Answers one request of a connection with these bytes and closes it."""

    def talk(connection: socket.socket, peer: Peer) -> None:
        read_request(connection)
        connection.sendall(answer)

    return talk


def resets(connection: socket.socket, peer: Peer) -> None:
    """Reads a request and resets the connection."""
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def is_silent(connection: socket.socket, peer: Peer) -> None:
    """Never says anything."""
    peer.ended.wait(30)


def drips(answer: bytes, seconds: float) -> Callable[[socket.socket, Peer], None]:
    """Answers byte by byte, with a pause after each."""

    def talk(connection: socket.socket, peer: Peer) -> None:
        read_request(connection)
        for index in range(len(answer)):
            connection.sendall(answer[index : index + 1])
            if peer.ended.wait(seconds):
                return

    return talk


def sips(connection: socket.socket, peer: Peer) -> None:
    """Takes the request slowly: a little at a time, with pauses."""
    while not peer.ended.wait(0.02):
        connection.recv(1000)


def gushes(connection: socket.socket, peer: Peer) -> None:
    """Answers with a body that never ends, and notes how much of it was taken."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while not peer.ended.is_set():
        peer.sent += connection.send(b"x" * 65536)


def refuses_early(connection: socket.socket, peer: Peer) -> None:
    """Answers 413 while the body is still on its way, and closes without reading it."""
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def black_hole() -> tuple[socket.socket, list[socket.socket]]:
    """A listener whose queue is full, so that it answers no further connection, and those that fill it."""
    listener = socket.create_server(("127.0.0.2", 0), backlog=0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


class Proxy:
    """Forwards plain requests and tunnels others, if the credentials are right. A context manager.

    `seen` are the request lines, `heard` all header fields that came with them.
    """

    def __init__(self, credentials: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.expected = None if credentials is None else f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self.seen: list[str] = []
        self.heard: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.place = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Proxy:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._welcome():
            return
        place = self.path.split("/")[2]
        upstream = HTTPConnection(place, timeout=5)
        own = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        upstream.request("POST", self.path.partition(place)[2], body, own)
        answer = upstream.getresponse()
        self._say(answer.status)
        upstream.close()

    def do_CONNECT(self) -> None:
        if not self._welcome():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), 5) as upstream:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            _pump(self.connection, upstream)
        self.close_connection = True

    def _welcome(self) -> bool:
        self.proxy.seen.append(self.requestline)
        self.proxy.heard.extend(f"{name}: {value}" for name, value in self.headers.items())
        if self.proxy.expected in (None, self.headers["Proxy-Authorization"]):
            return True
        self._say(407)
        return False

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    with suppress(OSError):
        while True:
            pending = getattr(one, "pending", int)()
            readable = [one] if pending else select.select([one, other], [], [], 10)[0]
            for source in readable:
                data = source.recv(65536)
                (other if source is one else one).sendall(data)
                if not data:
                    return


def authority(folder: Path, *names: str) -> tuple[str, ssl.SSLContext]:
    """The file of a private authority's certificate, and a server's context with a certificate from it."""
    import ssl

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


def trouble(transport: Transport, body: bytes = b"x", secrets: tuple[str, ...] = ()) -> str | None:
    """What prevents an answer; checks that it leads to another try and is told without the key and other secrets."""
    judged = transport.post(body)
    assert (judged.action, judged.reason, judged.after, judged.suspect) == ("retry", "unreachable", None, False)
    assert judged.error is not None
    assert judged.error.startswith(transport.url)
    assert [secret for secret in (KEY, *secrets) if secret in judged.error] == []
    return transport.result.failure
