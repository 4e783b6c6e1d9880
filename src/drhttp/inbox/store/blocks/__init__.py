"""Precomputed parts of the answers about many records, per block of records.

A block holds the records of `SIZE` consecutive ``n``. Once all of these are given, and nothing else is to be done, it
is entered in ``block`` with what lists in another order, histograms, endpoints, users and devices need of its records.
Whoever changes or deletes a record takes its block out again; until it has been built anew, its records are read one
by one. So an answer is the same with and without blocks, but for percentiles, which are within 1 %.

A *cell* holds the records of a block that have direction, method, endpoint, status and error in common. The *members*
of a block are its users, or its devices, with the cell, start, duration and counterpart of each of their records. A
*ranking* lists the first records of a block in one order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from drhttp.inbox.store.record_range import record_range

SIZE = 25_000
MAX_CELLS = 1_000
"""A block with more cells is read record by record: so many would not save work."""
MAX_MEMBERS = 5_000
"""The same for its users, or its devices."""
UNKNOWN = -1
"""In the arrays of a member: no duration, no counterpart."""
TABLES = """
CREATE TABLE block (
    b INTEGER PRIMARY KEY, celled INTEGER NOT NULL, begin INTEGER NOT NULL, width INTEGER NOT NULL, user TEXT,
    device TEXT
);
CREATE TABLE cell (
    b INTEGER NOT NULL REFERENCES block (b), c INTEGER NOT NULL, direction TEXT NOT NULL, method TEXT NOT NULL,
    endpoint TEXT NOT NULL, status INTEGER, error INTEGER NOT NULL, host TEXT, path TEXT, prefix TEXT NOT NULL,
    count INTEGER NOT NULL, errors INTEGER NOT NULL, client_errors INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sized INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, total INTEGER NOT NULL, longest INTEGER,
    slowest INTEGER, spread TEXT NOT NULL, durations TEXT NOT NULL, times BLOB NOT NULL,
    PRIMARY KEY (b, c)
) WITHOUT ROWID;
CREATE TABLE member (
    b INTEGER NOT NULL REFERENCES block (b), kind TEXT NOT NULL, members TEXT NOT NULL, cells BLOB NOT NULL,
    durations BLOB NOT NULL, starts BLOB NOT NULL, others BLOB NOT NULL,
    PRIMARY KEY (b, kind)
);
CREATE TABLE ranking (
    b INTEGER NOT NULL REFERENCES block (b), place TEXT NOT NULL, descending INTEGER NOT NULL, rows TEXT NOT NULL,
    PRIMARY KEY (b, place, descending)
) WITHOUT ROWID;
"""
_NAMES = ("ranking", "member", "cell", "block")


def span(b: int) -> tuple[int, int]:
    """Return the first and last ``n`` of a block."""
    return b * SIZE, b * SIZE + SIZE - 1


def ready(db: sqlite3.Connection) -> list[int]:
    """Return complete, non-empty blocks that are not built yet, oldest first."""
    first, last = record_range(db)
    built = {b for (b,) in db.execute("SELECT b FROM block")}
    return [b for b in range(first // SIZE, (last + 1) // SIZE) if b not in built]


def forget(db: sqlite3.Connection, blocks: Iterable[int]) -> None:
    """Delete what was built of blocks with changed records. Call within a transaction."""
    for b in blocks:
        if db.execute("SELECT 1 FROM block WHERE b = ?", (b,)).fetchone():
            for table in _NAMES:
                db.execute(f"DELETE FROM {table} WHERE b = ?", (b,))
