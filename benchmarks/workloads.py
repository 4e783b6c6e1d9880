"""What is measured: each workload is run on both sides in turn, and gives one row of the table or several."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import imports, servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.receiver import ReceiverProcess

Figures = dict[str, float]
SIDES = ("bare", "recorded")

_CLOSED = "http://key@127.0.0.1:9/"  # nobody listens on the port "discard"


@dataclass(frozen=True)
class Row:
    """A figure of a workload, and what it should be.

    kind: what the recorded side is to the bare one: "added" (the difference), "share" (per cent of it) or "multiple".
    scale: what one `unit` is of the figure as it was measured.
    """

    title: str
    figure: str
    unit: str
    reach: str
    aim: str
    kind: str = "added"
    scale: float = 1.0


@dataclass(frozen=True)
class Workload:
    """pair: measures the bare side and then the recorded one. missing: what prevents that on this machine."""

    name: str
    pair: Callable[[Bench], dict[str, Figures]]
    rows: tuple[Row, ...]
    missing: Callable[[], str | None] = field(default=lambda: None)


class Bench:
    """One run of the command: its receiver, and a key for each measurement."""

    def __init__(self, receiver: ReceiverProcess) -> None:
        self.receiver = receiver
        self._runs = 0

    def key(self) -> str:
        """A key under which the records of one measurement are counted."""
        self._runs += 1
        return f"run-{self._runs}-"

    def counted(self, key: str, found: Figures) -> Figures:
        """The figures of a recorded side with the records that came in for it."""
        self.receiver.wait(key, int(found["requests"]))
        counts = self.receiver.count(key)
        return {**found, "records": counts["records"], "twice": counts["twice"], "sent": counts["bytes"]}


def child(*arguments: str, dsn: str | None) -> Figures:
    """The figures that a program of this folder prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DRHTTP_")}
    environment = {**clean, "PYTHONHASHSEED": "0", **({"DRHTTP_DSN": dsn} if dsn else {})}
    done = subprocess.run([sys.executable, "-m", *arguments], check=True, stdout=subprocess.PIPE, env=environment)
    found: Figures = json.loads(done.stdout)
    return found


def _counted(program: str, name: str, bench: Bench) -> dict[str, Figures]:
    key = bench.key()
    bare = child(program, name, "bare", dsn=None)
    return {
        "bare": bare,
        "recorded": bench.counted(key, child(program, name, "recorded", dsn=bench.receiver.dsn(key))),
    }


def _flood(mebibytes: int, bench: Bench) -> dict[str, Figures]:
    return {side: child("benchmarks.memory", "flood", side, str(mebibytes), dsn=_CLOSED) for side in SIDES}


def _served(shape: str, bench: Bench) -> dict[str, Figures]:
    key = bench.key()
    bare = servers.measure(shape, "bare", "", lambda records: None)
    arrived = partial(bench.receiver.wait, key)
    recorded = servers.measure(shape, "recorded", bench.receiver.dsn(key), arrived)
    return {"bare": bare, "recorded": bench.counted(key, recorded)}


def _imported(bench: Bench) -> dict[str, Figures]:
    return {side: {"started": milliseconds} for side, milliseconds in imports.pair().items()}


def _in_process(name: str, *rows: Row) -> Workload:
    return Workload(name, partial(_counted, "benchmarks.in_process", name), rows)


def _asgi(name: str, *rows: Row) -> Workload:
    return Workload(name, partial(_counted, "benchmarks.asgi_in_process", name), rows)


def _under_load(name: str, *rows: Row) -> Workload:
    return Workload(name, partial(_served, name), rows, servers.missing)


def _flooded(mebibytes: int) -> Workload:
    most = f"{mebibytes * 1.2:.1f}"
    title = f"memory under a flood of 64 KB bodies, receiver down, `queue_bytes` of {mebibytes} MiB"
    row = Row(title, "growth", "MiB", reach=most, aim=most)
    return Workload(f"flood-{mebibytes}", partial(_flood, mebibytes), (row,))


_LARGE = "100 KB up and 100 KB down of {}, 64 KiB of each kept: CPU of the process"

WORKLOADS = (
    _in_process(
        "small",
        Row("in process, 1 KB JSON up and down: time on the request path, p50", "p50", "µs", reach="10", aim="5"),
        Row("the same: process CPU per request", "cpu", "µs", reach="65", aim="35"),
    ),
    _in_process("paced", Row("the same at 300 requests/s: p99 from the due time", "p99", "µs", reach="150", aim="80")),
    *(
        _in_process(f"large-{kind}", Row(_LARGE.format(name), "cpu", "ms", reach="1.2", aim="0.4", scale=1000.0))
        for kind, name in (("json", "JSON"), ("text", "text"), ("binary", "binary"))
    ),
    _in_process(
        "stream",
        Row("response in 200 blocks of 1 KB: time per block", "p50", "µs", reach="0.3", aim="0.15", scale=200.0),
    ),
    _asgi(
        "asgi",
        Row("ASGI in process, 1 KB JSON up and down: time on the request path, p50", "p50", "µs", reach="15", aim="8"),
        Row("the same: process CPU per request", "cpu", "µs", reach="70", aim="40"),
    ),
    _asgi("asgi-stream", Row("the same, 200 messages of 1 KB: per message", "p50", "µs", "0.8", "0.4", scale=200.0)),
    _asgi(
        "asgi-heartbeat",
        Row("event loop, 300 requests/s: p99.9 of a heartbeat's delay", "p999", "ms", "1", "0.5", scale=1000.0),
    ),
    _under_load(
        "sync",
        Row("Flask, gunicorn sync, 2 workers: requests/s", "rate", "1/s", kind="share", reach="80 %", aim="90 %"),
        Row("the same: worker CPU per request", "cpu", "µs", reach="65", aim="35"),
    ),
    _under_load(
        "gthread",
        Row("Flask, gunicorn gthread, 8 threads: requests/s", "rate", "1/s", kind="share", reach="80 %", aim="90 %"),
        Row("the same: p99", "p99", "ms", kind="multiple", reach="1.3", aim="1.1", scale=1000.0),
    ),
    _under_load(
        "uvicorn",
        Row("Starlette, uvicorn, 1 process: requests/s", "rate", "1/s", kind="share", reach="80 %", aim="90 %"),
        Row("the same: CPU per request", "cpu", "µs", reach="70", aim="40"),
    ),
    Workload(
        "memory",
        partial(_counted, "benchmarks.memory", "first"),
        (Row("memory after the first delivery", "resident", "MiB", reach="12", aim="8"),),
    ),
    _flooded(8),
    _flooded(32),
    Workload("import", _imported, (Row("`import drhttp`", "started", "ms", reach="20", aim="10"),)),
)
