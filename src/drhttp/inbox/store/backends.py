"""Variants of the SQLite store: in memory, or synced to disk after every batch."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

from drhttp.inbox.errors import StoreError
from drhttp.inbox.store import Store, StoreReader
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.sqlite import SqliteStore

OLDEST = (3, 36)
"""The first SQLite version whose in-memory databases support several connections (``memdb``)."""
MAX_DATABASE_SIZE = 1000 << 20
"""Maximum bytes of an in-memory database, minus a reserve for replacing records."""

Opening = tuple[Callable[[], Store], Callable[[], StoreReader]]


def on_disk(file: Path, *, synced: bool) -> Opening:
    """Return functions that open the store of a file and its readers. synced: fsync before a batch is acknowledged."""
    return (lambda: (SyncedStore if synced else SqliteStore)(file)), (lambda: SqliteReader(file))


def in_memory() -> Opening:
    """Return functions that open a store in memory and its readers. It ends with its last connection."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(f"--memory requires SQLite 3.36 or later; this is {sqlite3.sqlite_version}.")
    name = Path(f"/drhttp-{uuid.uuid4().hex}")
    return (lambda: MemoryStore(name)), (lambda: MemoryReader(name))


class SyncedStore(SqliteStore):
    """A store whose acknowledged batches survive a power failure."""

    def _open(self) -> None:
        super()._open()
        self._db.execute("PRAGMA synchronous = FULL")


class MemoryReader(SqliteReader):
    """A read connection to an in-memory store. path: its name in this process."""

    def _address(self, mode: str) -> str:
        return f"file:{self.path}?vfs=memdb"


class MemoryStore(MemoryReader, SqliteStore):
    """The write connection to an in-memory store."""
