"""Logs a warning when records are lost or nothing is delivered: in the worker, and no more than once a minute."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from drhttp._guard import error_location
from drhttp._rate_limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drhttp._delivery.queue import Queue
    from drhttp._delivery.retry import Verdict

_LONGEST_SILENCE = 60.0  # seconds without a successful delivery, after which a warning comes even if no record is lost
_CHECK_AGAIN = 10.0  # seconds
_INTENDED = frozenset(("before_send", "forked"))  # the user dropped them, or the parent process delivers them

_log = logging.getLogger("drhttp")


class DeliveryMonitor:
    """Watches the counts of one queue and the deliveries out of it.

    now: a monotonic clock in seconds.
    """

    def __init__(self, queue: Queue[Any], now: Callable[[], float]) -> None:
        self._queue = queue
        self._now = now
        self._report_limiter = RateLimiter(clock=now)
        self._error_limiter = RateLimiter(clock=now)
        self._reported: Mapping[str, int] = {}
        self._failing_since: float | None = None
        self.last_error: str | None = None
        self.failed_at = 0.0  # by the clock
        self.last_success: float | None = None  # seconds since the epoch

    def note(self, verdict: Verdict) -> None:
        """Take note of the result of a delivery."""
        if verdict.action == "done":
            self.last_success = time.time()
            self._failing_since = None
            return
        if self._failing_since is None:
            self._failing_since = self._now()
        if verdict.error:
            self.last_error, self.failed_at = verdict.error, self._now()

    def record_error(self, error: BaseException | None) -> None:
        """Log an error of the worker, which goes on."""
        self.last_error, self.failed_at = f"{type(error).__name__} in the worker", self._now()
        if self._error_limiter.allow():
            _log.warning("error in the delivery thread; the current record or batch is lost: %s", error_location(error))

    def check(self) -> float | None:
        """Log a warning if one is due. Returns in how many seconds to call again, `None` if there is no need."""
        if not self._due():
            # Reset before looking again: a loss that comes later wakes the worker.
            self._queue.new_losses = False
            if not self._due():
                return None if self._failing_since is None or self._queue.empty else _CHECK_AGAIN
        if self._report_limiter.allow():
            self.report()
        return _CHECK_AGAIN

    def report(self) -> None:
        """Log the losses and the state of the queue, without regard to the rate limit."""
        self._queue.new_losses = False
        counts = self._queue.counts()
        lost, self._reported = self._unreported_losses(counts.dropped), counts.dropped
        parts = []
        if lost:
            parts.append("records lost: " + ", ".join(f"{count} ({reason})" for reason, count in lost.items()))
        if counts.queued:
            parts.append(f"records waiting: {counts.queued}")
        if counts.queued and self._failing_since is not None:
            parts.append(f"nothing delivered for {self._now() - self._failing_since:.0f} s")
        if self.last_error:
            parts.append(f"last error: {self.last_error}")
        _log.warning("%s", "; ".join(parts))

    def _due(self) -> bool:
        counts = self._queue.counts()
        silence = 0.0 if self._failing_since is None else self._now() - self._failing_since
        return bool(self._unreported_losses(counts.dropped)) or (counts.queued > 0 and silence >= _LONGEST_SILENCE)

    def _unreported_losses(self, dropped: Mapping[str, int]) -> dict[str, int]:
        """The number of lost records that no warning has reported yet, by reason."""
        news = {reason: count - self._reported.get(reason, 0) for reason, count in dropped.items()}
        return {reason: count for reason, count in news.items() if count and reason not in _INTENDED}
