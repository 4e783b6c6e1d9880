"""Reads a list in another order than that of arrival, from ClickHouse."""

from __future__ import annotations

from typing import Any

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.scan import Further, Scan
from drhttp.inbox.store.order import Order, Position, first

_KEPT = 20
"""Multiple of the page by which rows may pile up before the best of them are chosen."""


def best(
    engine: Engine, node: Node, order: Order, count: int, after: Position | None, seconds: float
) -> tuple[list[tuple[Any, ...]], Scan]:
    """Return value and ``n`` of the first records behind a position, and the scan that found them.

    Each window gives its best rows, and the best of these are returned. The engine compares texts by their bytes in
    UTF-8, which is by code point.
    """
    column = f"`{order.column}`"
    way = "DESC" if order.descending else "ASC"
    ending = f"ORDER BY {column} {way} NULLS LAST, n DESC LIMIT {int(count)}"
    further = _beyond(column, order, after)
    scan = Scan(engine, f"{column}, n", node, group=ending, further=further, seconds=seconds)
    rows: list[tuple[Any, ...]] = []
    for row in scan:
        rows.append(row)
        if len(rows) >= count * _KEPT:
            rows = first(rows, count, descending=order.descending)
    return first(rows, count, descending=order.descending), scan


def _beyond(column: str, order: Order, after: Position | None) -> Further:
    """Return the condition for rows that follow a position, and its parameters."""
    if after is None:
        return "1", {}
    # The place comes from outside: as signed numbers, since any of them can be compared with that of a record.
    if after.value is None:
        return f"(isNull({column}) AND n < {{after_n:Int64}})", {"after_n": after.n}
    kind = "String" if isinstance(after.value, str) else "Int64"
    value, sign = f"{{after_value:{kind}}}", "<" if order.descending else ">"
    same = f"{column} = {value} AND n < {{after_n:Int64}}"
    test = f"(isNull({column}) OR ifNull({column} {sign} {value} OR ({same}), 0))"
    return test, {"after_value": after.value, "after_n": after.n}
