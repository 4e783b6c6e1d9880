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

from drhttp.inbox.broadcaster import Broadcaster
from drhttp.inbox.reader_pool import ReaderPool
from drhttp.inbox.store import Limits, Store
from drhttp.inbox.writer import Writer

T = TypeVar("T")
DEFAULT_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A running inbox. token: bearer token of the API. secret: signs URLs of files; random at every start.

    hosts: additional accepted host names. replay_to: URL for replays instead of the recorded host.
    browser_origins: origins whose pages may send records. memory: whether the store is in memory.
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
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    started: int = field(default_factory=lambda: time.time_ns() // 1000)
    replays: dict[str, str] = field(default_factory=dict)
    """Maps IDs of replays to IDs of the original records."""

    @property
    def origins(self) -> frozenset[str]:
        """The origins of this inbox's own page."""
        names = (*DEFAULT_NAMES, *self.hosts)
        return frozenset({f"http://{name}:{self.port}" for name in names} | self._short(names))

    def _short(self, names: tuple[str, ...]) -> set[str]:
        return {f"http://{name}" for name in names} if self.port == 80 else set()

    def key(self, kind: str, n: int, side: str) -> str:
        """Return the signature for the URL of one file of one record, valid until the inbox stops."""
        return hmac.new(self.secret, f"{kind}/{n}/{side}".encode(), hashlib.sha256).hexdigest()[:32]

    def address(self, kind: str, n: int, side: str) -> str:
        """Return the signed URL path of one file of one record."""
        return f"/{kind}/{n}/{side}?key={self.key(kind, n, side)}"

    async def change(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store in the writer's thread and return its result."""
        return await asyncio.wrap_future(self.writer.do(work))
