"""Real servers in processes of their own, and clients that see every byte on the wire."""

from __future__ import annotations

import base64
import itertools
import os
import re
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.receiver import Receiver

SERVERS = ("wsgiref", "waitress", "werkzeug", "gunicorn-sync", "gunicorn-gthread")
PATIENCE = 20.0  # seconds until something that should happen is given up


class Connection:
    """A client's side of one connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.seen = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read_until(self, mark: bytes) -> None:
        """Read until the mark was seen, and not further."""
        while mark not in self.seen:
            data = self._socket.recv(65536)
            assert data, f"the server hung up after {self.seen!r}"
            self.seen += data

    def read_all(self) -> bytes:
        """Everything until the server hangs up."""
        while data := self._socket.recv(65536):
            self.seen += data
        return self.seen

    def reset(self) -> None:
        """Close the connection with an RST, so that the server's next send fails."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()


class Running:
    """A server that runs, and the receiver of its records."""

    def __init__(self, name: str, receiver: Receiver, errors: Path) -> None:
        self.name = name
        self.receiver = receiver
        self._ids = itertools.count(1)
        listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = listening.getsockname()[1]
        gate, self._gate = os.pipe()
        self._events, events = os.pipe()
        descriptors = (listening.fileno(), gate, events)
        with errors.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("serve.py"), name, *map(str, descriptors), receiver.dsn],
                pass_fds=descriptors,
                stderr=stderr,
            )
        listening.close()
        os.close(gate)
        os.close(events)

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._gate)
        os.close(self._events)

    def connect(self) -> Connection:
        """A new connection."""
        return Connection(self.port)

    def request(
        self, path: str, method: str = "GET", head: bytes = b"", body: bytes = b"", recorded: bool = True
    ) -> bytes:
        """Send a request; returns the whole response, without the date."""
        with self.connect() as connection:
            connection.send(_request(method, path, head, recorded) + body)
            return re.sub(rb"Date: [^\r]+\r\n", b"", connection.read_all())

    def begin(self, path: str) -> Connection:
        """Send a request; the caller reads the response."""
        connection = self.connect()
        connection.send(_request("GET", path, b"", True))
        return connection

    def compare(self, name: str, **request: Any) -> tuple[bytes, dict[str, Any]]:
        """Send a request to the bare and the recorded application, which respond alike; response and record."""
        path = f"/{name}?{next(self._ids)}"
        bare = self.request(path, recorded=False, **request)
        recorded = self.request(path, **request)
        assert recorded == bare
        return recorded, self.record(path)

    def record(self, path: str) -> dict[str, Any]:
        """The record of the request for that path, once it has arrived; there is only one."""
        while True:
            records = self.receiver.records
            found = [record for record in records if record["request"]["uri"].endswith(path)]
            if found:
                (only,) = found
                return only
            self.receiver.wait(len(records) + 1, PATIENCE)

    def open_gate(self) -> None:
        """Let the application go on, once."""
        os.write(self._gate, b".")

    def next_event(self) -> str:
        """The next event that the application reports; fails when there is none in time."""
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._events], [], [], PATIENCE)
            assert ready, "the application has reported nothing"
            line += os.read(self._events, 1)
        return line.decode().strip()


def body_of(message: dict[str, Any]) -> bytes:
    """The body that a record holds of a request or an answer."""
    return base64.b64decode(message.get("body", ""))


def _request(method: str, path: str, head: bytes, recorded: bool) -> bytes:
    side = b"X-Recorded: yes\r\n" if recorded else b""
    first = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    return first.encode("latin-1") + side + head + b"\r\n"
