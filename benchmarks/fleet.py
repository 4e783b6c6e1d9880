"""A simulated fleet: `python -m benchmarks.fleet`, or `nox -s fleet`.

A thousand senders, which are tasks of one generator, deliver by way of three receivers into one engine. Each sender has
a key of its own, and the queue, the batches and the back-off of the real transport; the sockets are asyncio's, because
a thousand threads would measure the machine. Meanwhile receivers are killed and started again, and the engine is
stopped for a while. At the end every record that was sent is there exactly once, or the exit status is 1.

The engine is chdb behind a small HTTP server, which stands in for a ClickHouse server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from drhttp._delivery.batch import Batch
from drhttp._delivery.queue import Queue
from drhttp._delivery.retry import DONE, PostResult, Verdict, back_off, despite_success, verdict
from drhttp.inbox.store.clickhouse.engine import connect, parse_address
from drhttp.inbox.store.clickhouse.registry import Projects
from drhttp.inbox.store.clickhouse.schema import migrate

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "clickhouse"))
from clickhouse_shim import Shim
from receivers import SharedReceiver

BATCH = 100
FLUSH_INTERVAL = 2.0
TIMEOUT = 10.0
"""Seconds of one POST, as in the real transport."""
PROJECTS = 10


@dataclass(slots=True)
class Options:
    """How large the fleet is, and what happens to it. seconds: over which a sender spreads its records."""

    senders: int = 1_000
    records: int = 100
    seconds: float = 60.0
    kills: int = 3
    pause: float = 20.0
    receivers: int = 3
    patience: float = 600.0


@dataclass(slots=True)
class Result:
    """What was sent and what is there.

    twice, missing: IDs. answers: how often each status came. untold: answers that a sender shall try again, but not
    when. memory: MiB that a receiver had at most. took: seconds.
    """

    sent: int = 0
    stored: int = 0
    twice: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    dropped: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    untold: int = 0
    memory: int = 0
    took: float = 0.0

    @property
    def sound(self) -> bool:
        return self.sent == self.stored and not (self.twice or self.missing or self.dropped)


class Receivers:
    """The receivers, and which of them can be reached: what a balancer in front knows."""

    def __init__(self, store: str, count: int) -> None:
        self._store = store
        self.running = [SharedReceiver(store) for _ in range(count)]
        self.ports = [one.port for one in self.running]
        self.memory = 0

    def kill(self, place: int) -> None:
        """Kill one, and start another in its place."""
        self._note(self.running[place])
        self.running[place].kill()
        self.running[place] = SharedReceiver(self._store)
        self.ports[place] = self.running[place].port

    def end(self) -> None:
        for each in self.running:
            self._note(each)
            each.kill()

    def _note(self, one: SharedReceiver) -> None:
        """Note how much memory a receiver had at most, in MiB."""
        self.memory = max(self.memory, peak_memory(one.process.pid))


def peak_memory(process: int) -> int:
    """Return how much memory a process had at most, in MiB, or 0 if it is gone."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return int(peak.split()[1]) // 1024
    return 0


class Encoder:
    """What the worker of the real transport asks to encode records: these are encoded already."""

    max_records = None

    def prepare(self, item: bytes) -> bytes:
        return item

    def deliver(self, encoded_records: object) -> Verdict:
        return DONE

    def close(self) -> None:
        pass

    renew = close


class Sender:
    """One process of an application: a queue, a batch, and one POST at a time."""

    def __init__(self, number: int, key: str, ports: list[int], result: Result, options: Options) -> None:
        self._number, self._key = number, key.ljust(50, "a")
        self._ports, self._result, self._options = ports, result, options
        self._random = random.Random(number)
        self._queue: Queue[bytes] = Queue(10_000, 64 << 20, BATCH)
        self._batch: Batch[bytes, bytes] = Batch(self._queue, BATCH, lambda: None)
        self._recorded = False
        self._succeeded = False

    async def run(self) -> None:
        """Record and deliver until everything is delivered."""
        recording = asyncio.create_task(self._record())
        while not (self._recorded and self._queue.empty):
            if not self._queue.has_batch:
                await asyncio.sleep(FLUSH_INTERVAL * self._random.uniform(0.9, 1.1))
            if self._batch.wants_more:
                self._batch.gather(Encoder(), lambda: None)
            if self._batch:
                await self._send()
        await recording
        self._result.dropped += sum(self._queue.counts().dropped.values())

    async def _record(self) -> None:
        options = self._options
        for place in range(options.records):
            record = json.dumps(event(f"{self._number}-{place}", self._random)).encode()
            self._queue.put(record, len(record))
            await asyncio.sleep(self._random.expovariate(options.records / options.seconds))
        self._recorded = True

    async def _send(self) -> None:
        records = self._batch.next()
        found = verdict(await self._post(records), "http://fleet/")
        if found.action == "drop" and self._succeeded:
            found = despite_success(found)
        self._succeeded |= found.action == "done"
        self._batch.settle(found)
        if found.after:
            await asyncio.sleep(found.after)
        elif self._batch.attempt:
            await asyncio.sleep(back_off(self._batch.attempt, self._random.random()))

    async def _post(self, records: list[bytes]) -> PostResult:
        body = gzip.compress(b"[" + b",".join(records) + b"]", 1)
        port = self._random.choice(self._ports)
        try:
            answer = await asyncio.wait_for(post(port, self._key, body), TIMEOUT)
        except ConnectionRefusedError:
            answer = PostResult(failure="refused", detail="refused")
        except asyncio.TimeoutError:
            answer = PostResult(failure="timeout", detail="timeout")
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError):
            answer = PostResult(failure="reset", detail="reset")
        self._result.answers[str(answer.status or answer.failure)] += 1
        self._result.untold += answer.status in (429, 503) and not answer.retry_after
        return answer


async def post(port: int, key: str, body: bytes) -> PostResult:
    """Send one POST on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = (
            f"POST /moesif/v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nX-Moesif-Application-Id: {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return PostResult(int(lines[0].split()[1]), fields.get("retry-after"), fields.get("date"))


def event(identity: str, dice: random.Random) -> dict[str, object]:
    """Return a record as the recorder sends it, of about 1 KB."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "transaction_id": identity,
        "direction": "Incoming",
        "user_id": str(dice.randrange(10_000)),
        "request": {
            "time": now,
            "uri": f"http://shop.test/api/items/{dice.randrange(1_000_000)}",
            "verb": dice.choice(["GET", "GET", "POST"]),
            "headers": {"host": "shop.test", "accept": "application/json", "x-request-id": identity},
        },
        "response": {
            "time": now,
            "status": dice.choice([200, 200, 200, 404, 500]),
            "headers": {"content-type": "application/json"},
            "body": {"items": [{"id": dice.randrange(1 << 30), "name": "thing"} for _ in range(8)]},
            "transfer_encoding": "json",
        },
        "metadata": {"duration_ms": dice.expovariate(0.02)},
    }


def happen(receivers: Receivers, engine: Shim, options: Options, done: threading.Event) -> None:
    """Kill receivers and stop the engine, spread over the time of the fleet."""
    dice = random.Random(1)
    steps = [("kill", place) for place in range(options.kills)]
    steps.insert(len(steps) // 2, ("pause", 0))
    for what, place in steps:
        if done.wait(options.seconds / (len(steps) + 1) * dice.uniform(0.7, 1.0)):
            return
        if what == "kill":
            receivers.kill(place % options.receivers)
        elif options.pause:
            engine.process.send_signal(signal.SIGSTOP)
            done.wait(options.pause)
            engine.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def fleet(options: Options) -> Iterator[tuple[str, Shim, Receivers]]:
    """Start the engine and the receivers."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Shim(folder)
        store = f"clickhouse://127.0.0.1:{engine.port}/fleet"
        receivers = None
        try:
            receivers = Receivers(store, options.receivers)
            yield store, engine, receivers
        finally:
            engine.process.send_signal(signal.SIGCONT)
            if receivers is not None:
                receivers.end()
            engine.stop()


def keys_of(store: str, senders: int) -> list[str]:
    """Add projects, and return a key for each sender."""
    with connect(parse_address(store), create=True) as engine:
        migrate(engine)
        projects = Projects(engine)
        for place in range(PROJECTS):
            projects.add(f"project-{place}", 7)
        return [projects.issue("key", [f"project-{number % PROJECTS}"], str(number)) for number in range(senders)]


async def send_all(keys: list[str], ports: list[int], result: Result, options: Options) -> None:
    """Run all senders until each has delivered everything."""
    senders = [Sender(number, key, ports, result, options) for number, key in enumerate(keys)]
    await asyncio.wait_for(asyncio.gather(*(each.run() for each in senders)), options.patience)


def compare(store: str, result: Result, options: Options) -> None:
    """Hold what is there against what was sent."""
    with connect(parse_address(store)) as engine:
        found = Counter(identity for (identity,) in engine.rows("SELECT id FROM record FINAL"))
    wanted = {f"{number}-{place}" for number in range(options.senders) for place in range(options.records)}
    result.sent, result.stored = len(wanted), sum(found.values())
    result.twice = sorted(identity for identity, times in found.items() if times > 1)
    result.missing = sorted(wanted - set(found))


def run(options: Options) -> Result:
    """Run the fleet once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8_192)), hard))
    result, done = Result(), threading.Event()
    with fleet(options) as (store, engine, receivers):
        keys = keys_of(store, options.senders)
        time.sleep(4)  # until the receivers know the keys
        began = time.monotonic()
        trouble = threading.Thread(target=happen, args=(receivers, engine, options, done))
        trouble.start()
        try:
            asyncio.run(send_all(keys, receivers.ports, result, options))
        finally:
            done.set()
            trouble.join()
        result.took = time.monotonic() - began
        compare(store, result, options)
        receivers.end()
        result.memory = receivers.memory
    return result


def main() -> int:
    """Run the fleet and say what became of its records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Options()
    for name in ("senders", "records", "kills", "receivers"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    for name in ("seconds", "pause", "patience"):
        parser.add_argument(f"--{name}", type=float, default=getattr(usual, name))
    options = Options(**vars(parser.parse_args()))
    result = run(options)
    print(f"{options.senders:,} senders, {options.receivers} receivers, {options.kills} killed")
    print(f"engine stopped for {options.pause:g} s; took {result.took:.0f} s in all")
    print(f"sent {result.sent:,}, stored {result.stored:,}, dropped {result.dropped:,}")
    print(f"missing {len(result.missing):,}, twice {len(result.twice):,}")
    print(f"answers {dict(result.answers.most_common())}")
    print(f"largest receiver {result.memory} MiB")
    return 0 if result.sound else 1


if __name__ == "__main__":
    sys.exit(main())
