"""Scans records in order of ``n`` in windows, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.clickhouse.engine import Engine, TimeExceeded
from drhttp.inbox.store.clickhouse.numbers import SECOND
from drhttp.inbox.store.clickhouse.where import Condition

NEAR = 600 * SECOND
"""How far before and behind a record its calls are looked for."""
GRACE = 0.4
"""Seconds that the last window may take beyond the limit."""
_QUICK, _BRISK, _SLOW = 0.05, 0.15, 0.3
_GROWTH = 8


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted. column: in SQL; ``n`` decides among equal values."""

    column: str = "n"
    descending: bool = True

    @property
    def sql(self) -> str:
        way = "DESC" if self.descending else "ASC"
        return f"ORDER BY n {way}" if self.column == "n" else f"ORDER BY {self.column} {way}, n {way}"


def bounds(engine: Engine) -> tuple[int, int]:
    """Return the lowest and highest ``n``, or 1 and 0 without any."""
    if engine.scope is None:
        low, high, count = engine.rows("SELECT min(n), max(n), count() FROM record")[0]
        return (low, high) if count else (1, 0)
    # Each project by itself, so that the first and last rows are read only.
    found = [
        n
        for project in sorted(engine.scope)
        for way in ("ASC", "DESC")
        for (n,) in engine.rows(
            f"SELECT n FROM record WHERE project = {{p:String}} ORDER BY project {way}, n {way} LIMIT 1", {"p": project}
        )
    ]
    return (min(found), max(found)) if found else (1, 0)


def select(
    columns: str, condition: Condition, order: Order, *, group: str | None = None, limit: int | None = None
) -> str:
    """Return the statement for one window."""
    ending = order.sql if group is None else group
    window = "n BETWEEN {low:UInt64} AND {high:UInt64}"
    within = "" if limit is None else f" LIMIT {int(limit)}"
    return f"SELECT {columns} FROM record FINAL WHERE {window} AND {condition.sql} {ending}{within}"


class Scan:
    """Yields the rows of matching records, window by window, newest first unless `ascending`.

    columns: in SQL. before, after: both excluded. group: what stands after the condition, where rows are put
    together, window by window. limit: how many rows are wanted. seconds: how long it may take, though one window is
    always read. Afterwards `complete` says whether it came to its end, and `reached` how far it came.
    """

    def __init__(
        self,
        engine: Engine,
        columns: str,
        node: Node,
        *,
        before: int | None = None,
        after: int = 0,
        ascending: bool = False,
        group: str | None = None,
        limit: int | None = None,
        seconds: float,
        span: tuple[int, int] | None = None,
    ) -> None:
        self._engine = engine
        self._columns, self._group, self._limit = columns, group, limit
        self._condition = Condition(node)
        self._ascending = ascending
        self._deadline = time.monotonic() + seconds
        first, last = span or bounds(engine)
        self._low = max(first, after + 1)
        self._high = last if before is None else min(last, before - 1)
        self.newest = last
        self.complete = True
        self.reached = self._low if ascending else self._high

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        width, left, tries = self._first_width(), self._limit, 0
        while self._low <= self._high and (left is None or left > 0):
            low, high = self._window(width)
            begun = time.monotonic()
            try:
                rows = self._read(low, high, left, begun)
            except TimeExceeded:
                # One window is always read, or else nobody would ever come further.
                if tries or width < SECOND // 1000:
                    self.complete = False
                    return
                width //= 16
                continue
            yield from rows
            left = None if left is None else left - len(rows)
            tries += 1
            self._pass(low, high)
            took = time.monotonic() - begun
            if self._condition.payload and took < _BRISK:
                self._engine.pace["payload"] = width
            width = _next(width, took)
            if time.monotonic() > self._deadline and self._low <= self._high and left != 0:
                self.complete = False
                return

    def _first_width(self) -> int:
        """Return the width of the first window: where bodies are searched step by step, that of the last step."""
        return self._engine.pace.get("payload", SECOND) if self._condition.payload else SECOND

    def _window(self, width: int) -> tuple[int, int]:
        if self._ascending:
            return self._low, min(self._high, self._low + width - 1)
        return max(self._low, self._high - width + 1), self._high

    def _pass(self, low: int, high: int) -> None:
        if self._ascending:
            self._low, self.reached = high + 1, high
        else:
            self._high, self.reached = low - 1, low

    def _read(self, low: int, high: int, left: int | None, now: float) -> list[tuple[Any, ...]]:
        order = Order(descending=not self._ascending)
        statement = select(self._columns, self._condition, order, group=self._group, limit=left)
        parameters: Mapping[str, object] = {**self._condition.parameters, **window(low, high)}
        return self._engine.rows(statement, parameters, seconds=max(0.0, self._deadline - now) + GRACE)


def window(low: int, high: int) -> dict[str, int]:
    """Return the parameters of a window."""
    return {"low": low, "high": high, "near_low": max(0, low - NEAR), "near_high": high + NEAR}


def _next(width: int, took: float) -> int:
    """Return the width of the next window: the quicker the last one was read, the wider."""
    if took < _QUICK:
        return width * _GROWTH
    if took < _SLOW:
        return width * 2
    return max(width // 2, SECOND // 16)
