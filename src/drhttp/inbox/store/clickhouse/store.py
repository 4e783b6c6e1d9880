"""The connection of a receiver, which writes to ClickHouse beside others."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from drhttp.inbox.errors import StoreError
from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import All, Flag, Node, Not
from drhttp.inbox.store import Limits, WriteResult
from drhttp.inbox.store.clickhouse import saved_views
from drhttp.inbox.store.clickhouse.claims import settle
from drhttp.inbox.store.clickhouse.engine import Engine, Scope
from drhttp.inbox.store.clickhouse.lease import Lease
from drhttp.inbox.store.clickhouse.numbers import Numbers
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader
from drhttp.inbox.store.clickhouse.retention import last_to_delete
from drhttp.inbox.store.clickhouse.rows import Rows
from drhttp.inbox.store.clickhouse.scan import bounds, window
from drhttp.inbox.store.clickhouse.schema import FOREVER, migrate
from drhttp.inbox.store.clickhouse.where import Condition
from drhttp.inbox.store.order import SavedView

KEEP_DAYS = 7
"""Days that records of a project are kept for which nothing else was said."""
SLOW = 4.0
"""Seconds beyond which an insert may be visible too late for live lists, so that it is said again."""
_UNPINNED = Not(Flag("pinned"))


class ClickHouseStore(ClickHouseReader):
    """The store of one receiver. keep: days for each project, else `keep_days`."""

    def __init__(self, engine: Engine, *, keep_days: int = KEEP_DAYS, keep: Mapping[str, int] | None = None) -> None:
        super().__init__(engine)
        self._keep_days = keep_days
        self._keep: Mapping[str, int] = keep if keep is not None else {}
        migrate(engine)
        self._lease = Lease(engine)
        self._numbers = Numbers(self._lease.number, self._floor())

    @property
    def receiver(self) -> int:
        """The number of this receiver."""
        return self._lease.number

    def within(self, scope: Scope | None) -> ClickHouseStore:
        """Return the same store, restricted to these projects."""
        one = object.__new__(ClickHouseStore)
        one.__dict__.update(self.__dict__)
        one._engine = self._engine.within(scope)
        return one

    def close(self) -> None:
        self._lease.release()
        super().close()

    def write(self, exchanges: Iterable[Exchange]) -> WriteResult:
        """Store a batch. Whoever else stores the same records gives them the same numbers."""
        batch = {(one.summary.project, one.summary.id): one for one in exchanges}
        self._admit({project for project, _ in batch})
        if not batch:
            return WriteResult((), 0)
        if self._lease.renew():
            self._numbers.begin(self._lease.number, self._floor())
        rows = Rows(list(batch.values()))
        own = self._numbers.take(len(batch) + 1)
        version = own.pop()
        settled = settle(self._engine, list(batch), own)
        others = [n for n, mine in zip(settled, own, strict=True) if n != mine]
        there = self._there(others, {project for project, _ in batch})
        new = [place for place, n in enumerate(settled) if n not in there]
        again = [place for place, n in enumerate(settled) if n in there]
        projects = [project for project, _ in batch]
        self._insert(rows, new, settled, [self._days(each) for each in projects], version, {})
        self._insert(rows, again, settled, [there.get(n, (0,))[0] for n in settled], version, there)
        listed = list(batch.values())
        changed = [settled[place] for place in again]
        return WriteResult([listed[place] for place in new], max(settled), changed)

    def mark(
        self, n: int, *, pinned: bool | None = None, tags: Sequence[str] | None = None, note: str | None = None
    ) -> Entry:
        found = self.entry(n)
        project = found.summary.project
        given = found.tags if tags is None else tuple(dict.fromkeys(tags))
        text = found.note if note is None else note or None
        stays = found.pinned if pinned is None else pinned
        (version,) = self._numbers.take(1)
        self._engine.insert(
            "mark",
            {
                "project": ("LowCardinality(String)", [project]),
                "n": ("UInt64", [n]),
                "pinned": ("UInt8", [int(stays)]),
                "tags": ("Array(String)", [list(given)]),
                "note": ("Nullable(String)", [text]),
                "version": ("UInt64", [version]),
            },
        )
        if stays != found.pinned:
            self._move(project, n, FOREVER if stays else self._days(project), version)
        # One that is let go of may be so old that it is gone by now.
        return replace(found, pinned=stays, tags=given, note=text)

    def clear(self, node: Node, *, pinned: bool) -> int:
        return self._delete(Condition(node if pinned else All((node, _UNPINNED))))

    def save_view(self, view: SavedView) -> None:
        saved_views.save(self._engine, view, *self._numbers.take(1))

    def delete_view(self, name: str) -> bool:
        return saved_views.delete(self._engine, name, *self._numbers.take(1))

    def prune(self, limits: Limits, now: int) -> bool:
        """Delete records beyond the limits. What the engine drops by day needs no pruning: its limit is infinite."""
        last = last_to_delete(self._engine, limits, now, lambda: self.state().bytes)
        return bool(last and self._delete(Condition(_UNPINNED), last))

    def maintain(self, *, idle: bool = True) -> bool:
        return False

    def _admit(self, projects: set[str]) -> None:
        scope = self._engine.scope
        if scope is not None and not projects <= scope:
            raise StoreError("Records of other projects cannot be written.")

    def _days(self, project: str) -> int:
        return self._keep.get(project, self._keep_days)

    def _floor(self) -> int:
        return max(bounds(self._engine.within(None))[1], self._remembered())

    def _there(self, numbers: Sequence[int], projects: set[str]) -> dict[int, tuple[int, str | None, int]]:
        """Return what has to be kept of rows that are there: days, the link to an original, and when they came."""
        found: dict[int, tuple[int, str | None, int]] = {}
        for start in range(0, len(numbers), 2_000):
            rows = self._engine.rows(
                "SELECT n, keep, replay_of, stored FROM record FINAL"
                " WHERE project IN {p:Array(String)} AND n IN {n:Array(UInt64)}",
                {"p": sorted(projects), "n": list(numbers[start : start + 2_000])},
            )
            found |= {n: (keep, replay_of, stored) for n, keep, replay_of, stored in rows}
        return found

    def _insert(
        self,
        rows: Rows,
        places: Sequence[int],
        numbers: Sequence[int],
        keep: Sequence[int],
        version: int,
        there: Mapping[int, tuple[int, str | None, int]],
    ) -> None:
        """Insert new rows, or new versions of those that are there."""
        if not places:
            return
        kept = {n: replay_of for n, (_, replay_of, _) in there.items()}
        some = [numbers[place] for place in places]
        block = rows.block(places, some, [keep[place] for place in places], version, kept)
        if there:
            # As when they came: a live list does not show them again.
            block["stored"] = ("UInt64", [there[n][2] for n in some])
        begun = time.monotonic()
        self._engine.insert("record", block)
        if not there and time.monotonic() - begun > SLOW:
            self._engine.insert("record", block)

    def _move(self, project: str, n: int, keep: int, version: int) -> None:
        """Write the row again where it stays that many days, and delete it where it was kept for ever."""
        parameters = {"p": project, "n": n}
        where = "WHERE project = {p:String} AND n = {n:UInt64}"
        # The columns of a star come in the order of the table.
        self._engine.command(
            f"INSERT INTO record SELECT * REPLACE (toUInt16({keep}) AS keep, toUInt64({version}) AS version)"
            f" FROM record FINAL {where}",
            parameters,
        )
        if keep != FOREVER:
            self._engine.command(f"DELETE FROM record {where} AND keep = {FOREVER}", parameters)

    def _delete(self, condition: Condition, edge: int | None = None) -> int:
        """Delete matching records up to a number, with their marks and claims, and return how many these were."""
        low, high = bounds(self._engine)
        high = high if edge is None else min(high, edge)
        self._remember(high)
        gone = f"gone_{secrets.token_hex(8)}"
        self._engine.command(f"CREATE TABLE {gone} (project String, n UInt64) ENGINE = MergeTree ORDER BY (project, n)")
        try:
            self._engine.command(
                f"INSERT INTO {gone} SELECT project, n FROM record FINAL"
                f" WHERE n BETWEEN {{low:UInt64}} AND {{high:UInt64}} AND {condition.sql}",
                {**condition.parameters, **window(low, high)},
            )
            count = int(self._engine.value(f"SELECT count() FROM {gone}"))
            for table in ("record", "mark", "claim") if count else ():
                self._engine.command(f"DELETE FROM {table} WHERE (project, n) IN (SELECT project, n FROM {gone})")
        finally:
            self._engine.command(f"DROP TABLE {gone} SYNC")
        return count

    def _remember(self, last: int) -> None:
        (version,) = self._numbers.take(1)
        columns: dict[str, tuple[str, list[Any]]] = {
            "project": ("String", [""]),
            "k": ("String", ["last"]),
            "v": ("String", [str(max(last, self._remembered()))]),
            "version": ("UInt64", [version]),
        }
        self._engine.insert("meta", columns)
