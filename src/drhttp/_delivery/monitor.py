"""Who speaks up when records are lost, or when nothing gets through: from the worker, once a minute at most."""

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

_SILENCE = 60.0  # seconds of failures without a success, after which that is said although nothing is lost yet
_ASK_AGAIN = 10.0  # seconds
_MEANT = frozenset(("before_send", "forked"))  # drops that are no losses: the user's wish, or the parent's to deliver

_log = logging.getLogger("drhttp")


class DeliveryMonitor:
    """Watches the counts of one queue and the deliveries out of it. now: a monotonic clock in seconds."""

    def __init__(self, queue: Queue[Any], now: Callable[[], float]) -> None:
        self._queue = queue
        self._now = now
        self._gate = RateLimiter(clock=now)
        self._complaint = RateLimiter(clock=now)
        self._said: Mapping[str, int] = {}
        self._failing_since: float | None = None
        self.last_error: str | None = None
        self.failed_at = 0.0  # when that was, by the clock
        self.last_success: float | None = None  # seconds since the epoch

    def note(self, verdict: Verdict) -> None:
        """A delivery has ended so."""
        if verdict.action == "done":
            self.last_success = time.time()
            self._failing_since = None
            return
        if self._failing_since is None:
            self._failing_since = self._now()
        if verdict.error:
            self.last_error, self.failed_at = verdict.error, self._now()

    def survived(self, error: BaseException | None) -> None:
        """The worker has run into an error, and goes on."""
        self.last_error, self.failed_at = f"{type(error).__name__} in the worker", self._now()
        if self._complaint.allow():
            _log.warning("error in the delivery thread; the current record or batch is lost: %s", error_location(error))

    def check(self) -> float | None:
        """Say what there is to say; returns in how many seconds to ask again, `None` if there is no need."""
        if not self._due():
            # Taken back before looking again: a loss after that wakes the worker.
            self._queue.losing = False
            if not self._due():
                return None if self._failing_since is None or self._queue.empty else _ASK_AGAIN
        if self._gate.allow():
            self.say()
        return _ASK_AGAIN

    def say(self) -> None:
        """Say it, whenever it was last said."""
        self._queue.losing = False
        counts = self._queue.counts()
        lost, self._said = self._lost(counts.dropped), counts.dropped
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
        return bool(self._lost(counts.dropped)) or (counts.queued > 0 and silence >= _SILENCE)

    def _lost(self, dropped: Mapping[str, int]) -> dict[str, int]:
        """The losses that have not been said yet, by reason."""
        news = {reason: count - self._said.get(reason, 0) for reason, count in dropped.items()}
        return {reason: count for reason, count in news.items() if count and reason not in _MEANT}
