"""The orders in which a list can be read, and the views of it that a user keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from drhttp.inbox.exchange import Entry

COLUMNS = {
    "time": "started", "direction": "direction", "method": "method", "host": "host", "path": "path",
    "status": "status", "duration": "duration", "size": "response_size", "user": "user", "device": "device",
}  # fmt: skip
"""The names of the orders, and the columns that they compare."""
NUMBERS = frozenset({"started", "status", "duration", "response_size"})
"""Those of these columns that have numbers; the others have texts."""
Value = int | str | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order by one of `COLUMNS`. Texts are compared by code point; unknown values come last either way.

    Records that are equal in it are ordered from the newest ``n`` on.
    """

    name: str
    descending: bool = False

    @property
    def column(self) -> str:
        return COLUMNS[self.name]


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a record in an order: its value, and its ``n``."""

    value: Value
    n: int


@dataclass(frozen=True, slots=True)
class SortedPage:
    """A page of a sorted list. next: after which to go on, ``None`` at the end. newest: the highest ``n`` there was.

    scanned_to: ``n`` down to which records were looked at, when the time ran out before.
    """

    entries: Sequence[Entry]
    next: Position | None
    newest: int
    scanned_to: int | None


@dataclass(frozen=True, slots=True)
class SavedView:
    """A query with a name. order: as in the API, empty for the order of arrival. page: the view of the page."""

    name: str
    query: str
    order: str = ""
    page: str = "requests"


def first(rows: Iterable[tuple[Any, ...]], count: int, *, descending: bool) -> list[tuple[Any, ...]]:
    """Return the first rows of value and n in an order, by comparing all of them."""
    newest = sorted(rows, key=lambda row: -row[1])
    known = sorted((row for row in newest if row[0] is not None), key=lambda row: row[0], reverse=descending)
    return [*known, *(row for row in newest if row[0] is None)][:count]
