"""A pool of read connections, used in threads."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from drhttp.inbox.principal import current
from drhttp.inbox.store import StoreReader

T = TypeVar("T")


class ReaderPool:
    """Runs store queries in threads, outside the event loop, each restricted to what its principal may see.

    open_reader: opens another connection. count: maximum concurrent queries; further ones wait.
    """

    def __init__(self, open_reader: Callable[[], StoreReader], *, count: int = 3) -> None:
        self._open = open_reader
        self._idle: queue.SimpleQueue[StoreReader] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="drhttp-inbox-reader")

    async def run(self, question: Callable[[StoreReader], T]) -> T:
        """Call `question` with a reader in a thread and return its result."""
        # Whoever asks without a principal sees nothing at all: an error, not every project.
        scope = current().projects
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, self._answer, question, scope)

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *problem: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def _answer(self, question: Callable[[StoreReader], T], scope: frozenset[str] | None) -> T:
        try:
            reader = self._idle.get_nowait()
        except queue.Empty:
            reader = self._open()
        try:
            return question(reader.within(scope))
        finally:
            self._idle.put(reader)
