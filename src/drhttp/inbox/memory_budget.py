"""A limit on the bytes held in memory by all requests together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drhttp.inbox.writer import QueueFull


class MemoryBudget:
    """A first-come, first-served semaphore that counts bytes.

    total: bytes available; a larger request waits until it is the only one. waiting: bytes that may be waited for.
    """

    def __init__(self, total: int, waiting: int) -> None:
        self._total = self._free = total
        self._most, self._waiting = waiting, 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Wait for `size` bytes and hold them. Raises `QueueFull` if too many bytes are already waited for."""
        if self._waiting and self._waiting + size > self._most:
            raise QueueFull
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
