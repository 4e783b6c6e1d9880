"""Scans records in order of ``n`` in chunks, with a time limit."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.record_range import record_range
from drhttp.inbox.store.schema import LINE_COLUMNS
from drhttp.inbox.store.where import Condition

STEP = 20_000
"""Records between two checks of the clock; fewer if headers and bodies are read."""
PAYLOAD_STEP = 500
_COLUMN = re.compile(r"\br\.([a-z_]+)")
_IN_LINE = {"n", *LINE_COLUMNS}
_LINES = "record r INDEXED BY record_line"


class Scan:
    """Yields the rows of matching records in ascending or descending order of ``n``.

    columns: in SQL, over ``record r``. before, after: both excluded. group: what stands after the condition, where
    rows are to be put together, piece by piece. join: of other tables, in SQL. further: another condition in SQL, and
    its parameters. seconds: how long it may take, though one piece is always read. Afterwards `complete` says whether
    it came to its end, and `reached` how far it came.
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
        further: tuple[str, Sequence[object]] = ("1", ()),
        seconds: float,
    ) -> None:
        self._db = db
        condition = Condition(node)
        self._ascending = ascending
        self._deadline = time.monotonic() + seconds
        self._step = PAYLOAD_STEP if condition.payload else STEP
        self._parameters = (*condition.parameters, *further[1])
        ending = f"ORDER BY r.n {'ASC' if ascending else 'DESC'}" if group is None else group
        test = f"r.n BETWEEN ? AND ? AND {condition.sql} AND {further[0]}"
        self._statement = f"SELECT {columns} FROM {_found(columns, join, ending, test, condition)} {ending}"
        first, last = record_range(db)
        self._low = max(first, after + 1)
        self._high = last if before is None else min(last, before - 1)
        self.newest = last
        self.complete = True
        self.reached = self._low if ascending else self._high

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        low, high = self._low, self._high
        while low <= high:
            if self._ascending:
                piece = (low, min(high, low + self._step - 1))
                low = piece[1] + 1
            else:
                piece = (max(low, high - self._step + 1), high)
                high = piece[0] - 1
            yield from self._db.execute(self._statement, (*piece, *self._parameters))
            self.reached = piece[1] if self._ascending else piece[0]
            if time.monotonic() > self._deadline and low <= high:
                self.complete = False
                return


def _found(columns: str, join: str, ending: str, test: str, condition: Condition) -> str:
    """Return tables and condition: over the index of lines where it has all that is asked for.

    If it has what the condition needs only, it finds the records, and their rows are read one by one.
    """
    project = "JOIN project ON project.p = r.project" if "project." in columns else join
    if condition.payload:
        return f"record r {project} JOIN payload p ON p.n = r.n WHERE {test}"
    if not _needs(test) <= _IN_LINE:
        return f"record r {project} WHERE {test}"
    if not project and _needs(columns + ending) <= _IN_LINE:
        return f"{_LINES} WHERE {test}"
    if _needs(test) == {"n"}:
        return f"record r {project} WHERE {test}"
    return f"record r {project} WHERE r.n IN (SELECT r.n FROM {_LINES} WHERE {test})"


def _needs(sql: str) -> set[str]:
    return set(_COLUMN.findall(sql))
