"""A server on a raw loopback socket that keeps every byte it is sent, by connection, and answers by the path."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from support.receiver import own_address

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from io import BufferedReader
    from typing import Any

PART = b"word " * 8
JSON = b'{"ok": true, "password": "hunter2"}'
BLOCKS = [b"first ", b"second ", b"third"]


class WireServer:
    """Answers requests until it is stopped. A context manager.

    received: the bytes of each connection, in the order of their first byte. paced: released for each block of a paced
    answer that may leave. held: set when an answer that never comes is waited for.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[bytearray] = []
        self.paced = threading.Semaphore(0)
        self.held = threading.Event()
        self._tls = tls
        self._stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server((own_address(), 0), backlog=128)
        self.host, self.port = self._listener.getsockname()
        self.url = f"{'http' if tls is None else 'https'}://{self.host}:{self.port}"
        self._places: dict[socket.socket, bytearray] = {}

    def __enter__(self) -> WireServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        self._listener.close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def take(self) -> list[bytes]:
        """What was received so far, by connection; then forget it."""
        received, self.received = self.received, []
        self._places.clear()
        return [bytes(each) for each in received]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError, ValueError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._connections.add(connection)
            with connection, connection.makefile("rb") as stream:
                while self._serve_request(connection, stream):
                    pass

    def _serve_request(self, connection: socket.socket, stream: BufferedReader) -> bool:
        line = stream.readline()
        if not line:
            return False
        kept = self._kept(connection)
        method, target, _ = line.decode("latin-1").split()
        kept += line
        fields = {}
        while True:
            line = stream.readline()
            kept += line
            if not line.strip():
                break
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        if fields.get("expect", "").lower() == "100-continue":
            if target == "/refusing":
                connection.sendall(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return False
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        path = target.partition("://")[2].partition("/")[2] if "://" in target else target[1:]
        path = path.partition("?")[0]
        if path == "early":
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
            return False
        _read_body(stream, fields, kept)
        return bool(ANSWERS[path.partition("/")[0]](self, connection, method, path))

    def _kept(self, connection: socket.socket) -> bytearray:
        """Where to keep what comes over a connection; a new place after `take`."""
        kept = self._places.get(connection)
        if kept is None:
            kept = self._places[connection] = bytearray()
            self.received.append(kept)
        return kept


def _read_body(stream: BufferedReader, fields: dict[str, str], kept: bytearray) -> None:
    if "chunked" in fields.get("transfer-encoding", ""):
        size = -1
        while size:
            line = stream.readline()
            size = int(line, 16)
            part = stream.read(size + 2)
            if len(kept) < 4_000_000:
                kept += line + part
    else:
        length = int(fields.get("content-length", 0))
        while length:
            part = stream.read(min(length, 65536))
            if not part:
                raise EOFError
            length -= len(part)
            if len(kept) < 4_000_000:
                kept += part


def _plain(status: str, body: bytes = b"", *fields: str) -> Callable[..., bool]:
    def answer(server: WireServer, connection: Any, method: str, path: str) -> bool:
        bodiless = method == "HEAD" or status[:3] in ("204", "304")
        lines = [f"HTTP/1.1 {status}", *fields]
        if not status.startswith("204"):
            lines.append(f"Content-Length: {len(body)}")
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + (b"" if bodiless else body))
        return True

    return answer


def _chunks(blocks: list[bytes], *, whole: bool = True, fields: str = "") -> Callable[..., bool]:
    def answer(server: WireServer, connection: Any, method: str, path: str) -> bool:
        connection.sendall(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{fields}\r\n".encode())
        for block in blocks:
            if path.endswith("/paced"):
                server.paced.acquire(timeout=20)
            connection.sendall(b"%x;name=value\r\n%b\r\n" % (len(block), block))
        if whole:
            connection.sendall(b"0\r\nX-Trailer: yes\r\n\r\n")
        return whole

    return answer


def _until_close(server: WireServer, connection: Any, method: str, path: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"".join(BLOCKS))
    return False


def _cut(server: WireServer, connection: Any, method: str, path: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + PART)
    return False


def _reset(server: WireServer, connection: Any, method: str, path: str) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _silent(server: WireServer, connection: Any, method: str, path: str) -> bool:
    server.held.set()
    server._stopped.wait()
    return False


def _stalled(server: WireServer, connection: Any, method: str, path: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + PART)
    return _silent(server, connection, method, path)


def _big(server: WireServer, connection: Any, method: str, path: str) -> bool:
    size = int(path.partition("/")[2])
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    block = b"y" * 65_536
    while size > 0:
        connection.sendall(block[:size])
        size -= len(block)
    return True


def _upgrade(server: WireServer, connection: Any, method: str, path: str) -> bool:
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n")
    connection.sendall(connection.recv(100))
    return False


_JSON_TYPE = "Content-Type: application/json"
ANSWERS: dict[str, Callable[..., bool]] = {
    "ok": _plain("200 OK", JSON, _JSON_TYPE, "Set-Cookie: a=1", "Set-Cookie: b=2"),
    "empty": _plain("200 OK"),
    "none": _plain("204 No Content"),
    "unchanged": _plain("304 Not Modified"),
    "missing": _plain("404 Not Found", b"no"),
    "busy": _plain("503 Service Unavailable", b"busy"),
    "redirect": _plain("302 Found", b"", "Location: /ok?token=s3cret"),
    "gzip": _plain("200 OK", gzip.compress(JSON, mtime=0), _JSON_TYPE, "Content-Encoding: gzip"),
    "chunked": _chunks(BLOCKS),
    "cut-chunks": _chunks(BLOCKS, whole=False),
    "lines": _plain("200 OK", b"one\ntwo\nthree"),
    "close": _until_close,
    "cut": _cut,
    "reset": _reset,
    "silent": _silent,
    "stalled": _stalled,
    "big": _big,
    "upgrade": _upgrade,
}
