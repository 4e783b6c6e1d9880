"""Questions to a large store on ClickHouse, and how the store becomes large: what `benchmarks.clickhouse` asks."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import clickhouse_connect

from benchmarks.inbox_traffic import load_average
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.clickhouse.engine import Engine, parse_address
from drhttp.inbox.store.clickhouse.numbers import EPOCH, MILLISECOND
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "clickhouse"))
from receivers import SharedReceiver

ROUNDS = 5
ABSENT = "a text that no body holds"
SLICE, SECONDS, SORTING = 0.06, 1.0, 5.0
"""Time limits of a step of a list, of an aggregate and of a sorted list, as the API sets them."""
DAYS = 6
"""Days over which the copies are spread."""


def multiply(store: str, times: int) -> None:
    """Copy all records under new numbers and IDs, spread over the days before, until there are so many times more."""
    address = parse_address(store)
    client = clickhouse_connect.get_client(
        host=address.host, port=address.port, database=address.database, send_receive_timeout=3_600
    )
    low, high = client.query("SELECT min(n), max(n) FROM record").result_rows[0]
    wide = DAYS * 86_400_000 * MILLISECOND // (times - 1)
    for copy in range(1, times):
        start = low - copy * wide
        number = f"({start} + toUInt64((was - {low}) * {wide / (high - low + 1)}))"
        moved = f"toInt64(intDiv({number}, {MILLISECOND}) - intDiv(was, {MILLISECOND})) * 1000"
        rows = f"WHERE n BETWEEN {low} AND {high}) SETTINGS max_threads = 1, min_insert_block_size_rows = 1000000"
        client.command(
            f"INSERT INTO record SELECT * EXCEPT was REPLACE ({number} AS n, toString(generateUUIDv4()) AS id,"
            " lower(hex(randomString(16))) AS trace, lower(hex(randomString(8))) AS span,"
            f" started + {moved} AS started, received + {moved} AS received,"
            f" intDiv({number}, {MILLISECOND}) + {EPOCH} AS stored) FROM (SELECT *, n AS was FROM record {rows}"
        )
        client.command(
            f"INSERT INTO claim SELECT * EXCEPT was REPLACE (reinterpretAsUInt128(generateUUIDv4()) AS key,"
            f" {number} AS n) FROM (SELECT *, n AS was FROM claim {rows}"
        )
    client.close()


def settle(engine: Engine) -> None:
    """Wait until the engine has merged what it merges by itself."""
    end, quiet = time.monotonic() + 3_600, 0
    while time.monotonic() < end and quiet < 5:
        busy = engine.value("SELECT count() FROM system.merges WHERE database = currentDatabase()")
        quiet = 0 if busy else quiet + 1
        time.sleep(1)


def sizes(engine: Engine) -> None:
    """Print what a record takes on the disk."""
    for table in ("record", "claim"):
        size, parts, rows = engine.rows(
            "SELECT sum(bytes_on_disk), count(), sum(rows) FROM system.parts"
            f" WHERE active AND database = currentDatabase() AND table = '{table}'"
        )[0]
        print(f"{table}: {size / rows:,.0f} bytes a row, {rows:,} rows in {parts} parts")


def ask_store(reader: ClickHouseReader, records: int) -> None:
    """Ask the store, without a receiver in between."""
    every = parse("", 0).node
    newest = reader.page(every, 50)
    some = newest.entries[-1]
    asked: dict[str, Callable[[], object]] = {
        "newest 50": lambda: reader.page(every, 50, seconds=SLICE),
        "status:5xx path:/api/*": lambda: _found(reader, "status:5xx path:/api/*"),
        "text that no body holds": lambda: _found(reader, f'body:"{ABSENT}"'),
        "by id": lambda: reader.one(some.summary.id),
        "one record, whole": lambda: reader.read(some),
        "histogram, all": lambda: reader.histogram(every, None, None, 60, seconds=SECONDS),
        "endpoints, all": lambda: reader.endpoints(every, seconds=SECONDS),
        "endpoints, status:5xx": lambda: reader.endpoints(parse("status:5xx", 0).node, seconds=SECONDS),
        "users, all": lambda: reader.groups(every, "user", "device", 200, seconds=SECONDS),
        "endpoints, all, no limit": lambda: reader.endpoints(every, seconds=60),
        "state": reader.state,
    }
    print(f"the store, {load_average()}")
    for name, ask in asked.items():
        _report(name, ask, _whole, None)


def ask_receiver(store: str) -> None:
    """Ask a receiver over HTTP what its page asks."""
    receiver = SharedReceiver(store)
    try:
        print(f"a receiver, {load_average()}")
        for name, limit, path in _questions(receiver):
            _report(name, lambda path=path: receiver.api("GET", path)[1], lambda found: found.get("complete"), limit)
    finally:
        receiver.kill()


def _questions(receiver: SharedReceiver) -> Iterator[tuple[str, float | None, str]]:
    """Yield names, limits in seconds, and paths."""
    some = receiver.api("GET", "/records?limit=1")[1]["records"][0]
    texts = (
        "", "status:5xx path:/api/*", "status:418", "user:nobody", "path:/api/items/777", "is:slow", f'body:"{ABSENT}"',
        "header:x-absent", ABSENT.replace(" ", "-"), "has:outbound", "is:orphan", "calls:>0", "is:pinned",
    )  # fmt: skip
    for text in texts:
        yield f"records {text[:30]!r}", SLICE, f"/records?limit=50&q={quote(text)}"
    for column in ("-duration", "path", "-status"):
        for text in ("", "status:5xx", f'body:"{ABSENT}"'):
            yield f"sorted {column} {text[:20]!r}", SORTING, f"/records?limit=50&sort={column}&q={quote(text)}"
    for kind in ("histogram", "timeline", "scatter", "endpoints", "upstreams", "users", "devices"):
        for text in ("", "status:5xx", f'body:"{ABSENT}"', "has:outbound"):
            yield f"{kind} {text[:20]!r}", SECONDS, f"/{kind}?q={quote(text)}"
    yield "record by number", None, f"/records/{some['n']}"
    yield "record by id", None, f"/records/id:{some['id']}"
    yield "record by prefix", None, f"/records/id:{some['id'][:12]}"
    yield "record by absent id", None, "/records/id:00000000-absent"
    yield "last success", None, f"/records/{some['n']}/last-success"
    yield "info", None, "/info"
    yield "suggest path", None, f"/suggest?q={quote('path:/api/ca')}"


def _report(name: str, ask: Callable[[], Any], whole: Callable[[Any], bool | None], limit: float | None) -> None:
    times, complete = [], None
    while len(times) < ROUNDS and sum(times) < 4:
        began = time.perf_counter()
        found = ask()
        times.append(time.perf_counter() - began)
        complete = whole(found)
    note = "" if complete is not False else "  incomplete, and says so"
    late = "" if limit is None or max(times) <= limit + 1 else f"  MORE THAN A SECOND BEYOND {limit:g} s"
    middle, most = statistics.median(times) * 1000, max(times) * 1000
    print(f"{name:<36} median {middle:>7,.0f} ms, most {most:>7,.0f}{note}{late}", flush=True)


def _whole(answer: object) -> bool:
    return getattr(answer, "scanned_to", None) is None and getattr(answer, "complete", True)


def _found(reader: ClickHouseReader, text: str) -> object:
    """Return the first 50, step by step as the page asks until it has them or nothing is left."""
    before: int | None = None
    missing = 50
    while True:
        page = reader.page(parse(text, 0).node, missing, before=before, seconds=SLICE)
        missing -= len(page.entries)
        before = page.next
        if before is None or not missing:
            return page
