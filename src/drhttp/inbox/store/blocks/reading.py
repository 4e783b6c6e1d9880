"""What a question reads, from the newest records on: blocks where these decide the query, and records between them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import rollup
from drhttp.inbox.store.aggregates import Endpoint
from drhttp.inbox.store.blocks import span
from drhttp.inbox.store.blocks.condition import CellCondition
from drhttp.inbox.store.record_range import record_range
from drhttp.inbox.store.scan import Scan

_SIZED = "SELECT b, begin, width FROM block WHERE celled ORDER BY b DESC"


@dataclass(frozen=True, slots=True)
class Block:
    """A block whose cells decide a query. cells: those that match; whole: whether all do. begin, width: of its bars."""

    b: int
    begin: int
    width: int
    cells: frozenset[int]
    whole: bool

    @property
    def span(self) -> tuple[int, int]:
        return span(self.b)


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that are read one by one: the first and last ``n``."""

    span: tuple[int, int]


def parts(db: sqlite3.Connection, node: Node) -> list[Block | Gap]:
    """Return what a question reads, from the newest on. Everything is in one of the parts."""
    first, last = record_range(db)
    found: list[Block | Gap] = []
    for block in _blocks(db, node):
        low, high = block.span
        if high < last:
            found.append(Gap((high + 1, last)))
        found.append(block)
        last = low - 1
    return [*found, Gap((first, last))] if last >= first else found


def _blocks(db: sqlite3.Connection, node: Node) -> Iterator[Block]:
    condition = CellCondition(node)
    decided: dict[int, list[tuple[int, int | None]]] = {}
    for b, c, holds in db.execute(f"SELECT r.b, r.c, {condition.sql} FROM cell r", condition.parameters):
        decided.setdefault(b, []).append((c, holds))
    for b, begin, width in db.execute(_SIZED):
        cells = decided.get(b, [])
        if all(holds is not None for _, holds in cells):
            chosen = frozenset(c for c, holds in cells if holds)
            yield Block(b, begin, width, chosen, len(chosen) == len(cells))


class Reading:
    """Yields the parts of a question. seconds: how long it may take, though one piece is always read.

    Afterwards `reached` says down to which ``n``, or None if it came to the end.
    """

    def __init__(self, db: sqlite3.Connection, node: Node, seconds: float) -> None:
        self._db = db
        self._node = node
        self._deadline = time.monotonic() + seconds
        self._parts = parts(db, node)
        self.reached: int | None = None

    def __iter__(self) -> Iterator[Block | Gap]:
        for at, part in enumerate(self._parts, 1):
            yield part
            if self.reached is not None:
                return
            if time.monotonic() > self._deadline and at < len(self._parts):
                self.reached = part.span[0]
                return

    def rows(
        self,
        part: Block | Gap,
        columns: str,
        group: str | None = None,
        *,
        node: Node | None = None,
        bounded: bool = True,
    ) -> Iterator[tuple[Any, ...]]:
        """Yield rows of the matching records of a part. node: another query. bounded: within the time."""
        low, high = part.span
        seconds = self._deadline - time.monotonic() if bounded else 1e9
        scan = Scan(self._db, columns, node or self._node, before=high + 1, after=low - 1, group=group, seconds=seconds)
        yield from scan
        if not scan.complete:
            self.reached = scan.reached

    def endpoints(self, block: Block) -> Iterator[Endpoint]:
        """Yield the aggregates of the matching cells of a block."""
        for row in self._cells(block, f"c, {rollup.STORED}"):
            yield rollup.restored(row[1:])

    def totals(self, block: Block) -> int:
        """Return the durations of the matching records of a block, in microseconds."""
        return sum(total for _, total in self._cells(block, "c, total"))

    def ends(self, block: Block) -> Iterator[int]:
        """Yield the first and the last start of each matching cell."""
        for _, first, last in self._cells(block, "c, first, last"):
            yield from (first, last)

    def times(self, block: Block) -> Iterator[tuple[int | None, bytes]]:
        """Yield the status and the bars of each matching cell."""
        for _, status, times in self._cells(block, "c, status, times"):
            yield status, times

    def members(self, block: Block, kind: str) -> tuple[Any, ...]:
        """Return the members of a block as JSON, and the arrays of their cells, durations, starts and others."""
        statement = "SELECT members, cells, durations, starts, others FROM member WHERE b = ? AND kind = ?"
        row: tuple[Any, ...] = self._db.execute(statement, (block.b, kind)).fetchone()
        return row

    def names(self, block: Block, kind: str) -> str:
        """Return the names of the members of a block, as JSON."""
        return str(self._db.execute(f"SELECT {kind} FROM block WHERE b = ?", (block.b,)).fetchone()[0])

    def failures(self, block: Block) -> dict[int, tuple[int, bool]]:
        """Return for each cell whether it has errors, and whether it has client errors."""
        rows = self._cells(block, "c, error, status BETWEEN 400 AND 499")
        return {c: (error, bool(client_error)) for c, error, client_error in rows}

    def _cells(self, block: Block, columns: str) -> Iterator[tuple[Any, ...]]:
        rows = self._db.execute(f"SELECT {columns} FROM cell WHERE b = ?", (block.b,))
        return iter(rows) if block.whole else (row for row in rows if row[0] in block.cells)
