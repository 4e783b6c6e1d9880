"""Runs a loop in a daemon thread, or in the thread of a caller where none can be started."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from typing import TYPE_CHECKING

from drhttp._delivery.late_patching import POLL, LatePatching, NativeThread, WorkerThread, greenlets_stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._delivery.clock import Clock


class BackgroundLoop(LatePatching):
    """A loop that runs in a daemon thread."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._owner: int | None = None  # identifier of the thread that does the work
        self.retiring = False  # no more records come, and the thread ends when all are delivered
        self.on_end: Callable[[], object] | None = None  # called in the thread at its end

    def start(self) -> bool:
        """Start the thread if it does not run. Returns `False` if the interpreter refuses."""
        self._renew()
        if self.alive or self._deadline.closing or not self._starting.acquire(blocking=False):
            return True
        try:
            if not self.alive:  # another thread may have been faster
                self._adapt()
                self._thread = NativeThread(self.run) if self._native else WorkerThread(self.run)
                self.alive = True  # set before it runs, so that `finish_close` waits for a thread that is starting
                self._thread.start()
        except RuntimeError:
            return False
        finally:
            if self._thread is None or self._thread.ident is None:
                self.alive = False  # refused, or interrupted by an exception from a signal handler
            self._starting.release()
        return True

    def run(self, thread: threading.Thread | NativeThread | None = None) -> None:
        """Run the loop. Only `begin_close` and `retire` end it; exceptions are counted and logged, and it goes on."""
        if thread is not None and thread is not self._thread:
            return  # its start was interrupted, and another thread has been started since
        self._claim_connections()
        self.alive, self._owner = True, self._get_ident()
        try:
            while self._step():
                pass
        finally:
            outdated = self.outdated
            self._mark_ended()
            if outdated:
                self._hand_over()
            elif self.on_end is not None:
                self.on_end()

    def retire(self) -> None:
        """Deliver the waiting records, then stop. Returns at once; destructors may call it."""
        self.retiring = True
        self._clock.wake()

    @abstractmethod
    def _step(self) -> bool:
        """Do one round of the work. Returns `False` if it was the last."""

    @abstractmethod
    def _out_of_time(self) -> bool:
        """Whether there is no time left for another round."""

    def _run_in_caller(self, end: float, is_done: Callable[[], bool]) -> bool:
        """Do the work in the calling thread until `is_done()` is true or the clock shows `end`.

        Returns `False` at once if the thread of the worker runs, or another caller does its work.
        """
        self._wait_for_outdated_thread(end)
        if self.alive or not self._starting.acquire(blocking=False):
            return False
        thread, owner, taken_over = self._thread, self._owner, False
        # A signal handler may raise between any two calls. Hence one function, and two levels of `finally`.
        try:
            try:
                if not self.alive:  # another thread may have been faster
                    self._adapt()
                    self._claim_connections()
                    self._thread, self._deadline.caller_until = threading.current_thread(), end
                    self.alive, taken_over = True, True
                    self._owner = self._get_ident()
            finally:
                self._starting.release()
            while taken_over and not is_done() and not self._out_of_time() and self._step():
                pass
        finally:
            if taken_over:
                self._thread, self._owner = thread, owner
                self._deadline.caller_until, self._deadline.exhausted = None, False
                self._mark_ended()
        return taken_over

    def _runs_in_this_thread(self) -> bool:
        """Whether the current thread does the work, and so must not wait for it."""
        return self.alive and self._owner == self._get_ident()

    def _mark_ended(self) -> None:
        if self.outdated or self._native:
            self.alive = False  # threads that wait for that check it repeatedly
            return
        with self._progress:
            self.alive = False
            self._progress.notify_all()

    def _notify_waiters(self) -> None:
        if not (self.outdated or self._native):
            with self._progress:
                self._progress.notify_all()

    def _wait_until(self, happened: Callable[[], bool], end: float) -> None:
        """Wait until `happened()` is true, or until the clock shows `end`."""
        if self._native or greenlets_stall():
            while not happened() and self._clock.now() < end:
                time.sleep(POLL)
        else:
            with self._progress:
                self._progress.wait_for(happened, max(0.0, end - self._clock.now()))
