"""The worker: batches, retries, flushes and closes, here in virtual time."""

from __future__ import annotations

import logging
import random
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.virtual_worker import MANY, Bench, Exporter, named

from drhttp._delivery.batch import BATCH_BYTES
from drhttp._delivery.clock import Clock
from drhttp._delivery.queue import Queue
from drhttp._delivery.retry import DONE, Verdict, back_off
from drhttp._delivery.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AGAIN = Verdict(action="retry", reason="unreachable", error="refused")
LATER = Verdict(action="retry", reason="status_429", error="answered 429", after=120.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Batches


def test_a_full_batch_goes_out_at_once() -> None:
    """A batch goes out as soon as `batch_size` records wait, and what else waits goes with it."""
    bench = Bench(size=3)
    bench.put(*named(7))
    bench.run()
    assert bench.batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert bench.exporter.posts[-1][0] == 1000.0


def test_a_lonely_record_goes_out_after_the_interval(bench: Bench) -> None:
    """A record waits for company as long as the flush interval, give or take a tenth, and not longer."""
    delays = []
    for _ in range(50):
        bench = Bench(interval=10.0)
        bench.put("lonely")
        bench.clock.after(5.0, lambda bench=bench: bench.put("company"))
        bench.run()
        assert bench.batches == [["lonely", "company"]]
        delays.append(bench.exporter.posts[0][0] - 1000.0)
    assert all(9.0 <= delay <= 11.0 for delay in delays)
    assert max(delays) - min(delays) > 0.1


def test_a_batch_is_about_a_mebibyte_at_most() -> None:
    """A batch goes out at once when it weighs a mebibyte, and carries not much more."""
    bench = Bench()
    large = "x" * (BATCH_BYTES // 4)
    for _ in range(10):
        bench.queue.put(large, len(large))
    bench.clock.after(0.1, lambda: bench.worker.begin_close(10.0))
    bench.run()
    assert [len(batch) for batch in bench.batches] == [4, 4, 2]
    assert bench.exporter.posts[0][0] == bench.exporter.posts[1][0] == 1000.0


def test_all_that_waits_goes_out_when_the_interval_has_passed() -> None:
    """A protocol of one record a POST sends all that waits, one after the other, without an interval between them."""
    bench = Bench(most=1)
    bench.put(*named(5))
    bench.run()
    assert bench.batches == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert bench.waits == [0.0] * 4


def test_the_random_numbers_of_the_application_stay_its_own(bench: Bench) -> None:
    """W1: an application that has seeded `random` gets the numbers that it would have got without us."""
    random.seed(42)
    expected = random.random()
    random.seed(42)
    bench.exporter.answers.extend([AGAIN] * 3)
    bench.put("a")
    bench.run()
    assert random.random() == expected


# Retries


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0), (8, 30.0), (10**6, 30.0)]
)
def test_back_off_grows_to_half_a_minute(attempt: int, most: float) -> None:
    """T2: the delay doubles from half a second to 30 s, with full jitter."""
    assert back_off(attempt, 0.0) == 0.0
    assert back_off(attempt, 0.5) == most / 2
    assert back_off(attempt, 1.0) == most


def test_it_tries_as_long_as_the_outage_lasts(bench: Bench) -> None:
    """A batch is retried as long as the outage lasts, and nothing is lost; every retry is counted."""
    bench.exporter.answers.extend([AGAIN] * 200)
    bench.put("a", "b")
    bench.run()
    assert bench.exporter.delivered == ["a", "b"]
    assert len(bench.batches) == 201
    assert bench.worker.retried == 400
    assert all(wait <= 30.0 for wait in bench.waits)
    assert sum(bench.waits) > 1000


def test_retry_after_is_obeyed(bench: Bench) -> None:
    """T2: nothing is sent before the time that the receiver asked for has passed."""
    bench.exporter.answers.extend([LATER, LATER])
    bench.put("a")
    bench.clock.after(10.0, lambda: bench.put(*named(500)))
    bench.run()
    assert bench.waits[:2] == pytest.approx([120.0, 120.0])
    assert bench.queue.counts().sent == 501


def test_a_flush_does_not_cut_short_what_the_receiver_asked_for(bench: Bench) -> None:
    """T2: a flush does not make us break a `Retry-After`."""
    bench.exporter.answers.append(LATER)
    bench.put("a")
    bench.clock.after(30.0, bench.worker.begin_flush)
    bench.run()
    assert bench.waits == pytest.approx([120.0])


def test_a_flush_cuts_a_back_off_short_once(bench: Bench) -> None:
    """A flush tries again at once, one time; after that the back-off goes on."""
    bench.exporter.answers.extend([AGAIN] * 12)
    bench.put("a")

    def flush_after_the_tenth() -> Verdict:
        bench.clock.after(0.001, bench.worker.begin_flush)
        return AGAIN

    bench.exporter.answers[9] = flush_after_the_tenth
    bench.run()
    assert bench.waits[9] <= 0.001
    assert len(bench.batches) == 13


def test_back_off_while_closing_leaves_time_for_more_tries() -> None:
    """Of the time that closing has left, half at most is waited, so that a receiver that comes back is tried again."""
    assert back_off(10, 1.0, 10.0) == 5.0
    assert back_off(1, 1.0, 10.0) == 0.5
    assert back_off(10, 1.0, 0.01) == 0.1


def test_a_batch_that_is_too_large_is_halved() -> None:
    """T3: a batch that is too large is sent in halves, and the halves in halves; what remains too large is dropped."""
    bench = Bench(size=8)

    def judge() -> Verdict:
        encoded_records = bench.exporter.posts[-1][1]
        if len(encoded_records) > 2 or encoded_records == ["huge"]:
            return Verdict(action="split", reason="too_large")
        return DONE if "huge" not in encoded_records else Verdict(action="split", reason="too_large")

    bench.exporter.answers.extend([judge] * 100)
    bench.put("0", "1", "2", "huge", "4", "5", "6", "7")
    bench.run()
    assert bench.exporter.delivered == ["0", "1", "2", "4", "5", "6", "7"]
    assert bench.queue.counts().dropped == {"too_large": 1}


def test_a_refusal_may_ask_for_a_pause() -> None:
    """A refused batch is dropped and counted; when the refusal holds for all, nothing is sent for a while."""
    bench = Bench(size=2)
    bench.exporter.answers.append(Verdict(action="drop", reason="status_401", error="answered 401", after=60.0))
    bench.put(*named(4))
    bench.run()
    assert bench.batches == [["0", "1"], ["2", "3"]]
    assert bench.waits == [60.0]
    assert bench.queue.counts().dropped == {"status_401": 2}
    assert bench.worker.monitor.last_error == "answered 401"


# Errors


def test_a_poisonous_record_costs_only_itself(bench: Bench) -> None:
    """C3: a record that cannot be prepared is dropped and counted; its neighbours are delivered."""
    bench.put("a", ValueError("poison"), "b", SystemExit(1), KeyboardInterrupt(), "c")
    bench.run()
    assert bench.exporter.delivered == ["a", "b", "c"]
    assert bench.queue.counts().dropped == {"failed": 3}
    assert bench.worker.restarts == 3
    assert bench.worker.monitor.last_error == "KeyboardInterrupt in the worker"


@pytest.mark.parametrize("error", [BaseException, SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_whatever_the_transport_raises_the_worker_goes_on(error: type[BaseException]) -> None:
    """C3: a transport that raises, whatever it is, costs that batch; later records are delivered."""
    bench = Bench(size=2)
    bench.exporter.answers.append(error())
    bench.put(*named(4))
    bench.run()
    assert bench.exporter.delivered == ["2", "3"]
    assert bench.queue.counts().dropped == {"failed": 2}
    assert bench.worker.restarts == 1


def test_even_logging_may_raise(bench: Bench) -> None:
    """C3: a filter that the application put on our logger, and that raises, costs a batch and not the worker."""

    def refuse(record: logging.LogRecord) -> bool:
        raise RuntimeError(record.msg)

    logger = logging.getLogger("drhttp")
    logger.addFilter(refuse)
    try:
        bench.put("a", ValueError("poison"), "b")
        bench.run()
    finally:
        logger.removeFilter(refuse)
    assert bench.exporter.delivered == ["b"]
    assert bench.queue.counts().dropped == {"failed": 2}


def test_a_courier_that_cannot_be_made_does_not_keep_the_worker_from_closing(bench: Bench) -> None:
    """C3: an error that comes back in every round neither spins nor outlives a close; what waited is counted."""

    class Broken(Exporter):
        @property
        def max_records(self) -> int | None:
            raise ImportError

        @max_records.setter
        def max_records(self, value: int | None) -> None:
            return

    bench.worker._exporter = Broken(bench.clock)
    bench.put("a")
    bench.clock.after(100.0, lambda: bench.worker.begin_close(5.0))
    bench.run()
    assert 90 <= bench.worker.restarts <= 110
    assert bench.queue.counts().dropped == {"closed": 1}


# Flush


def test_a_flush_waits_for_what_came_before_it() -> None:
    """A flush is over when all that was recorded before it has ended, though a later record may have ended earlier."""
    bench = Bench()
    ends: list[tuple[bool, list[str]]] = []

    def look() -> Verdict:
        ends.append((bench.worker.finish_flush(mark, 0.0), list(bench.exporter.delivered)))
        return Verdict(action="drop", reason="before_send")

    bench.put("first")
    mark = bench.worker.begin_flush()
    bench.put(Verdict(action="drop", reason="before_send"), "third")
    bench.exporter.answers.append(look)
    bench.run()
    assert ends == [(False, [])]
    assert bench.worker.finish_flush(mark, 0.0)


def test_a_flush_delivers_without_delay(bench: Bench) -> None:
    """A flush does not wait for the interval, and stops hurrying when it is done."""
    bench.put("a", "b")
    bench.worker.begin_flush()
    bench.clock.after(0.5, lambda: bench.put("c"))
    bench.run()
    assert bench.batches == [["a", "b"], ["c"]]
    assert bench.exporter.posts[0][0] == 1000.0
    assert bench.exporter.posts[1][0] >= 1000.5 + 1.8


def test_a_flush_ends_although_the_queue_is_full() -> None:
    """Records that a full queue drops do not keep a flush waiting, and it does not wait for later ones."""
    bench = Bench(size=3, room=5)
    bench.put(*named(8))
    mark = bench.worker.begin_flush()
    assert mark == 5
    seen: list[bool] = []

    def later() -> Verdict:
        bench.put("later", "later still")
        seen.append(bench.worker.finish_flush(mark, 0.0))
        return DONE

    bench.exporter.answers.extend([later, later, later])
    bench.run()
    assert seen == [False, False, True]
    assert bench.queue.counts().dropped["queue_size"] >= 3


def test_a_flush_in_the_worker_does_not_wait_for_itself() -> None:
    """`flush()` inside `before_send` runs in the worker: it says at once that it is not done, and all goes on."""
    queue: Queue[Any] = Queue(10, MANY, 10)
    said: list[bool] = []

    def flush() -> str:
        said.append(worker.finish_flush(worker.begin_flush(), 60.0))
        return "a"

    exporter = Exporter(Clock())
    worker = Worker(queue, exporter, batch_size=10, flush_interval=0.01)
    queue.put(flush, 1)
    worker.start()
    mark = worker.begin_flush()
    assert worker.finish_flush(mark, 10.0)
    assert said == [False]
    assert exporter.delivered == ["a"]
    worker.begin_close(5.0)
    worker.finish_close()


# Close


def test_close_delivers_a_backlog_of_several_batches() -> None:
    """Closing delivers everything that waits, however many batches that makes, and lets the connection go."""
    bench = Bench(size=10)
    bench.put(*named(95))
    bench.worker.begin_close(10.0)
    bench.run()
    assert bench.exporter.delivered == named(95)
    assert len(bench.batches) == 10
    assert bench.exporter.closed == 1


def test_close_ends_when_its_time_is_over() -> None:
    """Closing takes no longer than it may; what is left is counted, and that is said."""
    bench = Bench(size=2)

    def slow() -> Verdict:
        bench.clock.pass_by(1.0)
        return DONE

    bench.exporter.answers.extend([slow] * 10)
    bench.put(*named(10))
    bench.worker.begin_close(2.5)
    bench.clock._rung = False
    bench.run()
    assert bench.exporter.delivered == named(6)
    assert bench.queue.counts().dropped == {"closed": 4}
    assert bench.clock.time == 1003.0


def test_close_cuts_a_back_off_short(bench: Bench) -> None:
    """Closing does not wait for a back-off to pass before it tries once more."""
    bench.exporter.answers.extend([AGAIN] * 20)

    def close_soon() -> Verdict:
        bench.clock.after(0.001, lambda: bench.worker.begin_close(2.0))
        return AGAIN

    bench.exporter.answers.append(close_soon)
    bench.put("a")
    bench.run()
    assert bench.waits[20] <= 0.001
    assert bench.exporter.delivered == ["a"]


def test_close_does_not_break_a_retry_after() -> None:
    """T2, PM6: a `Retry-After` beyond the time to close ends the closing at once, and no other batch is tried."""
    bench = Bench(size=2)
    bench.exporter.otherwise = LATER
    bench.put(*named(10))
    bench.clock.after(5.0, lambda: bench.worker.begin_close(2.0))
    bench.run()
    assert len(bench.batches) == 1
    assert bench.clock.time == 1005.0
    assert bench.queue.counts().dropped == {"closed": 10}


def test_close_does_not_break_a_pause() -> None:
    """After a refusal that holds for all, closing tries no other batch."""
    bench = Bench(size=2)
    bench.exporter.otherwise = Verdict(action="drop", reason="status_401", after=60.0)
    bench.put(*named(10))
    bench.worker.begin_close(2.0)
    bench.run()
    assert len(bench.batches) == 1
    assert bench.queue.counts().dropped == {"status_401": 2, "closed": 8}


@pytest.mark.parametrize("seconds", [0.0, 0.25, 5.0])
def test_waiting_for_the_end_of_the_thread_takes_no_longer_than_the_rest(bench: Bench, seconds: float) -> None:
    """The timeout of a close covers the end of the thread too, which several recorders wait for one after another."""
    joined = []

    class Ended(threading.Thread):
        ident = 1

        def join(self, timeout: float | None = None) -> None:
            joined.append(timeout)

    bench.worker._thread = Ended()
    bench.worker.begin_close(seconds)
    bench.worker.finish_close()
    assert joined == [seconds]


def test_closing_twice_is_closing_once(bench: Bench) -> None:
    """A second close finds nothing to do and returns."""
    bench.put("a")
    bench.run()
    bench.worker.begin_close(10.0)
    bench.worker.finish_close()
    assert bench.exporter.delivered == ["a"]
    bench.put("b")
    assert bench.queue.counts().dropped == {"closed": 1}


def test_a_later_close_sends_nothing_that_an_earlier_one_gave_up(bench: Bench) -> None:
    """What is counted as lost does not arrive after all."""

    def close_twice() -> Verdict:
        bench.worker.begin_close(0.0)
        bench.worker.finish_close()
        bench.worker.begin_close(5.0)
        return AGAIN

    bench.exporter.answers.append(close_twice)
    bench.put("a")
    bench.run()
    assert bench.batches == [["a"]]
    assert bench.queue.counts().dropped == {"closed": 1}


def test_a_worker_that_is_closed_does_not_start_again() -> None:
    """A record that comes while the worker closes starts no thread."""
    bench = Bench()
    bench.run()
    assert bench.worker.start()
    assert not bench.worker.alive


# Threads


def test_two_threads_start_one_worker() -> None:
    """C2: many first records at once start one thread."""
    for _ in range(50):
        queue: Queue[Any] = Queue(1000, MANY, 10)
        worker = Worker(queue, Exporter(Clock()), batch_size=10, flush_interval=0.001)
        barrier = threading.Barrier(8)

        def start(barrier: threading.Barrier = barrier, worker: Worker[Any, Any] = worker) -> None:
            barrier.wait()
            worker.start()

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [thread.name for thread in threading.enumerate()].count("drhttp") == 1
        worker.begin_close(5.0)
        worker.finish_close()
        assert "drhttp" not in [thread.name for thread in threading.enumerate()]


def test_an_interrupted_start_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """C2: an exception that a signal handler raises while the thread is being started costs no later record."""
    queue: Queue[Any] = Queue(1000, MANY, 10)
    exporter = Exporter(Clock())
    worker = Worker(queue, exporter, batch_size=10, flush_interval=0.001)
    queue.put("a", 1)

    def interrupted(self: threading.Thread) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.start()
    assert not worker.alive
    assert worker.start()
    assert worker.finish_flush(worker.begin_flush(), 10.0)
    assert exporter.delivered == ["a"]
    worker.begin_close(5.0)
    worker.finish_close()


# What is said


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    with caplog.at_level(logging.WARNING, "drhttp"):
        yield lambda: [record.getMessage() for record in caplog.records if record.name == "drhttp"]


def test_losses_are_said_once_a_minute_with_counts(warnings: Callable[[], list[str]]) -> None:
    """T6: a full queue is said at once, and then once a minute at most, with the counts since."""
    bench = Bench(room=10)
    bench.exporter.answers.extend([Verdict(action="retry", reason="status_503", error="answered 503", after=300.0)])
    for tick in range(3000):
        bench.clock.after(tick * 0.1, lambda: bench.put("x"))
    bench.run()
    lost = bench.queue.counts().dropped["queue_size"]
    said = warnings()
    assert lost > 2900
    assert 4 <= len(said) <= 6
    assert said[0].startswith("records lost: 1 (queue_size); records waiting: 1")
    assert all("answered 503" in line for line in said[1:])
    assert sum(int(line.split()[2]) for line in said) <= lost


def test_silence_is_said_before_anything_is_lost(warnings: Callable[[], list[str]]) -> None:
    """X4: requests recorded but nothing delivered for a minute is one WARNING a minute, with the last error."""
    bench = Bench()
    bench.exporter.answers.extend([AGAIN] * 60)
    bench.put("a")
    bench.run()
    said = warnings()
    assert said
    # The first look after the minute comes with the next try, which is at most another half a minute later.
    assert re.fullmatch(r"records waiting: 1; nothing delivered for [6-9]\d s; last error: refused", said[0])
    assert len(said) <= sum(bench.waits) / 60


def test_success_is_silent(bench: Bench, warnings: Callable[[], list[str]]) -> None:
    """T6: a short failure without a loss, a drop that the user wished, and success say nothing."""
    bench.exporter.answers.append(AGAIN)
    bench.put("a", Verdict(action="drop", reason="before_send"))
    bench.clock.after(500.0, lambda: bench.put("b"))
    bench.run()
    assert warnings() == []


def test_a_loss_is_said_although_nothing_waits(warnings: Callable[[], list[str]]) -> None:
    """T6: records that are each too large for the queue are said, though the worker has nothing else to do."""
    bench = Bench()
    bench.clock.idle = lambda: None
    bench.put("a")
    for tick in range(3):
        bench.clock.after(10.0 + tick, lambda: bench.queue.put("huge", MANY + 1) and bench.worker.wake())
    bench.clock.after(200.0, lambda: bench.worker.begin_close(1.0))
    bench.run()
    assert warnings() == ["records lost: 1 (queue_bytes)", "records lost: 2 (queue_bytes)"]


def test_what_closing_loses_is_said(warnings: Callable[[], list[str]]) -> None:
    """T6: records that could not be delivered before the close are said with their number."""
    bench = Bench(size=2)
    bench.exporter.otherwise = AGAIN
    bench.put(*named(10))
    bench.worker.begin_close(0.1)
    bench.run()
    (line,) = warnings()
    assert line.startswith("records lost: 10 (closed)")
    assert line.endswith("last error: refused")
