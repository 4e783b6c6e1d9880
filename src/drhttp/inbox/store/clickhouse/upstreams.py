"""The outbound calls of requests in ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drhttp.inbox.query.nodes import All, Like, Node
from drhttp.inbox.store import aggregates
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.scan import Scan, bounds

_OUTGOING = Like("direction", (tuple("Outgoing"),))
_CALLS = "direction, method, endpoint, status, duration, error, response_size, started, n"


def upstreams(engine: Engine, node: Node, seconds: float) -> aggregates.Upstreams:
    """Aggregate the outbound calls that match, and those of the requests that match."""
    span = bounds(engine)
    calls: dict[int, tuple[Any, ...]] = {}
    own = Scan(engine, _CALLS, All((node, _OUTGOING)), seconds=seconds / 3, span=span)
    calls |= {row[-1]: row for row in own}
    requests = Scan(engine, "span, duration, direction", node, seconds=seconds / 3, span=span)
    spans, spent = set[str](), 0
    for identity, duration, direction in requests:
        spans |= {identity} - {None}
        spent += 0 if direction == "Outgoing" else duration or 0
    calls |= {row[-1]: row for row in _called(engine, sorted(spans), span)}
    found = aggregates.endpoints(calls[n] for n in sorted(calls, reverse=True))
    reached = max((scan.reached for scan in (own, requests) if not scan.complete), default=None)
    return aggregates.Upstreams(endpoints=found, total=len(calls), spent=spent, scanned_to=reached)


def _called(engine: Engine, spans: Sequence[str], span: tuple[int, int]) -> list[tuple[Any, ...]]:
    """Return the outgoing calls of these requests."""
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(spans), 1_000):
        found += engine.rows(
            f"SELECT {_CALLS} FROM record FINAL WHERE direction = 'Outgoing' AND parent IN {{s:Array(String)}}"
            " AND n BETWEEN {low:UInt64} AND {high:UInt64}",
            {"s": spans[start : start + 1_000], "low": span[0], "high": span[1]},
        )
    return found
