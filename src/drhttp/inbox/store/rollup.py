"""Precomputed aggregates per slice of records, for the endpoints page.

A slice holds the records of `SLICE` consecutive ``n``. Once all of these are given, its records are counted into
``rollup``, one row an endpoint, and the slice is entered in ``slice``. Whoever changes a record takes its slice out
again, and then it is read record by record until it has been counted anew: so what is counted is never wrong.
Slices that are counted side by side are put together in groups, so that of a million records few rows are read.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import Any

from drhttp.inbox.store.aggregates import BOUNDS, Endpoint, endpoints, merged
from drhttp.inbox.store.record_range import record_range

SLICE = 2_000
GROUP = 25
"""Slices in a group. Its number is negative: -1 for the first group, and so on."""
COLUMNS = "r.direction, r.method, r.endpoint, r.status, r.duration, r.error, r.response_size, r.started, r.n"
"""Columns that `endpoints` needs."""
TABLES = """
CREATE TABLE slice (k INTEGER PRIMARY KEY);
CREATE TABLE rollup (
    k INTEGER NOT NULL REFERENCES slice (k), direction TEXT NOT NULL, method TEXT NOT NULL, endpoint TEXT NOT NULL,
    count INTEGER NOT NULL, errors INTEGER NOT NULL, client_errors INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sized INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, total INTEGER NOT NULL, longest INTEGER,
    slowest INTEGER, spread TEXT NOT NULL, durations TEXT NOT NULL,
    PRIMARY KEY (k, direction, method, endpoint)
) WITHOUT ROWID;
"""
_EXACT = 100
"""Durations below this many microseconds have a bucket each."""
_RATIO = 1.02
"""Ratio of bucket bounds; the representative of a bucket is within 1 % of each duration in it."""
_STEP = log(_RATIO)
_MAX_INTEGER = (1 << 63) - 1
"""What SQLite can store."""
STORED = (
    "direction, method, endpoint, count, errors, client_errors, bytes, sized, first, last, total, longest, slowest,"
    " spread, durations"
)


def bucket(duration: int) -> int:
    return duration if duration < _EXACT else _EXACT + int(log(duration / _EXACT) / _STEP)


def middle(place: int) -> int:
    """Return the representative duration of a bucket."""
    return place if place < _EXACT else round(_EXACT * _RATIO ** (place - _EXACT + 0.5))


def ready(db: sqlite3.Connection) -> list[int]:
    """Return complete, non-empty slices that are not counted yet, oldest first."""
    first, last = record_range(db)
    counted = {k for (k,) in db.execute("SELECT k FROM slice")}
    return [k for k in range(first // SLICE, last // SLICE) if k not in counted]


def count(db: sqlite3.Connection, k: int) -> None:
    """Aggregate a slice. Call within a transaction."""
    rows = db.execute(f"SELECT {COLUMNS} FROM record r WHERE r.n BETWEEN ? AND ? ORDER BY r.n DESC", span(k))
    forget(db, {k})
    _put(db, k, endpoints(rows))
    group(db, k // GROUP)


def group(db: sqlite3.Connection, number: int) -> None:
    """Put the slices of a group together, once all of them are counted. Call within a transaction."""
    members = (number * GROUP, number * GROUP + GROUP - 1)
    (known,) = db.execute("SELECT count(*) FROM slice WHERE k BETWEEN ? AND ?", members).fetchone()
    if known == GROUP:
        _put(db, -1 - number, merged(_read(db, "k BETWEEN ? AND ?", members)))


def group_all(db: sqlite3.Connection) -> None:
    """Put all slices in groups, in a file that has none yet. Call within a transaction."""
    for (number,) in db.execute("SELECT DISTINCT k / ? FROM slice WHERE k >= 0", (GROUP,)).fetchall():
        group(db, number)


def forget(db: sqlite3.Connection, slices: Iterable[int]) -> None:
    """Delete the aggregates of slices with changed records, and of their groups."""
    changed = set(slices)
    for k in changed | {-1 - k // GROUP for k in changed}:
        if db.execute("DELETE FROM slice WHERE k = ?", (k,)).rowcount:
            db.execute("DELETE FROM rollup WHERE k = ?", (k,))


def span(k: int) -> tuple[int, int]:
    """Return the first and last ``n`` of a slice."""
    return k * SLICE, k * SLICE + SLICE - 1


def counted(db: sqlite3.Connection) -> Iterator[Endpoint]:
    """Yield the endpoints of each group, and of each counted slice in none."""
    yield from _read(db, "k < 0 OR -1 - k / ? NOT IN (SELECT k FROM slice WHERE k < 0)", (GROUP,))


def _put(db: sqlite3.Connection, k: int, found: Iterable[Endpoint]) -> None:
    db.execute("INSERT INTO slice VALUES (?)", (k,))
    rows = [(k, *stored(one)) for one in found]
    db.executemany(f"INSERT INTO rollup (k, {STORED}) VALUES (?{', ?' * 15})", rows)


def _read(db: sqlite3.Connection, condition: str, parameters: Sequence[int]) -> Iterator[Endpoint]:
    yield from map(restored, db.execute(f"SELECT {STORED} FROM rollup WHERE {condition}", parameters))


def uncounted(db: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    """Yield the rows for `endpoints` of records in slices that are not counted."""
    first, last = record_range(db)
    known = {k for (k,) in db.execute("SELECT k FROM slice")}
    for k in range(last // SLICE, first // SLICE - 1, -1):
        if k not in known:
            yield from db.execute(
                f"SELECT {COLUMNS} FROM record r WHERE r.n BETWEEN ? AND ? ORDER BY r.n DESC", span(k)
            )


def restored(row: Sequence[Any]) -> Endpoint:
    """Build an endpoint from the columns `STORED`."""
    *plain, spread, durations = row
    timed = {middle(int(place)): times for place, times in json.loads(durations).items()}
    return Endpoint(*(*plain, json.loads(spread), Counter(timed)))


def stored(one: Endpoint) -> tuple[object, ...]:
    """Return the columns `STORED` of an endpoint."""
    places: Counter[int] = Counter()
    for duration, times in one.durations.items():
        places[bucket(duration)] += times
    size, total = min(one.bytes, _MAX_INTEGER), min(one.total, _MAX_INTEGER)
    plain = (one.direction, one.method, one.name, one.count, one.errors, one.client_errors, size, one.sized)
    assert len(one.spread) == len(BOUNDS) + 1
    return (
        *plain, one.first, one.last, total, one.longest, one.slowest, json.dumps(one.spread), json.dumps(places)
    )  # fmt: skip
