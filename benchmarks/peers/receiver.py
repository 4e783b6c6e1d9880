"""The receiver of all recorders, in a process of its own: keeps what is posted, and decodes it when it is asked.

While a recorder is measured, it costs the same for each of them: reading, and an answer.

    python -m benchmarks.peers.receiver

prints its port. `GET /-/posts` returns how many POSTs came in, `GET /-/tally` what was in them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.peers.deliveries import Delivery, tally

_QUIET = 0.7  # seconds without a POST after which all that comes by itself has come
_LONGEST = 20.0  # seconds that a backlog may take


class Receiver(ThreadingHTTPServer):
    """A server that listens; `serve_forever` runs it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.deliveries: list[Delivery] = []

    @property
    def address(self) -> str:
        """Its URL, without a path."""
        return f"http://127.0.0.1:{self.server_port}"


class ReceiverProcess:
    """A receiver process that runs; use it as a context manager."""

    def __enter__(self) -> ReceiverProcess:
        command = [sys.executable, "-m", "benchmarks.peers.receiver"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self.address = f"http://127.0.0.1:{self._port}"
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()  # it ends with its input

    def tally(self) -> dict[str, int]:
        """What has come in so far."""
        found: dict[str, int] = self._get("tally")
        return found

    def settle(self) -> None:
        """Wait until nothing has come in for a while."""
        posts, begin = self._get("posts"), time.monotonic()
        changed = begin
        while time.monotonic() - changed < _QUIET and time.monotonic() - begin < _LONGEST:
            time.sleep(0.1)
            before, posts = posts, self._get("posts")
            if posts != before:
                changed = time.monotonic()

    def _get(self, what: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", f"/-/{what}")
        found = json.load(connection.getresponse())
        connection.close()
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Receiver

    def do_GET(self) -> None:
        answers = {"/-/posts": lambda: len(self.server.deliveries), "/-/tally": lambda: tally(self.server.deliveries)}
        # Moesif asks for its configuration and for rules, and is content with none.
        found = answers[self.path]() if self.path in answers else [] if self.path.endswith("rules") else {}
        self._answer(200, "application/json", json.dumps(found).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.deliveries.append(Delivery(self.path, self.headers.get("Content-Encoding", ""), body))
        if self.path.startswith("/v1/traces"):
            self._answer(200, "application/x-protobuf", b"")
        else:
            self._answer(201 if self.path.endswith("batch") else 200, "application/json", b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until the standard input ends: then whoever started it has."""
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    print(receiver.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
