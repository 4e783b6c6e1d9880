"""The schema and its migrations."""

from __future__ import annotations

import sqlite3
from dataclasses import fields

from drhttp.inbox.endpoint import endpoint
from drhttp.inbox.exchange import Summary
from drhttp.inbox.store import blocks, rollup, saved_views

APPLICATION_ID = 0x64724874
VERSION = 5
COUNTED, GROUPED = 3, 4
"""Schema versions that introduced precomputed endpoints, and groups of them."""
SUMMARY_COLUMNS = tuple(field.name for field in fields(Summary))
"""Columns with the fields of `Summary`."""
INBOX_COLUMNS = ("endpoint", "error", "flags", "masked", "pinned", "tags", "note", "operation")
"""Columns that the inbox itself adds."""
LINE_COLUMNS = (
    "started", "status", "duration", "error", "direction", "method", "host", "path", "user", "device", "endpoint",
    "response_size",
)  # fmt: skip
"""Columns by which lists are sorted, and mostly filtered and counted."""
TRUNCATED, OMITTED, BODY, RESPONSE = 1, 2, 4, 8
"""Bits of ``flags``: a body was cut, a body was left out, there is a body, there is a response."""

TABLES = """
CREATE TABLE project (p INTEGER PRIMARY KEY, key_sha256 TEXT NOT NULL UNIQUE, name TEXT, first_seen INTEGER NOT NULL);
CREATE TABLE record (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, project INTEGER NOT NULL REFERENCES project (p), protocol TEXT NOT NULL,
    started INTEGER NOT NULL, received INTEGER NOT NULL, direction TEXT NOT NULL, method TEXT NOT NULL,
    scheme TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL, query TEXT, route TEXT, status INTEGER,
    duration INTEGER, ttfb INTEGER, user TEXT, device TEXT, client TEXT, trace TEXT, span TEXT, parent TEXT,
    aborted INTEGER NOT NULL, exception TEXT, exception_text TEXT, request_size INTEGER, response_size INTEGER,
    request_type TEXT, response_type TEXT,
    replay_of TEXT, endpoint TEXT NOT NULL DEFAULT '', error INTEGER NOT NULL DEFAULT 0,
    flags INTEGER NOT NULL DEFAULT 0, masked INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0,
    tags TEXT, note TEXT, operation TEXT,
    UNIQUE (id, project)
);
CREATE TABLE payload (
    n INTEGER PRIMARY KEY REFERENCES record (n), request_headers TEXT NOT NULL, response_headers TEXT,
    request_body BLOB, response_body BLOB, marks TEXT NOT NULL
);
"""
# Lists scan in order of n and filter on the way. An index by each column would slow down writes; one that begins with n
# grows at its end, and reading a quarter of the bytes takes a quarter of the time.
_SINCE_4 = f"""
CREATE INDEX record_line ON record (n, {", ".join(LINE_COLUMNS)});
{saved_views.TABLES}
"""
_SINCE_5 = f"""
CREATE INDEX record_tagged ON record (n) WHERE tags IS NOT NULL;
{blocks.TABLES}
"""
_SINCE_2 = """
CREATE INDEX record_span ON record (span) WHERE span IS NOT NULL;
CREATE INDEX record_parent ON record (parent) WHERE parent IS NOT NULL;
CREATE INDEX record_replay ON record (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX record_pinned ON record (n) WHERE pinned;
CREATE TABLE meta (k TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID;
"""
_FROM_1 = f"""
DROP INDEX IF EXISTS record_started;
DROP INDEX IF EXISTS record_user;
DROP INDEX IF EXISTS record_device;
DROP INDEX IF EXISTS record_status;
DROP INDEX IF EXISTS record_parent;
ALTER TABLE record ADD COLUMN replay_of TEXT;
ALTER TABLE record ADD COLUMN endpoint TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN error INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN masked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN tags TEXT;
ALTER TABLE record ADD COLUMN note TEXT;
UPDATE record SET endpoint = drhttp_endpoint(direction, host, path, route),
    error = status IS NULL OR status >= 500 OR exception IS NOT NULL;
UPDATE record SET
    flags = (SELECT {TRUNCATED} * (ifnull(json_extract(marks, '$.request.truncated'), 0)
                                   OR ifnull(json_extract(marks, '$.response.truncated'), 0))
                  + {OMITTED} * (json_extract(marks, '$.request.omitted') IS NOT NULL
                                 OR json_extract(marks, '$.response.omitted') IS NOT NULL)
                  + {BODY} * (length(ifnull(request_body, '')) > 1 OR length(ifnull(response_body, '')) > 1)
                  + {RESPONSE} * (response_headers IS NOT NULL) FROM payload WHERE payload.n = record.n),
    masked = (SELECT ifnull(json_extract(marks, '$.request.redacted'), 0)
                   + ifnull(json_extract(marks, '$.response.redacted'), 0) FROM payload WHERE payload.n = record.n);
{_SINCE_2}
"""
_FROM_3 = f"""
ALTER TABLE record ADD COLUMN operation TEXT;
{_SINCE_4}
"""
# Bodies that are text are kept as text from here on, which the versions before could not read.
_STEPS = {1: _FROM_1, 2: rollup.TABLES, 3: _FROM_3, 4: _SINCE_5}
"""A version and what makes the next one of it."""


def create(db: sqlite3.Connection) -> None:
    """Create the tables in an empty file."""
    db.executescript(
        f"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {TABLES} {_SINCE_2}"
        f"{rollup.TABLES} {_SINCE_4} {_SINCE_5}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Migrate a file of an earlier version, one transaction per step."""
    db.create_function("drhttp_endpoint", 4, _endpoint, deterministic=True)
    for step in range(version, VERSION):
        try:
            db.executescript(f"BEGIN IMMEDIATE; {_STEPS[step]}")
            if step == COUNTED - 1:
                for k in rollup.ready(db):
                    rollup.count(db, k)
            if step == GROUPED - 1:
                rollup.group_all(db)
            db.execute(f"PRAGMA user_version = {step + 1}")
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _endpoint(direction: str, host: str, path: str, route: str | None) -> str:
    blank = {"id": "", "project": "", "protocol": "", "started": 0, "received": 0}
    return endpoint(Summary(**blank, direction=direction, host=host, path=path, route=route))  # type: ignore[arg-type]
