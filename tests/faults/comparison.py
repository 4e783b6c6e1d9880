"""Requests to the bare and to the recorded application in turn, and what the difference may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .served_app import TIMEOUT

if TYPE_CHECKING:
    from .served_app import BareApp, RecordedApp

MARGIN = TIMEOUT / 2  # seconds; a request that waited for the network would take all of the option `timeout`
ROUND = 25  # requests to one application before the other has its turn
Measured = dict[str, Any]


@dataclass
class Comparison:
    """The seconds of requests to both applications, from the same client in the same minutes."""

    bare: list[float] = field(default_factory=list)
    recorded: list[float] = field(default_factory=list)

    def add_rounds(self, bare: BareApp, recorded: RecordedApp, rounds: int, size: int = 0) -> None:
        """Send that many rounds of requests to both applications in turn, and keep the seconds of each."""
        for _ in range(rounds):
            self.bare += bare.request_many(ROUND, size)
            self.recorded += recorded.request_many(ROUND, size)

    def check(self) -> Measured:
        """Check that no request waited for the network; return the figures."""
        figures = {
            f"{name} {what}": percentile(times, share)
            for name, times in (("bare", self.bare), ("recorded", self.recorded))
            for what, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        }
        assert figures["recorded p99"] < figures["bare p99"] + MARGIN, figures
        assert figures["recorded max"] < figures["bare max"] + MARGIN, figures
        return figures


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]
