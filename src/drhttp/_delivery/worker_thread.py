"""Runs a loop in a daemon thread, or in the thread of a caller where none can be started."""

from __future__ import annotations

import _thread
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from drhttp._delivery.native_thread import NativeThread, greenlets_stall, original

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._delivery.clock import Clock

_POLL = 0.01  # seconds between two checks whether a thread has ended
_PATCH_TIMEOUT = 5.0  # seconds; no patch takes that long


class WorkerThread(threading.Thread):
    """A daemon thread that ends without an error even if gevent or eventlet replaced `threading` while it ran.

    work: the function to run, which gets the thread as its argument.
    """

    def __init__(self, work: Callable[[threading.Thread], object]) -> None:
        super().__init__(name="drhttp", daemon=True)
        self._work = work

    def run(self) -> None:
        """Call the function."""
        self._work(self)

    def _delete(self) -> None:
        # `threading` removes a thread from its list by its current identifier, which a patch changes.
        try:
            super()._delete()  # type: ignore[misc]
        except KeyError:
            vars(threading).get("_active", {}).pop(self.ident, None)


class BackgroundLoop(ABC):
    """A loop that runs in a daemon thread.

    `gevent.monkey.patch_all()` may replace threads, locks and sockets while the thread runs. The old ones still work,
    but must not be mixed with new ones. So the old thread ends after its current step, and a new one goes on, with new
    locks and a new connection, and the same batch.

    Under gevent, the new thread is a greenlet if the main thread starts it; otherwise, it is one of the operating
    system. Such a thread and greenlets must not wait for each other with a lock, so waiters check it repeatedly.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._thread: threading.Thread | NativeThread | None = None
        self._native = False  # whether the work is done by a thread that gevent knows nothing of
        self._connected_by: int | None = None  # identifier of the native thread that uses the connections
        self._renewing = _thread.RLock()  # which gevent and eventlet do not replace
        self._owner: int | None = None  # identifier of the thread that does the work
        self._close_at: float | None = None
        self._caller_deadline: float | None = None  # until when the thread of a caller does the work
        self._no_time_left = False  # the receiver asked to wait longer than there is time
        self._replacing = False
        self.retiring = False  # no more records come, and the thread ends when all are delivered
        self.alive = False  # whether the thread runs, or a caller does its work
        self.on_end: Callable[[], object] | None = None  # called in the thread at its end
        self._make_locks()

    def start(self) -> bool:
        """Start the thread if it does not run. Returns `False` if the interpreter refuses."""
        self._renew()
        if self.alive or self._close_at is not None or not self._starting.acquire(blocking=False):
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
        park = original("_thread", "allocate_lock")()
        park.acquire()
        self._claim_connections()
        self.alive, self._owner = True, self._get_ident()
        try:
            while self._step():
                pass
        finally:
            outdated = self.outdated
            self._mark_ended()
            if outdated:
                park.acquire(timeout=_PATCH_TIMEOUT)  # gevent reads the list of threads, which must not change then
            elif self.on_end is not None:
                self.on_end()

    def retire(self) -> None:
        """Deliver the waiting records, then stop. Returns at once; destructors may call it."""
        self.retiring = True
        self._clock.wake()

    def replace(self) -> None:
        """Start a new thread as soon as the outdated one has ended."""
        self._clock.wake()
        if self._replacing or self._close_at is not None:
            return
        self._replacing = True
        try:
            helper = NativeThread if greenlets_stall() else WorkerThread
            helper(lambda _: self._start_successor()).start()
        except RuntimeError:
            self._replacing = False  # a flush or the exit will deliver the records

    @property
    def outdated(self) -> bool:
        """Whether gevent or eventlet have replaced threads since the locks were made. They patch `_thread` first."""
        return _thread.get_ident is not self._get_ident

    @abstractmethod
    def _step(self) -> bool:
        """Do one round of the work. Returns `False` if it was the last."""

    @abstractmethod
    def _out_of_time(self) -> bool:
        """Whether there is no time left for another round."""

    @abstractmethod
    def _forget_connections(self) -> None:
        """Let go of sockets and locks that gevent or eventlet have replaced."""

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
                    self._thread, self._caller_deadline = threading.current_thread(), end
                    self.alive, taken_over = True, True
                    self._owner = self._get_ident()
            finally:
                self._starting.release()
            while taken_over and not is_done() and not self._out_of_time() and self._step():
                pass
        finally:
            if taken_over:
                self._thread, self._owner, self._caller_deadline, self._no_time_left = thread, owner, None, False
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

    def _start_successor(self) -> None:
        """In a helper thread: start the new thread when the old one has ended."""
        sleep = original("time", "sleep") if greenlets_stall() else time.sleep
        while self.alive and self.outdated:
            sleep(_POLL)
        self._replacing = False
        self.start()

    def _wait_for_outdated_thread(self, end: float) -> None:
        """Wait until an outdated thread has ended, or until the clock shows `end`."""
        while self.alive and self.outdated and not self._runs_in_this_thread() and self._clock.now() < end:
            self._clock.wake()
            time.sleep(_POLL)
        self._renew()

    def _renew(self) -> None:
        """Replace outdated locks and connections, once no thread uses them."""
        with self._renewing:
            if self.outdated and not self.alive:
                self._thread = None  # it is not joined any more
                self._native = False
                self._forget_connections()
                self._clock.renew()
                self._make_locks()

    def _adapt(self) -> None:
        """Use locks that suit the current thread, which will do the work or start a thread for it."""
        native = greenlets_stall()
        if native != self._native:
            self._native = native
            self._clock.renew(native=native)

    def _claim_connections(self) -> None:
        """Under gevent, drop connections that another thread has opened: they belong to its event loop."""
        current = original("_thread", "get_ident")()
        if current != self._connected_by and _thread.get_ident is not original("_thread", "get_ident"):
            self._forget_connections()
        self._connected_by = current

    def _wait_until(self, happened: Callable[[], bool], end: float) -> None:
        """Wait until `happened()` is true, or until the clock shows `end`."""
        if self._native or greenlets_stall():
            while not happened() and self._clock.now() < end:
                time.sleep(_POLL)
        else:
            with self._progress:
                self._progress.wait_for(happened, max(0.0, end - self._clock.now()))

    def _make_locks(self) -> None:
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._get_ident = _thread.get_ident
