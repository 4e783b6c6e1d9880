"""The one SQLite file, and the only place with SQL.

A line of an exchange (``record``) and its headers and bodies (``payload``) are kept apart, so that lists stay fast
while bodies are large. One `Store` writes; readers open the file beside it at any time.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from drhttp.inbox.errors import StoreError, UnknownRecord
from drhttp.inbox.exchange import Exchange, Message, Summary

APPLICATION_ID = 0x64724874
VERSION = 1
PACKED_FROM = 2048
"""Bodies of this many bytes and more are kept compressed."""
PRUNED_AT_ONCE = 200

_COLUMNS = tuple(field.name for field in fields(Summary))
_UNMARKED = {field.name: field.default for field in fields(Message) if field.name not in {"headers", "body"}}
_SCHEMA = """
CREATE TABLE project (p INTEGER PRIMARY KEY, key_sha256 TEXT NOT NULL UNIQUE, name TEXT, first_seen INTEGER NOT NULL);
CREATE TABLE record (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, project INTEGER NOT NULL REFERENCES project (p), protocol TEXT NOT NULL,
    started INTEGER NOT NULL, received INTEGER NOT NULL, direction TEXT NOT NULL, method TEXT NOT NULL,
    scheme TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL, query TEXT, route TEXT, status INTEGER,
    duration INTEGER, ttfb INTEGER, user TEXT, device TEXT, client TEXT, trace TEXT, span TEXT, parent TEXT,
    aborted INTEGER NOT NULL, exception TEXT, exception_text TEXT, request_size INTEGER, response_size INTEGER,
    request_type TEXT, response_type TEXT,
    UNIQUE (id, project)
);
CREATE INDEX record_started ON record (project, started);
CREATE INDEX record_user ON record (project, user, started) WHERE user IS NOT NULL;
CREATE INDEX record_device ON record (project, device, started) WHERE device IS NOT NULL;
CREATE INDEX record_status ON record (project, status, started);
CREATE INDEX record_parent ON record (parent) WHERE parent IS NOT NULL;
CREATE TABLE payload (
    n INTEGER PRIMARY KEY REFERENCES record (n), request_headers TEXT NOT NULL, response_headers TEXT,
    request_body BLOB, response_body BLOB, marks TEXT NOT NULL
);
"""
_PUT_RECORD = f"INSERT OR REPLACE INTO record (n, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})"
_SPAN = "SELECT coalesce((SELECT max(n) FROM record) - (SELECT min(n) FROM record) + 1, 0)"
"""How many there are, in no time however many: only the oldest are ever deleted."""
_PUT_PAYLOAD = "INSERT OR REPLACE INTO payload VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = (
    f"SELECT {', '.join('project.key_sha256' if name == 'project' else f'record.{name}' for name in _COLUMNS)}"
    " FROM record JOIN project ON project.p = record.project"
)


class Store:
    """Exchanges in a file.

    path: the file, which must exist. readonly: for readers beside the one that writes.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        with self._translated():
            address = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rw'}"
            self._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=5)
            try:
                self._open(readonly)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        self._db.close()

    def write(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        """Keep all of them or, when that fails, none. Answers those whose id was not there yet; others are replaced."""
        with self._translated(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            return [exchange for exchange in exchanges if self._put(exchange)]

    def prune(self, keep: int, keep_bytes: int) -> bool:
        """Delete a few of the oldest when there are more than `keep` or the file is larger; true if it deleted any."""
        with self._translated():
            excess = self._value(_SPAN) - keep
            if excess <= 0 and self._used() <= keep_bytes:
                return False
            # Never the last one: a record larger than the file may be is shown all the same.
            few = min(excess if excess > 0 else PRUNED_AT_ONCE, PRUNED_AT_ONCE, len(self) - 1)
            if few > 0:
                self._delete_oldest(few)
            return few > 0

    def __len__(self) -> int:
        with self._translated():
            return int(self._value("SELECT count(*) FROM record"))

    def newest(self, limit: int) -> list[Summary]:
        """The last ones to arrive, in the order in which they began."""
        with self._translated():
            rows = self._db.execute(f"{_SELECT} ORDER BY n DESC LIMIT ?", (limit,)).fetchall()
        return sorted(map(_summary, reversed(rows)), key=lambda one: one.started)

    def one(self, prefix: str) -> Summary:
        """The one whose id is this or begins so."""
        with self._translated():
            span = (prefix, prefix + "\U0010ffff")
            rows = self._db.execute(f"{_SELECT} WHERE id >= ? AND id < ? ORDER BY n DESC LIMIT 3", span).fetchall()
        found = [_summary(row) for row in rows]
        # The whole id may be there under two keys, and may be the beginning of others; the newest is meant.
        exact = [one for one in found if one.id == prefix] or found
        if not found:
            raise UnknownRecord(f"There is no record whose id begins with {prefix!r} in {self.path}.")
        if len(exact) > 1 and exact[0].id != prefix:
            raise UnknownRecord(f"More than one id begins with {prefix!r}, such as {found[0].id} and {found[1].id}.")
        return exact[0]

    def read(self, summary: Summary) -> Exchange:
        """The whole of an exchange."""
        with self._translated():
            row = self._db.execute(
                "SELECT payload.* FROM payload JOIN record USING (n) JOIN project ON project.p = record.project"
                " WHERE id = ? AND key_sha256 = ?",
                (summary.id, summary.project),
            ).fetchone()
        if row is None:
            raise StoreError(f"The record {summary.id} was deleted meanwhile.")
        return _exchange(summary, row)

    def _open(self, readonly: bool) -> None:
        if not readonly and self._value("PRAGMA page_count") == 0:
            self._db.executescript(
                f"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN; {_SCHEMA}"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
            )
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path} is not an inbox file.")
        if self._value("PRAGMA user_version") > VERSION:
            raise StoreError(f"{self.path} was written by a newer drhttp; upgrade this one, or choose another file.")
        # Survives a killed process; a power cut may cost the last moments, but never the file.
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _put(self, exchange: Exchange) -> bool:
        summary = exchange.summary
        project = self._project(summary)
        found = self._db.execute("SELECT n FROM record WHERE id = ? AND project = ?", (summary.id, project)).fetchone()
        values = [project if name == "project" else getattr(summary, name) for name in _COLUMNS]
        put = self._db.execute(_PUT_RECORD, [found and found[0], *values])
        self._db.execute(_PUT_PAYLOAD, (put.lastrowid, *_payload(exchange)))
        return found is None

    def _delete_oldest(self, few: int) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            (last,) = self._db.execute("SELECT n FROM record ORDER BY n LIMIT 1 OFFSET ?", (few - 1,)).fetchone()
            self._db.execute("DELETE FROM payload WHERE n <= ?", (last,))
            self._db.execute("DELETE FROM record WHERE n <= ?", (last,))
        self._db.execute("PRAGMA incremental_vacuum(1000)").fetchall()

    def _project(self, summary: Summary) -> int:
        found = self._db.execute("SELECT p FROM project WHERE key_sha256 = ?", (summary.project,)).fetchone()
        if found:
            return int(found[0])
        row = (summary.project, summary.received)
        return int(self._db.execute("INSERT INTO project (key_sha256, first_seen) VALUES (?, ?)", row).lastrowid or 0)

    def _used(self) -> int:
        pages = self._value("PRAGMA page_count") - self._value("PRAGMA freelist_count")
        return int(pages * self._value("PRAGMA page_size"))

    def _value(self, statement: str) -> Any:
        return self._db.execute(statement).fetchone()[0]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            raise StoreError(f"{self.path} cannot be used: {problem}.") from problem


@contextmanager
def reading(path: Path) -> Iterator[Store]:
    """A reader of the file, closed at the end."""
    with closing(Store(path, readonly=True)) as store:
        yield store


def _payload(exchange: Exchange) -> tuple[object, ...]:
    request, response = exchange.request, exchange.response
    marks = {
        "request": _marks(request),
        "response": _marks(response) if response else None,
        "extra": dict(exchange.extra),
    }
    return (
        json.dumps(request.headers),
        json.dumps(response.headers) if response else None,
        _pack(request.body),
        _pack(response.body) if response else None,
        json.dumps(marks),
    )


def _marks(message: Message) -> dict[str, object]:
    # Only what differs from the ordinary: most messages have no marks.
    return {name: getattr(message, name) for name, plain in _UNMARKED.items() if getattr(message, name) != plain}


def _exchange(summary: Summary, row: Sequence[Any]) -> Exchange:
    _, request_headers, response_headers, request_body, response_body, text = row
    marks = json.loads(text)
    request = _message(request_headers, request_body, marks["request"])
    response = None if response_headers is None else _message(response_headers, response_body, marks["response"])
    return Exchange(summary=summary, request=request, response=response, extra=marks["extra"])


def _message(headers: str, body: bytes | None, marks: dict[str, Any]) -> Message:
    pairs = tuple((name, value) for name, value in json.loads(headers))
    return Message(headers=pairs, body=_unpack(body), **marks)


def _summary(row: Sequence[Any]) -> Summary:
    told = dict(zip(_COLUMNS, row, strict=True))
    return Summary(**{**told, "aborted": bool(told["aborted"])})


def _pack(body: bytes | None) -> bytes | None:
    """The first byte says how the rest is kept: as it is (0) or deflated (1)."""
    if body is None or len(body) < PACKED_FROM:
        return body if body is None else b"\0" + body
    packed = zlib.compress(body, 1)
    return b"\1" + packed if len(packed) < len(body) else b"\0" + body


def _unpack(kept: bytes | None) -> bytes | None:
    if kept is None:
        return None
    return zlib.decompress(kept[1:]) if kept[:1] == b"\1" else kept[1:]
