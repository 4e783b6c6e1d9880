"""The party behind a DSN: a receiver on a raw socket that can be put into any kind of trouble, and out of it again."""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import threading
import time
from contextlib import suppress
from datetime import datetime
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from io import BufferedReader
    from typing import Any

KEY = "s3ntinel-key"
BIG_ANSWER = 100 * 1000 * 1000  # bytes


def own_address() -> str:
    """A loopback address that no other program of this machine uses, so that its ports can be closed and opened."""
    return "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))


class Party:
    """Takes events and keeps them by id. A context manager.

    `behaviour` is called for each request and may be exchanged at any time. taken: the path of each event's request, by
    the event's id. repeats: events that came although they had been taken. starts: when requests began, by a monotonic
    clock. marked: ids of events that came without their bodies. times: when the requests of events were asked and
    answered, in seconds since the epoch.
    """

    def __init__(self) -> None:
        self.host = own_address()
        self.taken: dict[str, str] = {}
        self.marked: set[str] = set()
        self.times: list[tuple[float, float]] = []
        self.repeats = 0
        self.starts: list[float] = []
        self.behaviour: Callable[[Call], None] = takes
        self.behind: Callable[[bytes], object] = len  # is given each body that is taken, before it is answered
        self.changed = threading.Event()  # set when a behaviour is over; whoever waits in it lets go
        self._news = threading.Condition()
        self._open: set[socket.socket] = set()
        self._fillers: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._listener = socket.create_server((self.host, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._accept()

    def __enter__(self) -> Party:
        return self

    def __exit__(self, *exc: object) -> None:
        self._leave()
        self.cut()

    def dsn(self, host: str | None = None) -> str:
        """The DSN that leads here, by address or by a name for it."""
        return f"http://{KEY}@{host or self.host}:{self.port}/"

    def become(self, behaviour: Callable[[Call], None]) -> None:
        """Behave so from the next request on."""
        self.behaviour = behaviour
        over, self.changed = self.changed, threading.Event()
        over.set()

    def refuse(self) -> None:
        """Be as gone as a process that has ended: nobody listens, and connections are closed."""
        self._leave()
        self.cut()

    def swallow(self) -> None:
        """Be a black hole: attempts to connect are not even refused."""
        self.refuse()
        self._listener = socket.create_server((self.host, self.port), backlog=0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.host, self.port))
            self._fillers.append(filler)

    def recover(self) -> None:
        """Listen, and take everything."""
        self.become(takes)
        if self._thread is None:
            self._leave()
            self._listener = socket.create_server((self.host, self.port), backlog=128)
            self._accept()

    def cut(self) -> None:
        """End all connections."""
        self.become(self.behaviour)
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def keep(self, events: Iterable[dict[str, Any]]) -> None:
        """These have arrived."""
        with self._news:
            for event in events:
                ident = event["transaction_id"]
                self.repeats += ident in self.taken
                self.times.append((seconds(event["request"]["time"]), seconds(event["response"]["time"])))
                self.taken[ident] = urlsplit(event["request"]["uri"]).path
                if event["request"].get("body") is None and event.get("metadata", {}).get("request_body"):
                    self.marked.add(ident)
            self._news.notify_all()

    def wait(self, count: int, timeout: float = 90.0) -> list[str]:
        """The paths of all events, sorted, once there are at least `count`."""
        with self._news:
            arrived = self._news.wait_for(lambda: len(self.taken) >= count, timeout)
            assert arrived, f"{len(self.taken)} events after {timeout} s instead of {count}"
            return sorted(self.taken.values())

    def wait_for_starts(self, count: int, timeout: float = 60.0) -> None:
        """Wait until so many requests have begun in all."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.starts) >= count, timeout), f"{len(self.starts)} requests"

    def _accept(self) -> None:
        self._thread = threading.Thread(target=self._loop, args=(self._listener,), daemon=True)
        self._thread.start()

    def _loop(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            with suppress(OSError, HungUp), connection, connection.makefile("rb") as stream:
                while stream.peek(1):
                    with self._news:
                        self.starts.append(time.monotonic())
                        self._news.notify_all()
                    self.behaviour(Call(self, connection, stream))
        finally:
            self._open.discard(connection)

    def _leave(self) -> None:
        """Stop listening."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None


def seconds(text: str) -> float:
    """A time of the wire format as seconds since the epoch."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class HungUp(Exception):
    """This end of the connection is closed now."""


class Call:
    """A request that begins to arrive."""

    def __init__(self, party: Party, connection: socket.socket, stream: BufferedReader) -> None:
        self.party = party
        self.connection = connection
        self.stream = stream
        self.over = party.changed

    def head(self) -> int:
        """Read the header section; returns the length of the body."""
        length = 0
        while (line := self.stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return length

    def read(self) -> bytes:
        """All of the request; its body is returned."""
        length = self.head()
        body = self.stream.read(length)
        if len(body) < length:
            raise HungUp  # the sender ended in the middle
        return body

    def events(self) -> list[dict[str, Any]]:
        """Read all of it; what it brings."""
        events: list[dict[str, Any]] = json.loads(gzip.decompress(self.read()))
        return events

    def keep(self) -> None:
        """Read all of it, and keep what it brings."""
        body = self.read()
        self.party.behind(body)
        self.party.keep(json.loads(gzip.decompress(body)))

    def answer(self, status: int, headers: str = "", length: int = 0) -> None:
        """Say the status and the header section; `headers` are further lines."""
        self.connection.sendall(f"HTTP/1.1 {status} Answer\r\nContent-Length: {length}\r\n{headers}\r\n".encode())

    def reset(self) -> None:
        """End the connection with an RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUp


def takes(call: Call) -> None:
    """Takes everything."""
    call.keep()
    call.answer(201)


def answers(status: int, headers: str = "") -> Callable[[Call], None]:
    """Takes nothing, and answers so."""

    def behave(call: Call) -> None:
        call.read()
        call.answer(status, headers)

    return behave


def fails_on(path: str) -> Callable[[Call], None]:
    """Takes everything but what holds the record of a request to that path, which is answered with 500."""

    def behave(call: Call) -> None:
        events = call.events()
        if path in {urlsplit(event["request"]["uri"]).path for event in events}:
            call.answer(500)
        else:
            call.party.keep(events)
            call.answer(201)

    return behave


def asks_to_wait(seconds: int, *, dated: bool) -> Callable[[Call], None]:
    """429 to the first request, with the time after which it takes everything."""

    def behave(call: Call) -> None:
        call.read()
        now = time.time()
        after = formatdate(now + seconds, usegmt=True) if dated else seconds
        call.party.become(takes)
        call.answer(429, f"Date: {formatdate(now, usegmt=True)}\r\nRetry-After: {after}\r\n")

    return behave


def is_silent(call: Call) -> None:
    """Reads the request and never says anything."""
    call.read()
    call.over.wait()
    raise HungUp


def sips(call: Call) -> None:
    """Takes one byte a second."""
    while not call.over.wait(1.0):
        call.stream.read(1)
    raise HungUp


def drips(call: Call) -> None:
    """Takes nothing, and answers at one byte a second."""
    call.read()
    for byte in b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n":
        call.connection.sendall(bytes([byte]))
        if call.over.wait(1.0):
            raise HungUp


def resets_the_upload(call: Call) -> None:
    """Resets the connection when the body has begun."""
    call.head()
    call.stream.read(10)
    call.reset()


def resets_the_answer(call: Call) -> None:
    """Takes everything, and resets the connection in the first line of the answer."""
    call.keep()
    call.connection.sendall(b"HTTP/1.1 20")
    call.reset()


def breaks_off_the_answer(call: Call) -> None:
    """Takes everything, says so, and resets the connection in the body of the answer."""
    call.keep()
    call.answer(201, length=100)
    call.connection.sendall(b"{")
    call.reset()


def ends_the_answer_early(call: Call) -> None:
    """Takes everything, says so, and closes the connection before the last chunk of the answer."""
    call.keep()
    call.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
    raise HungUp


def drips_the_body(call: Call) -> None:
    """Takes everything, says so, and sends the body of the answer at one byte a second."""
    call.keep()
    call.answer(201, length=1000)
    while not call.over.wait(1.0):
        call.connection.sendall(b"x")
    raise HungUp


def gushes(call: Call) -> None:
    """Takes everything, and answers with 100 MB."""
    call.keep()
    call.answer(200, length=BIG_ANSWER)
    block = bytes(100_000)
    for _ in range(BIG_ANSWER // len(block)):
        call.connection.sendall(block)


def leaves(call: Call) -> None:
    """Takes everything, promises to keep the connection, and closes it."""
    takes(call)
    raise HungUp


def falls_silent(call: Call) -> None:
    """Takes one request of a connection; for the next, the connection is dead without a sign of it, as behind a NAT."""
    takes(call)
    if call.stream.peek(1):
        call.over.wait()
    raise HungUp


def takes_less_than(size: int) -> Callable[[Call], None]:
    """413 for bodies above that many bytes, as they travel."""

    def behave(call: Call) -> None:
        body = call.read()
        if len(body) > size:
            call.answer(413)
        else:
            call.party.keep(json.loads(gzip.decompress(body)))
            call.answer(201)

    return behave
