"""The outbound calls of requests in ClickHouse."""

from __future__ import annotations

import time
from typing import Any

from drhttp.inbox.query.nodes import EVERYTHING, All, Like, Node
from drhttp.inbox.store import aggregates
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.scan import Scan, bounds

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
    others, stopped = ([], None) if node == EVERYTHING else _called(engine, spans, span, end)
    calls |= {row[-1]: row for row in others}
    found = aggregates.endpoints(calls[n] for n in sorted(calls, reverse=True))
    reached = [scan.reached for scan in (own, requests) if not scan.complete]
    reached += [] if stopped is None else [stopped]
    return aggregates.Upstreams(endpoints=found, total=len(calls), spent=spent, scanned_to=max(reached, default=None))


def _called(
    engine: Engine, spans: dict[str, int], span: tuple[int, int], end: float
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return the outgoing calls of requests, newest first, and the request at which the time ran out.

    spans: of the requests, with their numbers. span: numbers between which calls are looked for.
    """
    found: list[tuple[Any, ...]] = []
    listed = list(spans)
    for start in range(0, len(listed), 1_000):
        if start and time.monotonic() > end:
            return found, spans[listed[start - 1]]
        found += engine.rows(
            f"SELECT {_CALLS} FROM record FINAL WHERE direction = 'Outgoing' AND parent IN {{s:Array(String)}}"
            " AND n BETWEEN {low:UInt64} AND {high:UInt64}",
            {"s": listed[start : start + 1_000], "low": span[0], "high": span[1]},
        )
    return found, None
