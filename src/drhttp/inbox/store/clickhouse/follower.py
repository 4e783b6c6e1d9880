"""The live list of a store that several receivers write: polling, with an overlap and a set of what was seen.

A record is visible some time after its number was given, and what another receiver gave a lower number may come
later: so it is asked for by the time at which the engine took it, a little into the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import Step
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.numbers import DAY, SECOND, at, moment
from drhttp.inbox.store.clickhouse.rows import SELECTED
from drhttp.inbox.store.clickhouse.scan import window
from drhttp.inbox.store.clickhouse.where import Condition

if TYPE_CHECKING:
    from drhttp.inbox.store.clickhouse.reader import ClickHouseReader

POLL = 0.5
"""Seconds between two polls."""
OVERLAP = 10_000
"""Milliseconds that an insert may take from the engine's clock to being visible."""
LATEST = DAY
"""How much older than now the number of a record may be that arrives only now: its batch was sent again."""
SECONDS = 5.0
_REMARK = 5 * SECOND
"""How far the clock moves until a list without new records hears of it."""


class ClickHouseFollower:
    """The position of one live list. last: number reached by an earlier one, or None to begin now."""

    def __init__(self, reader: ClickHouseReader, engine: Engine, node: Node, last: int | None) -> None:
        self._condition = Condition(node)
        now = _clock(engine)
        self._cursor = now if last is None else min(moment(last), now)
        self._seen: dict[int, int] = {}
        """Numbers that were passed on, and when the engine took them."""
        if last is None:
            self._seen = dict(self._numbers(engine, now))
        self.reached = at(self._cursor)

    def step(self, reader: ClickHouseReader, limit: int) -> Step:
        """Return the new records in order of their numbers. Any reader of the same scope will do."""
        engine = reader.engine
        now = _clock(engine)
        found = self._numbers(engine, now)
        fresh = [n for n, _ in found if n not in self._seen]
        entries = reader.entries(self._lines(engine, fresh)) if len(fresh) <= limit else []
        self._cursor = now
        # A look before the overlap would not find the others again.
        self._seen = {n: stored for n, stored in (*self._seen.items(), *found) if stored >= now - OVERLAP}
        moved = fresh or at(now) - self.reached >= _REMARK
        self.reached = max(self.reached, at(now)) if moved else self.reached
        gap = len(fresh) if len(fresh) > limit else None
        return Step(entries=entries, reached=self.reached, more=False, gap=gap, overlaps=True)

    def _numbers(self, engine: Engine, now: int) -> list[tuple[int, int]]:
        """Return what came lately: numbers, and when the engine took them.

        Without putting versions of a row together, for which the engine would read a whole day.
        """
        since = self._cursor - OVERLAP
        statement = (
            "SELECT n, max(stored) FROM record WHERE stored >= {since:UInt64}"
            f" AND n BETWEEN {{low:UInt64}} AND {{high:UInt64}} AND {self._condition.sql} GROUP BY n ORDER BY n"
        )
        # The clocks of receivers may be ahead of the engine's.
        span = window(max(0, at(since) - LATEST), at(now) + LATEST)
        parameters = {"since": since, **self._condition.parameters, **span}
        return [(n, stored) for n, stored in engine.rows(statement, parameters, seconds=SECONDS)]

    def _lines(self, engine: Engine, numbers: list[int]) -> list[tuple[object, ...]]:
        if not numbers:
            return []
        statement = (
            f"SELECT {SELECTED} FROM record FINAL WHERE n IN {{some:Array(UInt64)}}"
            f" AND {self._condition.sql} ORDER BY n"
        )
        parameters = {"some": numbers, **self._condition.parameters, **window(numbers[0], numbers[-1])}
        return list(engine.rows(statement, parameters, seconds=SECONDS))


def _clock(engine: Engine) -> int:
    return int(engine.value("SELECT toUnixTimestamp64Milli(now64(3))"))
