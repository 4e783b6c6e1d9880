"""What recording outgoing requests costs: a call with 1 KB up and 1 KB down to a server on this machine.

    python -m benchmarks.outbound --rounds 5

Blocks of calls with and without the recorder alternate, so that both see the same machine. A block that is not
measured precedes each: an application places the hooks once, and the interpreter needs some calls to get used to a
class whose methods were replaced. `added p50` is the difference of the medians of each pair of blocks, and `added p10`
that of their fastest tenths, which other programs on the machine disturb less. `CPU` includes the recorder's thread,
with its deliveries to a receiver.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import requests

import drhttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

BODY = b'{"items": [' + b", ".join(b'{"id": %d, "name": "pot", "price": 9.5}' % n for n in range(24)) + b"]}"
BLOCK = 90  # calls; fewer than a batch, so that the thread works after each block

SERVER = """
import socket, sys, threading
head = f"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(BODY)}\\r\\n\\r\\n"
answer = head.encode() + BODY
def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as stream:
        while True:
            length = 0
            while (line := stream.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not line:
                return
            stream.read(length)
            connection.sendall(answer)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@contextmanager
def server() -> Iterator[int]:
    """Run a server in a process of its own; yields its port."""
    program = f"BODY = {BODY!r}\n{SERVER}"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def blocking(call: Callable[[], Any]) -> list[float]:
    """The times of a block of calls, in seconds."""
    times = []
    for _ in range(BLOCK):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


async def awaiting(call: Callable[[], Awaitable[Any]]) -> list[float]:
    """The same of asynchronous calls."""
    times = []
    for _ in range(BLOCK):
        began = time.perf_counter()
        await call()
        times.append(time.perf_counter() - began)
    return times


@contextmanager
def clients(url: str) -> Iterator[dict[str, Callable[[], list[float]]]]:
    """A function for each client, which makes a block of calls over one connection."""
    headers = {"Content-Type": "application/json"}
    with asyncio.Runner() as runner, requests.Session() as session, httpx.Client(trust_env=False) as client:
        session.trust_env = False

        async def started() -> aiohttp.ClientSession:
            return aiohttp.ClientSession()

        asynchronous = runner.run(started())

        async def call() -> None:
            async with asynchronous.post(url, data=BODY, headers=headers) as response:
                await response.read()

        yield {
            "requests": lambda: blocking(lambda: session.post(url, data=BODY, headers=headers).content),
            "httpx": lambda: blocking(lambda: client.post(url, content=BODY, headers=headers).content),
            "aiohttp": lambda: runner.run(awaiting(call)),
        }
        runner.run(asynchronous.close())


def measure(run: Callable[[], list[float]], dsn: str, rounds: int) -> dict[str, list[float]]:
    """What blocks without the recorder take, and what the recorder adds to them, in microseconds per call."""
    figures: dict[str, list[float]] = {"bare": [], "added p50": [], "added p10": [], "CPU": []}
    for number in range(rounds):
        if number % 2:  # in turn, because the second block of a pair may find the caches warmer
            bare, recorded = bare_block(run), recorded_block(run, dsn)
        else:
            recorded, bare = recorded_block(run, dsn), bare_block(run)
        figures["bare"].append(bare[0])
        for column, before, after in zip(("added p50", "added p10", "CPU"), bare, recorded, strict=True):
            figures[column].append(after - before)
    return figures


def block(run: Callable[[], list[float]], after: Callable[[], object] = list) -> tuple[float, float, float]:
    """A block of calls: median, tenth percentile, and CPU time per call; all in microseconds.

    after: called after the block; the CPU time includes it.
    """
    began = time.process_time()
    times = run()
    after()
    used = time.process_time() - began
    return statistics.median(times) * 1e6, statistics.quantiles(times, n=10)[0] * 1e6, used / BLOCK * 1e6


def bare_block(run: Callable[[], list[float]]) -> tuple[float, float, float]:
    """A block without the recorder."""
    run()
    return block(run)


def recorded_block(run: Callable[[], list[float]], dsn: str) -> tuple[float, float, float]:
    """A block with the recorder."""
    with drhttp.record_outbound(dsn, flush_interval=60.0):
        run()
        drhttp.flush()
        return block(run, drhttp.flush)


def main() -> None:
    """Print a table: the median of all rounds, and the lowest and highest."""
    parser = argparse.ArgumentParser(prog="benchmarks.outbound", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="pairs of blocks for each client")
    rounds = parser.parse_args().rounds
    print("| client | bare p50, µs | added p50, µs | spread | added p10, µs | spread | added CPU, µs | spread |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with server() as port, server() as receiver, clients(f"http://127.0.0.1:{port}/pay") as runs:
        for name, run in runs.items():
            figures = measure(run, f"http://key@127.0.0.1:{receiver}/", rounds)
            cells = [f"{statistics.median(figures['bare']):.0f}"]
            for column in ("added p50", "added p10", "CPU"):
                low, middle, high = min(figures[column]), statistics.median(figures[column]), max(figures[column])
                cells += [f"{middle:.0f}", f"{low:.0f} to {high:.0f}"]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    assert drhttp.stats().dropped == {}, drhttp.stats()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
