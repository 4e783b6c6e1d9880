"""The state that all handlers share."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from drhttp.inbox.broadcaster import Broadcaster
from drhttp.inbox.principal import OPERATOR, Principal, Registry, current
from drhttp.inbox.reader_pool import ReaderPool
from drhttp.inbox.store import Limits, Store, StoreReader
from drhttp.inbox.writer import Writer

T = TypeVar("T")
MAX_VIEWS = 2
"""Records that are decoded and masked at once. Each takes up to 32 MiB; one reader is left for other questions."""
DEFAULT_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A running inbox. token: bearer token of the API. secret: signs URLs of files; random at every start.

    hosts: additional accepted host names. replay_to: URL for replays instead of the recorded host.
    browser_origins: origins whose pages may send records. memory: whether the store is in memory.
    registry: of the projects, where the receiver may be shared. public_url: of the proxy in front.
    parsing_memory: bytes of memory for JSON that is being parsed and written. patience: seconds after which a sender is
    told to try again if its records are not stored, or None to let it wait.
    """

    file: Path
    port: int
    token: str
    limits: Limits
    writer: Writer
    readers: ReaderPool
    broadcaster: Broadcaster
    hosts: tuple[str, ...] = ()
    replay_to: str | None = None
    browser_origins: frozenset[str] = frozenset()
    memory: bool = False
    store: str | None = None
    """Where the records are, if not in the file."""
    registry: Registry | None = None
    public_url: str | None = None
    parsing_memory: int = 8 * 1024 * 1024
    patience: float | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    started: int = field(default_factory=lambda: time.time_ns() // 1000)
    replays: dict[str, str] = field(default_factory=dict)
    """Maps IDs of replays to IDs of the original records."""
    views: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_VIEWS))

    @property
    def origins(self) -> frozenset[str]:
        """The origins of this inbox's own page."""
        names = (*DEFAULT_NAMES, *self.hosts)
        public = {self.public_url} if self.public_url else set()
        return frozenset({f"http://{name}:{self.port}" for name in names} | self._short(names) | public)

    @property
    def page(self) -> str:
        """The URL of the page."""
        return f"{self.public_url or f'http://127.0.0.1:{self.port}'}/"

    @property
    def dsn(self) -> str:
        """Where recorders send records."""
        scheme, _, rest = self.page.partition("://")
        key = "local" if self.registry is None or not self.registry.closed else "KEY"
        return f"{scheme}://{key}@{rest}"

    def _short(self, names: tuple[str, ...]) -> set[str]:
        return {f"http://{name}" for name in names} if self.port == 80 else set()

    def key(self, kind: str, n: int, side: str, who: str = "", day: int | None = None) -> str:
        """Return the signature for the URL of one file of one record.

        It is valid until the inbox stops; where receivers share a secret, on that day and the next one. who: for whom.
        """
        dated = "" if self.registry is None else f"/{who}/{_today() if day is None else day}"
        return hmac.new(self.secret, f"{kind}/{n}/{side}{dated}".encode(), hashlib.sha256).hexdigest()[:32]

    def keys(self, kind: str, n: int, side: str, who: str) -> tuple[str, ...]:
        """Return the signatures that are valid now."""
        if self.registry is None:
            return (self.key(kind, n, side),)
        return tuple(self.key(kind, n, side, who, _today() - ago) for ago in (0, 1))

    def address(self, kind: str, n: int, side: str) -> str:
        """Return the signed URL path of one file of one record."""
        if self.registry is None:
            return f"/{kind}/{n}/{side}?key={self.key(kind, n, side)}"
        who = current().id
        return f"/{kind}/{n}/{side}?key={self.key(kind, n, side, who)}&by={quote(who, safe='')}"

    async def view(self, question: Callable[[StoreReader], T]) -> T:
        """Call `question`, which decodes or masks bodies, with a reader in a thread, a few at a time."""
        async with self.views:
            return await self.readers.run(question)

    async def change(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store, restricted to what the principal may see, and return its result."""
        scope = current().projects
        return await asyncio.wrap_future(self.writer.do(lambda store: work(store.within(scope))))

    def admits(self, principal: Principal) -> bool:
        """Return whether a principal that was let in may still do what it does."""
        return self.registry is None or principal is OPERATOR or self.registry.holder(principal.id) == principal

    async def audit(self, what: str) -> None:
        """Note that the principal reads unmasked values, before it does."""
        if self.registry is not None:
            await asyncio.to_thread(self.registry.audit, current(), what)


def _today() -> int:
    return int(time.time() // 86_400)
