"""Retention in a running inbox: how much remains, in a file of bounded size, while records keep coming."""

from __future__ import annotations

import base64
import os
import sqlite3
import time
from contextlib import closing

import pytest

from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.store import Limits
from drhttp.inbox.store.retention import PRUNE_BATCH
from drhttp.inbox.store.sqlite import FREE_PAGES, SqliteStore
from drhttp.inbox.writer import PRUNE_INTERVAL, Writer

PAGE = 4096
JOURNAL = 8 << 20
"""Bytes that the journal may have: it is written back from 4 MB on, and holds a batch more."""


def size(file):
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))


def test_m15_what_remains_is_bounded_while_records_come(start, event):
    """M15: after each batch hardly more than asked for are there, at rest exactly as many; pinned ones on top."""
    inbox = start("--keep", "500", "--quiet")
    assert inbox.post([event(transaction_id=f"pinned-{place}") for place in range(3)]) == 201
    for n in (1, 2, 3):
        assert inbox.api("PATCH", f"/records/{n}", {"pinned": True})[0] == 200
    for batch in range(25):
        assert inbox.post([event(transaction_id=f"{batch}-{place}") for place in range(100)]) == 201
        assert inbox.api("GET", "/info")[1]["records"] <= 500 + PRUNE_INTERVAL + 100

    # A change waits for everything that was to be done before it.
    assert inbox.api("PATCH", "/records/1", {"note": "seen"})[0] == 200
    answer = inbox.api("GET", "/info")[1]
    assert (answer["records"], answer["pinned"]) == (500, 3)
    newest = inbox.api("GET", "/records?limit=500")[1]["records"]
    assert [one["n"] for one in newest] == [*range(2503, 2503 - 497, -1), 3, 2, 1]


def test_m15_the_file_stays_small_whatever_comes(start, event):
    """M15: ten times as many bytes as may remain, in bodies that do not compress; the file never grows by them."""
    inbox = start("--keep-bytes", "6", "--quiet")
    most = 0
    for _ in range(60):
        bodies = [base64.b64encode(os.urandom(50_000)).decode() for _ in range(20)]
        assert inbox.post([event(response__body=body) for body in bodies]) == 201
        most = max(most, size(inbox.file))

    assert most <= (6 << 20) + FREE_PAGES * PAGE + JOURNAL
    left = inbox.api("GET", "/info")[1]
    assert 0 < left["bytes"] <= 6 << 20
    assert 20 <= left["records"] < 200


@pytest.mark.parametrize("pinned", [0, 300])
def test_m15_pruning_goes_in_small_pieces(tmp_path, event, pinned):
    """M15: however far a limit is exceeded, a step deletes a few records and reads hardly more than these."""
    prepare(tmp_path / "inbox.db")
    with closing(SqliteStore(tmp_path / "inbox.db")) as store:
        events = [event(transaction_id=str(place)) for place in range(3_000)]
        store.write(decode_batch(events, Arrival("local", 1)))
        for n in range(1, pinned + 1):
            store.mark(n, pinned=True)
        limits, steps, left = Limits(pinned + 100, 1 << 40, 1e9), 0, 3_000
        work = Work(store)
        while store.prune(limits, 2):
            now = store.state().records
            assert 0 < left - now <= PRUNE_BATCH
            left, steps = now, steps + 1
            work.step()

        assert left == pinned + 100
        assert steps == -(-(2_900 - pinned) // PRUNE_BATCH)
        # The later steps do not look again at what the earlier ones passed over.
        assert max(work.steps[1:-1]) < 2 * min(work.steps[1:-1])


class Work:
    """What the database does for each step, in its own instructions: a count, which no busy machine changes."""

    def __init__(self, store):
        self.steps = []
        self._done = 0
        store._db.set_progress_handler(self._count, 100)

    def _count(self):
        self._done += 1
        return 0

    def step(self):
        self.steps.append(self._done)
        self._done = 0


def test_a_clock_that_was_wrong_costs_no_young_record(tmp_path, event):
    """Age goes by arrival, from the oldest number on, and ends at the first record that is young enough."""
    prepare(tmp_path / "inbox.db")
    with closing(SqliteStore(tmp_path / "inbox.db")) as store:
        for moment, name in ((10, "a"), (20, "b"), (500, "c"), (30, "d")):
            store.write(decode_batch([event(transaction_id=name)], Arrival("local", moment * 1_000_000)))
        while store.prune(Limits(1000, 1 << 40, 60.0), 120 * 1_000_000):
            pass

        assert {one.summary.id for one in store.newest(10)} == {"c", "d"}


def test_what_is_unpinned_goes_with_the_next_pruning(tmp_path, event):
    """Also when it is older than everything that retention has looked at lately."""
    prepare(tmp_path / "inbox.db")
    with closing(SqliteStore(tmp_path / "inbox.db")) as store:
        store.write(decode_batch([event(transaction_id=str(place)) for place in range(50)], Arrival("local", 1)))
        store.mark(1, pinned=True)
        limits = Limits(10, 1 << 40, 1e9)
        while store.prune(limits, 2):
            pass
        store.mark(1, pinned=False)
        store.write(decode_batch([event(transaction_id="new")], Arrival("local", 1)))
        while store.prune(limits, 2):
            pass

        assert min(one.n for one in store.newest(100)) == 42


def test_endpoints_are_counted_when_nothing_else_is_to_be_done(tmp_path, event):
    """After a start on a large file and after clearing, too, until all whole slices are counted."""
    file = tmp_path / "inbox.db"
    prepare(file)
    with closing(SqliteStore(file)) as store:
        store.write(decode_batch([event(transaction_id=f"a{place}") for place in range(9_000)], Arrival("local", 1)))
    limits = Limits(1 << 40, 1 << 50, 1e12)
    with Writer(lambda: SqliteStore(file), limits=limits, on_stored=lambda written: None) as writer:
        settled(file, {0, 1, 2, 3})
        writer.do(lambda store: store.mark(4_500, pinned=True)).result()
        assert writer.do(lambda store: store.clear(EVERYTHING, pinned=False)).result() == 8_999
        settled(file, {0, 1, 2, 3})
        (one,) = writer.do(lambda store: store.endpoints(EVERYTHING, seconds=60)).result().endpoints
        assert one.count == 1


def settled(file, slices):
    """Wait until these slices are counted."""
    end = time.monotonic() + 60
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        while (found := {k for (k,) in db.execute("SELECT k FROM slice")}) != slices:
            assert time.monotonic() < end, found
            time.sleep(0.02)
