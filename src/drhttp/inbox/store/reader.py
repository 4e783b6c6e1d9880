"""Queries on the SQLite file, for the write connection and for any number of readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drhttp.inbox.errors import OutdatedStore, RecordNotFound, StoreError
from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import EVERYTHING, All, Node, Present
from drhttp.inbox.store import (
    Page,
    State,
    aggregates,
    endpoints,
    groups,
    histogram,
    saved_views,
    search,
    sorting,
)
from drhttp.inbox.store.follower import SingleOwner
from drhttp.inbox.store.order import Order, Position, SavedView, SortedPage
from drhttp.inbox.store.rows import SELECTED, entry, exchange
from drhttp.inbox.store.scan import Scan
from drhttp.inbox.store.schema import APPLICATION_ID, VERSION

COMPLETION_RECORDS = 20_000
"""Number of most recent records that are searched for completions."""
_SELECT = f"SELECT {SELECTED} FROM record r JOIN project ON project.p = r.project"


class SqliteReader(SingleOwner):
    """A read connection. path: the file, which must exist."""

    def __init__(self, path: Path, *, mode: str = "ro") -> None:
        self.path = path
        with self._translated():
            address = self._address(mode)
            # A connection may move from thread to thread, but never serves two at once.
            self._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=5, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _address(self, mode: str) -> str:
        """Return the SQLite URI of the database."""
        return f"{self.path.absolute().as_uri()}?mode={mode}"

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        with self._translated():
            return int(self._value("SELECT count(*) FROM record"))

    def page(
        self,
        node: Node,
        limit: int,
        *,
        before: int | None = None,
        after: int = 0,
        ascending: bool = False,
        seconds: float = 60.0,
    ) -> Page:
        """Return up to `limit` matching records, ordered by ``n``."""
        with self._translated():
            scan = Scan(self._db, SELECTED, node, before=before, after=after, ascending=ascending, seconds=seconds)
            entries: list[Entry] = []
            for row in scan:
                entries.append(entry(row))
                if len(entries) == limit:
                    return Page(entries, entries[-1].n, True, scan.newest)
            return Page(entries, None if scan.complete else scan.reached, scan.complete, scan.newest)

    def sorted_page(
        self, node: Node, order: Order, limit: int, *, after: Position | None = None, seconds: float = 60.0
    ) -> SortedPage:
        """Return up to `limit` matching records in another order, beginning after a position in it."""
        with self._translated(), self._snapshot():
            return sorting.sorted_page(self._db, node, order, limit, after, seconds)

    def newest(self, limit: int, node: Node = EVERYTHING) -> list[Entry]:
        """Return the most recently received records, ordered by start time."""
        return sorted(self.page(node, limit).entries, key=lambda one: (one.summary.started, one.n))

    def entry(self, n: int) -> Entry:
        with self._translated():
            row = self._db.execute(f"{_SELECT} WHERE r.n = ?", (n,)).fetchone()
        if row is None:
            raise RecordNotFound(f"Record {n} does not exist.")
        return entry(row)

    def one(self, prefix: str) -> Entry:
        """Return the record with this ID or unique prefix."""
        with self._translated():
            span = (prefix, prefix + "\U0010ffff")
            rows = self._db.execute(f"{_SELECT} WHERE id >= ? AND id < ? ORDER BY n DESC LIMIT 3", span).fetchall()
        found = [entry(row) for row in rows]
        # The whole id may be there under two keys, and may be the beginning of others; the newest is meant.
        exact = [one for one in found if one.summary.id == prefix] or found
        if not found:
            raise RecordNotFound(f"No record ID in {self.path} starts with {prefix!r}.")
        if len(exact) > 1 and exact[0].summary.id != prefix:
            first, second = found[0].summary.id, found[1].summary.id
            raise RecordNotFound(f"More than one record ID starts with {prefix!r}, for example {first} and {second}.")
        return exact[0]

    def read(self, entry: Entry) -> Exchange:
        """Return an exchange with headers and bodies."""
        with self._translated():
            row = self._db.execute("SELECT * FROM payload WHERE n = ?", (entry.n,)).fetchone()
        if row is None:
            raise RecordNotFound(f"Record {entry.summary.id} was deleted in the meantime.")
        return exchange(entry.summary, row)

    def family(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]:
        """Return the parent of an exchange and its children, ordered by time."""
        parents = self._entries("r.span = ? ORDER BY r.n DESC LIMIT 1", entry.summary.parent)
        calls = self._entries("r.parent = ? ORDER BY r.started, r.n LIMIT 500", entry.summary.span)
        return (parents[0] if parents and parents[0].n != entry.n else None), [one for one in calls if one.n != entry.n]

    def replays(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]:
        """Return the original of a replay, and the replays of a record."""
        originals = self._entries("r.id = ? ORDER BY r.n DESC LIMIT 1", entry.summary.replay_of)
        return (originals[0] if originals else None), self._entries(
            "r.replay_of = ? ORDER BY r.n LIMIT 100", entry.summary.id
        )

    def neighbors(self, n: int) -> tuple[int | None, int | None]:
        with self._translated():
            before = self._value("SELECT max(n) FROM record WHERE n < ?", n)
            return before, self._value("SELECT min(n) FROM record WHERE n > ?", n)

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return the IDs that are stored."""
        with self._translated():
            return {identity for _, identity in self._known(set(ids))}

    def histogram(
        self, node: Node, start: int | None, end: int | None, buckets: int, *, seconds: float = 60.0
    ) -> aggregates.Histogram:
        with self._translated(), self._snapshot():
            return histogram.histogram(self._db, node, start, end, buckets, seconds)

    def scatter(self, node: Node, limit: int, *, seconds: float = 60.0) -> aggregates.Scatter:
        with self._translated():
            timed = All((node, Present("duration")))
            scan = Scan(self._db, "r.n, r.started, r.duration, r.status, r.error", timed, seconds=seconds)
            points = [row for row, _ in zip(scan, range(limit), strict=False)]
        return aggregates.Scatter(points=points[::-1], scanned_to=_reached(scan))

    def endpoints(self, node: Node, *, seconds: float = 60.0) -> aggregates.Endpoints:
        with self._translated(), self._snapshot():
            return endpoints.endpoints(self._db, node, seconds)

    def upstreams(self, node: Node, *, seconds: float = 60.0) -> aggregates.Upstreams:
        """Aggregate the outbound calls that match, and those of the requests that match."""
        with self._translated(), self._snapshot():
            return endpoints.upstreams(self._db, node, seconds)

    def groups(self, node: Node, column: str, other: str, limit: int, *, seconds: float = 60.0) -> aggregates.Groups:
        with self._translated(), self._snapshot():
            return groups.groups(self._db, node, column, other, limit, seconds)

    def values(self, column: str, part: str, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values of a column that contain `part`, with their counts."""
        held = f"SELECT {column} AS value FROM record ORDER BY n DESC LIMIT {COMPLETION_RECORDS}"
        if column == "tags":
            held = "SELECT t.value FROM record, json_each(record.tags) t WHERE record.tags IS NOT NULL"
        statement = (
            f"SELECT value, count(*) FROM ({held}) WHERE value IS NOT NULL AND instr(lower(value), ?)"
            " GROUP BY value ORDER BY count(*) DESC, value LIMIT ?"
        )
        with self._translated():
            rows = self._db.execute(statement, (search.lower(part), limit)).fetchall()
        return [(str(value), count) for value, count in rows]

    def saved_views(self) -> Sequence[SavedView]:
        with self._translated():
            return saved_views.saved_views(self._db)

    def state(self) -> State:
        with self._translated():
            return State(
                records=self._value("SELECT count(*) FROM record"),
                pinned=self._value("SELECT count(*) FROM record WHERE pinned"),
                bytes=self._used(),
                oldest=self._value("SELECT started FROM record ORDER BY n LIMIT 1"),
                newest=self._last(),
            )

    def _last(self) -> int:
        """Return the highest ``n`` ever assigned, possibly of a deleted record."""
        remembered = self._value("SELECT v FROM meta WHERE k = 'last'") or 0
        return max(remembered, self._value("SELECT max(n) FROM record") or 0)

    def _open(self) -> None:
        self._recognise()
        if self._value("PRAGMA user_version") < VERSION:
            raise OutdatedStore(
                f"{self.path} was written by an older version of drhttp. Run `drhttp inbox` to upgrade it."
            )
        search.install(self._db)

    def _recognise(self) -> None:
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path} is not an inbox file.")
        if self._value("PRAGMA user_version") > VERSION:
            raise StoreError(
                f"{self.path} was written by a newer version of drhttp. Upgrade drhttp or choose another file."
            )

    def _entries(self, condition: str, value: object) -> list[Entry]:
        if value is None:
            return []
        with self._translated():
            return [entry(row) for row in self._db.execute(f"{_SELECT} WHERE {condition}", (value,))]

    def _known(self, ids: set[str]) -> dict[tuple[int, str], tuple[Any, ...]]:
        found: dict[tuple[int, str], tuple[Any, ...]] = {}
        listed = list(ids)
        for start in range(0, len(listed), 500):
            some = listed[start : start + 500]
            statement = (
                "SELECT project, id, n, pinned, tags, note, replay_of FROM record WHERE id IN "
                f"({', '.join('?' * len(some))})"
            )
            for project, identity, *kept in self._db.execute(statement, some):
                found[project, identity] = tuple(kept)
        return found

    def _used(self) -> int:
        pages = self._value("PRAGMA page_count") - self._value("PRAGMA freelist_count")
        return int(pages * self._value("PRAGMA page_size"))

    def _value(self, statement: str, *parameters: object) -> Any:
        row = self._db.execute(statement, parameters).fetchone()
        return row and row[0]

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Run several queries on one snapshot of the file."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            raise StoreError(f"Cannot use {self.path}: {problem}.") from problem


def _reached(scan: Scan) -> int | None:
    return None if scan.complete else scan.reached
