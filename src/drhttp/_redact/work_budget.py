"""Limits how much work masking one part of a record may take, so that a hostile body cannot occupy the worker."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drhttp._redact.errors import MaskingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Spend: TypeAlias = Callable[[int], object]  # `WorkBudget.spend`, which is called with the work of each piece

# For 64 KiB. What each step costs was fitted to the times of a thousand random bodies: this much takes 30 to 50 ms on
# a processor of 2.5 GHz. A table of single digits takes half of it, most ordinary bodies less than a fifth.
_LEAST, _PER_BYTE = 28_500, 0.435


class WorkBudget:
    """Counts the work spent on what is being masked. Each worker has one, and resets it for each part of a record.

    remaining: work that is left, each of about 1.5 microseconds; there is no limit until the first `reset`.
    """

    __slots__ = ("_factor", "remaining")

    def __init__(self, factor: int = 1) -> None:
        self._factor = factor
        self.remaining = math.inf

    def reset(self, size: int = 0, share: float = 1) -> None:
        """Start over for another part, of this many bytes. share: of the usual limit."""
        self.remaining = max(_LEAST, size * _PER_BYTE) * self._factor * share

    def spend(self, work: int) -> None:
        """Subtract the work of one piece.

        Raises `MaskingError` ("too_dense") when nothing remains: a body made of nothing but expensive pieces would take
        many times as long as any other.
        """
        self.remaining -= work
        if self.remaining < 0:
            raise MaskingError("too_dense")
