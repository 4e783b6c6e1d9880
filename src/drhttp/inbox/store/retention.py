"""Decides which records of the SQLite file are deleted because they exceed a limit: by number, bytes, or age."""

from __future__ import annotations

import sqlite3
from itertools import takewhile

from drhttp.inbox.store import Limits

PRUNE_BATCH = 200
"""Records that are deleted in one step, so that no batch waits for long to be written."""
_OLDEST = "SELECT n, received FROM record WHERE n >= ? AND NOT pinned ORDER BY n LIMIT ?"


def last_to_delete(
    db: sqlite3.Connection, limits: Limits, now: int, *, count: int, size: int, floor: int
) -> int | None:
    """Return the ``n`` up to which the next step deletes the unpinned records, or None if no limit is exceeded.

    now: microseconds since the epoch. count: of all records. size: bytes that the file uses. floor: all records below
    this ``n`` are pinned.
    """
    excess = min(PRUNE_BATCH, count - limits.records)
    if size > limits.bytes:
        # Never the last one: a record larger than the file may be is shown all the same.
        excess = max(excess, min(PRUNE_BATCH, count - 1))
    # Records arrive in the order of n, so the oldest tells whether any is too old.
    bound = now - int(limits.age * 1_000_000)
    first = db.execute(_OLDEST, (floor, 1)).fetchone()
    if first is None or (excess <= 0 and first[1] >= bound):
        return None
    oldest = db.execute(_OLDEST, (floor, PRUNE_BATCH)).fetchall()
    exceeding = [n for _, (n, _) in takewhile(lambda one: one[0] < excess or one[1][1] < bound, enumerate(oldest))]
    return exceeding[-1] if exceeding else None
