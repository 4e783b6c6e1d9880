"""What is left of recording outgoing requests when it is off: never on, on and stopped, and without a DSN.

    python -m benchmarks.outbound_off --sets 5 --rounds 20

Each kind of process makes blocks of calls in turn with the others, so that all see the same machine. A second process
that was never on shows what chance alone makes: its difference from the first one is noise. A set is a new set of
processes, because two processes that do the same differ in where their memory lies.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import drhttp
from benchmarks.outbound import clients, server

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("never", "never again", "stopped", "without a DSN")
CLIENTS = ("requests", "httpx", "aiohttp")


def prepare(kind: str, receiver: int, block: object) -> None:
    """Bring this process into the state of its kind."""
    block()  # type: ignore[operator]
    if kind == "stopped":
        outbound = drhttp.record_outbound(f"http://key@127.0.0.1:{receiver}/", flush_interval=60.0)
        block()  # type: ignore[operator]
        drhttp.flush()
        outbound.stop()
    elif kind == "without a DSN":
        drhttp.record_outbound(None)
    block()  # type: ignore[operator]


def work(kind: str, name: str, port: int, receiver: int) -> None:
    """In a process of its own: measure a block for each line of the input."""
    with clients(f"http://127.0.0.1:{port}/pay") as runs:
        prepare(kind, receiver, runs[name])
        print(flush=True)
        for _ in sys.stdin:
            times = runs[name]()
            print(json.dumps([statistics.median(times), statistics.quantiles(times, n=10)[0]]), flush=True)


class Worker:
    """A process of one kind."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._read()

    def measure(self) -> tuple[float, float]:
        """The median of a block, and its tenth percentile; both in microseconds."""
        assert self._process.stdin is not None
        self._process.stdin.write("block\n")
        self._process.stdin.flush()
        median, tenth = json.loads(self._read())
        return median * 1e6, tenth * 1e6

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def worker(kind: str, name: str, port: int, receiver: int) -> Iterator[Worker]:
    """Run a process of one kind."""
    line = [sys.executable, "-m", "benchmarks.outbound_off", "--work", kind, name, str(port), str(receiver)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def compare(name: str, sets: int, rounds: int, port: int, receiver: int) -> dict[str, list[tuple[float, float]]]:
    """By kind, how far each set is from the process that was never on: medians of its rounds, in microseconds.

    Under "never", what that process itself took.
    """
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(sets):
        seen: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        with ExitStack() as stack:
            workers = {kind: stack.enter_context(worker(kind, name, port, receiver)) for kind in KINDS}
            for number in range(rounds):
                order = KINDS if number % 2 else KINDS[::-1]
                for kind in order:
                    seen[kind].append(workers[kind].measure())
        for kind in KINDS:
            pairs = [
                (each[0] - never[0], each[1] - never[1]) if kind != "never" else never
                for each, never in zip(seen[kind], seen["never"], strict=True)
            ]
            found[kind].append((statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)))
    return found


def main() -> None:
    """Print a table: medians of all sets, and the lowest and highest."""
    parser = argparse.ArgumentParser(prog="benchmarks.outbound_off", description=__doc__)
    parser.add_argument("--sets", type=int, default=5, help="sets of processes")
    parser.add_argument("--rounds", type=int, default=20, help="blocks of each process")
    parser.add_argument("--work", nargs=4, metavar=("KIND", "CLIENT", "PORT", "RECEIVER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        kind, name, port, receiver = options.work
        work(kind, name, int(port), int(receiver))
        return
    print("| client | process | p50, µs | spread | p10, µs | spread |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with server() as port, server() as receiver:
        for name in CLIENTS:
            for kind, figures in compare(name, options.sets, options.rounds, port, receiver).items():
                sign = "" if kind == "never" else "+"
                cells = []
                for column in zip(*figures, strict=True):
                    cells.append(f"{statistics.median(column):{sign}.1f}")
                    cells.append(f"{min(column):{sign}.1f} to {max(column):{sign}.1f}")
                print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
