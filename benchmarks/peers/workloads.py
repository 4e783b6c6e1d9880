"""One measurement of one recorder: under gunicorn with wrk, or in a process of its own.

CPU is that of the application's process or processes from the first answer to their end, whatever a recorder delivers
at the exit included: the operating system adds it up when they have ended.
"""

from __future__ import annotations

import json
import os
import resource
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
_SECONDS = 3  # of load
_STOP = 10  # seconds that a worker may take to end before gunicorn kills it


def small(name: str) -> Figures:
    """In process: microseconds of CPU for a request, and of the call."""
    with ReceiverProcess() as receiver:
        environment = {**os.environ, "PYTHONHASHSEED": "0", **settings(name, receiver.address)}
        command = [sys.executable, "-m", "benchmarks.peers.in_process", str(_BURSTS)]
        before = _ended()
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60)
        total = _ended() - before
        found = json.loads(done.stdout.splitlines()[-1])
        cpu = (total - found["before"]) / found["measured"] * 1e6
        return {**found, "cpu": cpu, **receiver.tally()}


def served(shape: str, name: str) -> Figures:
    """Under gunicorn: requests a second, their 99th percentile, and microseconds of CPU of the workers for each."""
    options = [*servers.SHAPES[shape], "--graceful-timeout", str(_STOP)]
    with ReceiverProcess() as receiver, tempfile.TemporaryDirectory() as folder:
        counted = Path(folder, "served")
        environment = {"BENCH_SERVED": str(counted), **settings(name, receiver.address)}
        posts = servers.script(Path(folder, "posts.lua"))
        with servers.gunicorn(options, "benchmarks.peers.recorders:application()", environment) as (process, port):
            for _ in range(20):  # every worker has answered, then
                servers.await_answer(port)
            before = servers.cpu_time(process.pid)
            found = servers.load(port, posts, _SECONDS)
            if name != BARE:
                receiver.settle()
            least, ended, begin = servers.cpu_time(process.pid) - before, _ended(), time.monotonic()
        stop = time.monotonic() - begin
        requests = sum(map(int, counted.read_text().split()))
        # Of a worker that had to be killed, the last look counts.
        cpu = max(least, _ended() - ended - before) / requests * 1e6
        rate = found["requests"] / found["seconds"]
        return {**found, "rate": rate, "cpu": cpu, "requests": requests, "stop": stop, **receiver.tally()}


def _ended() -> float:
    """Seconds of processor time that children which have ended took, and their children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _under(shape: str) -> Callable[[str], Figures]:
    return lambda name: served(shape, name)


WORKLOADS: dict[str, Callable[[str], Figures]] = {"small": small, "sync": _under("sync"), "gthread": _under("gthread")}
