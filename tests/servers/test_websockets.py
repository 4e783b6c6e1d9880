"""WebSockets on real servers: every byte is that of the bare application, and each connection is one record."""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from hosting import PATIENCE, Server, assert_log_is_clean, python, serving
from support.receiver import Receiver
from support.wide import wide
from wsproto import ConnectionType, WSConnection
from wsproto.events import BytesMessage, CloseConnection, Message, Request, TextMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

WERKZEUG = """
import sys
from werkzeug.serving import run_simple
from websocket_site import application
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
"""
GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--no-control-socket", "websocket_site:application"]
COMMANDS = {
    "gthread": [*GUNICORN, "-k", "gthread", "--threads", "4"],
    # Without keep-alive: it would wait for the next request on a socket that simple-websocket has closed.
    "gevent": [*GUNICORN, "-k", "gevent", "--keep-alive", "0"],
    "werkzeug": ["-c", WERKZEUG, "{port}"],
}
MESSAGES: list[str | bytes] = ["first", b"second \0", "x" * 5_000, "letzte \N{SNOWMAN}"]
# The statuses that the applications pass to `start_response`, where they call it.
STATUSES = {
    ("flask-sock", "werkzeug"): 200,
    ("simple-websocket", "werkzeug"): 200,
    ("with-status", "gthread"): 101,
    ("with-status", "gevent"): 101,
    ("with-status", "werkzeug"): 101,
}


KINDS = ["flask-sock", "simple-websocket", "with-status"]
PAIRS = [(server, kind) for server in COMMANDS for kind in KINDS]
PAIRS.append(("gevent", "already-handled"))  # only gunicorn's asynchronous workers know that object


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server, Receiver, Iterator[int]]]:
    """Each server in turn, and the receiver of its records; nothing of ours and no trouble may stand in its log."""
    if request.param != "werkzeug" and not hasattr(os, "fork"):
        pytest.skip("this server forks")
    folder = tmp_path_factory.mktemp("server")
    with Receiver() as receiver, serving(python(*COMMANDS[request.param]), receiver, folder) as server:
        yield request.param, server, receiver, itertools.count(1)
        assert_log_is_clean(server.log)


class Client:
    """One WebSocket of which every byte that the server sends is kept."""

    def __init__(self, port: int, target: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self.seen = b""
        request = self._connection.send(Request(host="localhost", target=target))
        # The same key for every connection, so that answers can be compared.
        head = [line for line in request.split(b"\r\n") if not line.lower().startswith(b"sec-websocket-key")]
        self._socket.sendall(b"\r\n".join([head[0], b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *head[1:]]))
        while b"\r\n\r\n" not in self.seen:
            self.seen += self._receive()
        assert self.seen.startswith(b"HTTP/1.1 101 ")
        frames = self.seen.partition(b"\r\n\r\n")[2]
        self._connection = _established()
        self._connection.receive_data(frames)

    def send(self, event: Any) -> None:
        self._socket.sendall(self._connection.send(event))

    def next(self) -> Any:
        """The next whole message, or the close."""
        parts = []
        while True:
            for event in self._connection.events():
                if isinstance(event, CloseConnection):
                    return event
                assert isinstance(event, (TextMessage, BytesMessage))
                parts.append(event.data)
                if event.message_finished:
                    return parts[0][:0].join(parts)
            data = self._receive()
            assert data, "the server hung up"
            self.seen += data
            self._connection.receive_data(data)

    def rest(self) -> None:
        """See all that still comes, until the server hangs up; Werkzeug's waits for the client to do so first."""
        with self._socket, suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while data := self._receive():
                self.seen += data

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except ConnectionResetError:
            return b""


def _established() -> Any:
    """A connection after its handshake."""
    from wsproto.connection import Connection

    return Connection(ConnectionType.CLIENT)


@contextmanager
def talking(port: int, target: str) -> Iterator[Client]:
    """A client that has sent some messages and got all answers; at the end it sees what still comes."""
    client = Client(port, target)
    try:
        for message in MESSAGES:
            client.send(Message(data=message))
            assert client.next() == ("echo " + message if isinstance(message, str) else b"echo " + message)
        yield client
    finally:
        client.rest()


def frames(client: Client) -> bytes:
    """All frames that the server sent; behind them, Werkzeug's may answer once more if the socket is still open."""
    head, _, rest = client.seen.partition(b"\r\n\r\n")
    return head + rest.partition(b"HTTP/1.1 ")[0]


def closed_by_client(port: int, target: str) -> bytes:
    """All but the server's last frame: simple-websocket wakes the application before it sends that one."""
    with talking(port, target) as client:
        client.send(CloseConnection(code=1000, reason="done"))
    return frames(client).removesuffix(b"\x88\x06\x03\xe8done")


def closed_by_server(port: int, target: str) -> bytes:
    """All frames, the server's close among them."""
    with talking(port, target) as client:
        client.send(Message(data="leave"))
        close = client.next()
        assert (close.code, close.reason) == (1000, "bye")
        with suppress(ConnectionError):  # the server may have hung up
            client.send(close.response())
    return frames(client)


def cut_off(port: int, target: str) -> bytes:
    """All frames for a client that goes away without a word."""
    with talking(port, target) as client:
        pass
    return frames(client)


@pytest.mark.parametrize("end", [closed_by_client, cut_off, *wide(closed_by_server)])
@pytest.mark.parametrize(("site", "kind"), PAIRS, indirect=["site"])
def test_websocket(site: tuple[str, Server, Receiver, Iterator[int]], kind: str, end: Any) -> None:
    """A WebSocket works as without us, to the last byte, and is one record without an exception."""
    name, server, receiver, numbers = site
    number = next(numbers)
    bare = end(server.port, f"/{kind}?bare-{number}")
    assert end(server.port, f"/{kind}?recorded-{number}") == bare
    *_, record = receiver.wait(number, PATIENCE)
    assert len(receiver.records) == number
    assert record["request"]["uri"].endswith(f"/{kind}?recorded-{number}")
    assert record["request"]["headers"]["upgrade"].lower() == "websocket"
    assert record["response"]["status"] == STATUSES.get((kind, name), 0)
    assert not record["metadata"].keys() & {"exception", "aborted"}
