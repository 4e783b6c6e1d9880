"""The recorder of one configuration, and the register of all recorders of the process.

Nothing exists until the first record: no thread, no connection, no hook. A forked child starts afresh: what lay in the
queue stays the parent's to deliver.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from drhttp import _loading
from drhttp._children import at_end_of_child
from drhttp._courier import LazyCourier
from drhttp._guard import failures, forget_failures, guarded
from drhttp._logger import logger
from drhttp._queue import Queue
from drhttp._stats import Stats
from drhttp._throttle import Throttle
from drhttp._uwsgi import first_process, missing_option
from drhttp._worker import Worker

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from drhttp._config import Config
    from drhttp._exchange import Exchange

_log = logger()


class _Line(NamedTuple):
    """What one process has of a recorder."""

    pid: int
    queue: Queue[Exchange]
    worker: Worker[Exchange, bytes]
    courier: LazyCourier


class Recorder:
    """Takes finished exchanges and sees to it that they are delivered."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._lines: dict[int, _Line] = {}  # by process; there is never more than one
        self._closed = False
        self._refused = False  # the interpreter has refused to start a thread
        self._threadless = missing_option() is not None
        self._next_try = Throttle(1.0)
        self._complaint = Throttle()

    def put(self, exchange: Exchange) -> None:
        """Hand over a finished exchange. Never blocks, never waits for the network."""
        line = self._line() or self._begin()
        if exchange.pid != line.pid:
            line.queue.drop("forked")  # it began in the parent, which finishes it too
        elif line.queue.put(exchange, exchange.weight()) or not (line.worker.alive or self._closed):
            self._wake(line)

    def begin_flush(self) -> int:
        """Deliver what was recorded so far without delay; returns the mark to wait for."""
        line = self._line()
        if line is None:
            return 0
        if not line.queue.empty:
            self._wake(line)  # its thread may have been refused, or killed
        return line.worker.begin_flush()

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait for that; `True` if all of it has ended within `timeout` seconds."""
        line = self._line()
        return line is None or line.worker.finish_flush(mark, timeout)

    def begin_close(self, timeout: float) -> None:
        """Begin to flush and stop."""
        with _lock():
            self._closed = True
            line = self._line()
        if line is not None:
            line.worker.begin_close(timeout)

    def finish_close(self) -> None:
        """Wait until it is done, or its time is over."""
        line = self._line()
        if line is not None:
            line.worker.finish_close()

    @property
    def open(self) -> bool:
        """Whether it still takes records."""
        return not self._closed

    def stats(self) -> Stats:
        """The counts of this recorder in this process."""
        line = self._line()
        if line is None:
            return Stats()
        counts, worker = line.queue.counts(), line.worker
        return Stats(
            **counts._asdict(),
            retried=worker.retried,
            restarts=worker.restarts,
            last_error=worker.alarm.last_error,
            last_success=worker.alarm.last_success,
        )

    @property
    def failed_at(self) -> float:
        """When a delivery last failed, by a monotonic clock; 0 if none ever did."""
        line = self._line()
        return 0.0 if line is None else line.worker.alarm.failed_at

    def forget(self) -> None:
        """In a forked child: let go of what the parent will deliver."""
        for pid in set(self._lines) - {os.getpid()}:
            line = self._lines.pop(pid, None)
            if line is not None:
                # Explicitly, because the stack of a thread that the child does not have keeps everything alive.
                line.courier.disown()

    def _line(self) -> _Line | None:
        """What this process has; `None` before its first record. uWSGI forks without calling hooks, hence the check."""
        return self._lines.get(os.getpid())

    def _begin(self) -> _Line:
        """Make the queue and the worker of this process."""
        config, pid = self.config, os.getpid()
        with _lock():
            self.forget()
            queue: Queue[Exchange] = Queue(config.queue_size, config.queue_bytes, config.batch_size)
            courier = LazyCourier(config, queue)
            worker: Worker[Exchange, bytes] = Worker(
                queue, courier, batch_size=config.batch_size, flush_interval=config.flush_interval
            )
            courier.left = worker.left
            if self._closed:
                queue.close()
            _hook_up()
            # Another thread may have been faster, or a destructor that ran in between and recorded something.
            return self._lines.setdefault(pid, _Line(pid, queue, worker, courier))

    def _wake(self, line: _Line) -> None:
        """Get the thread going. Where none can run, the records wait for a flush, or for the end of the process."""
        worker = line.worker
        if self._threadless:
            return
        if not worker.alive and (not self._refused or self._next_try.opens()):
            self._refused = not worker.start()
        if not self._refused:
            worker.wake()
        elif self._complaint.opens():
            _log.warning("no thread could be started to deliver records; they wait for drhttp.flush()")


def recorder_for(config: Config) -> Recorder:
    """The recorder of the process for a configuration: equal ones share it, unless it was closed."""
    with _lock():
        for recorder in _recorders:
            if recorder.open and recorder.config == config:
                return recorder
        recorder = Recorder(config)
        _recorders.append(recorder)
    _warn_once()
    if config.redact is not None and config.redact.patterns:
        guarded(_warn_of_patterns, config.redact.patterns)
    return recorder


def flush(timeout: float = 10.0) -> bool:
    """Deliver what was recorded before the call, in this process, and wait for it.

    timeout: seconds to wait at most. Returns `True` when all of it is delivered or finally refused, `False` when the
    time ran out; the rest is still on its way then. For the end of a job, or a serverless handler. Where no thread can
    run, the caller's delivers.
    """
    end = time.monotonic() + timeout
    marks = [(recorder, recorder.begin_flush()) for recorder in list(_recorders)]
    return all(recorder.finish_flush(mark, end - time.monotonic()) for recorder, mark in marks)


def close(timeout: float = 10.0) -> None:
    """Deliver what was recorded before the call, then stop the threads of this process.

    timeout: seconds to wait at most; what is not delivered by then is dropped and counted, as is what comes later.
    """
    recorders = list(_recorders)
    for recorder in recorders:
        recorder.begin_close(timeout)
    for recorder in recorders:
        recorder.finish_close()


def stats() -> Stats:
    """What became of the records of this process so far."""
    recorders = sorted(_recorders, key=lambda recorder: recorder.failed_at)
    return Stats.total([recorder.stats() for recorder in recorders], failures())


_recorders: list[Recorder] = []
# One a process: a child without hooks (uWSGI), or forked while the hooks were being made, must not wait for a lock that
# nobody holds any more. Re-entrant: a first record may come from a destructor that runs while another one is taken.
_locks: dict[int, threading.RLock] = {}
_hooked = False
_warned = False


def _warn_once() -> None:
    """Say that no thread can run: here rather than with the first record, so that a server with many processes
    that loads the application once says it once."""
    global _warned  # noqa: PLW0603 - of the process, and inherited by those that are forked from it
    option = missing_option()
    if option is not None and not _warned:
        _warned = True
        if first_process():
            _log.warning("uWSGI runs no threads without %s: records wait for drhttp.flush() and the exit", option)


def _warn_of_patterns(patterns: Iterable[re.Pattern[str]]) -> None:
    """Name the user's patterns that a text could make take very long."""
    from drhttp._backtracking import is_superlinear

    for pattern in filter(is_superlinear, patterns):
        _log.warning(
            "Redact(patterns=...): %r can take very long on some texts, and block the process meanwhile; "
            'see "Writing a safe pattern" in docs/privacy.md',
            pattern.pattern,
        )


def _lock() -> threading.RLock:
    return _locks.setdefault(os.getpid(), threading.RLock())


def _hook_up() -> None:
    """Register the hooks of the process, once."""
    global _hooked  # noqa: PLW0603 - hooks are the process's, and cannot be taken back
    atexit.unregister(_at_exit)  # so that there is one, also in a child that was forked between these lines
    atexit.register(_at_exit)
    at_end_of_child(_at_exit)
    if not _hooked and hasattr(os, "register_at_fork"):
        _hooked = True
        os.register_at_fork(
            before=_loading.before_fork, after_in_parent=_loading.after_fork, after_in_child=_after_fork_in_child
        )


def _at_exit() -> None:
    """Deliver what is left. All recorders together take as long as the most patient one may."""
    recorders = list(_recorders)
    try:
        for recorder in recorders:
            recorder.begin_close(recorder.config.exit_timeout)
        for recorder in recorders:
            recorder.finish_close()
    except KeyboardInterrupt:
        return  # whoever ends the program does not want to wait for us


def _after_fork_in_child() -> None:
    _loading.after_fork_in_child()
    forget_failures()
    for recorder in _recorders:
        recorder.forget()
