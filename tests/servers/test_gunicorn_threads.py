"""Thousands of requests to a real server with threads and processes: each recorded once, none mixed with another."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.load import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.receiver import Receiver

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks")

THREADS, EACH = 16, 500
HERE = Path(__file__).parent


@contextmanager
def gunicorn(receiver: Receiver, *options: str, **env: str) -> Iterator[int]:
    """The port of a gunicorn that serves the application; it is terminated in the end, as by an init system."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        place = ["--bind", f"fd://{listener.fileno()}", "--chdir", str(HERE), "--log-level", "warning"]
        patience = ["--graceful-timeout", "30", "--keep-alive", "30"]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-k", "gthread", *place, *patience, *options, "echo_site:application"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(HERE))), "RECEIVER": receiver.dsn, **env},
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield listener.getsockname()[1]
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
            assert process.returncode == 0, output
            assert "Traceback" not in output, output
        finally:
            process.kill()
            process.communicate()


def ask(connection: http.client.HTTPConnection, name: str) -> None:
    """One question, and a check that the answer is the answer to it."""
    body = f"question {name} {'x' * 200} end of {name}"
    connection.request("POST", f"/item/{name}", body, {"X-Question": name, "Content-Type": "text/plain"})
    if hasattr(socket, "TCP_QUICKACK"):  # or the server waits 40 ms between the blocks of an answer
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    response = connection.getresponse()
    assert response.read().decode() == f"{name} answers {body}"
    assert response.headers["X-Answer"] == name
    assert "x-drhttp-user" not in response.headers


def load(port: int) -> float:
    """Ask from many threads at once; returns the seconds that took."""
    failures: list[BaseException] = []

    def client(thread: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            for number in range(EACH):
                ask(connection, f"{thread}-{number}")
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    clients = [threading.Thread(target=client, args=(thread,)) for thread in range(THREADS)]
    begin = time.perf_counter()
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert not failures
    return time.perf_counter() - begin


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def consistent(record: dict[str, Any]) -> str:
    """The name that one record is about, in all of its parts."""
    request, response = record["request"], record["response"]
    name = request["uri"].rpartition("/")[2]
    body = f"question {name} {'x' * 200} end of {name}"
    assert request["headers"]["x-question"] == name
    assert base64.b64decode(request["body"]).decode() == body
    assert response["headers"]["x-answer"] == name
    assert base64.b64decode(response["body"]).decode() == f"{name} answers {body}"
    assert record["user_id"] == f"user-{name}"
    return str(name)


def names() -> list[str]:
    return sorted(f"{thread}-{number}" for thread in range(THREADS) for number in range(EACH))


def test_threads_mix_nothing(receiver: Receiver) -> None:
    """C1, C2: 16 threads ask 500 times each: 8,000 records, each consistent with itself."""
    with gunicorn(receiver, "--threads", "16") as port:
        took = load(port)
    print(f"{THREADS * EACH / took:.0f} requests a second, {len(receiver.posts)} POSTs")
    records = receiver.records
    assert sorted(map(consistent, records)) == names()
    assert len({record["transaction_id"] for record in records}) == THREADS * EACH


def test_preforked_workers_lose_and_double_nothing(receiver: Receiver) -> None:
    """PM1: the same on 4 preloaded workers, with a record queued before the fork; a flush in a worker returns."""
    with gunicorn(receiver, "--threads", "4", "--workers", "4", "--preload", BEFORE_THE_FORK="1") as port:
        took = load(port)
        flushed = [get(port, "/not/flush").split() for _ in range(12)]
    print(f"{THREADS * EACH / took:.0f} requests a second, {len(receiver.posts)} POSTs")
    assert all(result == "True" for _, result in flushed)
    records = receiver.records
    before = [record for record in records if record["request"]["uri"].endswith("/preloaded")]
    assert len(before) == 1
    records.remove(before[0])
    assert sorted(map(consistent, records)) == names()
    assert len({record["transaction_id"] for record in records}) == THREADS * EACH
    assert len({post.client_port for post in receiver.posts}) >= 2


def test_a_stream_flows_and_is_recorded(receiver: Receiver) -> None:
    """S1: of 200 chunks, the first reaches the client before the second exists; the record knows size and times."""
    with gunicorn(receiver, "--threads", "4") as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/stream")
        response = connection.getresponse()
        assert response.readline() == b"chunk 0\n"
        assert get(port, "/not/go") == "gone"
        rest = response.read()
        connection.close()
    assert rest.splitlines() == [b"chunk %d" % number for number in range(1, 200)]
    (record,) = receiver.records
    assert base64.b64decode(record["response"]["body"]) == b"chunk 0\n" + rest
    assert 0 < record["metadata"]["ttfb_ms"] < record["metadata"]["duration_ms"]
