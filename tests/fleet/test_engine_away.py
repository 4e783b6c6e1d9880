"""An engine that is away for a whole minute, while senders go on sending."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter

import pytest
from clickhouse_shim import Shim
from receivers import SharedReceiver

from benchmarks.fleet import Options, event, peak_memory, run
from drhttp.inbox.store.clickhouse.engine import connect, parse_address

MINUTE = 60.0
pytestmark = pytest.mark.timeout(900)
SENDERS, BATCH = 40, 500


def test_a_fleet_loses_nothing_and_is_told_when_to_come_again():
    """Each answer meanwhile is 429 or 503 with Retry-After; afterwards every record is there exactly once."""
    result = run(Options(senders=200, records=60, seconds=90, kills=0, pause=MINUTE))
    print(f"answers {dict(result.answers)}, largest receiver {result.memory} MiB, took {result.took:.0f} s")

    assert result.missing == result.twice == []
    assert (result.sent, result.stored, result.dropped) == (12_000, 12_000, 0)
    assert result.answers["503"] > 0
    assert result.untold == 0


@pytest.fixture
def engine():
    shim = Shim()
    yield shim
    shim.stop()


@pytest.fixture
def receiver(engine):
    one = SharedReceiver(f"clickhouse://127.0.0.1:{engine.port}/away")
    yield one
    one.kill()


def test_a_receiver_holds_no_more_than_it_may(engine, receiver):
    """20,000 records are sent to one receiver again and again, until it says that it has them."""
    batches = [
        [event(f"{sender}-{place}", random.Random(sender)) for place in range(BATCH)] for sender in range(SENDERS)
    ]
    assert receiver.post([event("before", random.Random(1))]) == 201
    answers, untold, slowest = Counter(), [], []
    away = threading.Event()

    def send(batch):
        while True:
            began = time.monotonic()
            status, headers, _ = receiver.answer(batch)
            answers[status] += 1
            if away.is_set():
                slowest.append(time.monotonic() - began)
            if status == 201:
                return
            if not headers["Retry-After"]:
                untold.append(status)
            time.sleep(int(headers["Retry-After"] or 1))

    away.set()
    engine.process.send_signal(signal.SIGSTOP)
    threads = [threading.Thread(target=send, args=(batch,)) for batch in batches]
    for each in threads:
        each.start()
    time.sleep(MINUTE)
    assert answers[201] == 0
    away.clear()
    assert receiver.request("GET", "/healthz")[0] == 200
    assert receiver.request("GET", "/readyz")[0] == 503
    engine.process.send_signal(signal.SIGCONT)
    for each in threads:
        each.join()

    memory = peak_memory(receiver.process.pid)
    print(f"answers {dict(answers)}, slowest {max(slowest):.1f} s, largest {memory} MiB")
    assert set(answers) - {429} == {201, 503}
    assert untold == []
    assert memory < 400
    with connect(parse_address(receiver.store)) as reader:
        rows = reader.rows("SELECT id FROM record FINAL")
    assert Counter(identity for (identity,) in rows) == Counter(
        ["before", *(one["transaction_id"] for batch in batches for one in batch)]
    )
