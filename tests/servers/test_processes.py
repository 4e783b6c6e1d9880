"""Applications that run outside of servers: in pools of threads and processes, in Celery, and under test clients."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import HERE, PATIENCE
from support.load import TESTS, paths

if TYPE_CHECKING:
    from support.receiver import Receiver

HEAD = """
import os, sys, threading, logging
sys.path[:0] = sys.argv[2:4]
logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")
import drhttp
from support.load import echo, hit
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
def serve(number):
    hit(app, f"/{number}")
    return os.getpid()
"""
PROGRAMS = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(8)
for number in range(1000):
    pool.submit(serve, number)  # the interpreter waits for them at its end, before anything else
""",
    "processes, forked": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    hit(app, "/before")
    with ProcessPoolExecutor(3, multiprocessing.get_context("fork")) as pool:
        assert len(set(pool.map(serve, range(1000)))) <= 3
""",
    "processes, spawned": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    hit(app, "/before")
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        assert os.getpid() not in set(pool.map(serve, range(1000)))
""",
    "pool, forked": """
import multiprocessing
if __name__ == "__main__":
    hit(app, "/before")
    pool = multiprocessing.get_context("fork").Pool(3, maxtasksperchild=5)
    pool.map(serve, range(1000), chunksize=20)
    pool.close()
    pool.join()
""",
    "one process each, forked": """
import multiprocessing
def part(first):
    for number in range(first, first + 100):
        serve(number)
if __name__ == "__main__":
    hit(app, "/before")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=part, args=(first,)) for first in range(0, 1000, 100)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
""",
    "jobs that leave at once": """
for first in range(0, 1000, 250):
    pid = os.fork()
    if not pid:
        for number in range(first, first + 250):
            serve(number)
        assert drhttp.flush(20)
        os._exit(0)  # as workers of job queues do
    assert os.waitpid(pid, 0)[1] == 0
""",
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_pools(kind: str, receiver: Receiver, tmp_path: Path) -> None:
    """PM1, PM7: whatever the pool, and however its processes came about, the end of the program loses nothing."""
    program = tmp_path / "program.py"
    program.write_text(HEAD + PROGRAMS[kind])
    arguments = [sys.executable, "-W", "ignore::DeprecationWarning", program, receiver.dsn, TESTS, HERE]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    before = ["/before"] if "/before" in PROGRAMS[kind] else []
    assert Counter(paths(receiver.records)) == Counter([*before, *(f"/{number}" for number in range(1000))])


CELERY = """
from celery import Celery
from celery.signals import worker_process_shutdown
queue = Celery("program", broker="filesystem://", backend="file://" + sys.argv[4])
places = {"data_folder_in": sys.argv[5], "data_folder_out": sys.argv[5], "control_folder": sys.argv[5]}
queue.conf.update(broker_transport_options=places, broker_connection_retry_on_startup=False,
                  worker_hijack_root_logger=False, task_ignore_result=True)
@worker_process_shutdown.connect
def deliver(**_):
    drhttp.flush(20)
@queue.task
def job(number):
    serve(number)
if sys.argv[6] == "work":
    hit(app, "/before")
    queue.worker_main(["worker", "--pool", "prefork", "--concurrency", "2", "--without-mingle", "--without-gossip",
                       "--without-heartbeat", "--loglevel", "WARNING"])
else:
    for number in range(200):
        job.delay(number)
"""


def test_celery(receiver: Receiver, tmp_path: Path) -> None:
    """PM1, PM7: a Celery worker with forked processes: a warm shutdown finishes the jobs and loses nothing.

    Its processes end by `os._exit`, so that they have to be told to flush.
    """
    pytest.importorskip("celery")
    places = [tmp_path / name for name in ("results", "messages")]
    for place in places:
        place.mkdir()
    program = tmp_path / "program.py"
    program.write_text(HEAD + CELERY)
    arguments = [sys.executable, "-W", "ignore", program, receiver.dsn, TESTS, HERE, *places]
    surroundings = {"cwd": tmp_path, "stdin": subprocess.DEVNULL, "env": {**os.environ, "C_FORCE_ROOT": "1"}}
    subprocess.run([*arguments, "ask"], check=True, timeout=PATIENCE, **surroundings)
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen([*arguments, "work"], stdout=log, stderr=log, start_new_session=True, **surroundings)
        try:
            receiver.wait(100, PATIENCE)  # the first batch
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait(PATIENCE)
    log = (tmp_path / "log").read_text()
    assert "LOGGED drhttp" not in log
    assert "Traceback" not in log
    counts = Counter(paths(receiver.records))
    left = len(list(places[1].glob("*.msg")))  # jobs that nobody has begun
    assert set(counts.values()) == {1}
    assert counts["/before"] == 1
    assert len(counts) == 201 - left
