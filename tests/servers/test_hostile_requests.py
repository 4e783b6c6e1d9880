"""gunicorn with default settings of drhttp, under 200 requests that were made to be slow to mask: nobody notices.

The latency of other clients is compared between two runs, one with hostile requests and one with ordinary requests of
the same sizes. On a machine that others use as well, the comparison is repeated up to twice; one good run suffices.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hosting import PATIENCE, Server, assert_log_is_clean, python, serving
from support.receiver import Receiver

from benchmarks import adversarial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks")

KINDS = {"sync": ["--workers", "2"], "gthread": ["--workers", "1", "--threads", "4"]}
HOSTILE, CLIENTS, LEAST = 200, 3, 300  # requests; other clients, and requests of each
FACTOR, TRIES = 3.0, 3
SIZE = 64 * 1024
FIELDS = (
    "User-Agent",
    "Referer",
    "Cookie",
    "X-Note",
    "Link",
    "WWW-Authenticate",
    "Sec-WebSocket-Protocol",
    "X-Query-String",
)
UNITS = (
    "<",
    "<a ",
    '<a b="',
    "a=",
    "&lt;",
    "%41",
    "%25",
    "eyJ",
    "Bearer ",
    "x://a:b@",
    "pwd=",
    '"',
    "\\",
    "4 ",
    "-",
    "<!--",
    "6=",
)


@dataclass(frozen=True)
class Message:
    """A request: its target, header fields and body."""

    target: str
    fields: dict[str, str]
    body: bytes


def run_of(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def hostile() -> list[Message]:
    """Bodies of every shape that the benchmark knows, and runs of signs in header fields, paths and queries."""
    made = []
    for number, (kind, make) in enumerate(adversarial.SHAPES.values()):
        made.append(Message("/echo" if number % 3 == 0 else "/", {"Content-Type": kind}, make(SIZE)))
    for number, unit in enumerate(UNITS):
        made.append(Message("/", {FIELDS[number % len(FIELDS)]: run_of(unit, SIZE)}, b""))
        target = run_of(unit, SIZE).replace(" ", "+").replace("#", "")
        made.append(Message(f"/?a={target}" if number % 2 else f"/{target}", {}, b""))
    return random.Random(1).sample(made, HOSTILE) if len(made) >= HOSTILE else (made * 2)[:HOSTILE]


def harmless(message: Message) -> Message:
    """An ordinary request of the same size."""
    lines = "level=info method=GET path=/orders status=200 took 12 ms\n"
    words = "some words of no interest, and 12 more; "
    body = run_of(lines, len(message.body)).encode()
    kind = message.fields.get("Content-Type")
    if kind == adversarial.JSON:
        items = [{"id": number, "name": "a thing", "tags": ["b", "c"]} for number in range(len(message.body) // 60)]
        body = json.dumps(items).encode().ljust(len(message.body))[: max(len(message.body), 2)]
    fields = {name: run_of(words, len(value)) for name, value in message.fields.items() if name != "Content-Type"}
    return Message(
        "/" if len(message.target) < 10 else f"/?q={run_of('word+', len(message.target))}",
        fields if kind is None else {"Content-Type": adversarial.JSON if kind == adversarial.JSON else "text/plain"},
        body,
    )


def send(connection: http.client.HTTPConnection, message: Message) -> str:
    """Send it; returns the process that answered."""
    connection.request("POST" if message.body else "GET", message.target, message.body or None, message.fields)
    if connection.sock is not None and hasattr(socket, "TCP_QUICKACK"):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    response = connection.getresponse()
    data = response.read()
    assert (response.status, data == b"ok" or message.target == "/echo") == (200, True), message
    return response.headers["X-Process"]


@contextmanager
def gunicorn(kind: str, receiver: Receiver, folder: Path) -> Iterator[Server]:
    """gunicorn that takes header fields and request lines of any length."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listens = ["--bind", f"fd://{listener.fileno()}", "--no-control-socket"]
        limits = ["--limit-request-line", "0", "--limit-request-field_size", "70000"]
        command = python("-m", "gunicorn", "-k", kind, *KINDS[kind], *listens, *limits, "short_site:application")
        port = listener.getsockname()[1]
        with serving(command, receiver, folder, port=port, fds=[listener.fileno()]) as server:
            yield server


class Load:
    """One run: messages from one client, and short questions from others until that one is done."""

    def __init__(self, port: int, messages: list[Message]) -> None:
        self._port = port
        self._messages = messages
        self._done = threading.Event()
        self._failures: list[BaseException] = []
        self.processes: set[str] = set()
        self.latencies: list[float] = []

    def run(self) -> float:
        """Seconds that 99 of 100 questions were answered within."""
        threads = [threading.Thread(target=self._guarded, args=(self._bombard,))]
        threads += [threading.Thread(target=self._guarded, args=(self._send_requests,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self._failures, self._failures
        return sorted(self.latencies)[len(self.latencies) * 99 // 100]

    def _guarded(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self._failures.append(error)
            self._done.set()

    def _bombard(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        for message in self._messages:
            self.processes.add(send(connection, message))
        connection.close()
        self._done.set()

    def _send_requests(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        count = 0
        while count < LEAST or not self._done.is_set():
            begin = time.perf_counter()
            self.processes.add(send(connection, Message("/", {}, b"")))
            self.latencies.append(time.perf_counter() - begin)
            count += 1
        connection.close()


def measure(kind: str, messages: list[Message], folder: Path) -> float:
    """The latency of the other clients in one run, in which everything goes well."""
    folder.mkdir()
    with Receiver() as receiver, gunicorn(kind, receiver, folder) as server:
        load = Load(server.port, messages)
        latency = load.run()
        expected = HOSTILE + len(load.latencies)
        receiver.wait(expected, PATIENCE)
        assert len(load.processes) == int(KINDS[kind][1]), "a worker was replaced"
        server.stop()
        assert_log_is_clean(server.log)
        assert len(receiver.records) == expected
    return latency


@pytest.mark.parametrize("kind", KINDS)
def test_other_clients_do_not_notice(kind: str, tmp_path: Path) -> None:
    """No worker is killed, every request is answered and recorded, and others wait at most three times as long."""
    messages = hostile()
    assert len(messages) == HOSTILE
    ordinary = [harmless(message) for message in messages]
    assert sum(len(each.body) for each in ordinary) == sum(len(each.body) for each in messages)
    factors = []
    for attempt in range(TRIES):
        bare = measure(kind, ordinary, tmp_path / f"ordinary-{attempt}")
        factors.append(measure(kind, messages, tmp_path / f"hostile-{attempt}") / bare)
        print(f"{kind}: {bare * 1000:.1f} ms, times {factors[-1]:.2f}")
        if factors[-1] < FACTOR:
            return
    pytest.fail(f"other clients waited {factors} times as long")
