"""The background worker: it takes batches out of the queue, sends and retries them, and flushes and closes."""

from __future__ import annotations

import math
import random
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._delivery.background_loop import BackgroundLoop
from drhttp._delivery.batch import Batch
from drhttp._delivery.clock import Clock
from drhttp._delivery.flush_schedule import FlushSchedule
from drhttp._delivery.monitor import DeliveryMonitor
from drhttp._delivery.retry import Verdict, back_off, despite_success

if TYPE_CHECKING:
    from collections.abc import Sized

    from drhttp._delivery.lazy_exporter import Exporter
    from drhttp._delivery.queue import Queue

Item = TypeVar("Item")  # what the queue holds
Encoded = TypeVar("Encoded", bound="Sized")  # a record, ready to be sent


class Worker(BackgroundLoop, Generic[Item, Encoded]):
    """One daemon thread for one queue. `start` starts it, when the first record comes.

    batch_size: maximum number of records in one POST. flush_interval: maximum seconds that a record waits for others.
    """

    def __init__(
        self,
        queue: Queue[Item],
        exporter: Exporter[Item, Encoded],
        *,
        batch_size: int,
        flush_interval: float,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock or Clock())
        self._queue = queue
        self._exporter = exporter
        # Its own generator: using the shared one would change the numbers of an application that has seeded it.
        self._random = random.Random()
        self._schedule = FlushSchedule(queue, flush_interval, self._clock, self._random)
        self.monitor = DeliveryMonitor(queue, self._clock.now)
        self._batch: Batch[Item, Encoded] = Batch(queue, batch_size, self._notify_waiters)
        self._skip_back_off = False  # a flush or a close has begun since the last POST
        self._retry_not_before = -math.inf  # until when the receiver asked to wait
        self._error: BaseException | None = None
        self.retried = 0
        self.restarts = 0

    def wake(self) -> None:
        """Wake the thread, because there is work."""
        self._clock.wake()

    def begin_flush(self) -> int:
        """Deliver the records that wait now without delay. Returns a mark for `finish_flush`."""
        mark = self._queue.accepted
        self._schedule.flush()
        self._skip_back_off = True
        self._clock.wake()
        return mark

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait until the records up to the mark are delivered or dropped.

        If no thread runs, the caller does its work. timeout: seconds. Returns `False` if the time runs out.
        """

        def finished() -> bool:
            return self._batch.done_up_to >= mark or self._queue.empty

        end = self._clock.now() + timeout
        while not self._runs_in_this_thread() and not finished():
            if self._run_in_caller(end, finished):
                break
            self._wait_until(lambda: finished() or not self.alive, end)
            if self._clock.now() >= end:
                break
        return finished()

    def begin_close(self, timeout: float) -> None:
        """Start to deliver the waiting records and to stop. Returns at once.

        timeout: seconds for both.
        """
        self._queue.close()
        self._deadline.begin_close(timeout)
        self._skip_back_off = True
        self._clock.wake()

    def finish_close(self) -> None:
        """Wait for the thread until its time is over, or do its work. The remaining records are dropped and counted."""
        end = self._deadline.close_at or 0.0
        mine = self._runs_in_this_thread()
        if not mine and not self._run_in_caller(end, lambda: self._queue.empty):
            self._wait_until(lambda: not self.alive, end)
        thread = self._thread
        # The end of a thread goes unnoticed if gevent replaced `Thread` after the class of this one was derived.
        if not mine and isinstance(thread, threading.Thread) and thread.ident is not None and not self.alive:
            thread.join(max(0.0, end - self._clock.now()))  # it is about to end
        # What a POST in flight could not deliver is counted now, so that no later close may send it.
        self._deadline.given_up = True
        if self._queue.abandon("closed"):
            self.monitor.report()
        self._notify_waiters()

    def _step(self) -> bool:
        """Do one round. Returns `False` if it was the last.

        An exception is handled in the next round, because the handling may raise too.
        """
        try:
            if self._error is not None and not self.outdated:
                self._recover()
            if not self._out_of_time() and self._gather_and_send():
                return True
            self._exporter.close()
        except BaseException as error:  # if the worker ended here, all records would be lost unnoticed
            if self._deadline.caller_until is not None and not isinstance(error, Exception):
                self._batch.drop_current("failed")
                raise  # it is meant for the caller: Ctrl-C, the end of the process, a timeout of greenlets
            if self.outdated:
                self._batch.drop_current("failed")
            else:
                self._error = error
            if self._out_of_time():
                with suppress(Exception):  # there is no next round to handle it
                    self._exporter.close()
            return not self._out_of_time()
        return False

    def _gather_and_send(self) -> bool:
        """Gather a batch if one is due, and send the next POST. Returns `False` if the work is done."""
        if self._batch.wants_more:
            delay = 0.0 if self._batch.interrupted else self._seconds_until_due()
            if delay == 0.0:
                self._gather()
            elif not self._batch:
                if delay is None and self._ending:
                    return False
                self._wait(delay)
                return True
        if self._batch:
            self._send()
        self.monitor.check()
        return True

    def _gather(self) -> None:
        self._schedule.begin_batch()
        self._clock.begin_batch(self._queue.fill_level)
        self._batch.gather(self._exporter, self._clock.yield_gil)

    @property
    def _ending(self) -> bool:
        """Whether no more records come."""
        return self._deadline.closing or self.retiring

    def _seconds_until_due(self) -> float | None:
        return self._schedule.seconds_until_due(self._batch.last_taken, ending=self._ending)

    def _send(self) -> None:
        """Send one POST, and wait after it if necessary."""
        if not self._wait_before_retry(self._retry_not_before - self._clock.now(), imposed=True):
            return  # the thread that worked before was asked to wait, and there is no time for that
        self._skip_back_off = False
        encoded_records = self._batch.next()
        self.retried += self._batch.repeated
        verdict = self._deliver_once(encoded_records)
        if verdict.action == "drop" and self.monitor.last_success is not None:
            verdict = despite_success(verdict)
        self.monitor.note(verdict)
        self._batch.settle(verdict)
        if verdict.after:
            self._wait_before_retry(verdict.after, imposed=True)
        elif self._batch.attempt:
            self._wait_before_retry(
                back_off(self._batch.attempt, self._random.random(), self.remaining_seconds()), imposed=False
            )

    def _deliver_once(self, encoded_records: list[Encoded]) -> Verdict:
        """Send records. If gevent or eventlet replaced sockets in the middle, an exception means: try again."""
        try:
            return self._exporter.deliver(encoded_records)
        except Exception:
            if not self.outdated:
                raise
            return Verdict(action="retry")

    def _wait_before_retry(self, seconds: float, *, imposed: bool) -> bool:
        """Wait before the next try. Returns `False` if there is no time left for it.

        A flush or a close ends a back-off early, once, and so does a new batch that may be sent first. They do not
        shorten a wait that the receiver imposed.

        imposed: whether the receiver asked for the wait (`Retry-After`), as opposed to a back-off.
        """
        until = self._clock.now() + seconds
        if imposed:
            self._retry_not_before = until
        while (remaining := until - self._clock.now()) > 0:
            due = self._seconds_until_due() if not imposed and self._batch.urgent else None
            if due == 0.0 or (self._skip_back_off and not imposed):
                break
            if remaining > self.remaining_seconds():
                self._deadline.exhausted = True
                break
            self._wait(remaining if due is None else min(remaining, due))
        return not self._out_of_time()

    def _wait(self, seconds: float | None) -> None:
        """Wait until woken, for a number of seconds, or until the monitor has to check again."""
        again = self.monitor.check()
        self._clock.wait(min((each for each in (seconds, again) if each is not None), default=None))

    def remaining_seconds(self) -> float:
        """Seconds that remain to deliver records."""
        return self._deadline.remaining_seconds()

    def _out_of_time(self) -> bool:
        return self.outdated or self._deadline.over

    def _recover(self) -> None:
        """After an exception: drop the current record or batch, log the error, and go on."""
        error, self._error = self._error, None
        self.restarts += 1
        if not self._batch.drop_after_error("failed"):
            self._clock.wait(1.0)  # the cause is unknown, and it would raise again at once
        self.monitor.record_error(error)

    def _has_work(self) -> bool:
        return not self._queue.empty

    def _forget_connections(self) -> None:
        self._exporter.renew()
