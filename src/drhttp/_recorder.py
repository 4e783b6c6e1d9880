"""The recorder of one configuration, and the register of all recorders of the process.

Nothing exists until the first record: no thread, no connection, no hook. A forked child starts afresh: what lay in the
queue stays the parent's to deliver.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from drhttp._guard import failures, forget_failures
from drhttp._queue import Queue
from drhttp._stats import Stats
from drhttp._throttle import Throttle
from drhttp._worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._config import Config
    from drhttp._delivery import Delivery, Parcel
    from drhttp._exchange import Exchange
    from drhttp._verdict import Verdict

_log = logging.getLogger("drhttp")
_log.addHandler(logging.NullHandler())


class _Courier:
    """The delivery, made when it is first needed: in the worker, because it loads `urllib3`."""

    def __init__(self, config: Config, queue: Queue[Exchange]) -> None:
        self._config = config
        self._queue = queue
        self._made: Delivery | None = None

    @property
    def most(self) -> int | None:
        return self.delivery.most

    def prepare(self, item: Exchange) -> Parcel | Verdict:
        return self.delivery.prepare(item)

    def deliver(self, parcels: Sequence[Parcel]) -> Verdict:
        return self.delivery.deliver(parcels)

    @property
    def delivery(self) -> Delivery:
        if self._made is None:
            with _loading:
                from drhttp._delivery import Delivery

                self._made = Delivery(self._config, self._losses)
        return self._made

    def _losses(self) -> Mapping[str, int]:
        return self._queue.dropped


class Recorder:
    """Takes finished exchanges and sees to it that they are delivered."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._pid: int | None = None
        self._closed = False
        self._refused = False  # the interpreter has refused to start a thread
        self._next_try = Throttle(1.0)
        self._complaint = Throttle()

    def put(self, exchange: Exchange) -> None:
        """Hand over a finished exchange. Never blocks, never waits for the network."""
        pid = os.getpid()
        if self._pid != pid:
            self._begin(pid)
        if exchange.pid != pid:
            self._queue.drop("forked")  # it began in the parent, which finishes it too
        elif self._queue.put(exchange, exchange.weight()):
            self._wake()

    def begin_flush(self) -> int:
        """Deliver what was recorded so far without delay; returns the mark to wait for."""
        return self._worker.begin_flush() if self._pid == os.getpid() else 0

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait for that; `True` if all of it has ended within `timeout` seconds."""
        return self._pid != os.getpid() or self._worker.finish_flush(mark, timeout)

    def begin_close(self, timeout: float) -> None:
        """Begin to flush and stop."""
        self._closed = True
        if self._pid == os.getpid():
            self._worker.begin_close(timeout)

    def finish_close(self) -> None:
        """Wait until it is done, or its time is over."""
        if self._pid == os.getpid():
            self._worker.finish_close()

    @property
    def open(self) -> bool:
        """Whether it still takes records."""
        return not self._closed

    def stats(self) -> Stats:
        """The counts of this recorder in this process."""
        if self._pid != os.getpid():
            return Stats()
        queue, worker = self._queue, self._worker
        return Stats(
            recorded=queue.recorded,
            queued=queue.queued,
            queued_bytes=queue.queued_bytes,
            sent=worker.sent,
            retried=worker.retried,
            dropped=dict(queue.dropped),
            restarts=worker.restarts,
            last_error=worker.last_error,
            last_success=worker.last_success,
        )

    def _begin(self, pid: int) -> None:
        """Make the queue and the worker of this process."""
        with _lock:
            if self._pid == pid:
                return
            config = self.config
            self._queue: Queue[Exchange] = Queue(config.queue_size, config.queue_bytes, config.batch_size)
            self._worker: Worker[Exchange, Parcel] = Worker(
                self._queue,
                _Courier(config, self._queue),
                batch_size=config.batch_size,
                flush_interval=config.flush_interval,
            )
            if self._closed:
                self._queue.close()
            _hook_up()
            self._pid = pid

    def forget(self) -> None:
        """In a forked child: let go of what the parent will deliver."""
        if self._pid is not None:
            self._pid = None
            del self._queue, self._worker

    def _wake(self) -> None:
        worker = self._worker
        if not worker.alive and (not self._refused or self._next_try.opens()):
            self._refused = not worker.start()
        if not self._refused:
            worker.wake()
            return
        self._queue.abandon("no_thread")
        if self._complaint.opens():
            _log.warning("no thread could be started to deliver records; they are dropped")


def recorder_for(config: Config) -> Recorder:
    """The recorder of the process for a configuration: equal ones share it, unless it was closed."""
    with _lock:
        for recorder in _recorders:
            if recorder.open and recorder.config == config:
                return recorder
        recorder = Recorder(config)
        _recorders.append(recorder)
        return recorder


def flush(timeout: float = 10.0) -> bool:
    """Deliver what was recorded before the call, in this process, and wait for it.

    timeout: seconds to wait at most. Returns `True` when all of it is delivered or finally refused, `False` when the
    time ran out; the rest is still on its way then. For the end of a job, or a serverless handler.
    """
    end = time.monotonic() + timeout
    marks = [(recorder, recorder.begin_flush()) for recorder in list(_recorders)]
    return all(recorder.finish_flush(mark, end - time.monotonic()) for recorder, mark in marks)


def close(timeout: float = 10.0) -> None:
    """Deliver what was recorded before the call, then stop the threads of this process.

    timeout: seconds to wait at most; what is not delivered by then is dropped and counted, as is what comes later.
    """
    for recorder in _recorders:
        recorder.begin_close(timeout)
    for recorder in _recorders:
        recorder.finish_close()


def stats() -> Stats:
    """What became of the records of this process so far."""
    return Stats.total([recorder.stats() for recorder in list(_recorders)], failures())


_recorders: list[Recorder] = []
# Re-entrant: a first record may come from a destructor that runs while another first record is being taken.
_lock = threading.RLock()
# Held while the worker loads modules: a child forked meanwhile would inherit their import locks, locked for ever.
_loading = threading.Lock()
_hooked = False
_fork_holds_loading = False


def _hook_up() -> None:
    """Register the hooks of the process, once."""
    global _hooked  # noqa: PLW0603 - hooks are the process's, and cannot be taken back
    if _hooked:
        return
    _hooked = True
    atexit.register(_at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)


def _at_exit() -> None:
    """Deliver what is left. All recorders together take as long as the most patient one may."""
    for recorder in _recorders:
        recorder.begin_close(recorder.config.exit_timeout)
    for recorder in _recorders:
        recorder.finish_close()


def _before_fork() -> None:
    global _fork_holds_loading  # noqa: PLW0603 - the hooks of a fork have nothing else in common
    # Bounded, because under gevent the holder may be a greenlet of this same thread.
    _fork_holds_loading = _loading.acquire(timeout=5.0)


def _after_fork() -> None:
    if _fork_holds_loading:
        _loading.release()


def _after_fork_in_child() -> None:
    global _lock, _loading  # noqa: PLW0603 - whoever held them does not exist here
    _lock = threading.RLock()
    _loading = threading.Lock()
    forget_failures()
    for recorder in _recorders:
        recorder.forget()
