"""When to try again: back-off, `Retry-After`, and what the answer to a POST means for the batch. Pure functions."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds, of the exponential back-off
_SHORTEST_DELAY = 0.1  # seconds, between the last tries before the time runs out
_RETRIED = frozenset((429, 502, 503, 504))
_WRONG_KEY = frozenset((401, 402, 403))
_WRONG_PLACE = frozenset((404, 405, 410))
_PAUSE = 60.0  # seconds, after an answer that the next POST would get too
_LONGEST_RETRY_AFTER = 300.0  # seconds


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a POST: a status, or what prevented one.

    retry_after, date: header fields of those names, as they came.
    trouble: "dns", "refused", "timeout", "tls", "proxy", "reset" or "address". detail: the same as a sentence.
    """

    status: int | None = None
    retry_after: str | None = None
    date: str | None = None
    trouble: str | None = None
    detail: str = ""


def back_off(attempt: int, chance: float, remaining_seconds: float = math.inf) -> float:
    """Seconds to wait after a failed try: exponential back-off with full jitter.

    attempt: number of tries that have failed in a row, from 1. chance: a random number from 0 to 1.
    remaining_seconds: time until the last possible try; the wait takes no more than half of it.
    """
    delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 16)) * chance
    return float(min(delay, max(_SHORTEST_DELAY, remaining_seconds / 2)))


def verdict(answer: Answer, url: str) -> Verdict:
    """What an answer means for the batch."""
    status = answer.status
    if status is None:
        return Verdict(action="retry", reason="unreachable", error=f"{url}: {answer.detail}")
    if 200 <= status < 300:
        return DONE
    reason = f"status_{status}"
    error = f"{url} answered {status}"
    # All that is not said to pass, nor to be final: 500, the other 5xx, and statuses that do not exist.
    suspect = status not in _RETRIED and (status == 408 or not 200 <= status < 500)
    if status in _RETRIED or suspect:
        # By the receiver's clock if it tells the time: one of the two may be wrong, and the other named the moment.
        now = _moment(answer.date or "")
        # Nobody means "at once" by a zero; it is taken for no advice, and the back-off applies.
        after = retry_after(answer.retry_after, time.time() if now is None else now) or None
        return Verdict(action="retry", reason=reason, error=error, after=after, suspect=suspect)
    if status == 413:
        return Verdict(action="split", reason="too_large", error=f"{error}: the batch is too large")
    return Verdict(action="drop", reason=reason, error=error + _advice(status), after=_pause(status))


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110 section 10.2.3), at most five minutes; `None` if invalid."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        # Texts of digits without end are digits too, and longer than the conversion takes.
        return _LONGEST_RETRY_AFTER if len(text) > 9 else min(float(text), _LONGEST_RETRY_AFTER)
    due = _moment(text)
    return None if due is None else min(max(due - now, 0.0), _LONGEST_RETRY_AFTER)


def _moment(text: str) -> float | None:
    """A date of HTTP (RFC 9110 section 5.6.7) in seconds since the epoch."""
    # Not at the top, because they are slow to load. By the time an answer arrives, `urllib3` has loaded them.
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        # Without a zone, as the oldest of the three forms is written, it is UTC.
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _pause(status: int) -> float | None:
    return _PAUSE if status in _WRONG_KEY | _WRONG_PLACE or 300 <= status < 400 else None


def _advice(status: int) -> str:
    if status in _WRONG_KEY:
        return ": the key in the DSN was not accepted"
    if status in _WRONG_PLACE:
        return ": it accepts no records there; check host, port and path of the DSN, and the option protocol"
    if 300 <= status < 400:
        return ": redirects are not followed, as they could send the key elsewhere; set the DSN to the final address"
    return ""
