"""Notifies live streams of changes. Viewers are only woken; they fetch the changes from the store themselves.

So nothing accumulates for a slow subscriber, and it receives exactly what its query finds in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from drhttp.inbox.errors import ApiError

MAX_SUBSCRIBERS = 16
"""Maximum number of concurrent subscribers."""
_MAX_CHANGED = 500


class Subscriber:
    """One live stream. changed: ``n`` of changed records. cleared: number of records deleted by the user."""

    def __init__(self) -> None:
        self.changed: set[int] = set()
        self.cleared = 0
        self.ended = False
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for a notification. Returns False after `seconds` without one."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        self._news.clear()
        return True

    def wake(self) -> None:
        self._news.set()


class Broadcaster:
    """Notifies all subscribers. The methods may be called from any thread."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    @contextmanager
    def subscribe(self) -> Iterator[Subscriber]:
        """Register a subscriber for the context. Event loop only. Raises `ApiError` beyond `MAX_SUBSCRIBERS`."""
        if len(self._subscribers) >= MAX_SUBSCRIBERS:
            raise ApiError(429, "viewers", f"{MAX_SUBSCRIBERS} pages are already open. Close one and reload.")
        self._loop = asyncio.get_running_loop()
        one = Subscriber()
        self._subscribers.add(one)
        try:
            yield one
        finally:
            self._subscribers.discard(one)

    def stored(self, changed: Iterable[int] = ()) -> None:
        """Announce new records, and the ``n`` of changed ones."""
        self._notify(lambda subscriber: subscriber.changed.update(list(changed)[:_MAX_CHANGED]))

    def cleared(self, count: int) -> None:
        """Announce that `count` records were deleted by the user."""

        def change(subscriber: Subscriber) -> None:
            subscriber.cleared += count

        self._notify(change)

    def end(self) -> None:
        """End all streams, because the inbox stops."""

        def change(subscriber: Subscriber) -> None:
            subscriber.ended = True

        self._notify(change)

    def _notify(self, what: Callable[[Subscriber], None]) -> None:
        loop = self._loop
        if loop is None or not self._subscribers:
            return

        def run() -> None:
            for subscriber in self._subscribers:
                what(subscriber)
                subscriber.wake()

        try:
            loop.call_soon_threadsafe(run)
        except RuntimeError:
            # The loop is closed, so there are no subscribers left.
            return
