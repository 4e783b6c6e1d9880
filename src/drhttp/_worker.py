"""What empties the queue: it gathers batches, waits, delivers, retries, flushes and closes, in a thread of its own."""

from __future__ import annotations

import math
import random
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._alarm import Alarm
from drhttp._batch import Batch
from drhttp._clock import Clock, back_off

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from drhttp._courier import Courier
    from drhttp._queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # a parcel, ready to be sent

_JITTER = 0.1  # of the flush interval, so that many processes do not deliver in step


class Worker(Generic[I, P]):
    """One daemon thread for one queue. It starts with `start`, which is called for the first record.

    batch_size: records a POST. flush_interval: seconds that a record waits for company at most.
    """

    def __init__(
        self,
        queue: Queue[I],
        courier: Courier[I, P],
        *,
        batch_size: int,
        flush_interval: float,
        clock: Clock | None = None,
    ) -> None:
        self._queue = queue
        self._courier = courier
        self._flush_interval = flush_interval
        self._clock = clock or Clock()
        # Its own, because drawing from the common one would change what an application gets that has seeded it.
        self._random = random.Random()
        self.alarm = Alarm(queue, self._clock.now)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._batch: Batch[I, P] = Batch(queue, batch_size, self._announce)
        self._due_at: float | None = None
        self._drain_to = 0  # deliver without delay up to the record of this number
        self._flushing = False  # set by `begin_flush` for the thread, which alone writes `_drain_to`
        self._hurried = False
        self._close_at: float | None = None
        self._lent_until: float | None = None  # a caller's thread does the work, until then
        self._rest_until = -math.inf  # the receiver has imposed a rest until then
        self._spent = False  # which lasts longer than there is time
        self._trouble: BaseException | None = None
        self.alive = False  # whether the thread runs, or somebody else does its work
        self.retried = 0
        self.restarts = 0

    def start(self) -> bool:
        """Start the thread if it does not run; returns `False` if the interpreter refuses to."""
        if self.alive or self._close_at is not None or not self._starting.acquire(blocking=False):
            return True
        try:
            if not self.alive:  # another thread may have been faster
                self._thread = threading.Thread(target=self.run, name="drhttp", daemon=True)
                self.alive = True  # before it runs, so that closing waits for a thread that is only just beginning
                self._thread.start()
        except RuntimeError:
            return False
        finally:
            if self._thread is None or self._thread.ident is None:
                self.alive = False  # refused, or interrupted by what a signal handler raised
            self._starting.release()
        return True

    def wake(self) -> None:
        """There is something to do."""
        self._clock.wake()

    def begin_flush(self) -> int:
        """Deliver what waits now without delay; returns the mark to wait for."""
        mark = self._queue.accepted
        self._flushing = self._hurried = True
        self._clock.wake()
        return mark

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """See to it that the records up to the mark end; `True` if they have within `timeout` seconds.

        Waits for the thread. Where none runs, the caller does its work meanwhile.
        """

        def ended() -> bool:
            return self._batch.passed >= mark or self._queue.empty

        end = self._clock.now() + timeout
        while threading.current_thread() is not self._thread and not ended():  # or it would wait for itself
            if self._lend(end, ended):
                break
            with self._progress:
                self._progress.wait_for(lambda: ended() or not self.alive, max(0.0, end - self._clock.now()))
            if self._clock.now() >= end:
                break
        return ended()

    def begin_close(self, timeout: float) -> None:
        """Deliver what waits within `timeout` seconds, then stop; returns at once."""
        self._queue.close()
        self._close_at = self._clock.now() + timeout
        self._hurried = True
        self._clock.wake()

    def finish_close(self) -> None:
        """Wait for the thread until its time is over, or do its work; what is left then is dropped and counted."""
        thread, end = self._thread, self._close_at or 0.0
        if thread is threading.current_thread():
            thread = None  # it would wait for itself
        elif not self._lend(end, lambda: self._queue.empty):
            with self._progress:
                self._progress.wait_for(lambda: not self.alive, max(0.0, end - self._clock.now()))
        if thread is not None and thread.ident is not None and not self.alive:
            thread.join(1.0)  # it is past its last line
        if self._queue.abandon("closed"):
            self.alarm.say()
        self._announce()

    def run(self) -> None:
        """The loop. Nothing ends it but `begin_close`: what raises is counted, said, and left behind."""
        if self._thread not in (None, threading.current_thread()):
            return  # its start was interrupted, and another one has been started since
        self.alive = True
        try:
            while self._step():
                pass
        finally:
            self._leave()

    def _lend(self, end: float, enough: Callable[[], bool]) -> bool:
        """Do the work of the thread in this one, until then; `False` if it runs, or somebody else does its work."""
        if self.alive or not self._starting.acquire(blocking=False):
            return False
        own, lent = self._thread, False
        try:
            try:
                if not self.alive:  # another thread may have been faster
                    self._thread, self._lent_until, self.alive, lent = threading.current_thread(), end, True, True
            finally:
                self._starting.release()
            while lent and not enough() and not self._out_of_time() and self._step():
                pass
        finally:
            if lent:
                self._thread, self._lent_until, self._spent = own, None, False
                self._leave()
        return lent

    def _leave(self) -> None:
        with self._progress:
            self.alive = False
            self._progress.notify_all()

    def _step(self) -> bool:
        """One round; `False` when it was the last. An error is dealt with in the next: that may raise as well."""
        try:
            if self._trouble is not None:
                self._survive()
            if not self._out_of_time() and self._cycle():
                return True
            self._courier.close()
        except BaseException as error:  # a dead worker would lose everything quietly
            if self._lent_until is not None and not isinstance(error, Exception):
                self._batch.spoil("failed")
                raise  # it is meant for the caller: Ctrl-C, the end of the process, a time-out of greenlets
            self._trouble = error
            if self._out_of_time():
                with suppress(Exception):  # nobody would deal with that one
                    self._courier.close()
            return not self._out_of_time()
        return False

    def _cycle(self) -> bool:
        """Gather a batch if one is due, and send what is next. `False` when there is nothing left to do."""
        if self._batch.wants_more:
            delay = 0.0 if self._batch.begun else self._delay()
            if delay == 0.0:
                self._gather()
            elif not self._batch:
                if delay is None and self._close_at is not None:
                    return False
                self._wait(delay)
                return True
        if self._batch:
            self._send()
        self.alarm.check()
        return True

    def _gather(self) -> None:
        self._due_at = None
        self._drain_to = self._queue.accepted
        self._clock.begin_batch(self._queue.fill)
        self._batch.gather(self._courier, self._clock.breathe)

    def _delay(self) -> float | None:
        """Seconds until a batch is due, 0 when it is, `None` when nothing waits."""
        queue = self._queue
        if self._flushing:
            self._flushing = False
            self._drain_to = queue.accepted
        if not queue.waiting:
            self._due_at = None
            return None
        if queue.has_batch or self._close_at is not None or self._batch.taken < self._drain_to:
            return 0.0
        now = self._clock.now()
        if self._due_at is None:
            self._due_at = now + self._flush_interval * self._random.uniform(1.0 - _JITTER, 1.0 + _JITTER)
        return max(0.0, self._due_at - now)

    def _send(self) -> None:
        """One POST, and the wait after it if there has to be one."""
        if not self._rest(self._rest_until - self._clock.now(), imposed=True):
            return  # as the receiver has said to the one who did this before
        self._hurried = False
        parcels = self._batch.next()
        self.retried += self._batch.repeated
        verdict = self._courier.deliver(parcels)
        self.alarm.note(verdict)
        self._batch.settle(verdict)
        if verdict.after:
            self._rest(verdict.after, imposed=True)
        elif self._batch.attempt:
            self._rest(back_off(self._batch.attempt, self._random.random(), self.left()), imposed=False)

    def _rest(self, seconds: float, *, imposed: bool) -> bool:
        """Wait before the next try; `False` when there is no time left for it.

        A flush or a close cuts a back-off short, once, and so does a new batch if it may be sent first. They do not cut
        short what the receiver has imposed.
        """
        until = self._clock.now() + seconds
        if imposed:
            self._rest_until = until
        while (left := until - self._clock.now()) > 0:
            due = self._delay() if self._batch.wants_more and not imposed else None
            if due == 0.0 or (self._hurried and not imposed):
                break
            if left > self.left():
                self._spent = True
                break
            self._wait(left if due is None else min(left, due))
        return not self._out_of_time()

    def _wait(self, seconds: float | None) -> None:
        """Wait until woken, or until it is time to go on or to say something."""
        again = self.alarm.check()
        self._clock.wait(min((each for each in (seconds, again) if each is not None), default=None))

    def left(self) -> float:
        """Seconds that there still are to deliver in."""
        ends = [end for end in (self._close_at, self._lent_until) if end is not None]
        return min(ends, default=math.inf) - self._clock.now()

    def _out_of_time(self) -> bool:
        return self._spent or self.left() <= 0.0

    def _survive(self) -> None:
        """Drop what was in hand when something raised, and go on."""
        error, self._trouble = self._trouble, None
        self.restarts += 1
        if not self._batch.lose("failed"):
            self._clock.wait(1.0)  # whatever it is, it would raise again at once
        self.alarm.survived(error)

    def _announce(self) -> None:
        with self._progress:
            self._progress.notify_all()
