from __future__ import annotations

import threading

import pytest

from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.errors import StoreError
from drhttp.inbox.store import Limits
from drhttp.inbox.store.sqlite import SqliteStore, reading
from drhttp.inbox.writer import QueueFull, Writer

ARRIVAL = Arrival("local", 1795363200_000000)


@pytest.fixture
def open_writer(tmp_path):
    prepare(tmp_path / "inbox.db")

    def run(on_stored=lambda written: None, keep=1000, **bounds):
        limits = Limits(keep, 1 << 30, 1e9)
        return Writer(lambda: SqliteStore(tmp_path / "inbox.db"), limits=limits, on_stored=on_stored, **bounds)

    return run


def batch(event, *names):
    return decode_batch([event(transaction_id=name) for name in names], ARRIVAL)


def test_what_is_answered_is_on_disk(open_writer, tmp_path, event):
    """When the future answers, another connection sees the records, and only new ones were announced."""
    announced = []
    with open_writer(lambda written: announced.extend(written.new)) as writer:
        assert writer.submit(batch(event, "a", "b"), 1).result() == 2
        with reading(tmp_path / "inbox.db") as reader:
            assert len(reader) == 2
        assert writer.submit(batch(event, "b", "c"), 1).result() == 1

    assert [exchange.summary.id for exchange in announced] == ["a", "b", "c"]


@pytest.mark.parametrize("bounds", [{"max_records": 2}, {"max_bytes": 20}])
def test_what_may_wait_is_bounded(open_writer, event, bounds):
    """While the store is slow a little may wait, and more is refused at once; afterwards all is as before."""
    slow, entered = threading.Event(), threading.Event()

    def on_stored(new):
        entered.set()
        slow.wait()

    with open_writer(on_stored, **bounds) as writer:
        first = writer.submit(batch(event, "a"), 10)
        entered.wait()
        waiting = [writer.submit(batch(event, name), 10) for name in ("b", "c")]
        with pytest.raises(QueueFull):
            writer.submit(batch(event, "d"), 10)
        slow.set()
        assert [future.result() for future in (first, *waiting)] == [1, 1, 1]
        assert writer.submit(batch(event, "d"), 10).result() == 1


def test_a_batch_above_the_bound_is_taken_when_nothing_waits(open_writer, event):
    """Otherwise it could never be stored."""
    with open_writer(max_records=1) as writer:
        assert writer.submit(batch(event, "a", "b"), 1).result() == 2


def test_a_batch_that_nobody_waits_for_is_not_written(open_writer, tmp_path, event):
    """Its sender was told to send it again; what it took of the queue is free for others."""
    slow, entered = threading.Event(), threading.Event()

    def on_stored(new):
        entered.set()
        slow.wait()

    with open_writer(on_stored, max_records=2) as writer:
        first = writer.submit(batch(event, "a"), 10)
        entered.wait()
        waiting = [writer.submit(batch(event, name), 10) for name in ("b", "c")]
        assert (first.cancel(), waiting[0].cancel()) == (False, True)
        slow.set()
        assert [first.result(), waiting[1].result()] == [1, 1]
        assert writer.waiting == 0
        assert writer.submit(batch(event, "d", "e"), 10).result() == 2

    with reading(tmp_path / "inbox.db") as reader:
        assert [entry.summary.id for entry in reader.newest(9)] == ["a", "c", "d", "e"]


def test_closing_writes_what_waits(open_writer, tmp_path, event):
    """Whatever was queued is on disk when the writer is closed."""
    with open_writer() as writer:
        futures = [writer.submit(batch(event, str(place)), 1) for place in range(50)]

    assert all(future.done() for future in futures)
    with reading(tmp_path / "inbox.db") as reader:
        assert len(reader) == 50


def test_retention_holds_after_every_batch_and_from_the_start(open_writer, tmp_path, event):
    """Never more than asked for remain, also of what an earlier run left."""
    for keep, names in ((5, "abcdefgh"), (3, "")):
        with open_writer(keep=keep) as writer:
            writer.submit(batch(event, *names), 1).result()
        with reading(tmp_path / "inbox.db") as reader:
            assert "".join(entry.summary.id for entry in reader.newest(10)) == "abcdefgh"[-keep:]


def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path):
    """The constructor raises, and leaves no thread behind."""
    threads = threading.active_count()

    with pytest.raises(StoreError):
        Writer(lambda: SqliteStore(tmp_path / "missing.db"), limits=Limits(1, 1, 1), on_stored=lambda written: None)
    assert threading.active_count() == threads
