"""The lowest and the highest ``n``."""

from __future__ import annotations

import sqlite3

# Of one statement with both, SQLite reads the whole table; two sub-selects read one row each.
_RANGE = "SELECT (SELECT min(n) FROM record), (SELECT max(n) FROM record)"


def record_range(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the lowest and the highest ``n``, or (1, 0) if there are no records."""
    first, last = db.execute(_RANGE).fetchone()
    return (1, 0) if first is None else (first, last)
