"""The part of a recorder that belongs to one process: queue, thread and connection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drhttp._delivery.lazy_exporter import LazyExporter
from drhttp._delivery.queue import Queue
from drhttp._delivery.worker import Worker
from drhttp._logger import logger
from drhttp._process.uwsgi import missing_option
from drhttp._rate_limiter import RateLimiter
from drhttp._stats import Stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._outbound.call import Call

_log = logger()


class ProcessState:
    """Takes and delivers the exchanges of one process. It has no reference to the recorder, and outlives it.

    on_end: called in the thread of the worker at its end.
    """

    def __init__(self, config: Config, on_end: Callable[[ProcessState], object]) -> None:
        self.pid = os.getpid()
        self.exit_timeout = config.exit_timeout
        self.queue: Queue[Exchange | Call] = Queue(config.queue_size, config.queue_bytes, config.batch_size)
        self.exporter = LazyExporter(config, self.queue)
        self.worker: Worker[Exchange | Call, bytes] = Worker(
            self.queue, self.exporter, batch_size=config.batch_size, flush_interval=config.flush_interval
        )
        self.exporter.remaining_seconds = self.worker.remaining_seconds
        self.worker.on_end = lambda: on_end(self)
        self._thread_refused = False  # the interpreter has refused to start a thread
        self._threadless = missing_option() is not None
        self._start_limiter = RateLimiter(1.0)
        self._warning_limiter = RateLimiter()

    def wake(self) -> None:
        """Start or wake the thread. Where none can run, the records wait for a flush or for the exit."""
        worker = self.worker
        if self._threadless:
            return
        if worker.alive and worker.outdated:
            worker.replace()
            return
        if not worker.alive and (not self._thread_refused or self._start_limiter.allow()):
            self._thread_refused = not worker.start()
        if not self._thread_refused:
            worker.wake()
        elif self._warning_limiter.allow():
            _log.warning("could not start a thread to deliver records; they wait for drhttp.flush()")

    def begin_flush(self) -> int:
        """Deliver the records so far without delay. Returns a mark for `finish_flush`."""
        if not self.queue.empty:
            self.wake()  # the thread may have been refused, or killed
        return self.worker.begin_flush()

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait until the records up to the mark are delivered or dropped.

        timeout: seconds. Returns `False` if the time runs out.
        """
        return self.worker.finish_flush(mark, timeout)

    def begin_close(self, timeout: float) -> None:
        """Start to deliver the waiting records and to stop. Returns at once.

        timeout: seconds for both.
        """
        self.worker.begin_close(timeout)

    def finish_close(self) -> None:
        """Wait until `begin_close` is done, or its time is over."""
        self.worker.finish_close()

    def retire(self) -> None:
        """Deliver the waiting records, then end the thread. Returns at once; destructors call it."""
        self.worker.retire()

    @property
    def retired(self) -> bool:
        """Whether no more records come, and no thread runs."""
        return self.worker.retiring and not self.worker.alive

    def stats(self) -> Stats:
        """The counts so far."""
        counts, worker = self.queue.counts(), self.worker
        return Stats(
            **counts._asdict(),
            retried=worker.retried,
            restarts=worker.restarts,
            last_error=worker.monitor.last_error,
            last_success=worker.monitor.last_success,
        )

    @property
    def failed_at(self) -> float:
        """When a delivery last failed, by a monotonic clock; 0 if none has failed."""
        return self.worker.monitor.failed_at
