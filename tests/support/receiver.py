"""A real receiver on a loopback socket, for tests: it speaks both protocols, answers as told, and can be waited for."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the receiver says to a POST. reset: cut the connection instead, after the body was read."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: bool = False


@dataclass(frozen=True)
class Post:
    """A POST as it came in. at: seconds, monotonic. peer: the client's port, one a connection."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    peer: int
    answer: Answer

    @property
    def records(self) -> list[dict[str, Any]]:
        """The events of a batch, or the one record of the old form."""
        data = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        value = json.loads(data)
        return value if isinstance(value, list) else [value]


class Receiver:
    """Use as a context manager. `answers` are given in turn; when there are none left, `otherwise` is."""

    def __init__(self, port: int = 0, otherwise: Answer | None = None) -> None:
        self.otherwise = otherwise or Answer()
        self.answers: deque[Answer] = deque()
        self.posts: list[Post] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.cut()
        self._thread.join()

    @property
    def dsn(self) -> str:
        """The DSN that leads here."""
        return f"http://key@127.0.0.1:{self.port}/"

    @property
    def records(self) -> list[dict[str, Any]]:
        """All records of the POSTs that were answered with 2xx."""
        with self._changed:
            taken = [post for post in self.posts if not post.answer.reset and 200 <= post.answer.status < 300]
        return [record for post in taken for record in post.records]

    def wait(self, count: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """The records, once there are at least `count`; fails when the time runs out."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.records) >= count, timeout):
                raise AssertionError(f"{len(self.records)} records after {timeout} s instead of {count}")
        return self.records

    def wait_for_posts(self, count: int, timeout: float = 10.0) -> list[Post]:
        """The POSTs, once there are at least `count`, however they were answered."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.posts) >= count, timeout):
                raise AssertionError(f"{len(self.posts)} POSTs after {timeout} s instead of {count}")
            return list(self.posts)

    def take(self, path: str, headers: dict[str, str], body: bytes, peer: int) -> Answer:
        """Keep a POST and say how to answer it."""
        with self._changed:
            answer = self.answers.popleft() if self.answers else self.otherwise
            self.posts.append(Post(path, headers, body, time.monotonic(), peer, answer))
            self._changed.notify_all()
        return answer


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can be as gone as a process that has ended."""

    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the client ended in the middle
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(self.path, headers, body, self.client_address[1])
            if answer.reset:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # the client went first

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler
