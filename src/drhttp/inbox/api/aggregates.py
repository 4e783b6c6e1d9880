"""Handlers for aggregates: histogram, scatter plot, endpoints, upstreams, users, and devices."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.periods import FINE, SHORTEST, Period, periods, spans
from drhttp.inbox.api.responses import Json
from drhttp.inbox.query.nodes import All, Between, Node
from drhttp.inbox.store.aggregates import BOUNDS, CLASSES, OTHERS, Group, percentiles
from drhttp.inbox.view import masking
from drhttp.inbox.view.endpoints import endpoint_json, quoted
from drhttp.inbox.view.summary import iso
from drhttp.inbox.view.summary_fields import ms

SECONDS = 1.0
"""Time limit in seconds; beyond it, the aggregate covers the most recent records only."""
_SORTS = ("count", "errors", "client-errors", "p50", "p95", "p99", "total", "endpoint", "last")
_UPSTREAM_SORTS = ("total", *(sort for sort in _SORTS if sort != "total"))


class Aggregates:
    """The handlers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def histogram(self, request: Request) -> Response:
        node = parameters.query(request)
        start, end = parameters.instant(request, "from"), parameters.instant(request, "to")
        buckets = parameters.number(request, "buckets", 60, 1, 500)
        found = await self._context.readers.run(
            lambda store: store.histogram(node, start, end, buckets, seconds=SECONDS)
        )
        bars = [
            {"time": iso(found.start + place * found.width), **dict(zip(CLASSES, counts, strict=True))}
            for place, counts in enumerate(found.counts)
        ]
        return Json(
            {
                "from": iso(found.start),
                "to": iso(found.end),
                "width_ms": found.width / 1000,
                "total": found.total,
                **_scanned(found.scanned_to),
                "buckets": bars,
            }
        )

    async def timeline(self, request: Request) -> Response:
        node, bars = parameters.query(request), parameters.number(request, "buckets", 60, 2, 500)
        fine = await self._context.readers.run(lambda store: store.histogram(node, None, None, FINE, seconds=SECONDS))
        width, found = periods(fine, bars)
        return Json(
            {
                "width_ms": width / 1000,
                "total": fine.total,
                **_scanned(fine.scanned_to),
                "periods": [_period(one, width) for one in found],
            }
        )

    async def scatter(self, request: Request) -> Response:
        start, end = parameters.instant(request, "from"), parameters.instant(request, "to")
        within: Node = All((parameters.query(request), Between("started", start, None if end is None else end - 1)))
        limit = parameters.number(request, "limit", 2_000, 1, 5_000)
        bars = parameters.number(request, "buckets", 60, 2, 500)
        found = await self._context.readers.run(lambda store: store.scatter(within, limit, seconds=SECONDS))
        times = sorted(point[1] for point in found.points)
        parts = spans([(time, time) for time in times], SHORTEST, bars) if times else []
        return Json(
            {
                "n": [point[0] for point in found.points],
                "time_ms": [point[1] / 1000 for point in found.points],
                "duration_ms": [point[2] / 1000 for point in found.points],
                "status": [point[3] for point in found.points],
                "error": [point[4] for point in found.points],
                "periods_ms": [(begin / 1000, end / 1000) for begin, end in parts],
                **_scanned(found.scanned_to),
            }
        )

    async def endpoints(self, request: Request) -> Response:
        node, sort = parameters.query(request), parameters.choice(request, "sort", *_SORTS)
        found = await self._context.readers.run(lambda store: store.endpoints(node, seconds=SECONDS))
        listed = [endpoint_json(one) for one in found.endpoints]
        listed.sort(key=lambda one: _rank(one, sort))
        return Json(
            {
                "bounds": [*BOUNDS, None],
                "total": found.total,
                **_scanned(found.scanned_to),
                "endpoints": listed,
            }
        )

    async def upstreams(self, request: Request) -> Response:
        node, sort = parameters.query(request), parameters.choice(request, "sort", *_UPSTREAM_SORTS)
        found = await self._context.readers.run(lambda store: store.upstreams(node, seconds=SECONDS))
        spent = found.spent
        listed = [{**endpoint_json(one), "share": one.total / spent if spent else None} for one in found.endpoints]
        listed.sort(key=lambda one: _rank(one, sort))
        return Json(
            {
                "bounds": [*BOUNDS, None],
                "total": found.total,
                "spent_ms": spent / 1000,
                **_scanned(found.scanned_to),
                "upstreams": listed,
            }
        )

    async def users(self, request: Request) -> Response:
        return await self._groups(request, "user", "device")

    async def devices(self, request: Request) -> Response:
        return await self._groups(request, "device", "user")

    async def _groups(self, request: Request, column: str, other: str) -> Response:
        node, limit = parameters.query(request), parameters.number(request, "limit", 200, 1, 1_000)
        found = await self._context.readers.run(lambda store: store.groups(node, column, other, limit, seconds=SECONDS))
        return Json(
            {
                "from": iso(found.start),
                "to": iso(found.end),
                "total": found.total,
                **_scanned(found.scanned_to),
                "groups": [_group(one, column) for one in found.groups],
            }
        )


def _period(one: Period, width: int) -> dict[str, Any]:
    bars = [
        {"time": iso(one.start + place * width), **dict(zip(CLASSES, counts, strict=True))}
        for place, counts in enumerate(one.counts)
    ]
    return {"from": iso(one.start), "to": iso(one.start + len(bars) * width), "buckets": bars}


def _rank(one: dict[str, Any], sort: str) -> tuple[Any, ...]:
    if sort == "endpoint":
        return one["endpoint"], one["method"]
    if sort == "last":
        # ISO times sort as text; the latest comes first.
        return (tuple(-ord(char) for char in one["last"]),)
    name = {"count": "count", "errors": "errors", "client-errors": "client_errors"}.get(sort, f"{sort}_ms")
    return -(one[name] or 0), one["endpoint"], one["method"]


def _group(one: Group, column: str) -> dict[str, Any]:
    middle, high = percentiles(one.durations, (0.5, 0.95))
    return {
        "name": masking.path(one.name)[0],
        "count": one.count,
        "errors": one.errors,
        "client_errors": one.client_errors,
        "first": iso(one.first),
        "last": iso(one.last),
        "p50_ms": ms(middle),
        "p95_ms": ms(high),
        "others": [masking.path(name)[0] for name, _ in one.others.most_common(OTHERS)],
        "query": f"{column}:{quoted(one.name)}",
        "timeline": one.timeline,
    }


def _scanned(reached: int | None) -> dict[str, Any]:
    return {"complete": reached is None, "scanned_to": reached}
