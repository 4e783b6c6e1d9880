"""What became of a delivery, and so what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one POST, or of making a record ready for one.

    action: "done"; "retry" (the same again, later); "split" (too large: halves); "drop" (finally refused).
    reason: under which name a drop is counted. error: what happened, as a sentence without key or body.
    after: seconds for which the receiver wants to be left alone; with "drop" a pause before anything else is sent.
    suspect: with "retry", whether a record of the POST may be what the receiver fails on, instead of an outage.
    """

    action: Literal["done", "retry", "split", "drop"]
    reason: str = ""
    error: str | None = None
    after: float | None = None
    suspect: bool = False


DONE = Verdict(action="done")
