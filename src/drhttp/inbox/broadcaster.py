"""Notifies live streams of changes. Viewers are only woken; they fetch the changes from the store themselves.

So nothing accumulates for a slow viewer, and it receives exactly what its query finds in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from drhttp.inbox.errors import RefusedError

MOST = 16
"""Maximum number of concurrent viewers."""
_REMEMBERED = 500


class Viewer:
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
    """Notifies all viewers. The methods may be called from any thread."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._viewers)

    @contextmanager
    def viewer(self) -> Iterator[Viewer]:
        """Register a viewer while the context lasts. Event loop only. Raises `RefusedError` beyond `MOST`."""
        if len(self._viewers) >= MOST:
            raise RefusedError(429, "viewers", f"{MOST} pages are already open. Close one and reload.")
        self._loop = asyncio.get_running_loop()
        one = Viewer()
        self._viewers.add(one)
        try:
            yield one
        finally:
            self._viewers.discard(one)

    def stored(self, changed: Iterable[int] = ()) -> None:
        """Announce new records, and the ``n`` of changed ones."""
        self._tell(lambda viewer: viewer.changed.update(list(changed)[:_REMEMBERED]))

    def cleared(self, count: int) -> None:
        """Announce that `count` records were deleted by the user."""

        def tell(viewer: Viewer) -> None:
            viewer.cleared += count

        self._tell(tell)

    def end(self) -> None:
        """End all streams, because the inbox stops."""

        def tell(viewer: Viewer) -> None:
            viewer.ended = True

        self._tell(tell)

    def _tell(self, what: Callable[[Viewer], None]) -> None:
        loop = self._loop
        if loop is None or not self._viewers:
            return

        def run() -> None:
            for viewer in self._viewers:
                what(viewer)
                viewer.wake()

        try:
            loop.call_soon_threadsafe(run)
        except RuntimeError:
            # The loop is closed, so there are no viewers left.
            return
