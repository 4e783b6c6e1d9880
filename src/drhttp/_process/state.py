"""What one process has of a recorder: queue, thread and connection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drhttp._delivery.exporter import LazyExporter
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

_log = logger()


class ProcessState:
    """Takes exchanges in one process, and delivers them. It does not hold the recorder, and outlives it.

    on_end: is called in the thread when the thread has ended.
    """

    def __init__(self, config: Config, on_end: Callable[[ProcessState], object]) -> None:
        self.pid = os.getpid()
        self.exit_timeout = config.exit_timeout
        self.queue: Queue[Exchange] = Queue(config.queue_size, config.queue_bytes, config.batch_size)
        self.exporter = LazyExporter(config, self.queue)
        self.worker: Worker[Exchange, bytes] = Worker(
            self.queue, self.exporter, batch_size=config.batch_size, flush_interval=config.flush_interval
        )
        self.exporter.remaining_seconds = self.worker.remaining_seconds
        self.worker.on_end = lambda: on_end(self)
        self._refused = False  # the interpreter has refused to start a thread
        self._threadless = missing_option() is not None
        self._next_try = RateLimiter(1.0)
        self._complaint = RateLimiter()

    def wake(self) -> None:
        """Get the thread going. Where none can run, the records wait for a flush, or for the end of the process."""
        worker = self.worker
        if self._threadless:
            return
        if worker.alive and worker.outdated:
            worker.replace()
            return
        if not worker.alive and (not self._refused or self._next_try.allow()):
            self._refused = not worker.start()
        if not self._refused:
            worker.wake()
        elif self._complaint.allow():
            _log.warning("could not start a thread to deliver records; they wait for drhttp.flush()")

    def begin_flush(self) -> int:
        """Deliver what was recorded so far without delay; returns the mark to wait for."""
        if not self.queue.empty:
            self.wake()  # its thread may have been refused, or killed
        return self.worker.begin_flush()

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait for that; `True` if all of it has ended within `timeout` seconds."""
        return self.worker.finish_flush(mark, timeout)

    def begin_close(self, timeout: float) -> None:
        """Begin to flush and stop."""
        self.worker.begin_close(timeout)

    def finish_close(self) -> None:
        """Wait until it is done, or its time is over."""
        self.worker.finish_close()

    def retire(self) -> None:
        """No more records will come: deliver what waits, then end. Returns at once; destructors call it."""
        self.worker.retire()

    @property
    def retired(self) -> bool:
        """Whether no more records will come, and no thread runs."""
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
        """When a delivery last failed, by a monotonic clock; 0 if none ever did."""
        return self.worker.monitor.failed_at
