"""uvicorn, hypercorn, daphne, granian and gunicorn with uvicorn's worker: 1,000 requests, and a graceful stop."""

from __future__ import annotations

import base64
import http.client
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hosting import PATIENCE, assert_log_is_clean, assert_recorded_once, python, serving
from support.wide import wide
from test_other_servers import changed

if TYPE_CHECKING:
    from pathlib import Path

    from support.receiver import Receiver

APP = "hosted_asgi:application"
# uvicorn raises the signal again that has stopped it.
TERMINATED = -signal.SIGTERM
UVICORN = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning"]
HYPERCORN = ["-m", "hypercorn", "--bind", "127.0.0.1:{port}"]
GRANIAN = ["-m", "granian", "--port", "{port}", "--interface", "asgi", "--log-level", "error"]
UNSUPPORTED = "ASGI Framework Lifespan error, continuing without Lifespan support"

lifespans = pytest.mark.parametrize("lifespan", ["answers", "raises"])


@lifespans
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_uvicorn(loop: str, lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A15: uvicorn ends by SIGTERM, so that no exit hook runs; what waits is delivered at the end of the lifespan."""
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    command = python(*UVICORN, "--loop", loop, APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN=lifespan) as server:
        sent = server.send_requests()
        server.stop(status=TERMINATED)
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_an_application_that_goes_on(receiver: Receiver, tmp_path: Path) -> None:
    """A15: uvicorn does not wait for what an application does after it has said that it has shut down."""
    with serving(python(*UVICORN, APP), receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN="goes on") as server:
        sent = server.send_requests(100)
        server.stop(status=TERMINATED)
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_requests_that_uvicorn_gives_up(receiver: Receiver, tmp_path: Path) -> None:
    """A15, A16: streams that are open when the time for a graceful stop is over are recorded as aborted."""
    pytest.importorskip("starlette")
    command = python(*UVICORN, "--timeout-graceful-shutdown", "1", "hosted_stream:application")
    with serving(command, receiver, tmp_path) as server:
        connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE) for _ in range(5)]
        for connection in connections:
            connection.request("GET", "/stream")
            connection.getresponse().read(1000)
        server.stop(status=TERMINATED)
        for connection in connections:
            connection.close()
    records = receiver.records
    assert [record["metadata"].get("aborted") for record in records] == [True] * 5
    assert [record["metadata"].get("exception") for record in records] == [None] * 5


@lifespans
def test_uvicorn_workers(lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A15, A27: the workers of uvicorn each deliver what they have."""
    command = python(*UVICORN, "--workers", "2", APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN=lifespan) as server:
        server.get("/not/pid")  # the port is open before a worker serves on it
        sent = server.send_requests()
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_uvicorn_reload(number: int, receiver: Receiver, tmp_path: Path) -> None:
    """A27: a change of the code, and then the end, lose nothing."""
    watched = tmp_path / "watched.py"
    watched.write_text("from hosted_asgi import application\n")
    command = python(*UVICORN[:-1], "info", "--reload", "--reload-dir", tmp_path, "watched:application")
    with serving(command, receiver, tmp_path, PYTHONPATH=str(tmp_path), FLUSH_INTERVAL="300") as server:
        sent = server.send_requests(500)
        before = server.get("/not/pid")
        changed(watched)
        server.wait_for("Application startup complete", 2)
        assert server.get("/not/pid") != before
        sent += server.send_requests(500, "late-")
        server.stop(number)
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@lifespans
@pytest.mark.parametrize(
    ("kind", "workers"), [("asyncio", "0"), *wide(("uvloop", "0"), ("asyncio", "1"), ("trio", "1"))]
)
def test_hypercorn(kind: str, workers: str, lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A15, A21: hypercorn on three event loops. Under trio, its first process would not heed SIGTERM."""
    for module in {"asyncio": ["hypercorn"]}.get(kind, ["hypercorn", kind]):
        pytest.importorskip(module)
    command = python(*HYPERCORN, "--workers", workers, "--worker-class", kind, APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN=lifespan) as server:
        sent = server.send_requests()
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(without(server.log, UNSUPPORTED) if lifespan == "raises" else server.log)


@lifespans
@pytest.mark.parametrize("kind", ["asyncio", *wide("uvloop", "trio")])
def test_hypercorn_workers(kind: str, lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A21, A27: hypercorn with workers. It kills all of them as soon as one has ended, so nothing may wait by then."""
    for module in {"asyncio": ["hypercorn"]}.get(kind, ["hypercorn", kind]):
        pytest.importorskip(module)
    command = python(*HYPERCORN, "--workers", "2", "--worker-class", kind, APP)
    with serving(command, receiver, tmp_path, LIFESPAN=lifespan) as server:
        sent = server.send_requests()
        receiver.wait(len(sent.answered), PATIENCE)
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(without(server.log, UNSUPPORTED) if lifespan == "raises" else server.log)


def test_daphne(receiver: Receiver, tmp_path: Path) -> None:
    """A15: daphne knows no lifespan, and runs the exit hooks."""
    command = python("-m", "daphne", "-p", "{port}", "-v", "0", APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300") as server:
        sent = server.send_requests()
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@lifespans
@pytest.mark.parametrize("workers", ["1", "2"])
def test_granian(workers: str, lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A15, A27: granian, whose workers are processes."""
    pytest.importorskip("granian")
    command = python(*GRANIAN, "--workers", workers, APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN=lifespan) as server:
        sent = server.send_requests()
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@lifespans
@pytest.mark.parametrize("preload", [False, True])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks")
def test_gunicorn(preload: bool, lifespan: str, receiver: Receiver, tmp_path: Path) -> None:
    """A15, A27: gunicorn with uvicorn's worker, with and without `--preload`."""
    pytest.importorskip("uvicorn_worker")
    options = ["--preload"] if preload else []
    place = ["--bind", "127.0.0.1:{port}", "--workers", "2", "--no-control-socket", "--log-level", "warning"]
    command = python("-m", "gunicorn", "-k", "uvicorn_worker.UvicornWorker", *place, *options, APP)
    with serving(command, receiver, tmp_path, FLUSH_INTERVAL="300", LIFESPAN=lifespan) as server:
        server.get("/not/pid")
        sent = server.send_requests()
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_a_receiver_that_hangs(receiver: Receiver, tmp_path: Path) -> None:
    """A18: with a receiver that never responds, requests are answered, and the stop takes no longer than it may."""
    receiver.behavior = lambda request: request.interrupted.wait(PATIENCE)
    with serving(python(*UVICORN, APP), receiver, tmp_path, EXIT_TIMEOUT="0.5") as server:
        server.send_requests(200)
        server.stop(status=TERMINATED)
    assert receiver.records == []


STREAMING = {"uvicorn": UVICORN, "hypercorn": HYPERCORN}


@pytest.mark.parametrize("name", STREAMING)
def test_a_connection_for_one_request(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """A16: a whole stream is whole, also where the server closes the connection within the last `send`."""
    pytest.importorskip("starlette")
    with serving(python(*STREAMING[name], "hosted_stream:application"), receiver, tmp_path) as server:
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            connection.request("GET", "/short", headers={"Connection": "close"})
            assert connection.getresponse().read() == b"x" * 50_000
            connection.close()
        records = receiver.wait(20, PATIENCE)
    assert [record["metadata"].get("aborted") for record in records] == [None] * 20
    assert {record["metadata"]["response_body"]["size"] for record in records} == {50_000}
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("name", STREAMING)
def test_a_client_that_leaves(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """A2, A16: a client leaves a stream: its generator is closed, and the one record is aborted, with what was sent."""
    pytest.importorskip("starlette")
    with serving(python(*STREAMING[name], "hosted_stream:application"), receiver, tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("GET", "/stream")
        connection.getresponse().read(100_000)
        connection.close()
        assert server.get("/not/wait") == "closed"
        (record,) = receiver.wait(1, PATIENCE)
    metadata = record["metadata"]
    assert metadata["aborted"] is True
    assert "exception" not in metadata
    assert metadata["route"] == "/stream"
    assert metadata["response_body"]["size"] >= 100_000
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("name", STREAMING)
def test_a_paced_stream(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """A14: each event is at the client before the next one is made."""
    pytest.importorskip("starlette")
    with serving(python(*STREAMING[name], "hosted_stream:application"), receiver, tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("GET", "/events")
        response = None
        for number in range(5):
            assert server.get("/not/ask") == "asked"
            response = response or connection.getresponse()
            assert response.readline() == b"data: %d\n" % number
            assert response.readline() == b"\n"
        connection.close()
        (record,) = receiver.wait(1, PATIENCE)
    assert base64.b64decode(record["response"]["body"]).count(b"data: ") == 5
    assert not record["metadata"].get("aborted")


def without(log: str, text: str) -> str:
    """A log without the lines that contain a text; there must be some."""
    lines = log.splitlines()
    rest = [line for line in lines if text not in line]
    assert rest != lines
    return "\n".join(rest)
