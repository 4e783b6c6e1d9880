"""The counts that `drhttp.stats()` returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of this process since its start. A forked child starts at zero.

    Always: `recorded == sent + queued + sum(dropped.values())`.

    recorded: requests recorded. queued, queued_bytes: records that wait or are being sent, and their size in memory.
    sent: records that the receiver accepted. retried: records sent again, counted each time. dropped: records dropped,
    by reason. failures: errors of the recorder inside requests. restarts: errors of the worker, after each of which it
    went on. last_error: why a delivery last failed. last_success: when a delivery last succeeded, in seconds since the
    epoch.
    """

    recorded: int = 0
    queued: int = 0
    queued_bytes: int = 0
    sent: int = 0
    retried: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
    restarts: int = 0
    last_error: str | None = None
    last_success: float | None = None

    def plus_queued(self, count: int) -> Stats:
        """These counts, with so many more records that wait."""
        return replace(self, recorded=self.recorded + count, queued=self.queued + count) if count else self

    @classmethod
    def total(cls, parts: Iterable[Stats], failures: int) -> Stats:
        """Add up counts.

        parts: the counts of each recorder; the one whose delivery failed last comes last.
        """
        parts = list(parts)
        dropped: dict[str, int] = {}
        for part in parts:
            for reason, count in part.dropped.items():
                dropped[reason] = dropped.get(reason, 0) + count
        successes = [part.last_success for part in parts if part.last_success is not None]
        return cls(
            recorded=sum(part.recorded for part in parts),
            queued=sum(part.queued for part in parts),
            queued_bytes=sum(part.queued_bytes for part in parts),
            sent=sum(part.sent for part in parts),
            retried=sum(part.retried for part in parts),
            dropped=dropped,
            failures=failures,
            restarts=sum(part.restarts for part in parts),
            last_error=next((part.last_error for part in reversed(parts) if part.last_error), None),
            last_success=max(successes, default=None),
        )
