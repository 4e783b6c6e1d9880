"""Who looks on, and what woke them: viewers are told that there is news, and fetch it themselves when they can.

So nothing piles up for a viewer that is slow, and what it gets is what the same query finds in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from drhttp.inbox.errors import RefusedError

MOST = 16
"""Viewers at once."""
_REMEMBERED = 500


class Viewer:
    """One live stream. changed: records that are not what they were. cleared: how many were deleted on request."""

    def __init__(self) -> None:
        self.changed: set[int] = set()
        self.cleared = 0
        self.ended = False
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for news; false when there were none in that time."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        self._news.clear()
        return True

    def wake(self) -> None:
        self._news.set()


class Broadcaster:
    """Tells all viewers. What happens is told from any thread."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._viewers)

    @contextmanager
    def viewer(self) -> Iterator[Viewer]:
        """A viewer for as long as the context lasts. Within the event loop only."""
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
        """There are new records, or changed ones."""
        self._tell(lambda viewer: viewer.changed.update(list(changed)[:_REMEMBERED]))

    def cleared(self, count: int) -> None:
        """Records were deleted on request."""

        def tell(viewer: Viewer) -> None:
            viewer.cleared += count

        self._tell(tell)

    def end(self) -> None:
        """The inbox stops."""

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
            # The loop is closed: nobody looks on any more.
            return
