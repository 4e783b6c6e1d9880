"""Decides which records in ClickHouse are deleted because they exceed a limit: by number, bytes, or age.

The days that a project keeps its records need no decision: the engine drops each day as a whole.
"""

from __future__ import annotations

from collections.abc import Callable

from drhttp.inbox.store import Limits
from drhttp.inbox.store.clickhouse.engine import Engine

_NOT_PINNED = "NOT IN (SELECT n FROM mark FINAL WHERE pinned)"


def last_to_delete(engine: Engine, limits: Limits, now: int, size: Callable[[], int]) -> int:
    """Return the ``n`` up to which unpinned records exceed a limit; 0 if none do.

    now: microseconds since the epoch. size: returns the bytes that all records take.
    """
    return max(_beyond_count(engine, limits), _beyond_bytes(engine, limits, size), _beyond_age(engine, limits, now))


def _beyond_count(engine: Engine, limits: Limits) -> int:
    if limits.records >= 1 << 40:
        return 0
    excess = engine.value("SELECT count() FROM record FINAL") - limits.records
    if excess <= 0:
        return 0
    oldest = f"SELECT n FROM record FINAL WHERE n {_NOT_PINNED} ORDER BY n LIMIT {excess}"
    return int(engine.value(f"SELECT max(n) FROM ({oldest})"))


def _beyond_bytes(engine: Engine, limits: Limits, size: Callable[[], int]) -> int:
    # Never the last one: a record larger than all may be is shown all the same.
    if limits.bytes >= 1 << 50 or size() <= limits.bytes:
        return 0
    return int(engine.value("SELECT max(n) FROM record WHERE n < (SELECT max(n) FROM record)"))


def _beyond_age(engine: Engine, limits: Limits, now: int) -> int:
    if limits.age >= 1e9:
        return 0
    bound = now - int(limits.age * 1_000_000)
    return int(engine.value(f"SELECT max(n) FROM record WHERE n {_NOT_PINNED} AND received < {bound}") or 0)
