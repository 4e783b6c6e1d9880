"""One measurement of one recorder: under gunicorn with wrk, or in a process of its own.

CPU is that of the application's process or processes after a warm-up, until they end, and so with all that a recorder
delivers, at the exit, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import servers
from benchmarks.peers.receiver import ReceiverProcess
from benchmarks.peers.recorders import BARE, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    Figures = dict[str, float]

_BURSTS = 15
_WARM_UP = 220  # requests: more than a batch for each worker, so that each has loaded what it needs to deliver
_START = 0.5  # seconds in which it delivers the first one
_SECONDS = 2  # of load
_STOP = 10  # seconds that a worker may take to end before gunicorn kills it


def small(name: str) -> Figures:
    """In process: microseconds of CPU for a request, and of the call."""
    with ReceiverProcess() as receiver, tempfile.TemporaryDirectory() as folder:
        cpu = Path(folder, "cpu")
        environment = {**os.environ, "PYTHONHASHSEED": "0", **settings(name, receiver.address, cpu)}
        command = [sys.executable, "-m", "benchmarks.peers.in_process", str(_BURSTS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60)
        found = json.loads(done.stdout.splitlines()[-1])
        each = (sum(_told(cpu)) - found["before"]) / found["measured"] * 1e6
        return {**found, "cpu": each, **receiver.tally()}


def served(shape: str, name: str) -> Figures:
    """Under gunicorn: requests a second, their 99th percentile, and microseconds of CPU of the workers for each."""
    options = [*servers.SHAPES[shape], "--graceful-timeout", str(_STOP)]
    with ReceiverProcess() as receiver, tempfile.TemporaryDirectory() as folder:
        counted, cpu = Path(folder, "served"), Path(folder, "cpu")
        environment = {"BENCH_SERVED": str(counted), **settings(name, receiver.address, cpu)}
        posts = servers.script(Path(folder, "posts.lua"))
        with servers.gunicorn(options, "benchmarks.peers.recorders:application()", environment) as (process, port):
            for _ in range(_WARM_UP):
                servers.await_answer(port)
            time.sleep(_START)
            before = servers.cpu_time(process.pid)
            found = servers.load(port, posts, _SECONDS)
            if name != BARE:
                receiver.settle()
            least, begin = servers.cpu_time(process.pid), time.monotonic()
        stop = time.monotonic() - begin
        requests = sum(map(int, counted.read_text().split()))
        # A worker that had to be killed tells nothing: then the last look counts.
        each = (max(least, sum(_told(cpu))) - before) / (requests - _WARM_UP) * 1e6
        rate = found["requests"] / found["seconds"]
        return {**found, "rate": rate, "cpu": each, "requests": requests, "stop": stop, **receiver.tally()}


def _told(path: Path) -> list[float]:
    """The processor times that processes have told at their end."""
    return [float(line) for line in path.read_text(encoding="ascii").split()] if path.exists() else []


def _under(shape: str) -> Callable[[str], Figures]:
    return lambda name: served(shape, name)


WORKLOADS: dict[str, Callable[[str], Figures]] = {"small": small, "sync": _under("sync"), "gthread": _under("gthread")}
