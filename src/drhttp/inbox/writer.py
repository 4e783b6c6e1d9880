"""The one thread that writes: it owns the store's connection, and what waits for it is bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from drhttp.inbox.exchange import Exchange
from drhttp.inbox.store import Store

MAX_RECORDS = 10_000
MAX_BYTES = 64 * 1024 * 1024


class Busy(Exception):
    """More waits to be written than may wait; the sender shall come again."""


class Writer:
    """Writes batches one after the other, each in a transaction of its own.

    path: the store's file. keep, keep_bytes: how many records and how large a file remain; the oldest go first.
    on_stored: called in the writer's thread with what was new in a batch, after it is on disk.
    max_records, max_bytes: how much may wait.
    """

    def __init__(
        self,
        path: Path,
        *,
        keep: int,
        keep_bytes: int,
        on_stored: Callable[[Sequence[Exchange]], None],
        max_records: int = MAX_RECORDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._limits = (keep, keep_bytes)
        self._on_stored = on_stored
        self._max_records, self._max_bytes = max_records, max_bytes
        self._waiting_records = self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drhttp-inbox-writer")
        try:
            # SQLite wants a connection to stay in the thread that opened it.
            self._store = self._thread.submit(Store, path).result()
            self._thread.submit(self._prune).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def submit(self, batch: Sequence[Exchange], size: int) -> Future[int]:
        """Queue a batch that takes about `size` bytes. The future answers how many were new, once they are on disk."""
        with self._lock:
            # Whatever is alone may wait, or a batch larger than the bound could never be written.
            records, waiting = self._waiting_records + len(batch), self._waiting_bytes + size
            if self._waiting_records and (records > self._max_records or waiting > self._max_bytes):
                raise Busy
            self._waiting_records, self._waiting_bytes = records, waiting
        return self._thread.submit(self._write, batch, size)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *problem: object) -> None:
        """Write what waits, then close the file."""
        self._thread.submit(self._store.close)
        self._thread.shutdown()

    def _write(self, batch: Sequence[Exchange], size: int) -> int:
        try:
            new = self._store.write(batch)
        finally:
            with self._lock:
                self._waiting_records -= len(batch)
                self._waiting_bytes -= size
        self._on_stored(new)
        self._prune()
        return len(new)

    def _prune(self) -> None:
        while self._store.prune(*self._limits):
            pass
