"""uWSGI, which forks without telling Python, and the last version that runs threads only where it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import once, quiet, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from receiver import Receiver

RUN = ["-c", "import pyuwsgi; pyuwsgi.run()"]
PLACE = ["--http-socket", "127.0.0.1:{port}", "--module", "hosted", "--master", "--need-app", "--disable-logging"]
# SIGTERM restarts it by default. Its documentation has this for those who want it to end as others do.
TERM = ["--hook-master-start", "unix_signal:15 gracefully_kill_them_all"]
THREADLESS = "2.0.26"  # from 2.0.27 on, threads are never off
PROMISED = "LOGGED drhttp WARNING uWSGI runs no threads without --enable-threads"

WITH_THREADS = {
    "prefork": ["--processes", "2", "--enable-threads"],
    "threads": ["--threads", "4"],
    "prefork with threads": ["--processes", "2", "--threads", "2"],
    "lazy apps": ["--processes", "2", "--enable-threads", "--lazy-apps"],
    "fork hooks": ["--processes", "2", "--enable-threads", "--py-call-uwsgi-fork-hooks"],
    "recycled": ["--processes", "2", "--enable-threads", "--max-requests", "100"],
}


@pytest.fixture(scope="session")
def threadless(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Where the old version is: as a wheel, in a folder of its own beside the new one."""
    folder = tmp_path_factory.getbasetemp().parent / f"uwsgi-{THREADLESS}-{worker_id}"
    package = [f"pyuwsgi=={THREADLESS}", "--only-binary", ":all:", "--no-deps", "--target", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *package], capture_output=True, text=True, check=False
    )
    if done.returncode and "CI" not in os.environ:
        pytest.skip(f"uWSGI {THREADLESS} cannot be had: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return str(folder)


def uwsgi(options: Sequence[str]) -> list[str | Path]:
    return [sys.executable, *RUN, *PLACE, *TERM, *options]


@pytest.mark.parametrize("mode", WITH_THREADS)
def test_with_threads(mode: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM3: however the processes came about, nothing is lost."""
    with serving(uwsgi(WITH_THREADS[mode]), receiver, tmp_path) as server:
        asked = server.ask()
        assert server.get("/not/flush") == "True"
        asked += server.ask(100, "late-")
        server.stop()
    once(receiver, asked)
    quiet(server.log)


@pytest.mark.parametrize("options", [["--processes", "2"], ["--processes", "2", "--py-call-uwsgi-fork-hooks"]])
def test_a_fork_after_a_delivery(options: list[str], receiver: Receiver, tmp_path: Path) -> None:
    """PM1, PM3: the master has recorded and flushed, with a thread and a connection, before it forks.

    The flush is needed: uWSGI's master never runs Python again, not even at its exit.
    """
    with serving(uwsgi(options), receiver, tmp_path, BEFORE_THE_FORK="flush") as server:
        asked = server.ask(500)
        assert server.get("/not/flush") == "True"
        asked += server.ask(500, "late-")
        server.stop()
    once(receiver, asked, ["preloaded"])
    master = receiver.posts[0].peer
    assert [post.peer for post in receiver.posts].count(master) == 1
    quiet(server.log)


@pytest.mark.parametrize(
    "options",
    [
        ["--threads", "2", "--no-threads-wait"],  # or its threads wait for each other at the end, a minute
        ["--enable-threads"],
        ["-T", "--processes", "2"],
    ],
)
def test_the_old_version_with_threads(options: list[str], threadless: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM3: whichever option lets threads run, no warning says that they do not."""
    with serving(uwsgi(options), receiver, tmp_path, PYTHONPATH=threadless) as server:
        asked = server.ask()
        server.stop()
    assert f"Starting uWSGI {THREADLESS}" in server.log
    once(receiver, asked)
    quiet(server.log)


@pytest.mark.parametrize("options", [[], ["--processes", "2"], ["--processes", "2", "--lazy-apps"]])
def test_without_threads(options: list[str], threadless: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM3: where no thread runs, one warning names the option; a flush and the exit deliver; nobody hangs."""
    with serving(uwsgi(options), receiver, tmp_path, PYTHONPATH=threadless) as server:
        asked = server.ask(500)
        assert receiver.posts == []
        assert server.get("/not/flush") == "True"
        delivered = len(receiver.records)
        assert delivered == 500 if not options else delivered > 0
        asked += server.ask(500, "late-")
        assert len(receiver.records) == delivered
        server.stop()
    once(receiver, asked)
    quiet(server.log, PROMISED)
