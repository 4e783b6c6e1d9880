"""Scans records in order of ``n`` in windows, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.clickhouse.engine import Engine, TimeExceeded
from drhttp.inbox.store.clickhouse.numbers import SECOND
from drhttp.inbox.store.clickhouse.where import Condition

NEAR = 600 * SECOND
"""How far before and behind a record its calls are looked for."""
GRACE, LATEST = 0.4, 0.7
"""Seconds beyond the limit at which the last window has to be read, and a narrower one if that took too long."""
_LEAST = 0.2
"""Seconds that a window gets in any case."""
_QUICK, _BRISK, _SLOW = 0.05, 0.15, 0.3
_GROWTH, _NARROWER = 8, 64
_NARROWEST = SECOND // 1000
Further = tuple[str, Mapping[str, object]]
"""Another condition in SQL, and its parameters by name."""


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


class Scan:
    """Yields the rows of matching records, window by window, newest first unless `ascending`.

    columns: in SQL. before, after: both excluded. group: what stands after the condition, where rows are put
    together or sorted, window by window. further: another condition. limit: how many rows are wanted. seconds: how
    long it may take, though one window is always read. Afterwards `complete` says whether it came to its end, and
    `reached` how far it came.
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
        further: Further = ("1", {}),
        limit: int | None = None,
        seconds: float,
        span: tuple[int, int] | None = None,
    ) -> None:
        self._engine = engine
        self._limit = limit
        self._condition = condition = Condition(node)
        self._parameters = {**condition.parameters, **further[1]}
        test = f"n BETWEEN {{low:UInt64}} AND {{high:UInt64}} AND {condition.sql} AND {further[0]}"
        ending = f"ORDER BY n {'ASC' if ascending else 'DESC'}" if group is None else group
        self._statement = f"SELECT {columns} FROM record FINAL WHERE {test} {ending}"
        self._ascending = ascending
        self._deadline = time.monotonic() + seconds
        first, last = span or bounds(engine)
        self._low = max(first, after + 1)
        self._high = last if before is None else min(last, before - 1)
        self.newest = last
        self.complete = True
        # Nothing was looked at yet: whoever goes on there shall not leave out a record.
        self.reached = self._low - 1 if ascending else self._high + 1

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        width, left, tries, grace = self._first_width(), self._limit, 0, GRACE
        while self._low <= self._high and (left is None or left > 0):
            low, high = self._window(width)
            begun = time.monotonic()
            try:
                rows = self._read(low, high, left, self._deadline + grace - begun)
            except TimeExceeded:
                # One window should always be read, or else nobody would ever come further: if not now, then next time.
                width = max(width // _NARROWER, _NARROWEST)
                if self._condition.payload and not tries:
                    self._engine.pace["payload"] = width
                if tries or grace == LATEST:
                    self.complete = False
                    return
                grace = LATEST
                continue
            yield from rows
            left = None if left is None else left - len(rows)
            tries += 1
            self._pass(low, high)
            took = time.monotonic() - begun
            if self._condition.payload:
                # The next step begins where this one would go on, but no wider than can be read briskly.
                self._engine.pace["payload"] = _next(width, took) if not _BRISK <= took < _SLOW else width
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

    def _read(self, low: int, high: int, left: int | None, seconds: float) -> list[tuple[Any, ...]]:
        statement = self._statement if left is None else f"{self._statement} LIMIT {int(left)}"
        parameters = {**self._parameters, **window(low, high)}
        return self._engine.rows(statement, parameters, seconds=max(seconds, _LEAST))


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
