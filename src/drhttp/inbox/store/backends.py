"""The same store under other promises: nothing on disk, or everything on it for sure."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

from drhttp.inbox.errors import StoreError
from drhttp.inbox.store import Reading, Store
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.sqlite import SqliteStore

OLDEST = (3, 36)
"""The first SQLite whose databases in memory have several connections."""
LARGEST = 1000 << 20
"""Bytes that SQLite lets such a database take, less what is needed while records are exchanged for newer ones."""

Opening = tuple[Callable[[], Store], Callable[[], Reading]]


def on_disk(file: Path, *, synced: bool) -> Opening:
    """How the store of a file is opened, and its readers. synced: a batch is acknowledged when the disk has it."""
    return (lambda: (SyncedStore if synced else SqliteStore)(file)), (lambda: SqliteReader(file))


def in_memory() -> Opening:
    """The same for a store that ends with its last connection."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(f"--memory requires SQLite 3.36 or later; this is {sqlite3.sqlite_version}.")
    name = Path(f"/drhttp-{uuid.uuid4().hex}")
    return (lambda: MemoryStore(name)), (lambda: MemoryReader(name))


class SyncedStore(SqliteStore):
    """Survives a power cut with every batch that was acknowledged."""

    def _open(self) -> None:
        super()._open()
        self._db.execute("PRAGMA synchronous = FULL")


class MemoryReader(SqliteReader):
    """A connection to a store in the memory of this process. path: its name there."""

    def _address(self, mode: str) -> str:
        return f"file:{self.path}?vfs=memdb"


class MemoryStore(MemoryReader, SqliteStore):
    """The connection that writes."""
