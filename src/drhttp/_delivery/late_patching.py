"""What a late `gevent.monkey.patch_all()` costs: threads, locks and connections that have to be replaced.

A greenlet only runs while the thread that started it runs an event loop. A thread that began before the patch, or one
of gevent's thread pool, may never do that. There, a thread of the operating system does the work.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from drhttp._delivery.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from drhttp._delivery.clock import Clock

POLL = 0.01  # seconds between two checks whether a thread has ended
_PATCH_TIMEOUT = 5.0  # seconds; no patch takes that long

# The functions in which a thread waits for the worker, whatever it was about to do.
_WAITING = {("drhttp._delivery.worker", "finish_flush"), ("drhttp._delivery.worker", "finish_close")}


def original(module: str, name: str) -> Any:
    """The attribute of a module as it was before gevent replaced it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(sys.modules[module], name) if monkey is None else monkey.get_original(module, name)


def greenlets_stall() -> bool:
    """Whether gevent has replaced threads, and a greenlet that is started by this thread may never run.

    Only of the main thread is it certain that it runs an event loop.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return False
    # On Linux, the main thread has the number of the process. After a fork, the attribute may have that of the parent.
    return threading.get_native_id() not in (os.getpid(), threading.main_thread().native_id)


def patch_under_way(*, waiting: bool = False) -> bool:
    """Whether another thread is in a function by which gevent patches.

    waiting: count those too in which the thread waits for the worker. They count in any case while locks are half
    patched: gevent notifies its subscribers after it has replaced those of `_thread`, and before those of `threading`.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None:
        return False
    half = monkey.is_module_patched("_thread") and not monkey.is_module_patched("threading")
    own, ignored = sys._getframe(), set[tuple[str, str]]() if waiting or half else _WAITING
    return any(_patches(frame, ignored) for frame in sys._current_frames().values() if frame is not own)


def _patches(frame: FrameType | None, ignored: set[tuple[str, str]]) -> bool:
    """Whether a frame or one of its callers is of `gevent.monkey.patch_all` or the like, and none nearer is ignored."""
    while frame is not None:
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if (module, function) in ignored:
            return False
        if module == "gevent.monkey" and function.startswith("patch_"):
            return True
        frame = frame.f_back
    return False


def suitable(module: str, name: str) -> Any:
    """The attribute of a module; in a thread without gevent's event loop, as it was before gevent replaced it.

    gevent's own would make an event loop. Two threads that make their first one at once may wait for each other
    forever, because each imports modules, and gevent has replaced the locks of imports.
    """
    return original(module, name) if greenlets_stall() else getattr(sys.modules[module], name)


class NativeThread:
    """A daemon thread of the operating system that gevent knows nothing of.

    work: the function to run, which gets the thread as its argument.
    """

    def __init__(self, work: Callable[[NativeThread], object]) -> None:
        self._work = work
        self.ident: int | None = None

    def start(self) -> None:
        """Start it. Raises `RuntimeError` if the interpreter refuses."""
        self.ident = original("_thread", "start_new_thread")(self._work, (self,))


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


class LatePatching(ABC):
    """The part of a background loop that goes on in a new thread when gevent or eventlet have replaced `threading`.

    The old threads, locks and sockets still work, but must not be mixed with new ones. So the old thread ends after its
    current step, and a new one goes on, with new locks and a new connection, and the same batch.

    Under gevent, the new thread is a greenlet if the main thread starts it; otherwise, it is one of the operating
    system. Such a thread and greenlets must not wait for each other with a lock, so waiters check it repeatedly.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._thread: threading.Thread | NativeThread | None = None
        self._native = False  # whether the work is done by a thread that gevent knows nothing of
        self._connected_by: int | None = None  # identifier of the native thread that uses the connections
        self._renewing = _thread.RLock()  # which gevent and eventlet do not replace
        self._deadline = Deadline(clock)
        self._replacing = False
        self.alive = False  # whether the thread runs, or a caller does its work
        self._make_locks()

    @property
    def outdated(self) -> bool:
        """Whether gevent or eventlet have replaced threads since the locks were made. They patch `_thread` first."""
        return _thread.get_ident is not self._get_ident

    def replace(self) -> None:
        """Start a new thread as soon as the outdated one has ended."""
        self._clock.wake()
        if self._replacing or self._deadline.closing:
            return
        self._replacing = True
        try:
            helper = NativeThread if greenlets_stall() else WorkerThread
            helper(lambda _: self._start_successor()).start()
        except RuntimeError:
            self._replacing = False  # a flush or the exit will deliver the records

    @abstractmethod
    def start(self) -> bool:
        """Start the thread if it does not run. Returns `False` if the interpreter refuses."""

    @abstractmethod
    def _runs_in_this_thread(self) -> bool:
        """Whether the current thread does the work, and so must not wait for it."""

    @abstractmethod
    def _has_work(self) -> bool:
        """Whether records wait."""

    @abstractmethod
    def _forget_connections(self) -> None:
        """Let go of sockets and locks that gevent or eventlet have replaced."""

    def _hand_over(self) -> None:
        """In an outdated thread at its end: stay as long as gevent patches, and then start a successor for what waits.

        gevent reads the list of threads, which must not change meanwhile. Nobody else may come to start a successor.
        """
        end, sleep = self._clock.now() + _PATCH_TIMEOUT, original("time", "sleep")
        while patch_under_way(waiting=True) and self._clock.now() < end:
            sleep(POLL)
        if greenlets_stall() and self._has_work():
            self.replace()

    def _wait_for_outdated_thread(self, end: float) -> None:
        """Wait until an outdated thread has ended, or until the clock shows `end`."""
        while self.alive and self.outdated and not self._runs_in_this_thread() and self._clock.now() < end:
            self._clock.wake()
            time.sleep(POLL)
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

    def _start_successor(self) -> None:
        """In a helper thread: start the new thread when the old one has ended."""
        sleep = suitable("time", "sleep")
        while self.alive and self.outdated:
            sleep(POLL)
        self._replacing = False
        self.start()

    def _make_locks(self) -> None:
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._get_ident = _thread.get_ident
