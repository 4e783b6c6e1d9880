"""A forward proxy on a loopback socket, which behaves well.

It is no `Receiver`: it accepts nothing itself but passes requests on, or joins two connections for `CONNECT`, which
Werkzeug's server, and so pytest-httpserver, cannot.
"""

from __future__ import annotations

import base64
import select
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class ForwardProxy:
    """Forwards plain requests and opens tunnels for others, if the credentials are right. A context manager.

    credentials: user and password with a colon between them; anybody may use the proxy without. request_lines,
    header_fields: of all requests. authority: host and port.
    """

    def __init__(self, credentials: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.expected_authorization = (
            None if credentials is None else f"Basic {base64.b64encode(credentials.encode()).decode()}"
        )
        self.request_lines: list[str] = []
        self.header_fields: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.authority = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ForwardProxy:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: ForwardProxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._authorize():
            return
        authority = self.path.split("/")[2]
        upstream = HTTPConnection(authority, timeout=5)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        upstream.request("POST", self.path.partition(authority)[2], body, headers)
        response = upstream.getresponse()
        self._respond(response.status)
        upstream.close()

    def do_CONNECT(self) -> None:
        if not self._authorize():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), 5) as upstream:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            _relay(self.connection, upstream)
        self.close_connection = True

    def _authorize(self) -> bool:
        self.proxy.request_lines.append(self.requestline)
        self.proxy.header_fields.extend(f"{name}: {value}" for name, value in self.headers.items())
        if self.proxy.expected_authorization in (None, self.headers["Proxy-Authorization"]):
            return True
        self._respond(407)
        return False

    def _respond(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


def _relay(one: socket.socket, other: socket.socket) -> None:
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
