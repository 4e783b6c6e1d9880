"""Who gave a record its number first, whichever receiver its batch went to.

Every receiver enters the numbers that it would give, in one insert, and then reads whose was first. The engine numbers
the blocks of a table in the order in which they become visible: who does not see an earlier claim of somebody else is
seen by everybody who comes later. So all give a record the same number, and where it is written twice, these are two
versions of one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from drhttp.inbox.store.clickhouse.engine import Engine


def key(project: str, identity: str) -> int:
    """Return the key of a record: 128 bits, so that no two records have the same."""
    digest = blake2b(f"{project}\0{identity}".encode("utf-8", "surrogatepass"), digest_size=16)
    return int.from_bytes(digest.digest(), "little")


def settle(engine: Engine, records: Sequence[tuple[str, str]], numbers: Sequence[int]) -> list[int]:
    """Return the numbers that these records have from now on. records: project and ID. numbers: new ones for them."""
    keys = [key(project, identity) for project, identity in records]
    batch = numbers[0]
    engine.insert(
        "claim",
        {
            "key": ("UInt128", keys),
            "project": ("LowCardinality(String)", [project for project, _ in records]),
            "n": ("UInt64", list(numbers)),
            "batch": ("UInt64", [batch] * len(keys)),
        },
    )
    span = {"low": min(numbers), "high": max(numbers), "batch": batch}
    # Mostly none: what comes for the first time needs no answer.
    rows = engine.rows(
        "SELECT key, argMin(n, _block_number) FROM claim WHERE key IN"
        " (SELECT key FROM claim WHERE n BETWEEN {low:UInt64} AND {high:UInt64} AND batch = {batch:UInt64})"
        " GROUP BY key HAVING argMin(batch, _block_number) != {batch:UInt64}",
        span,
    )
    first = dict(rows)
    return [first.get(each, own) for each, own in zip(keys, numbers, strict=True)]
