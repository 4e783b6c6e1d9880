"""Scans records in order of ``n`` in chunks, with a time limit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.where import Condition

STEP = 20_000
"""Records between two checks of the clock; fewer if headers and bodies are read."""
PAYLOAD_STEP = 500


class Scan:
    """Yields the rows of matching records in ascending or descending order of ``n``.

    columns: in SQL, over ``record r``. before, after: both excluded. group: what stands after the condition, where
    rows are to be put together, piece by piece. join: of other tables, in SQL. seconds: how long it may take, though
    one piece is always read. Afterwards `complete` says whether it came to its end, and `reached` how far it came.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        columns: str,
        node: Node,
        *,
        before: int | None = None,
        after: int = 0,
        ascending: bool = False,
        group: str | None = None,
        join: str = "",
        seconds: float,
    ) -> None:
        self._db = db
        self._condition = Condition(node)
        self._ascending = ascending
        self._deadline = time.monotonic() + seconds
        source = "record r JOIN project ON project.p = r.project" if "project." in columns else f"record r {join}"
        if self._condition.payload:
            source += " JOIN payload p ON p.n = r.n"
        ending = f"ORDER BY r.n {'ASC' if ascending else 'DESC'}" if group is None else group
        self._statement = f"SELECT {columns} FROM {source} WHERE r.n BETWEEN ? AND ? AND {self._condition.sql} {ending}"
        first, last = db.execute("SELECT ifnull(min(n), 1), ifnull(max(n), 0) FROM record").fetchone()
        self._low = max(first, after + 1)
        self._high = last if before is None else min(last, before - 1)
        self.newest = last
        self.complete = True
        self.reached = self._low if ascending else self._high

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        step = PAYLOAD_STEP if self._condition.payload else STEP
        low, high = self._low, self._high
        while low <= high:
            if self._ascending:
                piece = (low, min(high, low + step - 1))
                low = piece[1] + 1
            else:
                piece = (max(low, high - step + 1), high)
                high = piece[0] - 1
            yield from self._db.execute(self._statement, (*piece, *self._condition.parameters))
            self.reached = piece[1] if self._ascending else piece[0]
            if time.monotonic() > self._deadline and low <= high:
                self.complete = False
                return
