"""A bound on how many bytes are in memory at once, whoever sent them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drhttp.inbox.writer import Busy


class MemoryBudget:
    """Bytes for all who need some; who comes first is served first.

    total: how many there are; whoever needs more waits until nobody else has any. waiting: how many may be waited for.
    """

    def __init__(self, total: int, waiting: int) -> None:
        self._total = self._free = total
        self._most, self._waiting = waiting, 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Wait until so many bytes are free, and hold them. Raises `Busy` if others wait for too many already."""
        if self._waiting and self._waiting + size > self._most:
            raise Busy
        held = min(size, self._total)
        self._waiting += size
        try:
            async with self._turn:
                while self._free < held:
                    self._freed.clear()
                    await self._freed.wait()
                self._free -= held
        finally:
            self._waiting -= size
        try:
            yield
        finally:
            self._free += held
            self._freed.set()
