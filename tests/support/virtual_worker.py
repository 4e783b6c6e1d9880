"""A worker in virtual time, with an exporter that gives the verdicts of the test and keeps what was sent."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from drhttp._delivery.clock import Clock
from drhttp._delivery.queue import Queue
from drhttp._delivery.retry import DONE, Verdict
from drhttp._delivery.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY = 10**9


class FakeClock(Clock):
    """Virtual time: waiting takes none. What is planned happens when the waiting or the delivering comes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self._plan: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._rung = False
        self.idle: Callable[[], object] = lambda: pytest.fail("the worker waits for ever")

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._plan, (self.time + seconds, next(self._order), action))

    def pass_by(self, seconds: float) -> bool:
        """Let that much time pass, or less if woken."""
        end = self.time + seconds
        while not self._rung and self._plan and self._plan[0][0] <= end:
            self.time, _, action = heapq.heappop(self._plan)
            action()
        if self._rung:
            return False
        self.time = end
        return True

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float | None) -> None:
        if seconds is None:
            if not self._rung and not self._plan:
                self.idle()
            self.pass_by(math.inf)
            assert self.time < math.inf
        else:
            self.pass_by(seconds)
        self._rung = False

    def wake(self) -> None:
        self._rung = True

    def yield_gil(self) -> None:
        return


class Exporter:
    """Delivers into a list. Items are texts, which become encoded records; exceptions to raise; or verdicts."""

    def __init__(self, clock: Clock, most: int | None = None) -> None:
        self._clock = clock
        self.max_records = most
        self.answers: deque[Verdict | BaseException | Callable[[], Verdict]] = deque()
        self.otherwise = DONE
        self.judge: Callable[[], Verdict] | None = None  # what says so instead, with the POST in `posts` already
        self.posts: list[tuple[float, list[str]]] = []
        self.delivered: list[str] = []
        self.closed = 0

    def prepare(self, item: Any) -> str | Verdict:
        if isinstance(item, BaseException):
            raise item
        if callable(item):
            return str(item())
        return item

    def deliver(self, encoded_records: Sequence[str]) -> Verdict:
        self.posts.append((self._clock.now(), list(encoded_records)))
        answer = self.answers.popleft() if self.answers else self.otherwise
        if self.judge is not None:
            answer = self.judge
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        if answer is DONE:
            self.delivered += encoded_records
        return answer

    def close(self) -> None:
        self.closed += 1


class Bench:
    """A worker with everything around it, run in the thread of the test until it has nothing more to do."""

    def __init__(self, size: int = 100, interval: float = 2.0, most: int | None = None, room: int = MANY) -> None:
        self.clock = FakeClock()
        self.queue: Queue[Any] = Queue(room, MANY, size)
        self.exporter = Exporter(self.clock, most)
        self.worker = Worker(self.queue, self.exporter, batch_size=size, flush_interval=interval, clock=self.clock)
        self.clock.idle = lambda: self.worker.begin_close(10.0)

    def put(self, *items: Any) -> None:
        for item in items:
            if self.queue.put(item, 1):
                self.worker.wake()

    def run(self) -> Bench:
        self.worker.run()
        self.worker.finish_close()
        counts = self.queue.counts()
        assert counts.recorded == counts.sent + counts.queued + sum(counts.dropped.values())
        assert counts.queued_bytes == 0
        return self

    @property
    def batches(self) -> list[list[str]]:
        return [encoded_records for _, encoded_records in self.exporter.posts]

    @property
    def waits(self) -> list[float]:
        """Seconds between one POST and the next."""
        return [after - before for (before, _), (after, _) in itertools.pairwise(self.exporter.posts)]


def named(count: int) -> list[str]:
    return [str(number) for number in range(count)]
