"""What the result of a POST means for a batch, and when it is sent again: statuses, back-off, `Retry-After`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds, of the exponential back-off
_SHORTEST_DELAY = 0.1  # seconds, between the last tries before the time runs out
_LONGEST_RETRY_AFTER = 300.0  # seconds
_TEMPORARY = frozenset((429, 502, 503, 504))
_CRASHED = frozenset((502, 503, 504))  # a gateway may respond so if the server behind it crashed on the request
_NOT_SENT = frozenset(("dns", "refused", "proxy", "address"))  # failures in which no record reached the receiver
_KEY_REJECTED = frozenset((401, 402, 403))
_WRONG_ADDRESS = frozenset((404, 405, 410))
_PAUSE = 60.0  # seconds, after an error that the next POST would meet too


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one POST, or of making a record ready for one.

    action: "done"; "retry" (send the same again, later); "split" (too large: send halves); "drop" (rejected for good).
    reason: the name under which a drop is counted. error: what happened, as a sentence without key or body.
    after: seconds to wait, from `Retry-After`; with "drop", a pause before the next POST.
    suspect: with "retry", whether one of the records may make the receiver fail, as opposed to an outage.
    crash: with "retry", whether one of them may make it crash. That looks like an outage, so it costs no record.
    """

    action: Literal["done", "retry", "split", "drop"]
    reason: str = ""
    error: str | None = None
    after: float | None = None
    suspect: bool = False
    crash: bool = False


DONE = Verdict(action="done")


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of a POST: a status, or the reason why there is none.

    retry_after, date: the values of these header fields.
    failure: "dns", "refused", "timeout", "tls", "proxy", "reset" or "address". detail: the reason as a sentence.
    """

    status: int | None = None
    retry_after: str | None = None
    date: str | None = None
    failure: str | None = None
    detail: str = ""


def verdict(result: PostResult, url: str) -> Verdict:
    """Decide what the result of a POST means for the batch.

    url: for the error message.
    """
    status = result.status
    if status is None:
        crash = result.failure not in _NOT_SENT
        return Verdict(action="retry", reason="unreachable", error=f"{url}: {result.detail}", crash=crash)
    if 200 <= status < 300:
        return DONE
    reason = f"status_{status}"
    error = f"{url} answered {status}"
    # Neither known to be temporary nor known to be final: 500, other 5xx, and statuses that do not exist.
    suspect = status not in _TEMPORARY and (status == 408 or not 200 <= status < 500)
    if status in _TEMPORARY or suspect:
        # By the receiver's clock if it sends a `Date`: the clocks may differ, and the receiver chose the date.
        now = parse_date(result.date or "")
        # A zero does not mean "at once": it counts as no `Retry-After`, and the back-off applies.
        after = retry_after(result.retry_after, time.time() if now is None else now) or None
        crash = status in _CRASHED
        return Verdict(action="retry", reason=reason, error=error, after=after, suspect=suspect, crash=crash)
    if status == 413:
        return Verdict(action="split", reason="too_large", error=f"{error}: the batch is too large")
    return Verdict(action="drop", reason=reason, error=error + _advice(status), after=_pause(status))


def despite_success(rejection: Verdict) -> Verdict:
    """What a rejection means if the receiver has accepted records before, with the same settings.

    The key and the address are right, so a rejection of these is an outage, such as a bad deployment: the records are
    kept over the pause. Any other rejection, such as 400, is about the batch, and sending it again would not help.
    """
    return rejection if rejection.after is None else replace(rejection, action="retry")


def _pause(status: int) -> float | None:
    return _PAUSE if status in _KEY_REJECTED | _WRONG_ADDRESS or 300 <= status < 400 else None


def _advice(status: int) -> str:
    if status in _KEY_REJECTED:
        return ": the key in the DSN was not accepted"
    if status in _WRONG_ADDRESS:
        return ": it accepts no records there; check host, port and path of the DSN, and the option protocol"
    if 300 <= status < 400:
        return ": redirects are not followed, as they could send the key elsewhere; set the DSN to the final address"
    return ""


def back_off(attempt: int, chance: float, remaining_seconds: float = math.inf) -> float:
    """Seconds to wait after a failed try: exponential back-off with full jitter.

    attempt: number of tries that have failed in a row, from 1. chance: a random number from 0 to 1.
    remaining_seconds: time until the last possible try; the wait takes no more than half of it.
    """
    delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 16)) * chance
    return float(min(delay, max(_SHORTEST_DELAY, remaining_seconds / 2)))


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds to wait by a `Retry-After` (RFC 9110 section 10.2.3), no more than five minutes; `None` if invalid.

    now: the current time, in seconds since the epoch.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        # Python refuses to convert very long numbers.
        return _LONGEST_RETRY_AFTER if len(text) > 9 else min(float(text), _LONGEST_RETRY_AFTER)
    due = parse_date(text)
    return None if due is None else min(max(due - now, 0.0), _LONGEST_RETRY_AFTER)


def parse_date(text: str) -> float | None:
    """Parse an HTTP date (RFC 9110 section 5.6.7) into seconds since the epoch; `None` if invalid."""
    # Not at the top, because they are slow to load. By the time an answer arrives, `urllib3` has loaded them.
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        # The oldest of the three formats has no time zone, and means UTC.
        return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
