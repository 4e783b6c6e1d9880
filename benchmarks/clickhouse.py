"""What the store on ClickHouse takes and how fast it answers: `python -m benchmarks.clickhouse COMMAND`.

write: records a second that one receiver's store writes, in batches of 100 to 20,000, with the claims that make each
record unique. spike: bounded batches beside asynchronous inserts of the engine, as many small POSTs would use them.
questions: bytes a record and how long the page's questions take; `--records 10000000` for ten million.

Without `--store`, the engine is chdb behind a small HTTP server, which stands in for a ClickHouse server. Each
measurement says how busy the machine was.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.clickhouse_questions import ask_receiver, ask_store, multiply, settle, sizes
from benchmarks.inbox_traffic import event, load_average
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.store.clickhouse.engine import Engine, connect, parse_address
from drhttp.inbox.store.clickhouse.numbers import MILLISECOND, at
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader
from drhttp.inbox.store.clickhouse.rows import Rows
from drhttp.inbox.store.clickhouse.store import ClickHouseStore

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "clickhouse"))
from clickhouse_shim import running

POOL = 20_000
WRITERS = 2
REAL = 1_000_000
"""Records that are written as a receiver writes them. Further ones are copies that the engine makes."""


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--store", help="clickhouse://... of a server")
    args = parser.parse_args()
    print(f"busy before: {load_average()}")
    with _place(args.store) as store:
        COMMANDS[args.command](store, args.records)
    print(f"busy after: {load_average()}")


@contextmanager
def _place(store: str | None) -> Iterator[str]:
    """A new database on the given server, or on the embedded engine."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    if store is not None:
        yield f"{store.rstrip('/')}/{name}"
        return
    with tempfile.TemporaryDirectory() as folder, running(folder) as port:
        yield f"clickhouse://127.0.0.1:{port}/{name}"


def _pool() -> list[Exchange]:
    dice = random.Random(3)
    return decode_batch([event(dice) for _ in range(POOL)], Arrival("local", time.time_ns() // 1000))


def _fresh(pool: Sequence[Exchange], dice: random.Random) -> list[Exchange]:
    """The same exchanges as new ones: other IDs, now."""
    now = time.time_ns() // 1000
    return [
        replace(
            one,
            summary=replace(
                one.summary,
                id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                trace=f"{dice.getrandbits(128):032x}",
                span=f"{dice.getrandbits(64):016x}",
                received=now,
                started=now - dice.randrange(1_000_000),
            ),
        )
        for one in pool
    ]


def write(store: str, records: int) -> None:
    """Write batches of several sizes, from one receiver's store and from several at the same time."""
    pool, dice = _pool(), random.Random(5)
    with _open(store) as writer:
        writer.write(_fresh(pool[:1000], dice))
        for size in (100, 1_000, 5_000, 20_000):
            count = min(records, max(20_000, size * 10)) // size
            batches = [_fresh(pool[:size], dice) for _ in range(count)]
            gc.freeze()  # a receiver does not hold all of them, which its garbage collector would look at
            began, spent = time.perf_counter(), time.process_time()
            for batch in batches:
                writer.write(batch)
            took, spent = time.perf_counter() - began, time.process_time() - spent
            print(
                f"write, {size:>6,} a batch: {count * size / took:>8,.0f} records/s,"
                f" {count * size / spent:,.0f} a second of the receiver's processor time, {load_average()}",
                flush=True,
            )
    spawn = multiprocessing.get_context("spawn")
    ready, go, done = spawn.Semaphore(0), spawn.Event(), spawn.Queue()
    writers = [spawn.Process(target=_write, args=(store, seed, ready, go, done)) for seed in range(WRITERS)]
    for each in writers:
        each.start()
    for _ in writers:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    count = sum(done.get() for _ in writers)
    took = time.perf_counter() - began
    for each in writers:
        each.join()
    print(f"{WRITERS} writers, 20,000 a batch: {count / took:>8,.0f} records/s, {load_average()}")


def _write(store: str, seed: int, ready: Any, go: Any, done: Any) -> None:
    """Write five batches beside others."""
    pool, dice = _pool(), random.Random(seed)
    batches = [_fresh(pool, dice) for _ in range(5)]
    with _open(store) as writer:
        ready.release()
        gc.freeze()
        go.wait()
        for batch in batches:
            writer.write(batch)
        done.put(sum(map(len, batches)))


def spike(store: str, records: int) -> None:
    """Insert what arrives in POSTs of 100 records: as it comes, asynchronously, and put together."""
    pool, dice = _pool(), random.Random(7)
    with _open(store) as writer:
        engine = connect(parse_address(store))
        small = [_fresh(pool[:100], dice) for _ in range(min(records, 20_000) // 100)]
        waiting = {"async_insert": 1, "wait_for_async_insert": 1, "async_insert_busy_timeout_max_ms": 200}
        for name, settings in (("one by one", None), ("async_insert with wait", waiting)):
            took, latency = _parallel(store, small, settings)
            count = sum(map(len, small))
            print(f"{name:<24} {count / took:>8,.0f} records/s, median {latency * 1000:,.0f} ms a POST")
        tokens = {**waiting, "insert_deduplication_token": "again", "async_insert_deduplicate": 1}
        before, again = engine.value("SELECT count() FROM record"), at(time.time_ns() // 1_000_000)
        for _ in range(2):
            _insert(engine, small[0], again, tokens)
        found = engine.value("SELECT count() FROM record") - before
        print(f"async_insert with a token, the same 100 records twice: {found} rows")
        whole = [one for batch in small for one in batch]
        began = time.perf_counter()
        writer.write(whole)
        took = time.perf_counter() - began
        print(f"{'put together, claims':<24} {len(whole) / took:>8,.0f} records/s")
        engine.close()


def _parallel(store: str, batches: Sequence[Sequence[Exchange]], settings: object) -> tuple[float, float]:
    """Insert with 16 connections. Returns seconds in all, and the median of one insert."""
    turn, lock, times = iter(enumerate(batches)), threading.Lock(), []

    def run() -> None:
        engine = connect(parse_address(store))
        while True:
            with lock:
                place, batch = next(turn, (0, None))
            if batch is None:
                break
            began = time.perf_counter()
            _insert(engine, batch, at(time.time_ns() // 1_000_000) + place * MILLISECOND, settings)
            times.append(time.perf_counter() - began)
        engine.close()

    threads = [threading.Thread(target=run) for _ in range(16)]
    began = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return time.perf_counter() - began, statistics.median(times)


def _insert(engine: Engine, batch: Sequence[Exchange], first: int, settings: object) -> None:
    places = list(range(len(batch)))
    block = Rows(batch).block(places, [first + place for place in places], [7] * len(batch), 1, {})
    engine.insert("record", block, settings)


def questions(store: str, records: int) -> None:
    """Fill a store, and ask what the page asks: the store first, then a receiver over HTTP."""
    with _open(store) as writer:
        _fill(writer, store, records)
        with connect(parse_address(store)) as engine:
            settle(engine)
            sizes(engine)
            ask_store(ClickHouseReader(engine), records)
    ask_receiver(store)


def _fill(writer: ClickHouseStore, store: str, records: int) -> None:
    """Write as a receiver does; beyond a million, the engine copies what is there."""
    pool, dice = _pool(), random.Random(9)
    spent, real = 0.0, min(records, REAL)
    for _ in range(-(-real // POOL)):
        batch = _fresh(pool, dice)
        began = time.perf_counter()
        writer.write(batch)
        spent += time.perf_counter() - began
    print(f"wrote {real:,} records: {real / spent:,.0f} a second, {load_average()}", flush=True)
    if records > real:
        began = time.perf_counter()
        multiply(store, records // real)
        print(f"copied them {records // real - 1} times in {time.perf_counter() - began:,.0f} s", flush=True)
        spent = 0.0
        for _ in range(5):
            batch = _fresh(pool, dice)
            began = time.perf_counter()
            writer.write(batch)
            spent += time.perf_counter() - began
        print(f"wrote {5 * POOL:,} more: {5 * POOL / spent:,.0f} a second, {load_average()}", flush=True)


@contextmanager
def _open(store: str) -> Iterator[ClickHouseStore]:
    writer = ClickHouseStore(connect(parse_address(store), create=True))
    try:
        yield writer
    finally:
        writer.close()


COMMANDS: dict[str, Callable[[str, int], None]] = {"write": write, "spike": spike, "questions": questions}

if __name__ == "__main__":
    main()
