"""The receiver, in a process of its own: reads, counts the records, responds with 201.

It is not `tests/support/receiver.py`, whose threads would take processor time from the process that is measured.

    python -m benchmarks.receiver

prints its port. It counts by the key of the DSN, so that each run has a number of its own: `GET /<key>` returns it.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_ID = re.compile(rb'"transaction_id":\s*"([0-9a-f-]{36})"')
_KEY_LENGTH = 50  # to which keys are filled up


class ReceiverProcess:
    """A receiver process that runs; use it as a context manager."""

    def __enter__(self) -> ReceiverProcess:
        command = [sys.executable, "-m", "benchmarks.receiver"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()  # it ends with its input

    def dsn(self, key: str) -> str:
        """The DSN that leads here, for one run."""
        return f"http://{key}@127.0.0.1:{self._port}/"

    def count(self, key: str) -> dict[str, int]:
        """What has come in for one run: distinct records, records that came twice, POSTs, bytes of them."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", f"/{_filled(key)}")
        found: dict[str, int] = json.load(connection.getresponse())
        connection.close()
        return found

    def wait(self, key: str, records: int, patience: float = 5.0) -> int:
        """Wait until so many records have come in for a run, or none has for so many seconds; how many have."""
        count, end = self.count(key)["records"], time.monotonic() + patience
        while count < records and time.monotonic() < end:
            time.sleep(0.1)
            before, count = count, self.count(key)["records"]
            if count > before:
                end = time.monotonic() + patience
        return count


class _Tally:
    """What came in for one key."""

    def __init__(self) -> None:
        self.ids: set[bytes] = set()
        self.counts: Counter[str] = Counter(records=0, twice=0, posts=0, bytes=0)

    def take(self, body: bytes) -> None:
        found = _ID.findall(gzip.decompress(body))
        before = len(self.ids)
        self.ids.update(found)
        new = len(self.ids) - before
        self.counts.update(records=new, twice=len(found) - new, posts=1, bytes=len(body))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    tallies: dict[str, _Tally] = {}  # noqa: RUF012 - one for all connections of the process
    lock = threading.Lock()

    def do_GET(self) -> None:
        with self.lock:
            tally = self.tallies.get(self.path[1:]) or _Tally()
            body = json.dumps(tally.counts).encode()
        self._answer(200, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            self.tallies.setdefault(self.headers["X-Moesif-Application-Id"], _Tally()).take(body)
        self._answer(201, b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _filled(key: str) -> str:
    return key.ljust(_KEY_LENGTH, "a")


def main() -> None:
    """Serve until the standard input ends: then whoever started it has."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
