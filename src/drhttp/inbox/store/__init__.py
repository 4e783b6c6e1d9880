"""Interfaces of a store of exchanges. The implementation is in ``sqlite``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class StoreReader(Protocol):
    """The read interface of a store, usable while another connection writes.

    ``seconds`` bounds how long a question may take; what was found by then is answered, marked as incomplete.
    """

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

    def maintain(self) -> bool:
        """Do one step of maintenance while idle. Returns whether there is more to do."""
