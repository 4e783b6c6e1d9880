"""Who does the work of a worker: a thread of its own, or a caller's while there is none."""

from __future__ import annotations

import _thread
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._delivery.clock import Clock

_POLL = 0.01  # seconds between two looks at a thread that is about to leave
_PATCH_TAKES = 5.0  # seconds, more than any takes


class WorkerThread(threading.Thread):
    """A daemon thread that ends quietly although gevent or eventlet have replaced threads while it ran.

    work: gets the thread itself.
    """

    def __init__(self, work: Callable[[threading.Thread], object]) -> None:
        super().__init__(name="drhttp", daemon=True)
        self._work = work

    def run(self) -> None:
        """Do the work."""
        self._work(self)

    def _delete(self) -> None:
        # The standard library takes the thread out of its list under the number that the thread has now.
        try:
            super()._delete()  # type: ignore[misc]
        except KeyError:
            vars(threading).get("_active", {}).pop(self.ident, None)


class BackgroundLoop(ABC):
    """Runs steps until there are none left.

    `gevent.monkey.patch_all()` may replace threads, locks and sockets while the thread runs. What it has created before
    works on, but must not be mixed with what comes after: the old thread leaves at its next step, and a new one, with
    new locks and a new connection, goes on with what the old one had in hand.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._owner: int | None = None  # number of the thread that does the work
        self._close_at: float | None = None
        self._caller_deadline: float | None = None  # a caller's thread does the work, until then
        self._spent = False  # there is no more time than the receiver wants to be left alone
        self._replacing = False
        self.retiring = False  # no more records will come: the thread ends when all are delivered
        self.alive = False  # whether the thread runs, or somebody else does its work
        self.on_end: Callable[[], object] | None = None  # called in the thread when it has ended
        self._make_locks()

    def start(self) -> bool:
        """Start the thread if it does not run; returns `False` if the interpreter refuses to."""
        self._renew()
        if self.alive or self._close_at is not None or not self._starting.acquire(blocking=False):
            return True
        try:
            if not self.alive:  # another thread may have been faster
                self._thread = WorkerThread(self.run)
                self.alive = True  # before it runs, so that closing waits for a thread that is only just beginning
                self._thread.start()
        except RuntimeError:
            return False
        finally:
            if self._thread is None or self._thread.ident is None:
                self.alive = False  # refused, or interrupted by what a signal handler raised
            self._starting.release()
        return True

    def run(self, thread: threading.Thread | None = None) -> None:
        """The loop. Nothing ends it but `begin_close` and `retire`: what raises is counted, said, and left behind."""
        if thread is not None and thread is not self._thread:
            return  # its start was interrupted, and another one has been started since
        park = threading.Lock()  # before anything is replaced
        park.acquire()
        self.alive, self._owner = True, self._get_ident()
        try:
            while self._step():
                pass
        finally:
            outdated = self.outdated
            self._leave()
            if outdated:
                park.acquire(timeout=_PATCH_TAKES)  # gevent reads the list of threads, which must not change meanwhile
            elif self.on_end is not None:
                self.on_end()

    def retire(self) -> None:
        """Deliver what waits, then stop; returns at once, and may be called by a destructor."""
        self.retiring = True
        self._clock.wake()

    def replace(self) -> None:
        """Have a new thread go on for one that is outdated, as soon as that one has left."""
        self._clock.wake()
        if self._replacing or self._close_at is not None:
            return
        self._replacing = True
        try:
            WorkerThread(lambda _: self._succeed()).start()
        except RuntimeError:
            self._replacing = False  # a flush or the exit will deliver

    @property
    def outdated(self) -> bool:
        """Whether threads have been replaced since the locks were made; `_thread` comes first."""
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

    def _run_in_caller(self, end: float, enough: Callable[[], bool]) -> bool:
        """Do the work in the calling thread until `enough()` is true or the clock shows `end`.

        Returns `False` at once if the thread of the worker runs, or another caller does its work.
        """
        self._await_outdated(end)
        if self.alive or not self._starting.acquire(blocking=False):
            return False
        thread, owner, taken_over = self._thread, self._owner, False
        # A signal handler may raise between any two calls. Hence one function, and two levels of `finally`.
        try:
            try:
                if not self.alive:  # another thread may have been faster
                    self._thread, self._caller_deadline = threading.current_thread(), end
                    self.alive, taken_over = True, True
                    self._owner = self._get_ident()
            finally:
                self._starting.release()
            while taken_over and not enough() and not self._out_of_time() and self._step():
                pass
        finally:
            if taken_over:
                self._thread, self._owner, self._caller_deadline, self._spent = thread, owner, None, False
                self._leave()
        return taken_over

    def _is_mine(self) -> bool:
        """Whether the caller is the thread that does the work, and so must not wait for it."""
        return self.alive and self._owner == self._get_ident()

    def _leave(self) -> None:
        if self.outdated:
            self.alive = False  # whoever waits for that looks again and again
            return
        with self._progress:
            self.alive = False
            self._progress.notify_all()

    def _announce(self) -> None:
        if not self.outdated:
            with self._progress:
                self._progress.notify_all()

    def _succeed(self) -> None:
        """In a new thread: start another when the old one has left."""
        while self.alive and self.outdated:
            time.sleep(_POLL)
        self._replacing = False
        self.start()

    def _await_outdated(self, end: float) -> None:
        """Wait until a thread that is outdated has left, and no longer than until then."""
        while self.alive and self.outdated and not self._is_mine() and self._clock.now() < end:
            self._clock.wake()
            time.sleep(_POLL)
        self._renew()

    def _renew(self) -> None:
        """Replace what was made before threads were replaced, once nobody uses it any more."""
        if self.outdated and not self.alive:
            self._thread = None  # nobody waits for its end
            self._forget_connections()
            self._clock.renew()
            self._make_locks()

    def _make_locks(self) -> None:
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._get_ident = _thread.get_ident
