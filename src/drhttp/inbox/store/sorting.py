"""Reads a list in another order than that of arrival, from the SQLite file."""

from __future__ import annotations

import sqlite3
from typing import Any

from drhttp.inbox.exchange import Entry
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.order import Order, Position, SortedPage, first
from drhttp.inbox.store.rows import SELECTED, entry
from drhttp.inbox.store.scan import Scan

_KEPT = 20
"""Multiple of the page by which rows may pile up before the best of them are chosen."""


def sorted_page(
    db: sqlite3.Connection, node: Node, order: Order, limit: int, after: Position | None, seconds: float
) -> SortedPage:
    """Return a page in this order. Each piece of the file gives its best rows; the best of these are the page."""
    column, wanted = f"r.{order.column}", limit + 1
    ranked = f"{column} DESC" if order.descending else f"{column} IS NULL, {column}"
    ending = f"ORDER BY {ranked}, r.n DESC LIMIT {wanted}"
    scan = Scan(db, f"{column}, r.n", node, group=ending, further=_beyond(column, order, after), seconds=seconds)
    rows: list[tuple[Any, ...]] = []
    for row in scan:
        rows.append(row)
        if len(rows) >= wanted * _KEPT:
            rows = first(rows, wanted, descending=order.descending)
    rows = first(rows, wanted, descending=order.descending)
    end = Position(*rows[limit - 1]) if len(rows) > limit else None
    found = _entries(db, [n for _, n in rows[:limit]])
    return SortedPage(found, end, scan.newest, None if scan.complete else scan.reached)


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
