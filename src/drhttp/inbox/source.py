"""Data access of the command line: the API of a running inbox, or else its file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from drhttp.inbox import har
from drhttp.inbox.database_file import check, prepare
from drhttp.inbox.decode import Arrival
from drhttp.inbox.errors import InboxError, RecordNotFound
from drhttp.inbox.exchange import Exchange, Summary
from drhttp.inbox.export import whole
from drhttp.inbox.instance_lock import RunningInbox, acquire_lock, find_running_inbox
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.query.parser import parse
from drhttp.inbox.remote import Remote, record_number
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.sqlite import SqliteStore, reading

Counts = dict[str, object]
_BATCH = 200


class Source(Protocol):
    """The operations of the commands. text: a query."""

    def newest(self, text: str, limit: int) -> list[Summary]:
        """Return the most recently received records, ordered by start time."""

    def last(self) -> int:
        """Return the highest ``n``."""

    def following(self, text: str, last: int) -> tuple[list[Summary], int, bool]:
        """Return records after `last`, the new last ``n``, and whether more are waiting."""

    def one(self, name: str) -> Exchange:
        """Return the record with this number, or else with this ID or unique prefix."""

    def export(self, text: str, kind: str, limit: int, *, reveal: bool) -> Iterable[str]: ...
    def clear(self, text: str, *, pinned: bool) -> int: ...
    def take(self, raw: bytes) -> Counts:
        """Import a HAR file."""


@contextmanager
def source(file: Path, *, may_be_new: bool = False) -> Iterator[Source]:
    """Open the inbox of a file, running or not. may_be_new: create a missing file."""
    running = find_running_inbox(file)
    if running is not None:
        with closing(Remote(running)) as remote:
            yield remote
        return
    if may_be_new:
        prepare(file)
    check(file)
    yield DirectSource(file)


class DirectSource:
    """DirectSource access to the file. It is written only while no inbox is running."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def newest(self, text: str, limit: int) -> list[Summary]:
        with self._reading() as store:
            return [entry.summary for entry in store.newest(limit, _node(text))]

    def last(self) -> int:
        with self._reading() as store:
            return store.state().newest

    def following(self, text: str, last: int) -> tuple[list[Summary], int, bool]:
        with self._reading() as store:
            page = store.page(_node(text), 500, after=last, ascending=True)
        return [entry.summary for entry in page.entries], page.next or max(page.newest, last), bool(page.next)

    def one(self, name: str) -> Exchange:
        with self._reading() as store:
            entry, number = None, record_number(name)
            if number is not None:
                with suppress(RecordNotFound):  # an ID may begin with digits
                    entry = store.entry(number)
            return store.read(entry or store.one(name))

    def export(self, text: str, kind: str, limit: int, *, reveal: bool) -> Iterator[str]:
        with self._reading() as store:
            yield from whole(store, _node(text), limit, kind, reveal=reveal)

    def clear(self, text: str, *, pinned: bool) -> int:
        return self._writing(lambda store: store.clear(_node(text), pinned=pinned))

    def take(self, raw: bytes) -> Counts:
        try:
            found, remarks = har.read(raw, Arrival("local", 0).project, time.time_ns() // 1000)
        except har.InvalidHar as problem:
            raise InboxError(str(problem)) from problem

        def work(store: SqliteStore) -> int:
            new = har.unknown(found, store)
            for start in range(0, len(new), _BATCH):
                store.write(new[start : start + _BATCH])
            return len(new)

        count = self._writing(work)
        return {"imported": count, "known": len(found) - count, "refused": len(remarks), "remarks": remarks[:100]}

    def _reading(self) -> AbstractContextManager[SqliteReader]:
        return reading(self._file)

    def _writing(self, work: Callable[[SqliteStore], int]) -> int:
        with acquire_lock(self._file) as found:
            if isinstance(found, RunningInbox):
                raise InboxError("An inbox has just started on this file. Try again.")
            with closing(SqliteStore(self._file)) as store:
                return work(store)


def _node(text: str) -> Node:
    return parse(text, time.time_ns() // 1000).node
