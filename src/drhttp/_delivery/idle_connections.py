"""Where the connection waits for the next POST."""

from __future__ import annotations

import queue
from collections import deque
from typing import Any


class IdleConnections:
    """Where a pool keeps its idle connections. Without a lock, because one thread uses it.

    The lock of a `queue.LifoQueue` may be inherited by a forked child while it is held, and `urllib3` empties the
    queues of all pools at the end of a process: that child would never end.
    """

    def __init__(self, maxsize: int) -> None:
        self._idle: deque[Any] = deque()
        self._maxsize = maxsize

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep a connection, or raise `queue.Full`."""
        if self.qsize() >= self._maxsize:
            raise queue.Full
        self._idle.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The connection kept last, or raise `queue.Empty`; the arguments are those of `queue.Queue`."""
        try:
            return self._idle.pop()
        except IndexError:
            raise queue.Empty from None

    def qsize(self) -> int:
        """How many are kept."""
        return len(self._idle)
