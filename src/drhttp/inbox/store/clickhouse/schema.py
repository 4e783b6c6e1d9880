"""The tables and their versions.

Every statement of a version may run again, so a run that failed is completed by the next one; the version is entered
when all of its statements have run. Several receivers may do so at the same time.
"""

from __future__ import annotations

from drhttp.inbox.errors import OutdatedStore, StoreError
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.numbers import DAY, EPOCH, SECOND

FOREVER = 20_000
"""Days that a pinned record is kept: 54 years, which the engine can still add to a date."""
CLAIM_DAYS = 3
"""Days within which a batch may be delivered again without adding anything."""
_DELTA = "CODEC(Delta, ZSTD(1))"
COLUMNS = {
    "n": ("UInt64", _DELTA),
    "id": ("String", "CODEC(ZSTD(1))"),
    "project": ("LowCardinality(String)", ""),
    "protocol": ("LowCardinality(String)", ""),
    "started": ("Int64", _DELTA),
    "received": ("Int64", _DELTA),
    "direction": ("LowCardinality(String)", ""),
    "method": ("LowCardinality(String)", ""),
    "scheme": ("LowCardinality(String)", ""),
    "host": ("LowCardinality(String)", ""),
    "path": ("String", "CODEC(ZSTD(1))"),
    "query": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "route": ("LowCardinality(Nullable(String))", ""),
    "status": ("Nullable(UInt16)", "CODEC(ZSTD(1))"),
    "duration": ("Nullable(Int64)", "CODEC(ZSTD(1))"),
    "ttfb": ("Nullable(Int64)", "CODEC(ZSTD(1))"),
    "user": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "device": ("LowCardinality(Nullable(String))", ""),
    "client": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "trace": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "span": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "parent": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "aborted": ("UInt8", "CODEC(ZSTD(1))"),
    "exception": ("LowCardinality(Nullable(String))", ""),
    "exception_text": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "request_size": ("Nullable(Int64)", "CODEC(ZSTD(1))"),
    "response_size": ("Nullable(Int64)", "CODEC(ZSTD(1))"),
    "request_type": ("LowCardinality(Nullable(String))", ""),
    "response_type": ("LowCardinality(Nullable(String))", ""),
    "replay_of": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "endpoint": ("LowCardinality(String)", ""),
    "error": ("UInt8", "CODEC(ZSTD(1))"),
    "flags": ("UInt8", "CODEC(ZSTD(1))"),
    "masked": ("UInt32", "CODEC(ZSTD(1))"),
    "operation": ("LowCardinality(Nullable(String))", ""),
    "request_names": ("Array(String)", "CODEC(ZSTD(1))"),
    "request_values": ("Array(String)", "CODEC(ZSTD(1))"),
    "response_names": ("Array(String)", "CODEC(ZSTD(1))"),
    "response_values": ("Array(String)", "CODEC(ZSTD(1))"),
    "request_body": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "response_body": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "request_text": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "response_text": ("Nullable(String)", "CODEC(ZSTD(1))"),
    "marks": ("String", "CODEC(ZSTD(1))"),
    "keep": ("UInt16", "CODEC(ZSTD(1))"),
    "version": ("UInt64", _DELTA),
}
"""Columns of a record, with their types and codecs.

Headers are two columns, which the client writes much faster than pairs. The text of a body is there where it is not
the body itself.
"""
_DAY = f"toDateTime({EPOCH // 1000} + intDiv(n, {SECOND}))"
_LISTED = ",\n    ".join(f"`{name}` {kind} {codec}".rstrip() for name, (kind, codec) in COLUMNS.items())
RECORD = f"""
CREATE TABLE IF NOT EXISTS record (
    {_LISTED},
    `stored` UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) {_DELTA},
    INDEX by_id id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_trace trace TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_span span TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_parent parent TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user user TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_stored stored TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version) PARTITION BY (keep, intDiv(n, {DAY})) ORDER BY (project, n, id)
TTL {_DAY} + toIntervalDay(keep)
SETTINGS ttl_only_drop_parts = 1
"""
CLAIM = f"""
CREATE TABLE IF NOT EXISTS claim (
    `key` UInt128, `project` LowCardinality(String), `n` UInt64 {_DELTA}, `batch` UInt64 {_DELTA}
)
ENGINE = MergeTree PARTITION BY intDiv(n, {DAY}) ORDER BY key
TTL {_DAY} + toIntervalDay({CLAIM_DAYS})
SETTINGS index_granularity = 256, enable_block_number_column = 1, ttl_only_drop_parts = 1
"""
MARK = """
CREATE TABLE IF NOT EXISTS mark (
    `project` LowCardinality(String), `n` UInt64, `pinned` UInt8, `tags` Array(String), `note` Nullable(String),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY (project, n)
"""
META = """
CREATE TABLE IF NOT EXISTS meta (`project` String, `k` String, `v` String, `version` UInt64)
ENGINE = ReplacingMergeTree(version) ORDER BY (project, k)
"""
RECEIVER = """
CREATE TABLE IF NOT EXISTS receiver (`number` UInt8, `token` String, `seen` UInt64)
ENGINE = ReplacingMergeTree(seen) ORDER BY (number, token)
"""
PROJECT = """
CREATE TABLE IF NOT EXISTS project (`name` String, `keep` UInt16, `created` UInt64, `gone` UInt8, `version` UInt64)
ENGINE = ReplacingMergeTree(version) ORDER BY name
"""
CREDENTIAL = """
CREATE TABLE IF NOT EXISTS credential (
    `sha256` String, `kind` LowCardinality(String), `project` String, `name` String, `created` UInt64,
    `revoked` UInt64, `version` UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY (sha256, project)
"""
AUDIT = """
CREATE TABLE IF NOT EXISTS audit (
    `at` UInt64, `who` String, `projects` Array(String), `what` String, `receiver` UInt8
)
ENGINE = MergeTree PARTITION BY toYYYYMM(toDateTime(intDiv(at, 1000))) ORDER BY at
"""
OPERATION = """
ALTER TABLE record ADD COLUMN IF NOT EXISTS `operation` LowCardinality(Nullable(String)) AFTER masked
"""
SAVED_VIEW = """
CREATE TABLE IF NOT EXISTS saved_view (
    `owner` String, `name` String, `query` String, `ranking` String, `page` String, `gone` UInt8, `version` UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY (owner, name)
"""
STEPS = (
    (RECORD, CLAIM, MARK, META, RECEIVER),
    (PROJECT, CREDENTIAL, AUDIT),
    (OPERATION, SAVED_VIEW),
)
"""For each version, the statements that make it of the one before."""
VERSION = len(STEPS)
_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_version (`version` UInt32, `finished` DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY version
"""


def version(engine: Engine) -> int:
    """Return the version of the tables, 0 without any."""
    here = engine.value("EXISTS TABLE schema_version")
    return int(engine.value("SELECT max(version) FROM schema_version")) if here else 0


def migrate(engine: Engine) -> None:
    """Bring the tables up to date. Raises `StoreError` if they are newer than this program."""
    engine.command(_VERSIONS)
    found = version(engine)
    if found > VERSION:
        raise StoreError(f"{engine.address.shown} was written by a newer version of drhttp. Upgrade drhttp.")
    for step in range(found, VERSION):
        for statement in STEPS[step]:
            engine.command(statement)
        engine.command(f"INSERT INTO schema_version (version) VALUES ({step + 1})")


def check(engine: Engine) -> None:
    """Raise `OutdatedStore` if the tables are not those of this program."""
    found = version(engine)
    if found != VERSION:
        older = "an older" if found < VERSION else "a newer"
        raise OutdatedStore(f"{engine.address.shown} has the tables of {older} version of drhttp.")
