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
    from drhttp._process.state import Line

# One a process: a child without hooks (uWSGI), or forked while the hooks were being made, must not wait for a lock that
# nobody holds any more. Re-entrant: a first record may come from a destructor that runs while another one is taken.
locks: dict[int, threading.RLock] = {}


def lock() -> threading.RLock:
    """The lock of this process. Destructors do not take it, nor does anybody wait while holding it."""
    return locks.setdefault(os.getpid(), threading.RLock())


class Registry:
    """The recorders that are used, and the lines of all that have recorded something.

    A recorder is held by its middlewares and by requests under way. Its line stays until all is delivered; then the
    counts are kept.
    """

    def __init__(self) -> None:
        self._recorders: list[weakref.ref[Recorder]] = []
        self._lines: list[Line] = []
        self._warnings: set[str] = set()  # that have been logged
        self._ended: dict[int, tuple[float, Stats]] = {}  # by process: when a delivery last failed, and the counts

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

    def enter(self, line: Line) -> None:
        """A recorder has begun to record in this process."""
        self._lines.append(line)

    def lines(self) -> list[Line]:
        """Those of this process."""
        pid = os.getpid()
        return [line for line in list(self._lines) if line.pid == pid]

    def settle(self, line: Line) -> None:
        """Keep the counts alone of a line that has come to its end."""
        with lock():
            if line in self._lines and line.retired and line.queue.seal():
                parts = [self._ended.get(line.pid, (0.0, Stats())), (line.failed_at, line.stats())]
                self._ended[line.pid] = _total(parts)
                self._lines.remove(line)
                return
        if line.worker.retiring and line.queue.waiting:
            line.wake()  # a destructor that ran at the same time has recorded something

    def sweep(self) -> None:
        """Settle the lines that had no thread to do so."""
        for line in self.lines():
            if line.retired and line.queue.empty:
                self.settle(line)

    def stats(self) -> Stats:
        """The counts of this process, ended lines included."""
        with lock():
            parts = [(line.failed_at, line.stats()) for line in self.lines()]
            return _total([self._ended.get(os.getpid(), (0.0, Stats())), *parts])[1]

    def forget_other_processes(self) -> None:
        """In a forked child: let go of what the parent delivers and counts."""
        pid = os.getpid()
        for line in [line for line in self._lines if line.pid != pid]:
            # Explicitly, because the stack of a thread that the child does not have keeps everything alive.
            line.courier.disown()
            self._lines.remove(line)
        self._ended = {key: value for key, value in self._ended.items() if key == pid}

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
