"""uWSGI, which forks without telling Python, and the last version that runs threads only where it is told to."""

from __future__ import annotations

import base64
import fcntl
import http.client
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hosting import assert_log_is_clean, assert_recorded_once, serving
from interpreters import HERE, copy_packages, executable, installed, missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.receiver import Receiver

RUN = ["-c", "import pyuwsgi; pyuwsgi.run()"]
PLACE = ["--http-socket", "127.0.0.1:{port}", "--module", "hosted", "--master", "--need-app", "--disable-logging"]
# SIGTERM restarts it by default. Its documentation has this for those who want it to end as others do.
TERM = ["--hook-master-start", "unix_signal:15 gracefully_kill_them_all"]
THREADLESS = "2.0.26"  # from 2.0.27 on, threads are never off
WITH_WHEEL = ["3.12", "3.11", "3.10"]  # Pythons for which that version is on PyPI as a wheel
PROMISED = "LOGGED drhttp WARNING uWSGI runs no threads without --enable-threads"

WITH_THREADS = {
    "prefork": ["--processes", "2", "--enable-threads"],
    "threads": ["--threads", "4"],
    "prefork with threads": ["--processes", "2", "--threads", "2"],
    "lazy apps": ["--processes", "2", "--enable-threads", "--lazy-apps"],
    "fork hooks": ["--processes", "2", "--enable-threads", "--py-call-uwsgi-fork-hooks"],
    "recycled": ["--processes", "2", "--enable-threads", "--max-requests", "100"],
}


class Threadless(NamedTuple):
    """The old version. python: runs it. path: where it finds it, and what the application needs."""

    python: str
    path: str


@pytest.fixture(scope="session")
def threadless(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Threadless:
    """The old version as a wheel, in a folder beside the new one, fetched once for all processes that run tests."""
    version = next(iter(installed(sorted(WITH_WHEEL, key=lambda each: each != HERE))), None)
    if version is None:
        missing(f"uWSGI {THREADLESS} comes for {WITH_WHEEL}, and the Pythons here are {installed()}")
    run = tmp_path_factory.getbasetemp()
    folder = (run if worker_id == "master" else run.parent) / f"uwsgi-{THREADLESS}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fetched = fetch(version, folder.with_suffix(".new"))
            copy_packages(fetched)
            fetched.rename(folder)
    python = executable(version)
    assert python
    return Threadless(python, str(folder))


def fetch(version: str, folder: Path) -> Path:
    """Install the old version for that Python into a folder. Returns the folder."""
    wheel = ["--python-version", version, "--only-binary", ":all:", "--no-deps", f"pyuwsgi=={THREADLESS}"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *wheel]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"uWSGI {THREADLESS} cannot be had: {done.stderr}")
    return folder


def uwsgi(options: Sequence[str], python: str = sys.executable) -> list[str | Path]:
    return [python, *RUN, *PLACE, *TERM, *options]


@pytest.mark.parametrize("mode", WITH_THREADS)
def test_with_threads(mode: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM3: however the processes came about, nothing is lost."""
    with serving(uwsgi(WITH_THREADS[mode]), receiver, tmp_path) as server:
        sent = server.send_requests()
        assert server.get("/not/flush") == "True"
        sent += server.send_requests(100, "late-")
        server.stop()
        assert_recorded_once(receiver, sent)
        assert_log_is_clean(server.log)


def test_status_of_a_failure(receiver: Receiver, tmp_path: Path) -> None:
    """uWSGI sends the status of `start_response` although the application raises then, and so it is recorded."""
    with serving(uwsgi(["--enable-threads"]), receiver, tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/broken")
        status = connection.getresponse().status
        connection.close()
        assert server.get("/not/flush") == "True"
        server.stop()
    (record,) = receiver.records
    assert (record["response"]["status"], status) == (203, 203)
    assert record["metadata"]["exception"]["type"] == "LookupError"


@pytest.mark.parametrize("options", [[], ["--wsgi-accept-buffer"], ["--wsgi-accept-buffers"]])
def test_bytes_as_a_result(options: list[str], receiver: Receiver, tmp_path: Path) -> None:
    """uWSGI sends `bytes` that are not in a list as one block, and with an option other buffers too."""
    names = ["bytes", *(("bytearray", "memoryview") if options else ())]
    with serving(uwsgi(["--enable-threads", *options]), receiver, tmp_path) as server:
        assert [server.get(f"/whole/{name}") for name in names] == ["whole"] * len(names)
        assert server.get("/not/flush") == "True"
        server.stop()
        assert_log_is_clean(server.log)
    bodies = [base64.b64decode(record["response"]["body"]) for record in receiver.records]
    assert bodies == [b"whole"] * len(names)


@pytest.mark.parametrize("options", [["--processes", "2"], ["--processes", "2", "--py-call-uwsgi-fork-hooks"]])
def test_a_fork_after_a_delivery(options: list[str], receiver: Receiver, tmp_path: Path) -> None:
    """PM1, PM3: the master has recorded and flushed, with a thread and a connection, before it forks.

    The flush is needed: uWSGI's master never runs Python again, not even at its exit.
    """
    with serving(uwsgi(options), receiver, tmp_path, BEFORE_THE_FORK="flush") as server:
        sent = server.send_requests(500)
        assert server.get("/not/flush") == "True"
        sent += server.send_requests(500, "late-")
        server.stop()
    assert_recorded_once(receiver, sent, ["preloaded"])
    master = receiver.posts[0].client_port
    assert [post.client_port for post in receiver.posts].count(master) == 1
    assert_log_is_clean(server.log)


@pytest.mark.parametrize(
    "options",
    [
        ["--threads", "2", "--no-threads-wait"],  # or its threads wait for each other at the end, a minute
        ["--enable-threads"],
        ["-T", "--processes", "2"],
    ],
)
def test_the_old_version_with_threads(
    options: list[str], threadless: Threadless, receiver: Receiver, tmp_path: Path
) -> None:
    """PM3: whichever option lets threads run, no warning says that they do not."""
    with serving(uwsgi(options, threadless.python), receiver, tmp_path, PYTHONPATH=threadless.path) as server:
        sent = server.send_requests()
        server.stop()
    assert f"Starting uWSGI {THREADLESS}" in server.log
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


@pytest.mark.parametrize("options", [[], ["--processes", "2"], ["--processes", "2", "--lazy-apps"]])
def test_without_threads(options: list[str], threadless: Threadless, receiver: Receiver, tmp_path: Path) -> None:
    """PM3: where no thread runs, one warning names the option; a flush and the exit deliver; nobody hangs."""
    with serving(uwsgi(options, threadless.python), receiver, tmp_path, PYTHONPATH=threadless.path) as server:
        sent = server.send_requests(500)
        assert receiver.posts == []
        assert server.get("/not/flush") == "True"
        delivered = len(receiver.records)
        assert delivered == 500 if not options else delivered > 0
        sent += server.send_requests(500, "late-")
        assert len(receiver.records) == delivered
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log, PROMISED)
