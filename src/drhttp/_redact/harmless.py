"""Values that are none to hide although their name says secret: `max_tokens: 100`, `has_password: true`."""

from __future__ import annotations

import re

# Kinds of such values: numbers that count or measure, answers to questions, results of checks.
_NUMBERS, _ANSWERS, _RESULTS = "numbers", "answers", "results"
_COUNTING_FIRST = frozenset(("max", "min", "maximum", "minimum", "total", "num", "count", "remaining"))
_COUNTING_LAST = frozenset((
    "count", "counts", "total", "max", "min", "limit", "limits", "quota", "remaining", "used", "usage", "length",
    "size", "at", "ttl", "age", "expires", "expiry", "expiration", "exp", "lifetime", "timeout", "duration", "time",
    "timestamp", "ms", "seconds", "minutes", "hours", "days", "attempts", "retries", "tokens", "sessions", "cookies",
))  # fmt: skip
_ASKING_FIRST = frozenset((
    "has", "is", "are", "was", "can", "use", "uses", "need", "needs", "require", "requires", "should", "show", "allow",
    "allows", "enable", "disable", "supports", "with",
))  # fmt: skip
_ASKING_LAST = frozenset((
    "enabled", "disabled", "required", "set", "changed", "expired", "valid", "verified", "confirmed", "revoked",
    "consent", "accepted", "exists", "active", "supported", "needed", "sent", "used",
))  # fmt: skip
_CHECKED = frozenset(("pass", "passed", "fail", "failed", "unavailable", "unchecked", "not_checked", "not_provided"))
_NUMBER = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,9})?")


def harmless_kinds(words: list[str]) -> tuple[str, ...]:
    """The kinds of values that are none to hide under a name of these words."""
    if not words or (len(words) == 1 and words[0] not in _COUNTING_LAST):
        return ()
    first, last = words[0], words[-1]
    counts = first in _COUNTING_FIRST or last in _COUNTING_LAST or words[-2:] == ["expires", "in"]
    asks = first in _ASKING_FIRST or last in _ASKING_LAST
    found = ((_NUMBERS, counts), (_ANSWERS, asks), (_RESULTS, last == "check"))
    return tuple(kind for kind, holds in found if holds)


def is_harmless(value: str, kinds: tuple[str, ...]) -> bool:
    """Whether a value is of one of the kinds."""
    return (
        (_NUMBERS in kinds and _NUMBER.fullmatch(value) is not None)
        or (_ANSWERS in kinds and value in ("true", "false"))
        or (_RESULTS in kinds and value.strip('"') in _CHECKED)
    )
