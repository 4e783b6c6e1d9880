"""The write connection to the SQLite file.

A line of an exchange (``record``) and its headers and bodies (``payload``) are kept apart, so that lists stay fast
while bodies are large. One `SqliteStore` writes; readers open the file beside it at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from drhttp.inbox.errors import OutdatedStore
from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import All, Flag, Node, Not
from drhttp.inbox.store import Limits, WriteResult, blocks, rollup, saved_views
from drhttp.inbox.store.blocks.builder import Builder
from drhttp.inbox.store.order import SavedView
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.retention import last_to_delete
from drhttp.inbox.store.rows import COLUMNS, payload_row, record_row
from drhttp.inbox.store.scan import Scan
from drhttp.inbox.store.schema import VERSION, create, migrate

FREE_PAGES = 2_000
"""Number of unused pages that are kept in the file (8 MB)."""
VACUUM_PAGES = 200
ROWS_PER_INSERT = (50, 10, 1)
"""Rows per INSERT statement. Other threads may take the GIL between two statements."""
_RECORD = f"INSERT OR REPLACE INTO record ({', '.join(COLUMNS)}) VALUES "
_PAYLOAD = "INSERT OR REPLACE INTO payload VALUES "
_SPAN = "n BETWEEN ? AND ?"
_EXCEPT_PINNED = "n NOT IN (SELECT n FROM record WHERE pinned AND n BETWEEN ? AND ?)"
_UNPINNED = Not(Flag("pinned"))
_NEW = (0, None, None, None)


class SqliteStore(SqliteReader):
    """The store in a SQLite file. path: an existing file; an empty one is initialized."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, mode="rw")
        self._projects: dict[str, int] = {}
        with self._translated():
            self._highest = self._last()
            self._count = len(self)
            self._floor = 0
            """All records below this ``n`` are pinned."""
            self._uncounted = rollup.ready(self._db)
            self._slice = self._highest // rollup.SLICE
            self._unbuilt = blocks.ready(self._db)
            self._block = (self._highest + 1) // blocks.SIZE
            self._builder: Builder | None = None

    def write(self, exchanges: Iterable[Exchange]) -> WriteResult:
        with self._translated(), self._writing():
            batch: dict[tuple[int, str], Exchange] = {}
            for one in exchanges:
                batch[self._project(one), one.summary.id] = one
            known = self._known({identity for _, identity in batch})
            records, payloads, new, changed, count = [], [], [], [], 0
            for (project, identity), one in batch.items():
                found = known.get((project, identity))
                if found is None:
                    count += 1
                    n, kept = self._highest + count, _NEW
                    new.append(one)
                else:
                    n, kept = found[0], found[1:]
                    changed.append(n)
                records.append(record_row(n, project, one, kept))
                payloads.append(payload_row(n, one))
            self._put(_RECORD, records)
            self._put(_PAYLOAD, payloads)
            self._changed(changed)
        self._highest += count
        self._count += count
        return WriteResult(new, self._highest, changed)

    def mark(
        self, n: int, *, pinned: bool | None = None, tags: Sequence[str] | None = None, note: str | None = None
    ) -> Entry:
        changes: dict[str, object] = {}
        if pinned is not None:
            changes["pinned"] = pinned
        if tags is not None:
            changes["tags"] = json.dumps(list(dict.fromkeys(tags)), ensure_ascii=False) if tags else None
        if note is not None:
            changes["note"] = note or None
        with self._translated():
            # One that is let go of may be older than all that retention still has to look at.
            self._floor = 0 if pinned is False else self._floor
            for name, value in changes.items():
                self._db.execute(f"UPDATE record SET {name} = ? WHERE n = ?", (value, n))
        return self.entry(n)

    def clear(self, node: Node, *, pinned: bool) -> int:
        with self._translated():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('last', ?)", (self._highest,))
            wanted = Scan(self._db, "r.n", node if pinned else All((node, _UNPINNED)), seconds=1e9)
            numbers = [row[0] for row in wanted]
            for start in range(0, len(numbers), 1000):
                self._delete(numbers[start : start + 1000])
            self._db.execute("PRAGMA incremental_vacuum").fetchall()
            return len(numbers)

    def save_view(self, view: SavedView) -> None:
        with self._translated():
            saved_views.save(self._db, view)

    def delete_view(self, name: str) -> bool:
        with self._translated():
            return saved_views.delete(self._db, name)

    def prune(self, limits: Limits, now: int) -> bool:
        with self._translated():
            last = last_to_delete(self._db, limits, now, count=self._count, size=self._used(), floor=self._floor)
            if last is None:
                return False
            self._drop_up_to(last)
            self._shrink()
            return True

    def maintain(self, *, idle: bool = True) -> bool:
        while self._slice < self._highest // rollup.SLICE:
            self._uncounted.append(self._slice)
            self._slice += 1
        while self._block < (self._highest + 1) // blocks.SIZE:
            self._unbuilt.append(self._block)
            self._block += 1
        with self._translated():
            if self._uncounted:
                with self._writing():
                    rollup.count(self._db, self._uncounted[-1])
                self._uncounted.pop()
            elif self._unbuilt and idle:
                self._build()
        return bool(self._uncounted or self._unbuilt)

    def _build(self) -> None:
        """Do one step for the newest block that is not built."""
        if self._builder is None or self._builder.b != self._unbuilt[-1]:
            self._builder = Builder(self._db, self._unbuilt[-1])
        if self._builder.step():
            return
        with self._writing():
            self._builder.save()
        self._builder = None
        self._unbuilt.pop()

    def _open(self) -> None:
        if self._value("PRAGMA page_count") == 0:
            create(self._db)
        self._recognise()
        version = self._value("PRAGMA user_version")
        if version < VERSION:
            migrate(self._db, version)
        super()._open()
        # Survives a killed process; a power cut may cost the last moments, but never the file.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint = 1000")

    def _project(self, exchange: Exchange) -> int:
        key = exchange.summary.project
        known = self._projects.get(key)
        if known is None:
            row = (key, exchange.summary.received)
            self._db.execute("INSERT OR IGNORE INTO project (key_sha256, first_seen) VALUES (?, ?)", row)
            known = int(self._value("SELECT p FROM project WHERE key_sha256 = ?", key))
            self._projects[key] = known
        return known

    def _put(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        at = 0
        for size in ROWS_PER_INSERT:
            many = statement + ", ".join([f"(?{', ?' * (len(rows[0]) - 1)})"] * size) if rows else ""
            while at + size <= len(rows):
                self._db.execute(many, [value for row in rows[at : at + size] for value in row])
                at += size

    def _delete(self, numbers: Sequence[int]) -> None:
        with self._writing():
            for table in ("payload", "record"):
                self._db.executemany(f"DELETE FROM {table} WHERE n = ?", [(n,) for n in numbers])
            self._changed(numbers)
        self._count -= len(numbers)

    def _drop_up_to(self, n: int) -> None:
        """Delete the oldest records that are not pinned."""
        span = (self._floor, n)
        with self._writing():
            self._db.execute(f"DELETE FROM payload WHERE {_SPAN} AND {_EXCEPT_PINNED}", span * 2)
            gone = self._db.execute(f"DELETE FROM record WHERE {_SPAN} AND NOT pinned", span).rowcount
            # These slices come to their end: counting what is left of them would be in vain.
            rollup.forget(self._db, range(span[0] // rollup.SLICE, n // rollup.SLICE + 1))
            blocks.forget(self._db, range(span[0] // blocks.SIZE, n // blocks.SIZE + 1))
        self._uncounted = [k for k in self._uncounted if k > n // rollup.SLICE]
        self._unbuilt = [b for b in self._unbuilt if b > n // blocks.SIZE]
        self._count -= gone
        self._floor = n + 1

    def _changed(self, numbers: Sequence[int]) -> None:
        """Schedule the slices and blocks of these records for recounting."""
        slices = {n // rollup.SLICE for n in numbers}
        rollup.forget(self._db, slices)
        whole = {k for k in slices if k < self._slice}
        self._uncounted = sorted(whole.union(self._uncounted))
        changed = {n // blocks.SIZE for n in numbers}
        blocks.forget(self._db, changed)
        self._unbuilt = sorted({b for b in changed if b < self._block}.union(self._unbuilt))
        if self._builder is not None and self._builder.b in changed:
            self._builder = None

    def _shrink(self) -> None:
        """Return free pages to the file system if there are many."""
        free = self._value("PRAGMA freelist_count")
        if free > FREE_PAGES and free > self._value("PRAGMA page_count") // 4:
            self._db.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # What was remembered of the projects may be undone with the rest.
            self._projects.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


@contextmanager
def reading(path: Path) -> Iterator[SqliteReader]:
    """A reader of the file, closed at the end; a file of an earlier version is brought up to date before."""
    try:
        reader = SqliteReader(path)
    except OutdatedStore:
        SqliteStore(path).close()
        reader = SqliteReader(path)
    with closing(reader):
        yield reader
