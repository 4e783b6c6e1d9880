"""Builds a block in small steps, between which the one thread that writes can do other things."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from drhttp.inbox.store import rollup
from drhttp.inbox.store.aggregates import endpoint
from drhttp.inbox.store.blocks import MAX_CELLS, MAX_MEMBERS, UNKNOWN, forget, span
from drhttp.inbox.store.blocks.rankings import rankings

STEP = 2_500
"""Records that one step reads."""
BARS = 300
"""Maximum bars of the histogram of a block."""
BASES = tuple(1_000 * count for count in (1, 10, 100, 1_000, 5_000, 60_000, 300_000, 3_600_000, 86_400_000))
"""Widths of these bars in microseconds. Each divides all that are longer, here and in `aggregates.WIDTHS`."""
_COLUMNS = (
    "r.direction, r.method, r.endpoint, r.status, r.error, r.duration, r.response_size, r.started, r.n, r.host,"
    " r.path, r.user, r.device"
)
_READ = f"SELECT {_COLUMNS} FROM record r INDEXED BY record_line WHERE r.n BETWEEN ? AND ? ORDER BY r.n DESC"
_PREFIX = 200
_TEXT = 500
_MAX_BAR = 65_535


@dataclass(slots=True)
class _Cell:
    """The rows of `aggregates.endpoint`, and the hosts and paths of these."""

    code: int
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)


class _Members(dict[str | None, tuple[int, list[tuple[int, int, int, int]]]]):
    """All users, or all devices: a number for each, and start, cell, duration and counterpart of their records."""

    def __missing__(self, name: str | None) -> tuple[int, list[tuple[int, int, int, int]]]:
        found = self[name] = (UNKNOWN if name is None else len(self) - (None in self), [])
        return found


class _Places(dict[int | None, int]):
    """The bucket of each duration."""

    def __missing__(self, duration: int | None) -> int:
        place = self[duration] = UNKNOWN if duration is None else max(0, rollup.bucket(duration))
        return place


class Builder:
    """Builds one block. Let go of it when a record of the block changes."""

    def __init__(self, db: sqlite3.Connection, b: int) -> None:
        self.b = b
        self._db = db
        self._cells: dict[tuple[Any, ...], _Cell] = {}
        self._users, self._devices, self._places = _Members(), _Members(), _Places()
        self._rows: dict[str, list[tuple[Any, ...]]] = {"cell": [], "member": [], "ranking": []}
        self._begin, self._width = 0, BASES[-1]
        self._celled = True
        self._steps = self._run()

    def step(self) -> bool:
        """Do some of the work, and return whether there is more."""
        return next(self._steps, None) is not None

    def save(self) -> None:
        """Write the block. Call within a transaction."""
        names = [json.dumps([name for name in each if name is not None]) for each in (self._users, self._devices)]
        row = (self.b, self._celled, self._begin, self._width, *names)
        forget(self._db, (self.b,))
        self._db.execute("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?)", row)
        for table, rows in self._rows.items():
            if rows:
                self._db.executemany(f"INSERT INTO {table} VALUES (?{', ?' * (len(rows[0]) - 1)})", rows)

    def _run(self) -> Iterator[bool]:
        low, high = span(self.b)
        while high >= low and self._celled:
            self._read(self._db.execute(_READ, (max(low, high - STEP + 1), high)))
            high -= STEP
            yield True
        if self._celled and self._cells:
            self._scale()
        if self._celled:
            yield from self._build_cells()
            yield from self._build_members("user", self._users)
            yield from self._build_members("device", self._devices)
        for row in rankings(self._db, self.b):
            self._rows["ranking"].append((self.b, *row))
            yield True

    def _read(self, rows: Iterable[tuple[Any, ...]]) -> None:
        cells, users, devices, places = self._cells, self._users, self._devices, self._places
        for direction, method, name, status, error, duration, size, started, n, host, path, user, device in rows:
            key = (direction, method, name, status, error)
            cell = cells.get(key)
            if cell is None:
                cell = cells[key] = _Cell(len(cells))
            cell.rows.append((status, duration, error, size, started, n))
            cell.hosts.add(host)
            cell.paths.add(path)
            (person, by), (tool, on), place = users[user], devices[device], places[duration]
            by.append((started, cell.code, place, tool))
            on.append((started, cell.code, place, person))
        if len(cells) > MAX_CELLS or max(len(users), len(devices)) > MAX_MEMBERS:
            self._give_up()

    def _scale(self) -> None:
        """Choose the bars of the histogram."""
        starts = [row[4] for cell in self._cells.values() for row in cell.rows]
        low, high = min(starts), max(starts)
        self._width = next((base for base in BASES if (high - low) // base < BARS), BASES[-1])
        self._begin = low - low % self._width
        if (high - self._begin) // self._width > _MAX_BAR:
            self._give_up()

    def _give_up(self) -> None:
        self._celled = False
        self._cells.clear()
        self._users, self._devices = _Members(), _Members()

    def _build_cells(self) -> Iterator[bool]:
        done = 0
        for (direction, method, name, status, error), cell in self._cells.items():
            one = endpoint((direction, method, name), cell.rows)
            bars = Counter((row[4] - self._begin) // self._width for row in cell.rows)
            times = array("H", [value for pair in bars.items() for value in pair])
            prefix = _prefix(min(cell.paths), max(cell.paths))
            key = (direction, method, name, status, error, _only(cell.hosts), _only(cell.paths), prefix)
            self._rows["cell"].append((self.b, cell.code, *key, *rollup.stored(one)[3:], times.tobytes()))
            done += len(cell.rows)
            if done >= STEP:
                done = 0
                yield True

    def _build_members(self, kind: str, found: _Members) -> Iterator[bool]:
        outcome = {cell.code: (key[4], _client_error(key[3])) for key, cell in self._cells.items()}
        arrays = (array("h"), array("h"), array(offset_type(self._width)), array("h"))
        listed, done = [], 0
        for name, (_, records) in found.items():
            if name is None:
                continue
            records.sort()
            starts, cells, places, codes = zip(*records, strict=True)
            counted = [(outcome[code], times) for code, times in Counter(cells).items()]
            listed.append((name, len(records), *(sum(each[at] * times for each, times in counted) for at in (0, 1))))
            offsets = [start - self._begin for start in starts]
            for values, more in zip(arrays, (cells, places, offsets, codes), strict=True):
                values.extend(more)
            done += len(records)
            if done >= STEP:
                done = 0
                yield True
        blobs = (each.tobytes() for each in arrays)
        self._rows["member"].append((self.b, kind, json.dumps(listed), *blobs))


def offset_type(width: int) -> str:
    """Return the type of an array of starts, in microseconds from that of the block."""
    return "I" if width * (BARS + 1) < 1 << 32 else "Q"


def _only(values: set[str]) -> str | None:
    return next((value for value in values if len(value) <= _TEXT), None) if len(values) == 1 else None


def _prefix(low: str, high: str) -> str:
    """Return what all texts from the lowest to the highest begin with."""
    same = (place for place, (one, other) in enumerate(zip(low, high, strict=False)) if one != other)
    length = next(same, min(len(low), len(high)))
    # SQL does not count beyond a NUL.
    return low[: min(length, _PREFIX)].partition("\0")[0]


def _client_error(status: int | None) -> bool:
    return status is not None and 400 <= status < 500
