"""The SQLite store: what every store does, and what lies in its file."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest
from store_suite import ARRIVAL, StoreSuite, numbered, store  # noqa: F401 a fixture of the suite

from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import decode_event
from drhttp.inbox.errors import OutdatedStore, StoreError
from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.sqlite import SqliteStore, reading

OLD = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
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
INSERT INTO project VALUES (1, 'k', NULL, 1);
INSERT INTO record (n, id, project, protocol, started, received, direction, method, scheme, host, path, status,
    aborted, request_type)
    VALUES (3, 'old', 1, 'events', 1, 2, 'Incoming', 'GET', 'http', 'x', '/items/7', 503, 0, 'text/plain');
INSERT INTO payload VALUES (3, '[["a", "b"]]', '[]', X'0041', NULL,
    '{"request": {"truncated": true, "redacted": 2}, "response": {}, "extra": {}}');
PRAGMA application_id = 0x64724874;
PRAGMA user_version = 1;
"""
"""A file as the first version made it."""
SECOND = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
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
    tags TEXT, note TEXT,
    UNIQUE (id, project)
);
CREATE TABLE payload (
    n INTEGER PRIMARY KEY REFERENCES record (n), request_headers TEXT NOT NULL, response_headers TEXT,
    request_body BLOB, response_body BLOB, marks TEXT NOT NULL
);
CREATE INDEX record_span ON record (span) WHERE span IS NOT NULL;
CREATE INDEX record_parent ON record (parent) WHERE parent IS NOT NULL;
CREATE INDEX record_replay ON record (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX record_pinned ON record (n) WHERE pinned;
CREATE TABLE meta (k TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO project VALUES (1, 'k', NULL, 1);
WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000)
    INSERT INTO record (n, id, project, protocol, started, received, direction, method, scheme, host, path, status,
        duration, aborted, endpoint, error)
    SELECT n, 'old-' || n, 1, 'events', n, n, 'Incoming', 'GET', 'http', 'x', '/items/' || n,
        iif(n % 10, 200, 500), n * 1000, 0, '/items/{id}', n % 10 = 0 FROM c;
INSERT INTO payload SELECT n, '[["a", "b"]]', '[]', CAST(char(0) || 'Wallet ' || n AS BLOB), NULL,
    '{"request": {}, "response": {}, "extra": {}}' FROM record;
PRAGMA application_id = 0x64724874;
PRAGMA user_version = 2;
"""
"""A file as the second version made it, with 5,000 records."""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "inbox.db"
    prepare(path)
    return path


@pytest.fixture
def open_store(file):
    opened = []

    def run(kind=SqliteStore):
        opened.append(kind(file))
        return opened[-1]

    yield run
    for each in opened:
        each.close()


@pytest.fixture
def open_reader(open_store):
    return lambda: open_store(SqliteReader)


class TestSqlite(StoreSuite):
    """All of the suite."""


def test_deleted_records_take_their_payload_along(open_store, file, event):
    """Nothing of a deleted record remains, and the file becomes small again."""
    opened = open_store()
    opened.write([decode_event(event(response__body="A" * 400_000), ARRIVAL)])
    opened.write(numbered(event, 50))
    opened.clear(numbered_node(), pinned=True)
    opened.close()

    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM payload").fetchone() == (50,)
        assert db.execute("SELECT count(*) FROM payload JOIN record USING (n)").fetchone() == (50,)
    assert file.stat().st_size < 200_000


def numbered_node():
    return parse("size:>100k OR NOT id:id-", 0).node


def test_the_file_says_what_it_is(open_store, file):
    """Migrations and other programs recognise it by its application id and version."""
    open_store()
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (0x64724874,)
        assert db.execute("PRAGMA user_version").fetchone() == (5,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_the_first_version_is_brought_up_to_date(file):
    """Records stay what they were, under their numbers, and have what the new version adds."""
    with closing(sqlite3.connect(file)) as db:
        db.executescript(OLD)

    with pytest.raises(OutdatedStore, match="was written by an older version of drhttp"):
        SqliteReader(file)
    with reading(file) as reader:
        entry = reader.one("old")
        exchange = reader.read(entry)
    assert (entry.n, entry.endpoint, entry.error, entry.truncated, entry.masked) == (3, "/items/{id}", True, True, 2)
    assert (exchange.request.headers, exchange.request.body) == ((("a", "b"),), b"A")
    assert exchange.response is not None


def test_a_file_of_the_second_version_is_counted(file):
    """Its whole slices are counted ahead, and bodies as that version kept them are read and found."""
    with closing(sqlite3.connect(file)) as db:
        db.executescript(SECOND)
    SqliteStore(file).close()

    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT k FROM slice").fetchall() == [(0,), (1,)]
        assert db.execute("SELECT sum(count), sum(errors), sum(total) FROM rollup").fetchone() == (
            3_999,
            399,
            sum(range(1, 4_000)) * 1000,
        )
    with reading(file) as reader:
        (one,) = reader.endpoints(EVERYTHING).endpoints
        assert (one.count, one.errors, one.longest, one.slowest) == (5_000, 500, 5_000_000, 5_000)
        assert abs(one.percentiles((0.5,))[0] - 2_500_000) <= 25_000
        found = reader.page(parse('body:"WALLET 77"', 0).node, 100)
        assert [entry.n for entry in found.entries] == [*range(779, 769, -1), 77]
        assert reader.read(reader.entry(77)).request.body == b"Wallet 77"


@pytest.mark.parametrize("old", [OLD, SECOND])
def test_a_migrated_file_is_like_a_new_one(file, tmp_path, old):
    """Tables and indexes are the same, so that later steps meet one form only."""
    other = tmp_path / "new.db"
    prepare(other)
    SqliteStore(other).close()
    with closing(sqlite3.connect(file)) as db:
        db.executescript(old)
    SqliteStore(file).close()

    assert shape(file) == shape(other)


def shape(path):
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        tables = {name: db.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
        return {name: sorted((row[1:] for row in rows), key=str) for name, rows in tables.items()}


def test_everything_beside_the_file_is_the_owners_alone(open_store, file, event):
    """The journal holds other people's requests, too."""
    open_store().write(numbered(event, 10))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert set(modes) == {"inbox.db", "inbox.db-wal", "inbox.db-shm"}
    assert set(modes.values()) == {0o600}


def make_newer(path):
    SqliteStore(path).close()
    run(path, "PRAGMA user_version = 99")


def run(path, statement):
    with closing(sqlite3.connect(path)) as db:
        db.execute(statement)
        db.commit()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(b"not a database, but long enough to look at" * 100), "Cannot use"),
        (lambda path: run(path, "CREATE TABLE t (a)"), "is not an inbox file"),
        (make_newer, "was written by a newer version of drhttp"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(file, damage, sentence):
    """Another program's database, any other file and a newer inbox's are refused, not changed."""
    damage(file)
    before = file.read_bytes()

    with pytest.raises(StoreError, match=sentence):
        SqliteStore(file)
    assert file.read_bytes() == before
