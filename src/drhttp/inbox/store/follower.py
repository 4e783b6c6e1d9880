"""What a store in a file can do without: others who write, and others who see less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp.inbox.errors import StoreError
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import State, Step, Traits

if TYPE_CHECKING:
    from typing_extensions import Self

    from drhttp.inbox.store import StoreReader

SLICE = 0.06
"""Time limit in seconds of one step."""


class NumberFollower:
    """The live list of a store that one process writes: what has a higher number is new. last: the number reached."""

    def __init__(self, node: Node, last: int) -> None:
        self._node = node
        self.reached = last

    def step(self, reader: StoreReader, limit: int) -> Step:
        """Return up to `limit` new records."""
        last = self.reached
        page = reader.page(self._node, limit + 1, before=None, after=last, ascending=True, seconds=SLICE)
        newest = max(page.newest, last)
        if len(page.entries) > limit:
            self.reached = newest
            return Step(entries=(), reached=newest, more=False, gap=newest - last)
        self.reached = page.next if not page.complete and page.next else newest
        return Step(entries=page.entries, reached=self.reached, more=not page.complete)


class SingleOwner:
    """A store with one writer and one owner, who sees all of it."""

    traits = Traits(percentile_error=0.01, dense_numbers=True)

    def within(self, scope: frozenset[str] | None) -> Self:
        """Return the store itself. Raises `StoreError` for a scope."""
        if scope is not None:
            raise StoreError("A file has no projects. Use --store clickhouse://USER@HOST:8123/DATABASE.")
        return self

    def follower(self, node: Node, last: int | None) -> NumberFollower:
        """Return what finds matching records that come from now on, or since `last` of an earlier one."""
        return NumberFollower(node, self.state().newest if last is None else last)

    def state(self) -> State:
        """Return statistics."""
        raise NotImplementedError
