"""The queue: bounded, never blocking, counting everything."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.effort import effort

from drhttp._delivery.batch import BATCH_BYTES
from drhttp._delivery.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

MANY = 10**9


def adds_up(queue: Queue[Any]) -> bool:
    counts = queue.counts()
    return counts.recorded == counts.sent + counts.queued + sum(counts.dropped.values())


def test_it_keeps_the_order() -> None:
    """What is put first is taken first, and numbered from 1."""
    queue: Queue[str] = Queue(10, MANY, 100)
    for item in "abc":
        queue.put(item, 1)
    assert [queue.take() for _ in range(4)] == [("a", 1, 1), ("b", 1, 2), ("c", 1, 3), None]


def test_the_newest_is_dropped_when_there_are_too_many() -> None:
    """M1: `queue_size` bounds the records that wait, and names the drop."""
    queue: Queue[int] = Queue(2, MANY, 100)
    for item in range(5):
        queue.put(item, 1)
    assert queue.counts() == (5, 0, 2, 2, {"queue_size": 3})
    assert queue.take() == (0, 1, 1)


def test_the_newest_is_dropped_when_they_are_too_large() -> None:
    """M1: `queue_bytes` bounds what waits and what is in flight together, and names the drop."""
    queue: Queue[int] = Queue(MANY, 100, 100)
    queue.put(0, 60)
    queue.take()
    queue.put(1, 40)
    queue.put(2, 1)
    assert queue.counts() == (3, 0, 2, 100, {"queue_bytes": 1})
    queue.finish(1, 60)
    queue.put(3, 60)
    assert queue.counts() == (4, 1, 2, 100, {"queue_bytes": 1})


def test_a_closed_queue_drops() -> None:
    """After closing, every record is a counted drop, and nobody is woken for it."""
    queue: Queue[int] = Queue(10, MANY, 100)
    queue.close()
    assert not queue.put(1, 1)
    assert queue.counts() == (1, 0, 0, 0, {"closed": 1})


def test_drops_elsewhere_are_counted() -> None:
    """A record that never reaches the queue is counted under its reason."""
    queue: Queue[int] = Queue(10, MANY, 100)
    queue.drop("forked")
    assert queue.counts() == (1, 0, 0, 0, {"forked": 1})


def test_it_says_how_full_it_is() -> None:
    """By whichever bound is nearer; what is in flight holds bytes, but no place in the line."""
    queue: Queue[str] = Queue(10, 1000, 100)
    assert queue.fill_level == 0.0
    queue.put("a", 50)
    assert queue.fill_level == 0.1
    queue.put("b", 350)
    assert queue.fill_level == 0.4
    queue.take()
    assert queue.fill_level == 0.4


def test_it_says_when_to_wake_the_worker() -> None:
    """The worker is woken for the first record, for a full batch, for a mebibyte, and for the first loss."""
    queue: Queue[int] = Queue(6, 3 * BATCH_BYTES, 3)
    assert [queue.put(item, 1) for item in range(5)] == [True, False, True, False, False]
    assert queue.put(5, BATCH_BYTES)
    assert [queue.put(item, 1) for item in range(3)] == [True, False, False]
    queue.new_losses = False
    assert queue.put(9, 1)


def test_discarding_drops_what_waits() -> None:
    """Without a thread, what waits is dropped and counted; what is in flight is not."""
    queue: Queue[int] = Queue(10, MANY, 100)
    for item in range(3):
        queue.put(item, 10)
    queue.take()
    assert queue.discard("no_thread") == 2
    assert queue.counts() == (3, 0, 1, 10, {"no_thread": 2})
    assert queue.accepted == 3


def test_abandoned_records_are_counted_once() -> None:
    """What is in flight when the queue is abandoned is counted then, and not again when its delivery ends."""
    queue: Queue[int] = Queue(10, MANY, 100)
    for item in range(3):
        queue.put(item, 10)
    queue.take()
    assert queue.abandon("closed") == 3
    queue.finish(1, 10)
    queue.put(4, 1)
    assert queue.counts() == (4, 0, 0, 0, {"closed": 4})
    assert queue.empty


class Bookkeeping(RuleBasedStateMachine):
    """Any order of operations: nothing is lost silently, and nothing comes out twice."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: Queue[int] = Queue(5, 1000, 3)
        self.put_so_far = 0
        self.flying: deque[tuple[int, int, int]] = deque()
        self.taken: list[int] = []
        self.dropped: Counter[str] = Counter()
        self.sent = 0
        self.waiting = 0
        self.closed = False

    @rule(size=st.integers(0, 600))
    def put(self, size: int) -> None:
        before = self.queue.counts()
        self.queue.put(self.put_so_far, size)
        self.put_so_far += 1
        if self.closed:
            self.dropped["closed"] += 1
        elif self.waiting >= 5:
            self.dropped["queue_size"] += 1
        elif before.queued_bytes + size > 1000:
            self.dropped["queue_bytes"] += 1
        else:
            self.waiting += 1

    @rule()
    def take(self) -> None:
        taken = self.queue.take()
        assert (taken is None) == (self.waiting == 0)
        if taken is not None:
            self.waiting -= 1
            self.flying.append(taken)
            self.taken.append(taken[0])

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), reason=st.sampled_from([None, "status_400"]))
    def finish(self, data: st.DataObject, reason: str | None) -> None:
        count = data.draw(st.integers(1, len(self.flying)))
        part = [self.flying.popleft() for _ in range(count)]
        self.queue.finish(count, sum(size for _, size, _ in part), reason)
        if self.closed and self.abandoned:
            return
        if reason:
            self.dropped[reason] += count
        else:
            self.sent += count

    @rule()
    def close(self) -> None:
        self.queue.close()
        self.closed = True

    abandoned = False

    @rule()
    def abandon(self) -> None:
        gone = self.waiting + (0 if self.abandoned else len(self.flying))
        assert self.queue.abandon("closed") == gone
        self.dropped["closed"] += gone
        self.waiting = 0
        self.closed = self.abandoned = True

    @rule()
    def discard(self) -> None:
        assert self.queue.discard("no_thread") == self.waiting
        self.dropped["no_thread"] += self.waiting
        self.waiting = 0

    @invariant()
    def everything_is_accounted_for(self) -> None:
        counts = self.queue.counts()
        assert counts.recorded == self.put_so_far
        assert counts.sent == self.sent
        assert counts.dropped == {reason: count for reason, count in self.dropped.items() if count}
        assert adds_up(self.queue)
        assert 0 <= counts.queued_bytes <= 1000
        assert self.taken == sorted(set(self.taken))
        assert self.queue.empty == (counts.queued == 0)


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = effort(60, 40)


class Enqueuer:
    """In a cycle, so that only the garbage collector frees it; its destructor records something."""

    def __init__(self, queue: Queue[Any]) -> None:
        self.queue = queue
        self.itself = self

    def __del__(self) -> None:
        self.queue.put("from a destructor", 1)


def _at_every_line(queue: Queue[Any], interrupt: Callable[[], object], work: Callable[[], object]) -> int:
    """Run `work` and call `interrupt` before each line of the queue's code; returns how often that was."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        if frame.f_globals.get("__name__") != "drhttp._delivery.queue":
            return None
        sys.settrace(None)
        count += 1
        interrupt()
        sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def _all_operations(queue: Queue[Any]) -> None:
    for _ in range(3):
        queue.put("asked for", 1)
    taken = queue.take()
    assert taken is not None
    queue.finish(1, 1)
    queue.take()
    queue.finish(1, 1, "status_400")
    queue.drop("forked")
    queue.counts()
    assert queue.accepted
    assert not queue.empty
    queue.discard("no_thread")


@pytest.mark.timeout(5)
def test_garbage_collection_may_enqueue_at_any_line() -> None:
    """C1: an object whose `__del__` enqueues may die inside every critical section; no deadlock, and no count lost."""
    queue: Queue[Any] = Queue(MANY, MANY, 2)
    gc.collect()
    gc.freeze()  # or each of the collections below would look at all that the test run has loaded

    def collect() -> None:
        Enqueuer(queue)
        gc.collect()

    try:
        interrupts = _at_every_line(queue, collect, lambda: _all_operations(queue))
    finally:
        gc.unfreeze()
    assert interrupts > 50
    assert queue.counts().recorded == interrupts + 4
    assert adds_up(queue)


@pytest.mark.timeout(5)
def test_items_with_destructors_may_enqueue_when_they_go() -> None:
    """C1: dropping items whose destructors enqueue loses none of what they enqueue."""

    class Last:
        def __del__(self) -> None:
            queue.put("a last word", 1)

    queue: Queue[Any] = Queue(MANY, MANY, 100)
    for _ in range(3):
        queue.put(Last(), 1)
    queue.discard("no_thread")
    assert queue.counts() == (6, 0, 3, 3, {"no_thread": 3})
    for _ in range(3):
        queue.put(Last(), 1)
    queue.abandon("closed")
    assert queue.counts() == (12, 0, 0, 0, {"no_thread": 3, "closed": 9})


@pytest.mark.timeout(5)
def test_a_put_that_interrupts_a_put_leaves_the_worker_woken() -> None:
    """C1: two puts into an empty queue, one inside the other, wake the worker at whatever line they meet."""
    line = 0
    while True:
        queue: Queue[Any] = Queue(MANY, MANY, 100)
        woken: list[bool] = []
        met = 0

        def interrupt(queue: Queue[Any] = queue, woken: list[bool] = woken) -> None:
            nonlocal met
            if met == line:  # noqa: B023 - it is called before the loop goes on
                woken.append(queue.put("inner", 1))
            met += 1

        _at_every_line(queue, interrupt, lambda queue=queue, woken=woken: woken.append(queue.put("outer", 1)))
        assert any(woken), line
        assert adds_up(queue)
        line += 1
        if line >= met:
            return


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no interval timers")
@pytest.mark.timeout(20)
def test_a_signal_handler_may_enqueue_while_the_queue_works() -> None:
    """C1: a signal handler that puts while put, take and finish run neither blocks nor loses a count."""
    queue: Queue[Any] = Queue(1000, MANY, 10)
    handled = 0

    def handler(signum: int, frame: object) -> None:
        nonlocal handled
        handled += 1
        queue.put("from the handler", 1)

    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    puts = 0
    try:
        while handled < 1000:
            queue.put("asked for", 1)
            puts += 1
            if queue.take():
                queue.finish(1, 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert queue.counts().recorded == puts + handled
    assert adds_up(queue)


def test_an_interrupt_leaves_the_numbers_in_order() -> None:
    """C1: an exception that a signal handler raises inside put leaves numbers that add up.

    At whatever line up to the first of those that belong together, which come later if the queue is full: CPython
    interrupts none of these.
    """

    class Interrupted(BaseException):
        pass

    queue: Queue[Any] = Queue(3, MANY, 2)
    finished = 0

    def handler(signum: int, frame: object) -> None:
        raise Interrupted

    old = signal.signal(signal.SIGUSR1, handler)
    try:
        for line in range(400):
            met, lines = 0, 9 if queue.waiting == 3 else 6

            def interrupt(line: int = line, lines: int = lines) -> None:
                nonlocal met
                if met == line % lines:
                    os.kill(os.getpid(), signal.SIGUSR1)
                met += 1

            try:
                _at_every_line(queue, interrupt, lambda: queue.put("x", 1))
                finished += 1
            except Interrupted:
                sys.settrace(None)
            assert adds_up(queue), line
            if line % 7 == 0 and queue.take():
                queue.finish(1, 1)
    finally:
        signal.signal(signal.SIGUSR1, old)
    assert queue.counts().recorded >= finished


def test_threads_lose_nothing() -> None:
    """Eight threads that put while one takes: every record comes out once, or is counted as dropped."""
    queue: Queue[tuple[int, int]] = Queue(200, MANY, 10)
    start = threading.Barrier(9)
    seen: list[tuple[int, int]] = []

    def produce(name: int) -> None:
        start.wait()
        for number in range(2000):
            queue.put((name, number), 1)

    producers = [threading.Thread(target=produce, args=(name,)) for name in range(8)]
    for thread in producers:
        thread.start()
    start.wait()
    while any(thread.is_alive() for thread in producers) or queue.waiting:
        taken = queue.take()
        if taken:
            seen.append(taken[0])
            queue.finish(1, taken[1])
        assert adds_up(queue)
    counts = queue.counts()
    assert len(seen) == len(set(seen)) == counts.sent
    assert counts.recorded == 16000
    for name in range(8):
        assert [number for who, number in seen if who == name] == sorted(number for who, number in seen if who == name)
