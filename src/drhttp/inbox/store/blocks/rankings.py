"""The first records of a block in each order: a sorted list reads these, and further ones only where they end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from drhttp.inbox.store.blocks import span
from drhttp.inbox.store.order import COLUMNS, Order

LENGTH = 400
"""Maximum records of a ranking."""
MAX_BYTES = 64 * 1024
"""A longer ranking is not kept, as of long paths."""


def ranked(order: Order) -> str:
    """Return what ``record r`` is ordered by, in SQL."""
    column = f"r.{order.column}"
    return f"{column} DESC, r.n DESC" if order.descending else f"{column} IS NULL, {column}, r.n DESC"


def rankings(db: sqlite3.Connection, b: int) -> Iterator[tuple[str, bool, str]]:
    """Yield the rankings of a block: column, direction, and values with ``n`` as JSON."""
    for name, column in COLUMNS.items():
        for descending in (False, True):
            statement = (
                f"SELECT r.{column}, r.n FROM record r INDEXED BY record_line WHERE r.n BETWEEN ? AND ?"
                f" ORDER BY {ranked(Order(name, descending))} LIMIT {LENGTH}"
            )
            text = json.dumps(db.execute(statement, span(b)).fetchall(), ensure_ascii=False)
            if len(text.encode("utf-8", "replace")) <= MAX_BYTES:
                yield column, descending, text


def read(db: sqlite3.Connection, order: Order) -> dict[int, list[tuple[Any, int]]]:
    """Return the rankings of all blocks in an order."""
    statement = "SELECT b, rows FROM ranking WHERE place = ? AND descending = ?"
    rows = db.execute(statement, (order.column, order.descending))
    return {b: [(value, n) for value, n in json.loads(text)] for b, text in rows}
