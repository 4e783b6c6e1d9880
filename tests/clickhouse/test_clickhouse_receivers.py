"""Several receivers on one engine: every record once, in the store and in each live list."""

from __future__ import annotations

import random
import signal
import tempfile
import threading
import time

import pytest
from clickhouse_shim import Shim
from conftest import new_name
from receivers import LiveList, SharedReceiver

from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.store.clickhouse.engine import connect, parse_address
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader

BATCHES, BATCH = 40, 25


@pytest.fixture
def engine_process():
    shim = Shim()
    yield shim
    shim.stop()


@pytest.fixture
def three(engine_process):
    """Three receivers on a new database."""
    store = f"clickhouse://127.0.0.1:{engine_process.port}/{new_name()}"
    receivers = [SharedReceiver(store) for _ in range(3)]
    yield store, receivers
    for each in receivers:
        each.kill()


def send(receivers, batch, dice):
    """Deliver as a sender does: again, by way of any receiver, until one says that it has the batch."""
    while True:
        receiver = dice.choice(receivers)
        try:
            if receiver.post(batch) == 201:
                return receiver
        except OSError:
            pass
        time.sleep(0.05)


def stored(store):
    """The ids of all records, each as often as it is there."""
    reader = ClickHouseReader(connect(parse_address(store)))
    found = [entry.summary.id for entry in reader.page(EVERYTHING, 1 << 30, ascending=True).entries]
    assert len(found) == reader.state().records
    reader.close()
    return found


def test_each_batch_twice_by_different_receivers_of_which_one_is_killed(three, event):  # noqa: C901 one story
    """Every id is there exactly once, in the store and in the live list of each receiver that lives."""
    store, receivers = three
    lists = [LiveList(each) for each in receivers]
    batches = [[event(transaction_id=f"{n}-{place}") for place in range(BATCH)] for n in range(BATCHES)]
    turn, sent = iter(batches), [0]
    lock = threading.Lock()

    def run(seed):
        dice = random.Random(seed)
        while True:
            with lock:
                batch = next(turn, None)
                sent[0] += 1
                if sent[0] == BATCHES // 2:
                    receivers[0].kill()
            if batch is None:
                return
            # Both at the same time, so that they meet in the engine.
            first, second = dice.sample(receivers, 2)
            other = threading.Thread(target=send, args=([second, *receivers[1:]], batch, dice))
            other.start()
            send([first, *receivers[1:]], batch, dice)
            other.join()

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    ids = [one["transaction_id"] for batch in batches for one in batch]
    assert sorted(stored(store)) == sorted(ids)
    for each in lists[1:]:
        assert each.wait(set(ids))
    time.sleep(2)  # what would come twice would come now
    for each in lists:
        each.close()
    for each in lists[1:]:
        assert set(each.ids.values()) == {1}
        assert set(each.ids) == set(ids)


def test_an_engine_that_is_away_costs_nothing_that_was_acknowledged(three, engine_process, event):
    """Meanwhile senders are told when to try again, and the receivers hold no more than they may; then all goes on."""
    store, (receiver, *_) = three
    assert receiver.post([event(transaction_id="before")]) == 201
    engine_process.process.send_signal(signal.SIGSTOP)
    acknowledged, answers = {"before"}, []

    def run(place):
        status, headers, _ = receiver.answer([event(transaction_id=f"{place}-{n}") for n in range(50)])
        answers.append((status, headers["Retry-After"]))
        if status == 201:
            acknowledged.update(f"{place}-{n}" for n in range(50))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {status for status, _ in answers} <= {429, 503}
    assert all(after is not None and int(after) >= 1 for _, after in answers)
    assert receiver.request("GET", "/healthz")[0] == 200
    assert receiver.request("GET", "/readyz")[0] == 503

    engine_process.process.send_signal(signal.SIGCONT)
    end = time.monotonic() + 60
    while receiver.post([event(transaction_id="after")]) != 201:
        assert time.monotonic() < end
    assert receiver.request("GET", "/readyz")[0] == 200
    found = stored(store)
    assert len(found) == len(set(found))
    assert acknowledged | {"after"} <= set(found)


@pytest.mark.parametrize("kept", [True, False], ids=["folder", "memory"])
def test_an_engine_leaves_no_folder_behind(kept, tmp_path, monkeypatch):
    """Neither what it held in memory nor its temporary files, although it is killed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = tmp_path / "data"
    shim = Shim(str(data) if kept else "")
    with connect(parse_address(f"clickhouse://127.0.0.1:{shim.port}/{new_name()}"), create=True) as engine:
        engine.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    assert [path.name for path in tmp_path.iterdir() if path != data] != []
    shim.stop()

    assert [path for path in tmp_path.iterdir() if path != data] == []


def test_metrics_tell_what_was_received_stored_and_refused(three, event):
    """For Prometheus, with the time of inserts and the lag."""
    _, (receiver, *_) = three
    batch = [event(transaction_id=str(place)) for place in range(10)]
    assert [receiver.post(batch), receiver.post(batch)] == [201, 201]

    status, headers, content = receiver.request("GET", "/metrics")
    lines = content.decode().splitlines()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    for line in (
        "drhttp_records_received_total 20.0",
        "drhttp_records_stored_total 10.0",
        "drhttp_records_repeated_total 10.0",
        'drhttp_records_refused_total{reason="full"} 0.0',
        "drhttp_insert_seconds_count 2.0",
        "drhttp_lag_seconds_count 2.0",
    ):
        assert line in lines


def test_a_receiver_stops_cleanly_and_gives_its_number_back(three, event):
    """What it took is written, its exit status is 0, and the number can be given to another."""
    store, receivers = three
    assert receivers[0].post([event(transaction_id="a")]) == 201
    assert receivers[0].stop() == (0, "")
    assert stored(store) == ["a"]
    with connect(parse_address(store)) as engine:
        assert engine.value("SELECT count() FROM receiver FINAL") == 2
