"""The numbers that tell what became of every record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of this process since it began (a forked child begins at zero).

    Always: `recorded == sent + queued + sum(dropped.values())`.

    recorded: requests recorded. queued, queued_bytes: records that wait or are on their way, and the memory they hold.
    sent: records that the receiver took. retried: records sent again, each time counted. dropped: records lost, by
    reason. failures: times that the recorder's own code failed inside a request. restarts: times that the worker
    survived an error. last_error: what the last failed delivery ran into. last_success: when a delivery last succeeded,
    seconds since the epoch.
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

    @classmethod
    def total(cls, parts: Iterable[Stats], failures: int) -> Stats:
        """The sum over all recorders of the process, that which failed last at the end."""
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
