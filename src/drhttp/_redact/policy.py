"""The rules of one configuration: what is masked, and by what."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from drhttp._guard import guarded
from drhttp._redact.detect.credentials import Values
from drhttp._redact.detect.names import Names, squeezed

if TYPE_CHECKING:
    from drhttp._privacy import Redact

_MOST_NAMES = 4096
# What the masking of 64 KiB may take: as many microseconds, about. A table of single digits takes three quarters of it,
# most bodies that people make less than a fifth. With patterns of the user everything is looked at twice.
_EFFORT, _PER_BYTE = 27_000, 0.42


class Refusal(Exception):
    """A part that cannot be masked for sure, and so must not be sent. The reason is one word for the record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rules:
    """A `Redact` made ready for use.

    marked: further names, also where they are allowed. secret, secret_in_query: whether a name says secret. spared:
    whether a value is none to hide all the same; end_of_spared: where an object or array ends that is none to hide.
    with_names: the same rules with other names marked.
    """

    def __init__(self, redact: Redact, marked: frozenset[str] = frozenset()) -> None:
        self._redact = redact
        self._value = redact.value
        known = {squeezed(name) for name in marked}
        allow = [name for name in redact.allow if squeezed(name) not in known]
        self._names = Names((*redact.also, *marked), allow)
        self._values = Values(redact.patterns, emails=redact.emails)  # type: ignore[arg-type]
        self.innocent: set[tuple[str, str]] = set()  # header fields that were found so, to be known again
        self._innocent_names: set[str] = set()  # names of members of JSON, likewise
        self._effort = math.inf  # that is left for what is being masked; without `begin` there is no limit
        self.secret = self._names.secret
        self.allowed = self._names.allowed
        self.secret_in_query = self._names.secret_in_query
        self.spared = self._names.spared
        self.end_of_spared = partial(self._names.end_of_spared, spend=self.spend)
        self.shortest = self._values.shortest
        self.betrays = self._values.possible
        # Bounded: few requests have marks, and those that have come from few views.
        self.with_names = lru_cache(maxsize=64)(partial(Rules, redact))

    def begin(self, size: int = 0) -> None:
        """Something else is going to be masked, of so many bytes."""
        self._effort = max(_EFFORT, size * _PER_BYTE) * (1 if self.shortest else 2)

    def spend(self, effort: int) -> None:
        """Count what a piece takes, about in microseconds; raises `Refusal` if it was too much.

        A body made of nothing but pieces would take many times as long as any other.
        """
        self._effort -= effort
        if self._effort < 0:
            raise Refusal("too_dense")

    def innocent_names(self, names: frozenset[str]) -> bool:
        """Whether none of the names says secret."""
        known = self._innocent_names
        if names <= known:
            return True
        self.spend(sum(map(len, names - known)) // 3)
        if any(map(self.secret, names)):
            return False
        if len(known) + len(names) > _MOST_NAMES:  # names come from clients too
            known.clear()
        if len(names) <= _MOST_NAMES:
            known.update(names)
        return True

    def mask(self, secret: str) -> str:
        """What stands in the place of a secret; raises `Refusal` if the user's function cannot say."""
        self.spend(6)
        if isinstance(self._value, str):
            return self._value
        masked = guarded(self._value, secret)
        if not isinstance(masked, str):
            raise Refusal("callback")
        return masked.encode("utf-8", "replace").decode()

    def mask_values(self, text: str) -> tuple[str, int]:
        """The text without the values that betray themselves, and how many those were."""
        self.spend(1 + len(text) // 64)
        return self._values.mask(text, self.mask)
