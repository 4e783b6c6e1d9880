"""The outbound calls of requests in ClickHouse."""

from __future__ import annotations

import time
from typing import Any

from drhttp.inbox.query.nodes import EVERYTHING, All, Like, Node
from drhttp.inbox.store import aggregates
from drhttp.inbox.store.clickhouse.engine import Engine, TimeExceeded
from drhttp.inbox.store.clickhouse.scan import GRACE, Scan, bounds, window

_OUTGOING = Like("direction", (tuple("Outgoing"),))
_CALLS = "direction, method, endpoint, status, duration, error, response_size, started, n"


def upstreams(engine: Engine, node: Node, seconds: float) -> aggregates.Upstreams:
    """Aggregate the outbound calls that match, and those of the requests that match."""
    end, span = time.monotonic() + seconds, bounds(engine)
    own = Scan(engine, _CALLS, All((node, _OUTGOING)), seconds=seconds / 3, span=span)
    calls = {row[-1]: row for row in own}
    requests = Scan(engine, "n, span, duration, direction", node, seconds=seconds / 3, span=span)
    spans, spent = dict[str, int](), 0
    for n, identity, duration, direction in requests:
        if identity is not None:
            spans[identity] = n
        spent += 0 if direction == "Outgoing" else duration or 0
    # Without a query, all calls are there already.
    others, stopped = ([], None) if node == EVERYTHING else _called(engine, spans, end)
    calls |= {row[-1]: row for row in others}
    found = aggregates.endpoints(calls[n] for n in sorted(calls, reverse=True))
    reached = [scan.reached for scan in (own, requests) if not scan.complete]
    reached += [] if stopped is None else [stopped]
    return aggregates.Upstreams(endpoints=found, total=len(calls), spent=spent, scanned_to=max(reached, default=None))


def _called(engine: Engine, spans: dict[str, int], end: float) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return the outgoing calls of requests, newest first, and the number down to which they are complete.

    spans: of the requests, with their numbers, newest first. end: when the time runs out.
    """
    found: list[tuple[Any, ...]] = []
    listed = list(spans)
    for start in range(0, len(listed), 1_000):
        some = listed[start : start + 1_000]
        # Calls are looked for beside their requests only, as everywhere.
        oldest, newest = min(spans[one] for one in some), max(spans[one] for one in some)
        near = window(oldest, newest)
        try:
            found += engine.rows(
                f"SELECT {_CALLS} FROM record FINAL WHERE direction = 'Outgoing' AND parent IN {{s:Array(String)}}"
                " AND n BETWEEN {near_low:UInt64} AND {near_high:UInt64}",
                {"s": some, **near},
                seconds=max(end - time.monotonic(), 0.0) + GRACE,
            )
        except TimeExceeded:
            return found, newest + 1
        if time.monotonic() > end and some[-1] != listed[-1]:
            return found, oldest
    return found, None
