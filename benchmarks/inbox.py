"""How much the inbox takes in a second, whether retention holds ingest up, and how fast the page answers.

    python -m benchmarks.inbox ingest       records a second, with a page open and retention at work
    python -m benchmarks.inbox retention    1,000,000 records into 10,000: size of the file, longest stall, pins
    python -m benchmarks.inbox steps        the longest steps of the one thread that writes, without a server
    python -m benchmarks.inbox page         100,000 records: list, filters, endpoints and rows in Chromium
    python -m benchmarks.inbox live         from the POST to the row on the page
    python -m benchmarks.inbox questions    100,000 records: what each question of the API takes, by the clock and of
                                            processor time, which also tells on a busy machine
    python -m benchmarks.inbox million      1,000,000 records: the same, and the page in Chromium

`million` writes the file without a server, in 2 to 12 minutes; with --file it is kept and used again. `write` and
`steps` tell what the store alone takes.

All of them need `pip install "drhttp[inbox]"`, `page` and `live` also `pip install playwright` and Debian's chromium.
Nothing else should run on the machine meanwhile; each says how busy it was.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from benchmarks import inbox_page
from benchmarks.inbox_traffic import BATCH, Inbox, Load, bodies, load, load_average, running
from drhttp.inbox.bounded_json import BATCH as WIRE
from drhttp.inbox.bounded_json import load as parsed
from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.store import Limits
from drhttp.inbox.store.order import COLUMNS
from drhttp.inbox.store.sqlite import SqliteStore

DAY = 86_400_000_000
UNBOUND = ("--keep=10000000", "--keep-bytes=100000")
QUESTIONS = {
    "first list": "/records?limit=200",
    "filter, common": "/records?limit=200&q=status:5xx",
    "filter, rare": "/records?limit=200&q=path:/api/items/77%20user:150",
    "filter, nothing": "/records?limit=200&q=user:nobody",
    "free text, first step": "/records?limit=200&q=nothing-of-that",
    **{f"sort by {sort}": f"/records?limit=200&sort={sort}" for sort in (*COLUMNS, "-duration")},
    "sort, filtered": "/records?limit=200&sort=-duration&q=status:5xx",
    "scatter": "/scatter",
    "values of user": "/suggest?q=user:",
    "info": "/info",
}
FILTERS = ("", "status:5xx", "path:/api/*", "after:-1h", "path:/api/items/7*", "user:42")
"""What is asked of each of these; of the last two, what is counted ahead knows nothing."""
PICTURES = {
    "timeline": "/timeline?buckets=180&q={}",
    "endpoints": "/endpoints?q={}",
    "errors": "/endpoints?q=is:error%20{}&sort=last",
    "users": "/users?q={}",
    "devices": "/devices?q={}",
    "upstreams": "/upstreams?q={}",
}
TIMES = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(COMMANDS))
    parser.add_argument("--records", type=int, help="how many")
    parser.add_argument("--file", type=Path, help="of `million`: where to keep the file, or to find it")
    args = parser.parse_args()
    print(load_average())
    run, usual = COMMANDS[args.what]
    more = {"file": args.file} if args.what == "million" else {}
    run(args.records or usual, **more)
    print(load_average())


def ingest(count: int) -> None:
    """Retention has begun before what is measured does."""
    with running() as inbox:
        load(inbox, 10_000)
        result = load(inbox, count)
        print(f"ingest: {result.count / result.seconds:,.0f} records/s durable, page open, pruning to 10,000 records")
        print(f"  {result.cost / result.count * 1e6:,.0f} µs of processor time each, {result.busy} times 429")
        _stalls("at full load", result.longest_stall, result)


def retention(count: int) -> None:
    """M15."""
    sizes: list[int] = []
    with running() as inbox:
        load(inbox, 1_000)
        pinned = [inbox.ask(f"/records/{n}", "PATCH", {"pinned": True})["n"] for n in range(1, 1_000, 50)]
        result = load(inbox, count, meanwhile=lambda: sizes.append(inbox.size()))
        rate = result.count / result.seconds
        print(f"retention: {result.count:,} records in {result.seconds:.0f} s, {rate:,.0f} a second")
        _stalls("at full load", result.longest_stall, result)
        calm = load(inbox, 20_000, senders=1, rate=1_000)
        _stalls("at 1,000 records a second", calm.longest_post, calm)
        left = inbox.ask("/info")
        there = [inbox.ask(f"/records/{n}")["pinned"] for n in pinned]
        print(f"  file with journal: at most {max(sizes) / 1e6:.0f} MB, at the end {inbox.size() / 1e6:.0f} MB")
        print(f"  {left['records']:,} records remain, {sum(there)} of {len(pinned)} pinned ones")


def _stalls(when: str, stall: float, result: Load) -> None:
    post, hiccup = result.longest_post * 1000, result.hiccup * 1000
    print(
        f"  {when}: longest stall {stall * 1000:.0f} ms, longest POST {post:.0f} ms; the machine's own {hiccup:.0f} ms"
    )


def steps(count: int) -> None:
    """M15 on a busy machine: processor time does not depend on what else runs there."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inbox.db"
        prepare(file)
        with closing(SqliteStore(file)) as store:
            _steps(store, count)


def _steps(store: SqliteStore, count: int) -> None:
    limits, taken = Limits(10_000, 256 << 20, 7 * 86_400.0), defaultdict[str, list[tuple[float, float]]](list)
    for body in bodies(random.Random(1), 1, count // BATCH):
        now = time.time_ns() // 1000
        batch = decode_batch(parsed(body, "gzip", WIRE)[0], Arrival("local", now))
        for name, step in (
            ("write", partial(store.write, batch)),
            ("prune", partial(store.prune, limits, now)),
            ("count", store.maintain),
        ):
            began, cpu = time.perf_counter(), time.thread_time()
            step()
            taken[name].append((time.thread_time() - cpu, time.perf_counter() - began))
    for name, times in taken.items():
        spent, passed = (sorted(each) for each in zip(*times, strict=True))
        summary = f"{statistics.median(spent) * 1000:5.1f} ms of processor time, longest {spent[-1] * 1000:5.1f}"
        print(f"{name:8} median {summary}; longest in all {passed[-1] * 1000:5.1f} ms ({len(times):,} steps)")


def questions(count: int) -> None:
    with running(*UNBOUND) as inbox:
        load(inbox, count)
        print(f"{inbox.ask('/info')['records']:,} records, {inbox.size() / 1e6:.0f} MB")
        _questions(inbox)


def _questions(inbox: Inbox) -> None:
    """What each question takes: by the clock, and of processor time, which does not depend on what else runs."""
    print(f"| {'median of ' + str(TIMES):30} | clock, ms | processor, ms | worst, ms | all |")
    print("| --- | ---: | ---: | ---: | --- |")
    for name, path in QUESTIONS.items():
        _question(inbox, name, path)
    for name, pattern in PICTURES.items():
        for text in FILTERS:
            _question(inbox, f"{name} {text}", pattern.format(quote(text)))


def _question(inbox: Inbox, name: str, path: str) -> None:
    passed, spent, complete = [], [], True
    for _ in range(TIMES):
        began, busy = time.perf_counter(), inbox.processor_time()
        complete &= inbox.ask(path).get("complete", True)
        passed.append((time.perf_counter() - began) * 1000)
        spent.append((inbox.processor_time() - busy) * 1000)
    figures = f"{statistics.median(passed):9.1f} | {statistics.median(spent):13.1f} | {max(passed):9.1f}"
    print(f"| {name:30} | {figures} | {'yes' if complete else 'no'} |")


def million(count: int, file: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = file or Path(folder) / "inbox.db"
        if not file.exists():
            write(count, file)
        with running(*UNBOUND, file=file) as inbox:
            print(f"{inbox.ask('/info')['records']:,} records, {inbox.size() / 1e6:.0f} MB")
            _questions(inbox)
            inbox_page.answers(inbox)


def write(count: int, file: Path | None = None) -> None:
    """What storing a record takes, without a server: the indexes are most of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = file or Path(folder) / "inbox.db"
        prepare(file)
        spent = 0.0
        with closing(SqliteStore(file)) as store:
            counted, longest, now = 0.0, 0.0, time.time_ns() // 1000
            for place, body in enumerate(bodies(random.Random(1), 1, count // BATCH)):
                batch = decode_batch(parsed(body, "gzip", WIRE)[0], Arrival("local", now))
                # Traffic of a day, in which records arrive up to an hour after the others of their time.
                ago = int(DAY * (1 - place * BATCH / count))
                moved = [_moved(one, ago) for one in batch]
                began = time.thread_time()
                store.write(moved)
                spent += time.thread_time() - began
                more = True
                while more:
                    began = time.thread_time()
                    more = store.maintain()
                    step = time.thread_time() - began
                    counted, longest = counted + step, max(longest, step)
        print(
            f"write: {spent / count * 1e6:.0f} µs of processor time a record, {file.stat().st_size / count:.0f} bytes;"
            f" counting ahead {counted / count * 1e6:.0f} µs, in steps of up to {longest * 1000:.0f} ms"
        )


def _moved(exchange: Exchange, ago: int) -> Exchange:
    """Return an exchange that began earlier, and arrived then."""
    summary = exchange.summary
    started, received = summary.started - ago, summary.received - ago
    return replace(exchange, summary=replace(summary, started=started, received=received))


def page(count: int) -> None:
    """M4."""
    with running(*UNBOUND) as inbox:
        load(inbox, count)
        inbox_page.answers(inbox)


def live(count: int) -> None:
    """M3."""
    with running(*UNBOUND) as inbox:
        load(inbox, 5_000)
        inbox_page.arrivals(inbox, count)


COMMANDS = {
    "ingest": (ingest, 60_000),
    "retention": (retention, 1_000_000),
    "steps": (steps, 100_000),
    "page": (page, 100_000),
    "live": (live, 200),
    "questions": (questions, 100_000),
    "million": (million, 1_000_000),
    "write": (write, 100_000),
}
if __name__ == "__main__":
    main()
