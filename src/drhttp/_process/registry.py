"""The registry of all recorders of the process, and of the records that unused recorders still have to deliver."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from drhttp._stats import Stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._config import Config
    from drhttp._process.process_state import ProcessState
    from drhttp._process.recorder import Recorder

# One lock for each process: a child that was forked without hooks (uWSGI), or while the hooks were being registered,
# must not wait for a lock that no thread will release. Re-entrant: a destructor may record a request at any time.
locks: dict[int, threading.RLock] = {}


def lock() -> threading.RLock:
    """The lock of this process. Destructors must not take it, and no thread waits while it holds the lock."""
    return locks.setdefault(os.getpid(), threading.RLock())


class Registry:
    """The recorders in use, and the process states of all recorders that have recorded a request.

    Middlewares and running requests keep a recorder alive. Its state stays until all records are delivered; then only
    the counts are kept.
    """

    def __init__(self) -> None:
        self._recorders: list[weakref.ref[Recorder]] = []
        self._states: list[ProcessState] = []
        self._warnings: set[str] = set()  # warnings that have been logged
        self.before_close: Callable[[], object] = lambda: None  # called by `drhttp.close()`
        # The counts of settled states, by process id, and when one of their deliveries last failed.
        self._finished: dict[int, tuple[float, Stats]] = {}

    def __iter__(self) -> Iterator[Recorder]:
        return iter([recorder for reference in list(self._recorders) if (recorder := reference()) is not None])

    def __getitem__(self, index: int) -> Recorder:
        return list(self)[index]

    def find(self, config: Config) -> Recorder | None:
        """The open recorder of a configuration; `None` if there is none."""
        return next((recorder for recorder in self if recorder.open and recorder.config == config), None)

    def add(self, recorder: Recorder) -> None:
        """Add a recorder."""
        self._recorders = [*(each for each in self._recorders if each() is not None), weakref.ref(recorder)]

    def add_state(self, state: ProcessState) -> None:
        """Add the state of a recorder in this process."""
        self._states.append(state)

    def states(self) -> list[ProcessState]:
        """The states of this process."""
        pid = os.getpid()
        return [state for state in list(self._states) if state.pid == pid]

    def settle(self, state: ProcessState) -> None:
        """Replace a state that has delivered everything by its counts."""
        with lock():
            if state in self._states and state.retired and state.queue.seal():
                parts = [self._finished.get(state.pid, (0.0, Stats())), (state.failed_at, state.stats())]
                self._finished[state.pid] = _total(parts)
                self._states.remove(state)
                return
        if state.worker.retiring and state.queue.waiting:
            state.wake()  # a destructor that ran at the same time has recorded a request

    def settle_idle(self) -> None:
        """Call `settle` for the states that have delivered everything and have no thread that would call it."""
        for state in self.states():
            if state.retired and state.queue.empty:
                self.settle(state)

    def stats(self) -> Stats:
        """The counts of this process, including those of settled states."""
        with lock():
            parts = [(state.failed_at, state.stats()) for state in self.states()]
            counted = _total([self._finished.get(os.getpid(), (0.0, Stats())), *parts])[1]
        return counted.plus_queued(sum(recorder.held for recorder in self))

    def forget_other_processes(self) -> None:
        """In a forked child: forget the states and counts of the parent."""
        pid = os.getpid()
        for state in [state for state in self._states if state.pid != pid]:
            # Closed explicitly, because the stack of a thread that the child does not have keeps the objects alive.
            state.exporter.disown()
            self._states.remove(state)
        self._finished = {key: value for key, value in self._finished.items() if key == pid}

    def first_warning(self, text: str) -> bool:
        """Whether this process has not logged this warning yet; an application factory may create many equal recorders.

        It counts as logged from now on.
        """
        if text in self._warnings:
            return False
        self._warnings.add(text)
        return True

    def clear(self) -> None:
        """Forget everything, between two tests."""
        self.__init__()  # type: ignore[misc]


def _total(parts: list[tuple[float, Stats]]) -> tuple[float, Stats]:
    """The sum of counts, with the latest error."""
    parts = sorted(parts, key=lambda part: part[0])
    return parts[-1][0], Stats.total([stats for _, stats in parts], 0)


recorders = Registry()
