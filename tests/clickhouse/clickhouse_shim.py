"""A small HTTP server in front of the embedded engine, which stands in for a ClickHouse server in tests.

It speaks as much of ClickHouse's HTTP interface as clickhouse-connect needs. It is no ClickHouse server: there is no
login, no replication, and one process for everything.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_NOT_SETTINGS = {
    "query", "database", "session_id", "query_id", "compress", "decompress", "enable_http_compression", "user",
    "password", "wait_end_of_query", "send_progress_in_http_headers", "client_protocol_version", "role",
    "http_headers_progress_interval_ms", "buffer_size", "session_timeout", "session_check", "quota_key",
    "cancel_http_readonly_queries_on_client_close",
}  # fmt: skip
_INSERT = re.compile(rb"\s*INSERT INTO (\S+) (\(.*?\)) FORMAT Native\s*?\n", re.DOTALL | re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)


class Handler(BaseHTTPRequestHandler):
    """Runs each statement on a connection of its own thread."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connections = threading.local()

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body()
        _, _, boundary = self.headers.get("content-type", "").partition("boundary=")
        if boundary:
            given |= _fields(body, boundary.strip('"').encode())
            body = b""
        try:
            result, kind = self._run(given, body)
        except Exception as problem:  # noqa: BLE001 whatever fails is told as the server does
            text = str(problem)
            code = re.search(r"Code: (\d+)", text)
            self._send(
                404 if code and code[1] == "81" else 500,
                text.encode(),
                {"X-ClickHouse-Exception-Code": code[1] if code else "0"},
            )
        else:
            self._send(200, result, {"X-ClickHouse-Format": kind} if kind else {})

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            pieces = []
            while size := int(self._line().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self._line()
            self._line()
            raw = b"".join(pieces)
        else:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        coding = self.headers.get("content-encoding", "")
        if coding == "lz4":
            return _frames(raw)
        return gzip.decompress(raw) if coding == "gzip" else raw

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line:
            raise ConnectionResetError("The client is gone in the middle of a body.")
        return line

    def _run(self, given: dict[str, str], body: bytes) -> tuple[bytes, str]:
        connection = self._connection()
        if given.get("database"):
            connection.query(f"USE `{given['database']}`", "TabSeparated")
        insert = _INSERT.match(body)
        settings = {
            name: value for name, value in given.items() if name not in _NOT_SETTINGS and not name.startswith("param_")
        }
        clause = ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items())
        if insert:
            return self._insert(connection, insert, body, clause)
        statement = given.get("query", "")
        if body:
            statement = f"{statement}\n{body.decode()}" if statement else body.decode()
        parameters = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
        found = _FORMAT.search(statement)
        kind = found[1] if found else "TabSeparated"
        for name, value in settings.items():
            connection.query(f"SET {name} = {_quoted(value)}", "TabSeparated")
        try:
            result = (
                connection.query(statement, kind, params=parameters)
                if parameters
                else connection.query(statement, kind)
            )
        finally:
            for name in settings:
                connection.query(f"SET {name} = DEFAULT", "TabSeparated")
        return bytes(result.bytes() or b""), kind

    def _insert(self, connection: Any, insert: re.Match[bytes], body: bytes, clause: str) -> tuple[bytes, str]:
        with tempfile.NamedTemporaryFile(suffix=".native", delete=False) as file:
            file.write(body[insert.end() :])
        try:
            given = f" SETTINGS {clause}" if clause else ""
            target, columns = insert[1].decode(), insert[2].decode()
            connection.query(
                f"INSERT INTO {target} {columns} FROM INFILE '{file.name}'{given} FORMAT Native", "TabSeparated"
            )
        finally:
            with suppress(OSError):
                os.unlink(file.name)
        return b"", ""

    def _connection(self) -> Any:
        import chdb

        # One connection for each thread, and a thread for each connection of a client.
        if not hasattr(self.connections, "one"):
            self.connections.one = chdb.connect(PATH)
        return self.connections.one

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "X-ClickHouse-Summary": "{}", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _frames(raw: bytes) -> bytes:
    """Return what is in frames of LZ4, of which each block of an insert is one."""
    from lz4.frame import LZ4FrameDecompressor

    pieces = []
    while raw:
        one = LZ4FrameDecompressor()
        pieces.append(one.decompress(raw))
        raw = one.unused_data or b""
    return b"".join(pieces)


def _fields(body: bytes, boundary: bytes) -> dict[str, str]:
    """Return the fields of a form, in which long statements and parameters come."""
    found = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name:
            found[name[1].decode()] = value.removesuffix(b"\r\n").decode()
    return found


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that are gone: tests kill them, and stop the engine until they give up."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


PATH = ":memory:"
SCRATCH = "drhttp-engine-"
"""How the names of folders begin that go with their engine."""


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main() -> None:
    """Serve until killed. The first argument is the folder of the data, the second the port."""
    global PATH  # noqa: PLW0603 one engine in a process
    import chdb

    PATH = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else ":memory:"
    kept = chdb.connect(PATH)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
    kept.close()


def _end_with_parent() -> None:
    """Wait until the process that started this one is gone, and leave nothing behind."""
    sys.stdin.buffer.read()
    if tempfile.gettempdir().rpartition("/")[2].startswith(SCRATCH):
        shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    os._exit(0)


class Shim:
    """The process of the server. folder: of data that are kept."""

    def __init__(self, folder: str = "") -> None:
        # The engine writes temporary files, and what is not kept; it leaves them there if it is killed.
        self._scratch = tempfile.TemporaryDirectory(prefix=SCRATCH)
        self.process = subprocess.Popen(
            [sys.executable, __file__, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": self._scratch.name},
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._scratch.cleanup()


@contextmanager
def running(folder: str = "") -> Iterator[int]:
    """Run the server, and return its port."""
    shim = Shim(folder)
    try:
        yield shim.port
    finally:
        shim.stop()


if __name__ == "__main__":
    main()
