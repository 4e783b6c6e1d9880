"""Questions to ClickHouse, for the receiver that writes and for any number of readers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from drhttp.inbox.errors import RecordNotFound
from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import EVERYTHING, All, Between, Node, Present, reads_payload
from drhttp.inbox.store import Page, State, Traits, aggregates
from drhttp.inbox.store.clickhouse import saved_views, sorting
from drhttp.inbox.store.clickhouse.aggregates import EXACT, GROUP, columns, endpoints, group_columns, groups
from drhttp.inbox.store.clickhouse.engine import Engine, Scope
from drhttp.inbox.store.clickhouse.follower import POLL, ClickHouseFollower
from drhttp.inbox.store.clickhouse.rows import BODIES, PAYLOAD, SELECTED, entry, exchange
from drhttp.inbox.store.clickhouse.scan import Scan, bounds, window
from drhttp.inbox.store.clickhouse.upstreams import upstreams
from drhttp.inbox.store.order import Order, Position, SavedView, SortedPage
from drhttp.inbox.store.search import lower

TOGETHER = 20_000
"""Records of one insert: the engine takes 10 times as many in these as in inserts of 100."""
TRAITS = Traits(percentile_error=0.01, dense_numbers=False, poll=POLL, together=TOGETHER)
COMPLETION_RECORDS = 20_000
"""Number of most recent records that are searched for completions."""
_ENDS = "minOrNull(started), maxOrNull(started)"
_UNMARKED: tuple[int, tuple[str, ...], None] = (0, (), None)
_SPAN = SELECTED.split(", ").index("`span`")


class ClickHouseReader:
    """A connection that reads. engine: may be restricted to projects."""

    traits = TRAITS

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        return self._engine

    def within(self, scope: Scope | None) -> ClickHouseReader:
        """Return a reader on the same connection that sees these projects only."""
        return ClickHouseReader(self._engine.within(scope))

    def close(self) -> None:
        self._engine.close()

    def page(
        self,
        node: Node,
        limit: int,
        *,
        before: int | None = None,
        after: int = 0,
        ascending: bool = False,
        seconds: float = 60.0,
    ) -> Page:
        """Return up to `limit` matching records, ordered by ``n``."""
        scan = Scan(
            self._engine,
            SELECTED,
            node,
            before=before,
            after=after,
            ascending=ascending,
            limit=min(limit, 1 << 40),
            seconds=seconds,
        )
        entries = self.entries(list(scan))
        if len(entries) == limit:
            return Page(entries, entries[-1].n, True, scan.newest)
        return Page(entries, None if scan.complete else scan.reached, scan.complete, scan.newest)

    def sorted_page(
        self, node: Node, order: Order, limit: int, *, after: Position | None = None, seconds: float = 60.0
    ) -> SortedPage:
        """Return up to `limit` matching records in another order, beginning after a position in it."""
        # The rest of the time is for the rows, which lie far apart.
        rows, scan = sorting.best(self._engine, node, order, limit + 1, after, seconds * 0.9)
        end = Position(*rows[limit - 1]) if len(rows) > limit else None
        numbers = [n for _, n in rows[:limit]]
        found = {one.n: one for one in self._entries("n IN {some:Array(UInt64)}", {"some": numbers})}
        return SortedPage([found[n] for n in numbers if n in found], end, scan.newest, _reached(scan))

    def newest(self, limit: int, node: Node = EVERYTHING) -> list[Entry]:
        """Return the most recently received records, ordered by start time."""
        return sorted(self.page(node, limit).entries, key=lambda one: (one.summary.started, one.n))

    def follower(self, node: Node, last: int | None) -> ClickHouseFollower:
        """Return what finds the records that become visible from now on, or since `last` of an earlier one."""
        return ClickHouseFollower(self, self._engine, node, last)

    def entry(self, n: int) -> Entry:
        found = self._entries("n = {n:UInt64}", {"n": n})
        if not found:
            raise RecordNotFound(f"Record {n} does not exist.")
        return found[0]

    def one(self, prefix: str) -> Entry:
        """Return the record with this ID or unique prefix."""
        exact = self._entries("id = {id:String}", {"id": prefix}, "ORDER BY n DESC LIMIT 1")
        if exact:
            return exact[0]
        found = self._entries("startsWith(id, {id:String})", {"id": prefix}, "ORDER BY n DESC LIMIT 3")
        if not found:
            raise RecordNotFound(f"No record ID in {self._engine.address.shown} starts with {prefix!r}.")
        if len(found) > 1:
            first, second = found[0].summary.id, found[1].summary.id
            raise RecordNotFound(f"More than one record ID starts with {prefix!r}, for example {first} and {second}.")
        return found[0]

    def read(self, entry: Entry) -> Exchange:
        """Return an exchange with headers and bodies."""
        rows = self._engine.rows(
            f"SELECT {', '.join(PAYLOAD)} FROM record FINAL WHERE project = {{p:String}} AND n = {{n:UInt64}}",
            {"p": entry.summary.project, "n": entry.n},
            raw=BODIES,
        )
        if not rows:
            raise RecordNotFound(f"Record {entry.summary.id} was deleted in the meantime.")
        return exchange(entry.summary, rows[0])

    def family(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]:
        """Return the parent of an exchange and its children, ordered by time."""
        parents = self._by("span", entry.summary.parent, "ORDER BY n DESC LIMIT 1")
        calls = self._by("parent", entry.summary.span, "ORDER BY started, n LIMIT 500")
        return (parents[0] if parents and parents[0].n != entry.n else None), [one for one in calls if one.n != entry.n]

    def replays(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]:
        """Return the original of a replay, and the replays of a record."""
        originals = self._by("id", entry.summary.replay_of, "ORDER BY n DESC LIMIT 1")
        return (originals[0] if originals else None), self._by("replay_of", entry.summary.id, "ORDER BY n LIMIT 100")

    def neighbors(self, n: int) -> tuple[int | None, int | None]:
        before = next(iter(Scan(self._engine, "n", EVERYTHING, before=n, limit=1, seconds=60)), None)
        after = next(iter(Scan(self._engine, "n", EVERYTHING, after=n, ascending=True, limit=1, seconds=60)), None)
        return (None if before is None else int(before[0])), (None if after is None else int(after[0]))

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return the IDs that are stored."""
        found: set[str] = set()
        for start in range(0, len(ids), 500):
            some = {"ids": list(ids[start : start + 500])}
            rows = self._engine.rows("SELECT DISTINCT id FROM record WHERE id IN {ids:Array(String)}", some)
            found |= {identity for (identity,) in rows}
        return found

    def histogram(
        self, node: Node, start: int | None, end: int | None, buckets: int, *, seconds: float = 60.0
    ) -> aggregates.Histogram:
        within = All((node, Between("started", start, None if end is None else end - 1)))
        until, span = time.monotonic() + seconds, bounds(self._engine)
        if reads_payload(node):
            scan = Scan(self._engine, "started, status, 1", within, seconds=seconds, span=span)
            rows = list(scan)
            low, width, bars = aggregates.grid(*aggregates.span((row[0] for row in rows), start, end), buckets)
        else:
            # The engine counts faster than we do, but that takes two passes.
            scan = Scan(self._engine, _ENDS, within, group="", seconds=seconds / 2, span=span)
            low, width, bars = aggregates.grid(*aggregates.span(chain.from_iterable(scan), start, end), buckets)
            counted = f"started - (started - {low}) % {width}, intDiv(status, 100) * 100, count()"
            after = 0 if scan.complete else scan.reached - 1
            left = until - time.monotonic()
            grouped = Scan(self._engine, counted, within, after=after, group="GROUP BY 1, 2", seconds=left, span=span)
            rows = list(grouped)
            scan = scan if grouped.complete else grouped
        counts = aggregates.histogram(rows, low, width, bars)
        return aggregates.Histogram(
            start=low,
            end=low + width * bars,
            width=width,
            counts=counts,
            total=sum(map(sum, counts)),
            scanned_to=_reached(scan),
        )

    def scatter(self, node: Node, limit: int, *, seconds: float = 60.0) -> aggregates.Scatter:
        timed = All((node, Present("duration")))
        scan = Scan(self._engine, "n, started, duration, status, error", timed, limit=limit, seconds=seconds)
        return aggregates.Scatter(points=list(scan)[::-1], scanned_to=_reached(scan))

    def endpoints(self, node: Node, *, seconds: float = 60.0) -> aggregates.Endpoints:
        span = bounds(self._engine)
        exact = self._engine.value("SELECT count() FROM record") <= EXACT
        scan = Scan(self._engine, columns(exact=exact), node, group=GROUP, seconds=seconds, span=span)
        found = aggregates.merged(endpoints(scan, exact=exact))
        return aggregates.Endpoints(endpoints=found, total=sum(one.count for one in found), scanned_to=_reached(scan))

    def upstreams(self, node: Node, *, seconds: float = 60.0) -> aggregates.Upstreams:
        """Aggregate the outbound calls that match, and those of the requests that match."""
        return upstreams(self._engine, node, seconds)

    def groups(self, node: Node, column: str, other: str, limit: int, *, seconds: float = 60.0) -> aggregates.Groups:
        until, within, span = time.monotonic() + seconds, All((node, Present(column))), bounds(self._engine)
        ends = Scan(self._engine, _ENDS, within, group="", seconds=seconds / 2, span=span)
        start, end = aggregates.span(chain.from_iterable(ends), None, None)
        exact = self._engine.value("SELECT count() FROM record") <= EXACT
        scan = Scan(
            self._engine,
            group_columns(column, other, start, end, exact=exact),
            within,
            after=0 if ends.complete else ends.reached - 1,
            group="GROUP BY 1",
            seconds=until - time.monotonic(),
            span=span,
        )
        kept, total = groups(scan, limit, exact=exact)
        scanned = _reached(ends) if scan.complete else _reached(scan)
        return aggregates.Groups(groups=kept, total=total, start=start, end=end, scanned_to=scanned)

    def values(self, column: str, part: str, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values of a column that contain `part`, with their counts."""
        if column == "tags":
            found: list[tuple[Any]] = self._engine.rows("SELECT arrayJoin(tags) FROM mark FINAL")
        else:
            found = list(Scan(self._engine, f"`{column}`", EVERYTHING, limit=COMPLETION_RECORDS, seconds=0.3))
        wanted = lower(part)
        counted = Counter(str(value) for (value,) in found if value is not None and wanted in lower(str(value)))
        return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:limit]

    def saved_views(self) -> list[SavedView]:
        return saved_views.saved_views(self._engine)

    def state(self) -> State:
        newest = bounds(self._engine)[1]
        size = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
        oldest = next(iter(Scan(self._engine, "started", EVERYTHING, ascending=True, limit=1, seconds=5)), None)
        return State(
            records=self._engine.value("SELECT count() FROM record FINAL"),
            pinned=self._engine.value("SELECT count() FROM mark FINAL WHERE pinned"),
            bytes=0 if self._engine.scope is not None else self._engine.value(size),
            oldest=None if oldest is None else int(oldest[0]),
            newest=max(newest, self._remembered()),
        )

    def entries(self, rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
        """Build entries from rows of `SELECTED`, with what was added to them and their numbers of calls."""
        if not rows:
            return []
        numbers = [row[0] for row in rows]
        near = window(min(numbers), max(numbers))
        marks = {
            n: (pinned, tags, note)
            for n, pinned, tags, note in self._engine.rows(
                "SELECT n, pinned, tags, note FROM mark FINAL WHERE n BETWEEN {low:UInt64} AND {high:UInt64}", near
            )
        }
        calls = self._counts({row[_SPAN] for row in rows} - {None}, near)
        return [entry(row, marks.get(row[0], _UNMARKED), calls.get(row[_SPAN], (0, 0))) for row in rows]

    def _counts(self, spans: set[str], near: dict[str, int]) -> dict[str, tuple[int, int]]:
        if not spans:
            return {}
        listed = "" if len(spans) > 2_000 else " AND parent IN {spans:Array(String)}"
        rows = self._engine.rows(
            "SELECT assumeNotNull(parent), uniqExact(n), uniqExactIf(n, error) FROM record WHERE parent IS NOT NULL"
            f" AND n BETWEEN {{near_low:UInt64}} AND {{near_high:UInt64}}{listed} GROUP BY 1",
            {**near, **({"spans": sorted(spans)} if listed else {})},
        )
        return {parent: (calls, failed) for parent, calls, failed in rows}

    def _by(self, column: str, value: str | None, ending: str) -> list[Entry]:
        if value is None:
            return []
        # Which rows these are is found in one column, without putting versions together.
        found = f"n IN (SELECT n FROM record WHERE `{column}` = {{v:String}})"
        return self._entries(found, {"v": value}, f"WHERE `{column}` = {{v:String}} {ending}")

    def _entries(self, condition: str, parameters: dict[str, object], ending: str = "") -> list[Entry]:
        """Return entries. condition: on columns of the key, which versions of a row share, so that it comes first."""
        return self.entries(
            self._engine.rows(f"SELECT {SELECTED} FROM record FINAL PREWHERE {condition} {ending}", parameters)
        )

    def _remembered(self) -> int:
        """Return the highest ``n`` that there was when records were deleted."""
        found = self._engine.value("SELECT max(toUInt64OrZero(v)) FROM meta FINAL WHERE k = 'last'")
        return int(found or 0)


def _reached(scan: Scan) -> int | None:
    return None if scan.complete else scan.reached
