"""Endpoints and upstreams of the SQLite file."""

from __future__ import annotations

import sqlite3

from drhttp.inbox.query.nodes import EVERYTHING, All, Like, Node, Not
from drhttp.inbox.store import aggregates, rollup
from drhttp.inbox.store.aggregates import Endpoint, Endpoints, Upstreams
from drhttp.inbox.store.blocks.reading import Block, Reading
from drhttp.inbox.store.scan import Scan

_OUTGOING = Like("direction", (tuple("Outgoing"),))
_CALLS = "JOIN record c ON c.parent = r.span AND c.direction = 'Outgoing'"
_CALL_COLUMNS = rollup.COLUMNS.replace("r.", "c.")


def endpoints(db: sqlite3.Connection, node: Node, seconds: float) -> Endpoints:
    """Aggregate the matching records by endpoint. Call within a transaction."""
    found, reached = _endpoints(db, node, seconds)
    return Endpoints(endpoints=found, total=sum(one.count for one in found), scanned_to=reached)


def upstreams(db: sqlite3.Connection, node: Node, seconds: float) -> Upstreams:
    """Aggregate the outbound calls that match, and those of the requests that match. Call within a transaction."""
    if node == EVERYTHING:
        found, reached = _endpoints(db, node, seconds)
        spent = sum(one.total for one in found if one.direction != "Outgoing")
        found = [one for one in found if one.direction == "Outgoing"]
    else:
        found, reached = _calls(db, node, seconds)
        spent, spent_to = _spent(db, node, seconds)
        reached = max((each for each in (reached, spent_to) if each is not None), default=None)
    total = sum(one.count for one in found)
    return Upstreams(endpoints=found, total=total, spent=spent, scanned_to=reached)


def _endpoints(db: sqlite3.Connection, node: Node, seconds: float) -> tuple[list[Endpoint], int | None]:
    """Return the endpoints, and down to which ``n`` if the time ran out."""
    if node == EVERYTHING:
        return aggregates.merged([*aggregates.endpoints(rollup.uncounted(db)), *rollup.counted(db)]), None
    found: list[Endpoint] = []
    reading = Reading(db, node, seconds)
    for part in reading:
        if isinstance(part, Block):
            found += reading.endpoints(part)
        else:
            found += aggregates.endpoints(reading.rows(part, rollup.COLUMNS))
    return aggregates.merged(found), reading.reached


def _calls(db: sqlite3.Connection, node: Node, seconds: float) -> tuple[list[Endpoint], int | None]:
    everything, _ = _endpoints(db, EVERYTHING, seconds)
    if not any(one.direction == "Outgoing" for one in everything):
        return [], None
    scans = [
        Scan(db, rollup.COLUMNS, All((node, _OUTGOING)), seconds=seconds),
        Scan(db, _CALL_COLUMNS, node, join=_CALLS, seconds=seconds),
    ]
    calls = {row[-1]: row for scan in scans for row in scan}
    reached = max((scan.reached for scan in scans if not scan.complete), default=None)
    return aggregates.endpoints(calls[n] for n in sorted(calls, reverse=True)), reached


def _spent(db: sqlite3.Connection, node: Node, seconds: float) -> tuple[int, int | None]:
    """Return how long the requests that match took together, and down to which ``n`` if the time ran out."""
    reading = Reading(db, All((node, Not(_OUTGOING))), seconds)
    spent = 0
    for part in reading:
        if isinstance(part, Block):
            spent += reading.totals(part)
        else:
            # The sum of integers may be too large for the database.
            spent += sum(int(row[0]) for row in reading.rows(part, "total(r.duration), 0", group=""))
    return spent, reading.reached
