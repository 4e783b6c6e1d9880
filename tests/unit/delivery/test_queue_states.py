"""The queue in any order of events, checked against a plain list; and under threads that do all of it at once."""

from __future__ import annotations

import gc
import threading
from collections import Counter, deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.effort import effort

from drhttp._delivery.batch import BATCH_BYTES
from drhttp._delivery.queue import Queue

MANY = 10**9
SIZES = st.one_of(
    st.integers(0, 400), st.sampled_from([BATCH_BYTES // 2, BATCH_BYTES - 1, BATCH_BYTES, 3 * BATCH_BYTES])
)


class Model(RuleBasedStateMachine):
    """Everything that a queue offers, in any order. The model is a deque of numbers and sizes."""

    @initialize(
        records=st.sampled_from([1, 3, 8, MANY]),
        room=st.sampled_from([0, 500, BATCH_BYTES, 4 * BATCH_BYTES]),
        batch=st.integers(1, 4),
    )
    def begin(self, records: int, room: int, batch: int) -> None:
        self.queue: Queue[Any] = Queue(records, room, batch)
        self.records, self.room, self.batch = records, room, batch
        self.waiting: deque[tuple[int, int]] = deque()
        self.flying: list[tuple[int, int]] = []
        self.abandoned: list[tuple[int, int]] = []  # in flight, and counted already
        self.recorded = self.sent = self.accepted = 0
        self.dropped: Counter[str] = Counter()
        self.ended: set[int] = set()
        self.closed = False
        self.reported = True  # whether somebody has spoken of the losses
        self.woken = False  # whether the worker has been woken since it last found nothing

    @property
    def held(self) -> int:
        return sum(size for _, size in (*self.waiting, *self.flying))

    @property
    def full_batch(self) -> bool:
        return len(self.waiting) >= self.batch or sum(size for _, size in self.waiting) >= BATCH_BYTES

    def refusal(self, size: int) -> str | None:
        if self.closed:
            return "closed"
        if len(self.waiting) >= self.records:
            return "queue_size"
        return "queue_bytes" if self.held + size > self.room else None

    def put_one(self, size: int) -> None:
        """Put, and check whom it wakes: each step that the worker waits for, once."""
        reason, had_batch, was_empty = self.refusal(size), self.full_batch, not self.waiting
        self.recorded += 1
        if reason:
            self.dropped[reason] += 1
            expected = self.reported and reason != "closed"
            self.reported = False
        else:
            self.accepted += 1
            self.waiting.append((self.accepted, size))
            expected = was_empty or (self.full_batch and not had_batch)
        woken = self.queue.put(self.accepted, size)
        assert woken or not expected, "the worker sleeps over it"
        if woken and not expected:
            # A batch that is full by number is woken for once more when it becomes full by bytes, and the reverse.
            assert self.full_batch
        self.woken = self.woken or woken

    # -- rules

    @rule(size=SIZES)
    def put(self, size: int) -> None:
        self.put_one(size)

    @rule(reason=st.sampled_from(["forked", "other"]))
    def drop(self, reason: str) -> None:
        self.queue.drop(reason)
        self.recorded += 1
        self.dropped[reason] += 1

    @rule(most=st.integers(1, 5))
    def take(self, most: int) -> None:
        for _ in range(most):
            expected = self.waiting.popleft() if self.waiting else None
            if expected is not None:
                self.flying.append(expected)
            taken = self.queue.take()
            assert (taken and (taken[2], taken[1])) == expected
            if taken is None:
                self.woken = False
                return

    @precondition(lambda self: self.flying or self.abandoned)
    @rule(data=st.data(), reason=st.sampled_from([None, None, "status_400", "failed"]))
    def finish(self, data: st.DataObject, reason: str | None) -> None:
        """Any of those in flight may end first; those of a queue that was abandoned are counted already."""
        flying = self.flying or self.abandoned
        count = data.draw(st.integers(1, len(flying)))
        start = data.draw(st.integers(0, len(flying) - count))
        part = flying[start : start + count]
        del flying[start : start + count]
        self.note_end(part, reason if flying is self.flying else "abandoned")
        self.queue.finish(count, sum(size for _, size in part), reason)

    def note_end(self, part: list[tuple[int, int]], reason: str | None) -> None:
        if reason != "abandoned":
            numbers = {number for number, _ in part}
            assert not numbers & self.ended, "nothing ends twice"
            self.ended |= numbers
            self.sent += 0 if reason else len(part)
            if reason:
                self.dropped[reason] += len(part)

    @rule()
    def discard(self) -> None:
        gone = list(self.waiting)
        self.waiting.clear()
        self.note_end(gone, "no_thread")
        assert self.queue.discard("no_thread") == len(gone)

    @rule()
    def close(self) -> None:
        self.closed = True
        self.queue.close()

    @rule()
    def abandon(self) -> None:
        gone = [*self.flying, *self.waiting]
        self.abandoned += self.flying
        self.flying = []
        self.waiting.clear()
        self.closed = True
        self.note_end(gone, "closed")
        assert self.queue.abandon("closed") == len(gone)

    @rule()
    def speak_of_losses(self) -> None:
        self.queue.new_losses = False
        self.reported = True

    # -- what always holds

    @invariant()
    def the_books_agree(self) -> None:
        counts = self.queue.counts()
        assert (counts.recorded, counts.sent) == (self.recorded, self.sent)
        assert counts.dropped == {reason: count for reason, count in self.dropped.items() if count}
        assert (counts.queued, counts.queued_bytes) == (len(self.waiting) + len(self.flying), self.held)
        assert counts.recorded == counts.sent + counts.queued + sum(counts.dropped.values())
        assert len(self.waiting) <= self.records
        assert self.held <= self.room

    @invariant()
    def what_is_asked_is_answered(self) -> None:
        assert self.queue.accepted == self.accepted
        assert self.queue.empty == (not self.waiting and not self.flying)
        assert self.queue.waiting == len(self.waiting)
        assert self.queue.has_batch == self.full_batch
        assert self.queue.new_losses == (not self.reported)

    @invariant()
    def nobody_sleeps_over_what_waits(self) -> None:
        assert self.woken or not self.waiting

    def teardown(self) -> None:
        """Whatever happened: when all in flight has ended and all that waits is taken, nothing is held."""
        if not hasattr(self, "queue"):
            return
        self.abandon()
        self.the_books_agree()
        assert (self.queue.counts().queued, self.queue.counts().queued_bytes) == (0, 0)


@pytest.mark.timeout(0)
def test_any_order_of_events() -> None:
    """Every operation in any order does what the plain model does, and never goes beyond the bounds."""
    run_state_machine_as_test(Model, settings=effort(150, 40))


class Heir:
    """An item that puts another one when it goes, as a destructor of the application's may; in a cycle or not."""

    def __init__(self, queue: Queue[Any], born: list[object], cycle: bool) -> None:
        self._queue = queue
        self._born = born
        self._itself = self if cycle else None

    def __del__(self) -> None:
        self._born.append(None)
        self._queue.put("heritage", 1)


DEEDS = st.lists(
    st.sampled_from(["put", "put", "put", "large", "heir", "drop", "counts", "accepted", "collect"]), max_size=60
)


def producer(queue: Queue[Any], name: int, deeds: list[str], start: threading.Barrier, born: list[object]) -> int:
    """Do these; returns how many records that were, but for those that destructors put."""
    recorded = 0
    start.wait()
    for number, deed in enumerate(deeds):
        if deed in ("put", "large", "heir"):
            item = Heir(queue, born, number % 2 == 0) if deed == "heir" else (name, number)
            queue.put(item, 500 if deed == "large" else 10)
            del item
            recorded += 1
        elif deed == "drop":
            queue.drop("forked")
            recorded += 1
        elif deed == "collect":
            gc.collect(0)
        else:
            assert getattr(queue, deed) is not None
            counts = queue.counts()
            assert counts.recorded == counts.sent + counts.queued + sum(counts.dropped.values())
            assert 0 <= counts.queued_bytes <= 1000
    return recorded


@pytest.mark.timeout(0)
@effort(100)
@given(
    st.lists(DEEDS, min_size=2, max_size=5),
    st.sampled_from([3, MANY]),
    st.integers(1, 5),
    st.integers(0, 200),
    st.sampled_from([None, "close", "abandon"]),
)
def test_any_order_of_threads(work: list[list[str]], records: int, batch: int, rounds: int, end: str | None) -> None:
    """Threads that put, drop and count while another takes and finishes, closes or abandons: none lost or doubled."""
    gc.disable()  # what is in a cycle goes when a thread says so, or after all
    try:
        run_threads(work, Queue(records, 1000, batch), batch, rounds, end)
    finally:
        gc.enable()


def run_threads(work: list[list[str]], queue: Queue[Any], batch: int, rounds: int, end: str | None) -> None:
    """Producers and one consumer, until all have ended; then the books are checked."""
    start = threading.Barrier(len(work) + 1)
    done: list[int] = []
    born: list[object] = []
    threads = [
        threading.Thread(target=lambda name=name, deeds=deeds: done.append(producer(queue, name, deeds, start, born)))
        for name, deeds in enumerate(work)
    ]
    for thread in threads:
        thread.start()
    start.wait()
    seen: list[Any] = []
    for number in range(rounds):
        if end == "close" and number == rounds // 2:
            queue.close()
        consume(queue, batch, seen)
    gone = queue.abandon("closed") if end == "abandon" else 0
    for thread in threads:
        thread.join(60.0)
        assert not thread.is_alive(), "a thread is blocked"
    while not queue.empty:
        gc.collect(0)
        consume(queue, MANY, seen)
    counts = queue.counts()
    assert len(done) == len(work), "a thread failed"
    assert counts.recorded == sum(done) + len(born)
    assert counts.recorded == counts.sent + sum(counts.dropped.values())
    assert (counts.queued, counts.queued_bytes) == (0, 0)
    assert len(seen) == counts.sent
    numbers = [each for each in seen if isinstance(each, tuple)]
    assert len(set(numbers)) == len(numbers)
    assert counts.dropped.get("closed", 0) >= gone
    for name in range(len(work)):
        own = [number for who, number in numbers if who == name]
        assert own == sorted(own)


def consume(queue: Queue[Any], most: int, seen: list[Any]) -> None:
    """Take up to so many, and finish them together, as a batch."""
    size = count = 0
    while count < most and (taken := queue.take()):
        seen.append(taken[0] if isinstance(taken[0], tuple) else None)
        size, count = size + taken[1], count + 1
    if count:
        queue.finish(count, size)
