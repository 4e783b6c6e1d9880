"""What the store on ClickHouse takes and how fast it answers: `python -m benchmarks.clickhouse COMMAND`.

write: records a second that one receiver's store writes, in batches of 100 to 20,000, with the claims that make each
record unique. spike: bounded batches beside asynchronous inserts of the engine, as many small POSTs would use them.
questions: bytes a record and how long the page's questions take; `--records 10000000` for ten million.

Without `--store`, the engine is chdb behind a small HTTP server, which stands in for a ClickHouse server. Each
measurement says how busy the machine was.
"""

from __future__ import annotations

import argparse
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

from benchmarks.inbox_traffic import event, load_average
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.clickhouse.engine import Engine, connect, parse_address
from drhttp.inbox.store.clickhouse.numbers import MILLISECOND, at
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader
from drhttp.inbox.store.clickhouse.rows import Rows
from drhttp.inbox.store.clickhouse.store import ClickHouseStore

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "clickhouse"))
from clickhouse_shim import running

POOL = 20_000
ROUNDS = 7
ABSENT = "a text that no body holds"
SECONDS = 1.0
"""Time limit of aggregates, as the API sets it."""


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
    """Write batches of several sizes."""
    pool, dice = _pool(), random.Random(5)
    with _open(store) as writer:
        writer.write(_fresh(pool[:1000], dice))
        for size in (100, 1_000, 5_000, 20_000):
            count = min(records, max(20_000, size * 10)) // size
            batches = [_fresh(pool[:size], dice) for _ in range(count)]
            began = time.perf_counter()
            for batch in batches:
                writer.write(batch)
            took = time.perf_counter() - began
            print(f"write, {size:>6,} a batch: {count * size / took:>8,.0f} records/s")


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
    """Fill a store, and ask what the page asks."""
    pool, dice = _pool(), random.Random(9)
    with _open(store) as writer:
        spent = 0.0
        for _ in range(-(-records // POOL)):
            batch = _fresh(pool, dice)
            began = time.perf_counter()
            writer.write(batch)
            spent += time.perf_counter() - began
        print(f"wrote {records:,} records: {records / spent:,.0f} a second")
        with connect(parse_address(store)) as engine:
            _settle(engine)
            rows = engine.value("SELECT count() FROM record")
            for table in ("record", "claim"):
                size = engine.value(
                    "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
                    f" AND table = '{table}'"
                )
                print(f"{table}: {size / rows:,.0f} bytes a record")
            _ask(ClickHouseReader(engine), dice, records)


def _settle(engine: Engine) -> None:
    """Wait until the engine has merged what it merges by itself."""
    end, quiet = time.monotonic() + 300, 0
    while time.monotonic() < end and quiet < 3:
        busy = engine.value("SELECT count() FROM system.merges WHERE database = currentDatabase()")
        quiet = 0 if busy else quiet + 1
        time.sleep(1)


def _ask(reader: ClickHouseReader, dice: random.Random, records: int) -> None:
    newest = reader.page(parse("", 0).node, 50)
    middle = newest.entries[-1]
    asked: dict[str, Callable[[], object]] = {
        "newest 50": lambda: reader.page(parse("", 0).node, 50, seconds=0.06),
        "status:5xx path:/api/*": lambda: _found(reader, "status:5xx path:/api/*"),
        "text that no body holds": lambda: _found(reader, f'body:"{ABSENT}"'),
        "by id": lambda: reader.one(middle.summary.id),
        "one record, whole": lambda: reader.read(middle),
        "histogram, all": lambda: reader.histogram(parse("", 0).node, None, None, 60, seconds=SECONDS),
        "endpoints, all": lambda: reader.endpoints(parse("", 0).node, seconds=SECONDS),
        "endpoints, status:5xx": lambda: reader.endpoints(parse("status:5xx", 0).node, seconds=SECONDS),
        "users, all": lambda: reader.groups(parse("", 0).node, "user", "device", 200, seconds=SECONDS),
        "state": reader.state,
    }
    for name, ask in asked.items():
        times, whole = [], True
        for _ in range(ROUNDS if records <= 2_000_000 else 3):
            began = time.perf_counter()
            answer = ask()
            times.append(time.perf_counter() - began)
            whole = getattr(answer, "scanned_to", None) is None and getattr(answer, "complete", True)
        note = "" if whole else "  incomplete, and says so"
        print(f"{name:<26} median {statistics.median(times) * 1000:>7,.0f} ms, most {max(times) * 1000:>7,.0f}{note}")


def _found(reader: ClickHouseReader, text: str) -> object:
    """The first 50, step by step as the page asks until it has them or nothing is left."""
    before: int | None = None
    missing = 50
    while True:
        page = reader.page(parse(text, 0).node, missing, before=before, seconds=0.06)
        missing -= len(page.entries)
        before = page.next
        if before is None or not missing:
            return page


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
