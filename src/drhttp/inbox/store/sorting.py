"""Reads a list in another order than that of arrival, from the SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from drhttp.inbox.exchange import Entry
from drhttp.inbox.query.nodes import EVERYTHING, Node
from drhttp.inbox.store.blocks import rankings, span
from drhttp.inbox.store.order import Order, Position, SortedPage, first
from drhttp.inbox.store.record_range import record_range
from drhttp.inbox.store.rows import SELECTED, entry
from drhttp.inbox.store.scan import Scan

Row = tuple[Any, int]
"""A value and ``n``."""
_KEPT = 20
"""Multiple of the page by which rows may pile up before the best of them are chosen."""


def sorted_page(
    db: sqlite3.Connection, node: Node, order: Order, limit: int, after: Position | None, seconds: float
) -> SortedPage:
    """Return a page in this order."""
    listing = _Listing(db, node, order, limit + 1, after, seconds)
    rows = listing.everything() if node == EVERYTHING else listing.scanned(None)
    end = Position(*rows[limit - 1]) if len(rows) > limit else None
    found = _entries(db, [n for _, n in rows[:limit]])
    return SortedPage(found, end, record_range(db)[1], listing.reached)


@dataclass(slots=True)
class _Part:
    """The first and last ``n`` of some records. end: ``n`` after which there are more in the order than `rows`."""

    span: tuple[int, int]
    rows: list[Row] = field(default_factory=list)
    end: int | None = None


class _Listing:
    """Finds the first rows of value and ``n`` after a position. Afterwards, `reached` is as in `Scan`."""

    def __init__(
        self, db: sqlite3.Connection, node: Node, order: Order, wanted: int, after: Position | None, seconds: float
    ) -> None:
        self._db, self._node, self._order = db, node, order
        self._wanted, self._after = wanted, after
        self._deadline = time.monotonic() + seconds
        self.reached: int | None = None

    def scanned(self, span: tuple[int, int] | None) -> list[Row]:
        """Scan records from the first to the last ``n``, or all. Each piece gives its best rows."""
        column = f"r.{self._order.column}"
        low, high = (0, None) if span is None else (span[0], span[1] + 1)
        scan = Scan(
            self._db,
            f"{column}, r.n",
            self._node,
            before=high,
            after=low - 1,
            group=f"ORDER BY {rankings.ranked(self._order)} LIMIT {self._wanted}",
            further=_beyond(column, self._order, self._after),
            seconds=self._deadline - time.monotonic(),
        )
        rows: list[Row] = []
        for row in scan:
            rows.append(row)
            if len(rows) >= self._wanted * _KEPT:
                rows = self._first(rows)
        if not scan.complete:
            self.reached = scan.reached
        return self._first(rows)

    def everything(self) -> list[Row]:
        """Read the rankings of blocks, and scan what lies between, and blocks whose rankings end too early."""
        parts = self._in_time(self._parts())
        while True:
            rows = self._first(row for part in parts for row in part.rows)
            last = {n for _, n in rows}
            short = [part for part in parts if part.end in last]
            if not short:
                return rows
            for part in short:
                part.rows, part.end = self.scanned(part.span), None
                if self.reached is not None:
                    parts = [one for one in parts if one.span[1] >= self.reached]
                    break

    def _in_time(self, parts: list[_Part]) -> list[_Part]:
        """Scan the parts that have no rows, and return as many parts as there is time for."""
        for at, part in enumerate(parts, 1):
            if not part.rows:
                part.rows = self.scanned(part.span)
                if at < len(parts) and time.monotonic() > self._deadline:
                    self.reached = self.reached or part.span[0]
                if self.reached is not None:
                    return parts[:at]
        return parts

    def _parts(self) -> list[_Part]:
        """Return blocks with the rows of their rankings, and what is between them, from the newest on."""
        first, last = record_range(self._db)
        parts: list[_Part] = []
        for b, ranking in sorted(rankings.read(self._db, self._order).items(), reverse=True):
            low, high = span(b)
            if high < last:
                parts.append(_Part((high + 1, last)))
            last = low - 1
            rows = [row for row in ranking if self._follows(row)]
            full = len(ranking) == rankings.LENGTH
            if rows:
                # The rest of a block comes after the end of a full ranking.
                end = ranking[-1][1] if full and len(rows) < self._wanted else None
                parts.append(_Part((low, high), rows[: self._wanted], end))
            elif full:
                parts.append(_Part((low, high)))
        return [*parts, _Part((first, last))] if last >= first else parts

    def _follows(self, row: Row) -> bool:
        """Return whether a row follows the position."""
        if self._after is None:
            return True
        (value, n), (known, place) = row, (self._after.value, self._after.n)
        if value is None or known is None:
            return value is None and (known is not None or n < place)
        if value == known:
            return n < place
        return bool(value < known) if self._order.descending else bool(value > known)

    def _first(self, rows: Iterable[Row]) -> list[Row]:
        return first(rows, self._wanted, descending=self._order.descending)


def _beyond(column: str, order: Order, after: Position | None) -> tuple[str, tuple[object, ...]]:
    """Return the condition for rows that follow a position, and its parameters."""
    if after is None:
        return "1", ()
    if after.value is None:
        return f"({column} IS NULL AND r.n < ?)", (after.n,)
    sign = "<" if order.descending else ">"
    test = f"({column} {sign} ? OR ({column} = ? AND r.n < ?) OR {column} IS NULL)"
    return test, (after.value, after.value, after.n)


def _entries(db: sqlite3.Connection, numbers: list[int]) -> list[Entry]:
    marks = ", ".join("?" * len(numbers))
    statement = f"SELECT {SELECTED} FROM record r JOIN project ON project.p = r.project WHERE r.n IN ({marks})"
    found = {row[0]: row for row in db.execute(statement, numbers)}
    return [entry(found[n]) for n in numbers if n in found]
