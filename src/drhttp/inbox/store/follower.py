"""The live list of a store that one process writes: what has a higher number is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import Step

if TYPE_CHECKING:
    from drhttp.inbox.store import StoreReader

SLICE = 0.06
"""Time limit in seconds of one step."""


class NumberFollower:
    """The position of one live list. last: the number reached."""

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
