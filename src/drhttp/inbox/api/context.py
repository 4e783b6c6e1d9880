"""What every part of the API works with."""

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
    """A running inbox. token: what the page has to show. secret: signs addresses of files, anew at every start.

    hosts: further names under which it answers. replay_to: where replays go instead of the recorded host.
    browser_origins: whose pages may send records. memory: whether nothing of it is on disk.
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
    """Ids under which replays were sent, and the ids of what they repeat."""

    @property
    def origins(self) -> frozenset[str]:
        """What a browser calls a page of this inbox."""
        names = (*DEFAULT_NAMES, *self.hosts)
        return frozenset({f"http://{name}:{self.port}" for name in names} | self._short(names))

    def _short(self, names: tuple[str, ...]) -> set[str]:
        return {f"http://{name}" for name in names} if self.port == 80 else set()

    def key(self, kind: str, n: int, side: str) -> str:
        """What opens one file of one record, until the inbox stops."""
        return hmac.new(self.secret, f"{kind}/{n}/{side}".encode(), hashlib.sha256).hexdigest()[:32]

    def address(self, kind: str, n: int, side: str) -> str:
        """The address of such a file."""
        return f"/{kind}/{n}/{side}?key={self.key(kind, n, side)}"

    async def change(self, work: Callable[[Store], T]) -> T:
        """Change the store, in the order of everything that is written."""
        return await asyncio.wrap_future(self.writer.do(work))
