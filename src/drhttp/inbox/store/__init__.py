"""Where exchanges are kept. `Store` is what every store can do; ``sqlite`` is the one that comes along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store.aggregates import Endpoints, Groups, Histogram, Scatter


@dataclass(frozen=True, slots=True)
class Written:
    """new: those whose id was not there yet. last: the highest ``n``. changed: ``n`` of those that were replaced."""

    new: Sequence[Exchange]
    last: int
    changed: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list.

    next: where to go on, ``None`` at the end. complete: false when the time ran out before. newest: the highest ``n``
    that there was.
    """

    entries: Sequence[Entry]
    next: int | None
    complete: bool
    newest: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much remains: records, bytes of the file, seconds since arrival. Pinned records remain in any case."""

    records: int
    bytes: int
    age: float


@dataclass(frozen=True, slots=True)
class State:
    """records, pinned: how many. bytes: of the file. oldest: microseconds, when it began. newest: the highest ``n``."""

    records: int
    pinned: int
    bytes: int
    oldest: int | None
    newest: int


class Reading(Protocol):
    """What can be asked of a store, while another connection writes to it.

    ``seconds`` bounds how long a question may take; what was found by then is answered, marked as incomplete.
    """

    def page(
        self, node: Node, limit: int, *, before: int | None, after: int, ascending: bool, seconds: float
    ) -> Page: ...
    def entry(self, n: int) -> Entry: ...
    def one(self, prefix: str) -> Entry: ...
    def read(self, entry: Entry) -> Exchange: ...
    def family(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]: ...
    def replays(self, entry: Entry) -> tuple[Entry | None, Sequence[Entry]]: ...
    def neighbours(self, n: int) -> tuple[int | None, int | None]: ...
    def known(self, ids: Sequence[str]) -> set[str]: ...
    def histogram(
        self, node: Node, start: int | None, end: int | None, buckets: int, *, seconds: float
    ) -> Histogram: ...
    def scatter(self, node: Node, limit: int, *, seconds: float) -> Scatter: ...
    def endpoints(self, node: Node, *, seconds: float) -> Endpoints: ...
    def groups(self, node: Node, column: str, other: str, limit: int, *, seconds: float) -> Groups: ...
    def values(self, column: str, part: str, limit: int) -> list[tuple[str, int]]: ...
    def state(self) -> State: ...
    def close(self) -> None: ...


class Store(Reading, Protocol):
    """What the one that writes can do, too. ``n`` grows with every new exchange and is never used twice."""

    def write(self, exchanges: Iterable[Exchange]) -> Written:
        """Keep all of them or, when that fails, none. One whose id is known under its key replaces the known one."""

    def mark(
        self, n: int, *, pinned: bool | None = None, tags: Sequence[str] | None = None, note: str | None = None
    ) -> Entry:
        """Change what is given; an empty note is none."""

    def clear(self, node: Node, *, pinned: bool) -> int:
        """Delete what matches, pinned ones only if asked for; answers how many."""

    def prune(self, limits: Limits, now: int) -> bool:
        """Delete a few of the oldest that are not pinned when a limit is exceeded; true if it deleted any."""

    def tend(self) -> bool:
        """Do a piece of what makes questions fast, when nothing waits to be written; true if there is more to do."""
