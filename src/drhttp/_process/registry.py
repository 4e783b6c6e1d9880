"""All recorders of the process, and what those have left behind that nobody uses any more."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from drhttp._stats import Stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._config import Config
    from drhttp._process.recorder import Recorder
    from drhttp._process.state import ProcessState

# One a process: a child without hooks (uWSGI), or forked while the hooks were being made, must not wait for a lock that
# nobody holds any more. Re-entrant: a first record may come from a destructor that runs while another one is taken.
locks: dict[int, threading.RLock] = {}


def lock() -> threading.RLock:
    """The lock of this process. Destructors do not take it, nor does anybody wait while holding it."""
    return locks.setdefault(os.getpid(), threading.RLock())


class Registry:
    """The recorders that are used, and the states of all that have recorded something.

    A recorder is held by its middlewares and by requests under way. Its state stays until all is delivered; then the
    counts are kept.
    """

    def __init__(self) -> None:
        self._recorders: list[weakref.ref[Recorder]] = []
        self._states: list[ProcessState] = []
        self._warnings: set[str] = set()  # that have been logged
        self._finished: dict[int, tuple[float, Stats]] = {}  # by process: when a delivery last failed, and the counts

    def __iter__(self) -> Iterator[Recorder]:
        return iter([recorder for reference in list(self._recorders) if (recorder := reference()) is not None])

    def __getitem__(self, index: int) -> Recorder:
        return list(self)[index]

    def find(self, config: Config) -> Recorder | None:
        """The recorder of a configuration that still takes records."""
        return next((recorder for recorder in self if recorder.open and recorder.config == config), None)

    def add(self, recorder: Recorder) -> None:
        """A recorder is used from now on."""
        self._recorders = [*(each for each in self._recorders if each() is not None), weakref.ref(recorder)]

    def enter(self, state: ProcessState) -> None:
        """A recorder has begun to record in this process."""
        self._states.append(state)

    def states(self) -> list[ProcessState]:
        """Those of this process."""
        pid = os.getpid()
        return [state for state in list(self._states) if state.pid == pid]

    def settle(self, state: ProcessState) -> None:
        """Keep the counts alone of a state that has come to its end."""
        with lock():
            if state in self._states and state.retired and state.queue.seal():
                parts = [self._finished.get(state.pid, (0.0, Stats())), (state.failed_at, state.stats())]
                self._finished[state.pid] = _total(parts)
                self._states.remove(state)
                return
        if state.worker.retiring and state.queue.waiting:
            state.wake()  # a destructor that ran at the same time has recorded something

    def sweep(self) -> None:
        """Settle the states that had no thread to do so."""
        for state in self.states():
            if state.retired and state.queue.empty:
                self.settle(state)

    def stats(self) -> Stats:
        """The counts of this process, ended states included."""
        with lock():
            parts = [(state.failed_at, state.stats()) for state in self.states()]
            return _total([self._finished.get(os.getpid(), (0.0, Stats())), *parts])[1]

    def forget_other_processes(self) -> None:
        """In a forked child: let go of what the parent delivers and counts."""
        pid = os.getpid()
        for state in [state for state in self._states if state.pid != pid]:
            # Explicitly, because the stack of a thread that the child does not have keeps everything alive.
            state.exporter.disown()
            self._states.remove(state)
        self._finished = {key: value for key, value in self._finished.items() if key == pid}

    def first_warning(self, text: str) -> bool:
        """Whether a warning is new to this process; an application factory makes one equal recorder after another."""
        if text in self._warnings:
            return False
        self._warnings.add(text)
        return True

    def clear(self) -> None:
        """Forget everything; tests begin anew so."""
        self.__init__()  # type: ignore[misc]


def _total(parts: list[tuple[float, Stats]]) -> tuple[float, Stats]:
    """The sum, with the last error of the one that failed last."""
    parts = sorted(parts, key=lambda part: part[0])
    return parts[-1][0], Stats.total([stats for _, stats in parts], 0)


recorders = Registry()
