"""When to try again: exponential back-off, and `Retry-After`. Pure functions."""

from __future__ import annotations

import math

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds, of the exponential back-off
_SHORTEST_DELAY = 0.1  # seconds, between the last tries before the time runs out
_LONGEST_RETRY_AFTER = 300.0  # seconds


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
