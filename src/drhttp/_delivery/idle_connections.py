"""Idle connections: the queue in which a pool of `urllib3` keeps them, and how long they may be used again."""

from __future__ import annotations

import queue
from collections import deque
from typing import Any

MAX_IDLE = 55.0  # seconds; load balancers commonly close an idle connection after 60


class IdleConnections:
    """The idle connections of one pool, last in, first out. There is no lock, because only one thread uses it.

    The lock of a `queue.LifoQueue` may be inherited by a forked child while it is held, and `urllib3` empties the
    queues of all pools at the end of a process. That child would hang.
    """

    def __init__(self, maxsize: int) -> None:
        self._idle: deque[Any] = deque()
        self._maxsize = maxsize

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep a connection. Raises `queue.Full` if there are `maxsize` already."""
        if self.qsize() >= self._maxsize:
            raise queue.Full
        self._idle.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the connection kept last. Raises `queue.Empty` if there is none. Arguments: see `queue.Queue`."""
        try:
            return self._idle.pop()
        except IndexError:
            raise queue.Empty from None

    def qsize(self) -> int:
        """Number of idle connections."""
        return len(self._idle)
