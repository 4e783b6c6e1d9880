"""The worker in any order of events: what goes in comes out once or is counted, and everything ends.

Two machines. In the first, time is virtual and the thread of the worker goes on only when the machine lets it, so that
everything can be checked after each step, and a failure can be repeated. In the second, processes are real: threads and
forks at any moment, over real connections to a receiver in trouble.
"""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import traceback
from collections import Counter, deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.behaviors import close_without_response
from support.effort import effort
from support.load import echo, hit, paths
from support.receiver import Receiver, Response

import drhttp
from drhttp._delivery.batch import BATCH_BYTES
from drhttp._delivery.clock import Clock
from drhttp._delivery.queue import Queue
from drhttp._delivery.retry import DONE, Verdict, despite_success
from drhttp._delivery.worker import Worker
from drhttp._process import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support.behaviors import Behavior

PATIENCE = 20.0  # seconds of real time, after which the worker is taken for stuck
JITTER = 0.1  # of the interval
ERRORS = [ValueError, MemoryError, SystemExit, KeyboardInterrupt, GeneratorExit]


@dataclass(frozen=True, eq=False)
class Item:
    """What is put. weight: bytes in the queue. length: bytes in a POST. kind: what happens when it is prepared."""

    number: int
    weight: int
    length: int
    kind: str

    def __len__(self) -> int:
        return self.length


@dataclass(frozen=True)
class Waiting:
    """The worker waits, until that time or until it is woken."""

    until: float


@dataclass(frozen=True)
class Delivering:
    """The worker waits for the answer to a POST."""

    encoded_records: list[Item]


class Stage:
    """Where the thread of the worker stops, and waits for its cue. place: where that is, `None` while it runs."""

    def __init__(self) -> None:
        self.machine = threading.current_thread()
        self.place: Waiting | Delivering | None = None
        self._stopped = threading.Semaphore(0)
        self._cue = threading.Semaphore(0)

    def stop(self, place: Waiting | Delivering) -> None:
        """In the worker: stop here."""
        self.place = place
        self._stopped.release()
        self._cue.acquire()

    def settle(self, alive: Callable[[], bool]) -> None:
        """In the machine: wait until the worker has stopped, or ended."""
        for _ in range(int(PATIENCE / 0.002)):
            if self._stopped.acquire(timeout=0.002):
                return
            if not alive():
                return
        pytest.fail("the worker neither waits nor delivers nor ends")

    def cue(self) -> None:
        """In the machine: let the worker go on."""
        self.place = None
        self._cue.release()


class VirtualClock(Clock):
    """Time that passes when the machine says so."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.time = 1000.0
        self.rung = False

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float | None) -> None:
        until = math.inf if seconds is None else self.time + seconds
        if not self.rung and until > self.time:
            if threading.current_thread() is self._stage.machine:  # it does the worker's work
                assert until < math.inf, "nobody would end that"
                self.time = until
            else:
                self._stage.stop(Waiting(until))
        self.rung = False

    def wake(self) -> None:
        self.rung = True

    def yield_gil(self) -> None:
        return


class Exporter:
    """Prepares as the kind of an item says, delivers as the machine says, and keeps the books that are to agree."""

    def __init__(self, stage: Stage, clock: VirtualClock, most: int | None) -> None:
        self._stage = stage
        self._clock = clock
        self._most = most
        self.breaks = 0  # times that asking for `max_records` raises
        self.called: Callable[[Item], Any] = lambda item: None
        self.out_of_time: Callable[[], bool] = lambda: False
        self.in_hand: list[Item] = []
        self.ended: set[int] = set()
        self.delivered: list[int] = []
        self.dropped: Counter[str] = Counter()
        self.refused_until = 0.0  # the receiver wants to be left alone
        self.resting = False  # whether the last delivery failed
        self.held: Callable[[], set[Item]] = set  # what the worker has in hand
        self.history: list[tuple[set[int], str]] = []  # what was in each POST, and how it ended
        self.closed = 0
        self.answer: Verdict | BaseException | None = None

    @property
    def max_records(self) -> int | None:
        self.note_poison()
        if self.breaks:
            self.breaks -= 1
            self.fail()
            raise ImportError("not now")
        return self._most

    def prepare(self, item: Item) -> Item | Verdict:
        self.note_poison()
        self.resting = False
        assert item.number not in self.ended
        self.called(item)
        if item.kind == "unwanted":
            self.end([item], "before_send")
            return Verdict(action="drop", reason="before_send")
        if item.kind == "poisonous":
            self.end([item], "failed")
            raise ERRORS[item.number % len(ERRORS)]("poison")
        self.in_hand.append(item)
        return item

    def deliver(self, encoded_records: Sequence[Item]) -> Verdict:
        self.note_poison()
        self.resting = False
        assert self._clock.now() >= self.refused_until, "the receiver wanted to be left alone"
        if self.in_order:
            assert list(encoded_records) == self.in_hand[: len(encoded_records)]
        assert {item.number for item in encoded_records} <= {item.number for item in self.in_hand}
        assert [item.number for item in encoded_records] == sorted({item.number for item in encoded_records})
        assert not self.ended.intersection(item.number for item in encoded_records)
        if threading.current_thread() is self._stage.machine:
            self.answer = DONE
        else:
            self._stage.stop(Delivering(list(encoded_records)))
        answer, self.answer = self.answer, None
        self.note(list(encoded_records), answer)
        if isinstance(answer, BaseException):
            raise answer
        assert answer is not None
        return answer

    def note(self, encoded_records: list[Item], answer: Any) -> None:
        """What this answer makes of the encoded records, by the book."""
        if isinstance(answer, BaseException):
            self.fail()
            return
        if answer.action == "drop" and any(outcome == "done" for _, outcome in self.history):
            answer = despite_success(answer)
        self.last_reason = answer.reason
        outcome = "suspect" if answer.suspect else "crash" if answer.crash else answer.action
        self.history.append(({item.number for item in encoded_records}, outcome))
        if answer.after:
            self.refused_until = self._clock.now() + answer.after
        if answer.action == "split" and len(encoded_records) > 1:
            return
        if answer.action == "retry":
            self.resting = True
        else:
            self.end(encoded_records, None if answer.action == "done" else answer.reason)
            self.resting = bool(answer.after)

    @property
    def in_order(self) -> bool:
        """Whether no answer has raised the question which record is to blame."""
        return not any(outcome in ("suspect", "crash") for _, outcome in self.history)

    def note_poison(self) -> None:
        """What the worker has let go of otherwise is dropped as poison; there has to be proof of that."""
        held = self.held()
        for item in [each for each in self.in_hand if each not in held]:
            self.check_proof(item.number)
            self.end([item], self.last_reason)

    def check_proof(self, number: int) -> None:
        """It was never taken; it failed ten times and more, in the end alone, and twice and more of them when the
        receiver had just taken something else."""
        mine = [(place, *post) for place, post in enumerate(self.history) if number in post[0]]
        assert "done" not in {outcome for _, _, outcome in mine}
        assert mine[-1][1:] == ({number}, "suspect")
        failures = [place for place, _, outcome in mine if outcome == "suspect"]
        assert len(failures) >= 10
        between = [self.history[earlier:later] for earlier, later in pairwise(failures)]
        assert sum(any(outcome == "done" for _, outcome in posts) for posts in between) >= 2

    def fail(self) -> None:
        """The batch in hand is lost; where no time is left, to the closing that is under way."""
        self.resting = True
        if self.out_of_time():
            return
        self.end(list(self.in_hand), "failed")

    def end(self, items: list[Item], reason: str | None) -> None:
        self.in_hand = [item for item in self.in_hand if item not in items]
        if not self.closed_books:
            self.ended.update(item.number for item in items)
            if reason:
                self.dropped[reason] += len(items)
        if reason is None:
            self.delivered += [item.number for item in items]

    closed_books = False  # what ends after that is counted already

    def close(self) -> None:
        self.closed += 1


FAILS = Verdict(action="retry", reason="status_500", error="answered 500", suspect=True)
VERDICTS = st.sampled_from(
    [
        DONE,
        DONE,
        Verdict(action="retry", reason="unreachable", error="refused"),
        Verdict(action="retry", reason="status_503", error="answered 503", after=7.0),
        FAILS,
        Verdict(action="retry", reason="status_502", error="answered 502", crash=True),
        Verdict(action="split", reason="too_large", error="answered 413"),
        Verdict(action="drop", reason="status_400", error="answered 400"),
        Verdict(action="drop", reason="status_401", error="answered 401", after=60.0),
        *[error("blown") for error in ERRORS],
    ]
)
# "poisonous" ones cannot be prepared, and "toxic" ones make the receiver fail.
KINDS = st.sampled_from(["plain"] * 6 + ["unwanted", "poisonous", "breeds", "flushes", "closes", "toxic", "toxic"])


class AnyOrder(RuleBasedStateMachine):
    """Queue and worker as they are, in virtual time, with an exporter whose verdicts are generated."""

    @initialize(
        records=st.integers(1, 12),
        batch=st.integers(1, 5),
        most=st.sampled_from([None, None, 1, 3]),
        interval=st.sampled_from([0.0, 2.0, 30.0]),
    )
    def begin(self, records: int, batch: int, most: int | None, interval: float) -> None:
        self.stage = Stage()
        self.clock = VirtualClock(self.stage)
        self.queue: Queue[Item] = Queue(records, 1000, batch)
        self.exporter = Exporter(self.stage, self.clock, most)
        self.exporter.called = self.prepared
        self.exporter.out_of_time = lambda: self.close_at is not None and self.close_at <= self.clock.time
        self.worker = Worker(self.queue, self.exporter, batch_size=batch, flush_interval=interval, clock=self.clock)
        self.exporter.held = lambda: {encoded_record for encoded_record, _ in self.worker._batch._records.values()}
        self.toxic = True
        self.worker._random.seed(0)  # or a failure could not be repeated
        self.records, self.batch, self.interval = records, min(batch, most or batch), interval
        self.put_so_far = 0
        self.waiting: deque[Item] = deque()
        self.lost: Counter[str] = Counter()
        self.flushes: list[tuple[int, set[int]]] = []
        self.close_at: float | None = None
        self.abandoned = False

    # -- what the machine does, as the recorder would

    def wake(self) -> None:
        if not self.worker.alive and self.close_at is None:
            assert self.worker.start()
            self.stage.settle(lambda: self.worker.alive)
        self.worker.wake()

    def add(self, weight: int, length: int, kind: str) -> None:
        item = Item(self.put_so_far, weight, length, kind)
        self.put_so_far += 1
        held = sum(each.weight for each in (*self.waiting, *self.flying))
        if self.close_at is not None:
            self.lost["closed"] += 1
        elif len(self.waiting) >= self.records:
            self.lost["queue_size"] += 1
        elif held + weight > 1000:
            self.lost["queue_bytes"] += 1
        else:
            self.waiting.append(item)
        if self.queue.put(item, weight):
            self.wake() if threading.current_thread() is not self.worker._thread else self.worker.wake()

    @property
    def flying(self) -> list[Item]:
        self.exporter.note_poison()
        return [] if self.abandoned else [*self.exporter.in_hand, *self.prepared_now]

    prepared_now: list[Item] = []  # noqa: RUF012 - it is replaced, never changed

    def prepared(self, item: Item) -> None:
        """In the worker, where the user's callback runs: it may use the recorder."""
        assert self.waiting.popleft() is item, "first in, first out"
        self.prepared_now = [item]
        if item.kind == "breeds":
            self.add(1, 1, "plain")
        elif item.kind == "flushes":
            done = self.worker.finish_flush(self.worker.begin_flush(), 60.0)
            assert not done, "the record in hand has not ended"
        elif item.kind == "closes" and self.close_at is None:
            self.closing(20.0)
        self.prepared_now = []

    def closing(self, seconds: float) -> None:
        self.close_at = self.clock.time + seconds
        self.worker.begin_close(seconds)

    def go_on(self) -> None:
        """Let the worker run until it has something to wait for."""
        for _ in range(500):
            place = self.stage.place
            if not isinstance(place, Waiting) or not (self.clock.rung or place.until <= self.clock.time):
                return
            self.cue()
        pytest.fail("the worker spins")

    def cue(self) -> None:
        self.stage.cue()
        self.stage.settle(lambda: self.worker.alive)

    # -- rules

    @rule(weight=st.integers(0, 400), length=st.sampled_from([1, 1, 1, BATCH_BYTES // 2, BATCH_BYTES]), kind=KINDS)
    def put(self, weight: int, length: int, kind: str) -> None:
        self.add(weight, length, kind)
        self.go_on()

    @rule(count=st.integers(2, 8))
    def put_many(self, count: int) -> None:
        """Without the worker getting a turn in between, as while another thread has the interpreter."""
        for _ in range(count):
            self.add(10, 1, "plain")
        self.go_on()

    @rule(reason=st.sampled_from(["forked", "no_thread"]))
    def lose(self, reason: str) -> None:
        """A record that never reaches the queue; or nobody there to deliver what waits."""
        if reason == "forked":
            self.queue.drop(reason)
            self.put_so_far += 1
            self.lost[reason] += 1
        else:
            assert self.queue.discard(reason) == len(self.waiting)
            self.lost[reason] += len(self.waiting)
            self.exporter.ended.update(item.number for item in self.waiting)
            self.waiting.clear()
        self.go_on()

    @precondition(lambda self: isinstance(self.stage.place, Waiting) and self.stage.place.until < math.inf)
    @rule()
    def wait(self) -> None:
        """Time passes until the worker has to go on."""
        assert isinstance(self.stage.place, Waiting)
        self.clock.time = max(self.clock.time, self.stage.place.until)
        self.go_on()

    @rule(seconds=st.sampled_from([0.01, 1.0, 5.0, 61.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.time += seconds
        self.go_on()

    @precondition(lambda self: isinstance(self.stage.place, Delivering))
    @rule(verdict=VERDICTS)
    def answer(self, verdict: Verdict | BaseException) -> None:
        assert isinstance(self.stage.place, Delivering)
        toxic = self.toxic and any(item.kind == "toxic" for item in self.stage.place.encoded_records)
        self.exporter.answer = FAILS if toxic and verdict is DONE else verdict
        self.cue()
        self.go_on()

    @rule(posts=st.sampled_from([3, 30, 150]))
    def be_well(self, posts: int) -> None:
        """So many steps with a receiver that takes all but what is toxic: POSTs, and waits in between."""
        for _ in range(posts):
            if isinstance(self.stage.place, Delivering):
                self.answer(DONE)
            elif isinstance(self.stage.place, Waiting) and self.stage.place.until < math.inf:
                self.wait()
            else:
                return
            self.nothing_is_lost_silently()

    @rule()
    def break_once(self) -> None:
        """The next look at what a POST can carry raises, as when a module cannot be loaded."""
        self.exporter.breaks = 1

    @rule()
    def wake_for_nothing(self) -> None:
        self.worker.wake()
        self.go_on()

    @rule()
    def flush(self) -> None:
        accepted = {item.number for item in (*self.waiting, *self.flying)}
        hindered = self.exporter.breaks or self.close_at is not None or self.clock.time < self.exporter.refused_until
        self.flushes.append((self.worker.begin_flush(), accepted))
        self.go_on()
        if not hindered and (self.waiting or self.flying):
            assert isinstance(self.stage.place, Delivering), "a flush cuts a back-off short"

    @precondition(lambda self: self.close_at is None or self.worker.alive)
    @rule(seconds=st.sampled_from([0.0, 0.5, 10.0, 300.0]))
    def begin_close(self, seconds: float) -> None:
        """Also twice; but once the worker has ended, whoever closes does the rest, which is tested elsewhere."""
        self.closing(seconds)
        self.go_on()

    @precondition(lambda self: self.close_at is not None and self.has_to_end)
    @rule()
    def finish_close(self) -> None:
        self.worker.finish_close()
        gone = [*self.waiting, *self.flying]
        self.lost["closed"] += len(gone)
        self.exporter.ended.update(item.number for item in gone)
        self.waiting.clear()
        self.abandoned = self.exporter.closed_books = True

    @property
    def has_to_end(self) -> bool:
        return not self.worker.alive or (self.close_at or 0.0) <= self.clock.time

    # -- what always holds

    @invariant()
    def nothing_is_lost_silently(self) -> None:
        counts = self.queue.counts()
        queued = [*self.waiting, *self.flying]
        assert counts.recorded == self.put_so_far
        assert counts.recorded == counts.sent + counts.queued + sum(counts.dropped.values())
        assert counts.dropped == {reason: n for reason, n in (self.lost + self.exporter.dropped).items() if n}
        assert (counts.queued, counts.queued_bytes) == (len(queued), sum(item.weight for item in queued))

    @invariant()
    def nothing_comes_twice(self) -> None:
        delivered = self.exporter.delivered
        assert len(delivered) == len(set(delivered)), "once"
        if self.exporter.in_order:
            assert delivered == sorted(delivered), "and in order"
        sent = self.queue.counts().sent
        assert sent <= len(delivered) if self.abandoned else sent == len(delivered)

    @invariant()
    def posts_have_their_size(self) -> None:
        place = self.stage.place
        if isinstance(place, Delivering):
            assert 1 <= len(place.encoded_records) <= self.batch
            assert sum(map(len, place.encoded_records[:-1])) < BATCH_BYTES

    @invariant()
    def a_flush_means_what_it_says(self) -> None:
        for mark, before in self.flushes:
            done = self.worker.finish_flush(mark, 0.0)
            if done:
                assert before <= self.exporter.ended, "it said that it was done"
            elif self.queue.empty:
                pytest.fail("it said that it was not done, though nothing is left")

    @invariant()
    def nobody_sleeps_over_work(self) -> None:
        """Whoever waits is woken for a full batch, and by the interval at the latest; closing is not slept over."""
        place = self.stage.place
        if not isinstance(place, Waiting):
            return
        if self.close_at is not None:
            # A second is what the worker takes to recover from an error that comes at once again.
            assert place.until <= max(self.close_at, self.clock.time) + 1.0
        if self.waiting and not self.exporter.resting:
            assert not self.queue.has_batch
            assert place.until <= self.clock.time + self.interval * (1 + JITTER)
            assert all(before <= self.exporter.ended for _, before in self.flushes), "a flush does not wait"

    # -- and the end

    def teardown(self) -> None:
        if not hasattr(self, "worker"):
            return
        try:
            self.drain()
        finally:
            self.leave()

    def drain(self) -> None:
        """All is well again: a flush brings everything through, and closing ends."""
        self.exporter.breaks = 0
        self.toxic = False
        if self.close_at is None:
            self.flush()
            (mark, before) = self.flushes[-1]
            self.until(lambda: self.worker.finish_flush(mark, 0.0))
            assert before <= self.exporter.ended
            self.closing(10.0)
            self.go_on()
        self.until(lambda: self.has_to_end and not isinstance(self.stage.place, Delivering))
        if not self.abandoned:
            self.finish_close()
        self.until(lambda: not self.worker.alive)
        self.nothing_is_lost_silently()
        self.nothing_comes_twice()
        counts = self.queue.counts()
        assert (counts.queued, counts.queued_bytes) == (0, 0)
        if self.worker._thread is not None:
            assert self.exporter.closed, "the connection is let go of"

    def until(self, reached: Callable[[], bool]) -> None:
        """Go on with a receiver that takes everything; what is to be reached has to be reached soon."""
        for _ in range(200):
            if reached():
                return
            if isinstance(self.stage.place, Delivering):
                self.answer(DONE)
            else:
                assert isinstance(self.stage.place, Waiting)
                assert self.stage.place.until < math.inf, "the worker waits for ever"
                self.wait()
            self.nothing_is_lost_silently()
        pytest.fail("it never came to an end")

    def leave(self) -> None:
        """Whatever failed, no thread stays behind."""
        thread = self.worker._thread
        self.clock.time = math.inf
        self.worker.begin_close(0.0)
        while thread is not None and self.worker.alive and thread.is_alive():
            self.exporter.answer = DONE
            self.stage.cue()
            thread.join(0.005)
        if thread is not None:
            thread.join(PATIENCE)


@pytest.mark.timeout(0)
def test_any_order_of_events() -> None:
    """Puts, flushes, closes, verdicts and errors in any order: the books agree after each step, and all ends."""
    run_state_machine_as_test(AnyOrder, settings=effort(150, 50))


# -- real processes


FAULTS = [
    *(Response(status) for status in (429, 503, 502, 500, 408, 413, 400, 422)),
    Response(503, {"Retry-After": "0"}),
    close_without_response,
]
DEEDS = st.lists(st.sampled_from(["record", "record", "flush", "fork", "close"]), max_size=5)


class Traffic:
    """Threads that record as long as the block lasts, up to some number: what they record has to be delivered, too."""

    MOST = 100

    def __init__(self, app: Any, name: str, threads: int) -> None:
        self._app = app
        self._stop = threading.Event()
        self._counts: list[int] = []
        self._threads = [threading.Thread(target=self._run, args=(f"{name}/{n}",)) for n in range(threads)]

    def _run(self, name: str) -> None:
        count = 0
        while count < self.MOST and (not self._stop.wait(0.0005) or not count):
            hit(self._app, f"/{name}/{count}")
            count += 1
        self._counts.append(count)

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def recorded(self) -> int:
        return sum(self._counts)


def in_a_child(work: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What `work` returns in a forked process, which has to end soon and well."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(int(PATIENCE))
            with os.fdopen(writer, "w") as file:
                json.dump(work(), file)
            status = 0
        except BaseException:  # noqa: BLE001 - it goes no further than this process
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    assert os.waitpid(pid, 0)[1] == 0, "the child failed, or was blocked"
    states: list[dict[str, Any]] = json.loads(said)
    return states


class RealProcesses(RuleBasedStateMachine):
    """Recorders as applications have them, with threads and forks at any moment, and a receiver in trouble."""

    def __init__(self) -> None:
        super().__init__()
        self.receiver = Receiver().__enter__()
        self.recorded = 0
        self.names = 0
        self.children: list[dict[str, Any]] = []
        self.before = drhttp.stats()

    @initialize(batch=st.sampled_from([1, 3, 100]), protocol=st.sampled_from(["events", "events", "record"]))
    def begin(self, batch: int, protocol: str) -> None:
        options: dict[str, Any] = {"batch_size": batch, "protocol": protocol, "flush_interval": 0.01}
        self.make = lambda: drhttp.WSGIMiddleware(echo, self.receiver.dsn, **options)
        self.app = self.make()

    def name(self) -> str:
        self.names += 1
        return f"{os.getpid()}/{self.names}"

    def record_some(self, count: int) -> None:
        name = self.name()
        for number in range(count):
            hit(self.app, f"/{name}/{number}", b"body")
        self.recorded += count

    @rule(count=st.integers(1, 8))
    def record(self, count: int) -> None:
        self.record_some(count)

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def trouble(self, faults: list[Behavior]) -> None:
        self.receiver.next_behaviors.extend(faults)

    @rule()
    def flush(self) -> None:
        self.flush_here()

    def flush_here(self) -> None:
        """Again and again, because each of them tries once at once."""
        for _ in range(int(PATIENCE / 0.05)):
            if drhttp.flush(0.05):
                break
        else:
            pytest.fail("the flush never ended")

    @rule()
    def close(self) -> None:
        drhttp.close(PATIENCE)
        assert drhttp.stats().queued == 0
        assert "drhttp" not in [thread.name for thread in threading.enumerate()]
        self.app = self.make()

    @rule(deeds=DEEDS, threads=st.sampled_from([0, 0, 2]), count=st.integers(0, 3))
    def fork(self, deeds: list[str], threads: int, count: int) -> None:
        """A child does some of all this, while threads of its parent record."""
        self.record_some(count)
        with Traffic(self.app, self.name(), threads) as traffic:
            self.children += in_a_child(lambda: self.grow_up(deeds))
        self.recorded += traffic.recorded

    def grow_up(self, deeds: list[str]) -> list[dict[str, Any]]:
        """In the child: nothing is there but what it does itself; returns its counts and those of its children."""
        assert drhttp.stats() == drhttp.Stats(), "a child begins afresh"
        assert "drhttp" not in [thread.name for thread in threading.enumerate() if thread.is_alive()]
        self.recorded, found = 0, []
        for place, deed in enumerate(deeds):
            if deed == "record":
                self.record_some(2)
            elif deed == "flush":
                self.flush_here()
            elif deed == "close":
                drhttp.close(PATIENCE)
                self.app = self.make()
            else:
                found += in_a_child(lambda place=place: self.grow_up(deeds[place + 1 :]))
        self.flush_here()
        stats = drhttp.stats()
        assert stats.recorded == self.recorded
        assert stats.recorded == stats.sent + sum(stats.dropped.values())
        return [*found, {"sent": stats.sent, "lost": sum(stats.dropped.values()), "failures": stats.failures}]

    @invariant()
    def the_counts_add_up(self) -> None:
        stats = drhttp.stats()
        assert stats.recorded - self.before.recorded == self.recorded
        assert stats.recorded == stats.sent + stats.queued + sum(stats.dropped.values())
        assert stats.failures == self.before.failures

    def teardown(self) -> None:
        try:
            if hasattr(self, "app"):
                self.all_is_well_in_the_end()
        finally:
            drhttp.close(1.0)
            self.receiver.__exit__(None, None, None)

    def all_is_well_in_the_end(self) -> None:
        self.receiver.next_behaviors.clear()
        self.flush_here()
        self.the_counts_add_up()
        stats = drhttp.stats()
        assert (stats.queued, stats.queued_bytes, stats.restarts) == (0, 0, self.before.restarts)
        assert not any(child["failures"] for child in self.children)
        arrived = Counter(paths(as_events(self.receiver.records)))
        assert set(arrived.values()) <= {1}, "nothing comes twice"
        sent = stats.sent - self.before.sent + sum(child["sent"] for child in self.children)
        assert len(arrived) == sent, "what is counted as sent has arrived, and nothing else has"
        new = {reason for reason, count in stats.dropped.items() if count > self.before.dropped.get(reason, 0)}
        assert new <= {"too_large", "status_400", "status_422"}


def as_events(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of the old form name the address elsewhere."""
    return [{"request": {"uri": record.get("uri") or record["request"]["uri"]}} for record in records]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.timeout(0)
def test_any_order_of_events_in_real_processes() -> None:
    """Threads, forks, faults, flushes and closes: every record arrives once or is counted, in every process."""
    run_state_machine_as_test(RealProcesses, settings=effort(12, 12))
    registry.recorders.clear()
