"""Interfaces of a store of exchanges. The implementations are in ``sqlite`` and ``clickhouse``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.aggregates import Endpoints, Groups, Histogram, Scatter, Upstreams
from drhttp.inbox.store.order import Order, Position, SavedView, SortedPage


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a write. new: exchanges with new IDs. last: highest ``n``. changed: ``n`` of replaced ones."""

    new: Sequence[Exchange]
    last: int
    changed: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list.

    next: where to go on, ``None`` at the end. complete: false when the time ran out before. newest: the highest ``n``
    that there was.
    """

    entries: Sequence[Entry]
    next: int | None
    complete: bool
    newest: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Retention limits: records, bytes of the file, seconds since arrival. Pinned records are always kept."""

    records: int
    bytes: int
    age: float


@dataclass(frozen=True, slots=True)
class State:
    """Statistics. bytes: file size. oldest: start time in microseconds. newest: highest ``n``."""

    records: int
    pinned: int
    bytes: int
    oldest: int | None
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What users can see of the kind of store.

    percentile_error: how far a percentile of many records may be off, as a share. dense_numbers: whether ``n`` has no
    gaps. poll: seconds between two looks for records of other receivers, or None if nobody else writes.
    together: how many records are written at once where several batches wait.
    """

    percentile_error: float
    dense_numbers: bool
    poll: float | None = None
    together: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a live list shows next.

    reached: where another list would go on. more: whether there is more to look at. gap: how many records there are
    where these are too many to be shown one by one. overlaps: whether some may have been shown before, to a list that
    goes on where another ended, and may have lower numbers than others that were shown.
    """

    entries: Sequence[Entry]
    reached: int
    more: bool
    gap: int | None = None
    overlaps: bool = False


class Follower(Protocol):
    """The position of one live list. It belongs to the readers of the store that made it."""

    reached: int

    def step(self, reader: Any, limit: int) -> Step: ...


class StoreReader(Protocol):
    """The read interface of a store, usable while another connection writes.

    ``seconds`` bounds how long a question may take; what was found by then is answered, marked as incomplete.
    """

    traits: Traits

    def within(self, scope: frozenset[str] | None) -> StoreReader:
        """Return a reader that sees the records of these projects only."""

    def follower(self, node: Node, last: int | None) -> Follower:
        """Return what finds matching records that come from now on, or since `last` of an earlier one."""

    def page(
        self, node: Node, limit: int, *, before: int | None, after: int, ascending: bool, seconds: float
    ) -> Page: ...
    def sorted_page(
        self, node: Node, order: Order, limit: int, *, after: Position | None, seconds: float
    ) -> SortedPage: ...
    def entry(self, n: int) -> Entry: ...
    def one(self, prefix: str) -> Entry: ...
    def read(self, entry: Entry) -> Exchange: ...
    def family(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]: ...
    def replays(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]: ...
    def neighbors(self, n: int) -> tuple[int | None, int | None]: ...
    def known(self, ids: Sequence[str]) -> set[str]: ...
    def histogram(
        self, node: Node, start: int | None, end: int | None, buckets: int, *, seconds: float
    ) -> Histogram: ...
    def scatter(self, node: Node, limit: int, *, seconds: float) -> Scatter: ...
    def endpoints(self, node: Node, *, seconds: float) -> Endpoints: ...
    def upstreams(self, node: Node, *, seconds: float) -> Upstreams: ...
    def groups(self, node: Node, column: str, other: str, limit: int, *, seconds: float) -> Groups: ...
    def values(self, column: str, part: str, limit: int) -> list[tuple[str, int]]: ...
    def saved_views(self) -> Sequence[SavedView]: ...
    def state(self) -> State: ...
    def close(self) -> None: ...


class Store(StoreReader, Protocol):
    """The write interface of a store. ``n`` increases with each new exchange and is never reused."""

    def within(self, scope: frozenset[str] | None) -> Store: ...

    def write(self, exchanges: Iterable[Exchange]) -> WriteResult:
        """Store a batch in one transaction. An exchange with a known ID and key replaces the stored one."""

    def mark(
        self, n: int, *, pinned: bool | None = None, tags: Sequence[str] | None = None, note: str | None = None
    ) -> Entry:
        """Change the given fields; an empty note removes the note."""

    def clear(self, node: Node, *, pinned: bool) -> int:
        """Delete matching records and return their number. pinned: include pinned records."""

    def save_view(self, view: SavedView) -> None:
        """Keep a view; one with the same name is replaced."""

    def delete_view(self, name: str) -> bool:
        """Delete a saved view. Returns whether there was one."""

    def prune(self, limits: Limits, now: int) -> bool:
        """Delete a few of the oldest unpinned records if a limit is exceeded. Returns whether any were deleted."""

    def maintain(self, *, idle: bool = True) -> bool:
        """Do one step of maintenance. idle: also of what can wait. Returns whether there is more to do."""
