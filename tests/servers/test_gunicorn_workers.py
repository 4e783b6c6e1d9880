"""gunicorn's kinds of workers: stopped, recycled, timed out and killed."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hosting import PATIENCE, SentRequests, Server, assert_log_is_clean, assert_recorded_once, python, serving
from support.wide import wide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.receiver import Receiver

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks")

KINDS = {"sync": [], "gthread": ["--threads", "4"], "gevent": []}


@contextmanager
def gunicorn(kind: str, receiver: Receiver, folder: Path, *options: str, **env: str) -> Iterator[Server]:
    """gunicorn with workers of that kind; it listens before it starts."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        place = [
            "--bind",
            f"fd://{listener.fileno()}",
            "--graceful-timeout",
            "60",
            "--keep-alive",
            "30",
            "--no-control-socket",
        ]
        command = python("-m", "gunicorn", "-k", kind, *KINDS[kind], *place, *options, "hosted:application")
        port = listener.getsockname()[1]
        if kind == "gevent":
            env = {**env, "PATCHED": "gevent"}
        with serving(command, receiver, folder, port=port, fds=[listener.fileno()], **env) as server:
            yield server


@pytest.mark.parametrize("preload", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_stopped(kind: str, preload: bool, receiver: Receiver, tmp_path: Path) -> None:
    """PM1, PM4: with and without a record from before the fork; flush() works in each worker; SIGTERM loses nothing."""
    options = ["--workers", "2", *(["--preload"] if preload else [])]
    with gunicorn(kind, receiver, tmp_path, *options, **({"BEFORE_THE_FORK": "1"} if preload else {})) as server:
        sent = server.send_requests()
        assert server.get("/not/flush") == "True"
        sent += server.send_requests(100, "late-")
        server.stop()
    assert not sent.unanswered
    assert_recorded_once(receiver, sent, ["preloaded"] if preload else [])
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("preload", [True, *wide(False)])
@pytest.mark.parametrize("kind", KINDS)
def test_recycled(kind: str, preload: bool, receiver: Receiver, tmp_path: Path) -> None:
    """PM6: workers that end after some 60 requests deliver what they have, which is not yet due."""
    options = ["--workers", "2", "--max-requests", "60", "--max-requests-jitter", "30"]
    options += ["--graceful-timeout", "10"]  # a worker that is only just booting does not heed SIGTERM
    if preload:
        options.append("--preload")
    with gunicorn(kind, receiver, tmp_path, *options, FLUSH_INTERVAL="300") as server:
        sent = SentRequests()
        for part in range(1, 5):  # a worker under greenlets looks once a second whether it has served enough
            sent += server.send_requests(250, f"part-{part}-")
            server.wait_for("Booting worker", 2 + part)
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("kind", ["sync", *wide("gevent")])
def test_timed_out(kind: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM7: a worker that is aborted because a request takes too long has delivered the others, and so does the next.

    Workers with threads go on while a request is stuck; gunicorn does not abort them.
    """
    options = ["--workers", "1", "--timeout", "5", "--keep-alive", "2"]  # it waits that long for clients of the aborted
    with gunicorn(kind, receiver, tmp_path, *options) as server:
        sent = server.send_requests(400, "before-")
        if kind == "gevent":  # everything stands still there while a request is stuck
            assert server.get("/not/flush") == "True"
        with suppress(ConnectionError):  # depending on the kind, it says 500 before it hangs up
            server.get("/stuck")
        receiver.wait(400, PATIENCE)
        server.wait_for("Booting worker", 2)
        sent += server.send_requests(600, "after-")
        server.stop()
    assert_recorded_once(receiver, SentRequests(sent.answered, [*sent.unanswered, "stuck"]))
    assert "WORKER TIMEOUT" in server.log
    assert "LOGGED" not in server.log


@pytest.mark.parametrize("flushed", [False, True])
def test_killed(flushed: bool, receiver: Receiver, tmp_path: Path) -> None:
    """SIGKILL: what is lost is what was not due: less than a batch, or a flush interval; after a flush, nothing."""
    with gunicorn("sync", receiver, tmp_path, "--workers", "1", FLUSH_INTERVAL="300") as server:
        sent = server.send_requests(250)
        receiver.wait(151, PATIENCE)  # all but what makes no batch: what waits when one begins goes out, full or not
        if flushed:
            assert server.get("/not/flush") == "True"
        os.kill(int(server.get("/not/pid")), signal.SIGKILL)
        server.wait_for("Booting worker", 2)
        sent += server.send_requests(100, "after-")
        server.stop()
    lost = set(sent.answered) - {record["request"]["uri"].rpartition("/")[2] for record in receiver.records}
    assert len(lost) <= (0 if flushed else 99)
    assert_recorded_once(receiver, SentRequests([name for name in sent.answered if name not in lost], sent.unanswered))
