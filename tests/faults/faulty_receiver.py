"""The receiver of these tests, on an address of its own, which keeps what it needs of each event and not the event."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support.receiver import Receiver, own_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from support.receiver import Post


class FaultyReceiver(Receiver):
    """A receiver that can be put into any kind of trouble, and out of it again. A context manager.

    paths: of the requests of accepted events, by the event's id. repeats: how many events arrived although they had
    been accepted. ids_without_bodies: of events whose bodies were left out. exchange_times: when requests began and
    responses ended, in seconds since the epoch. forward: is given the body of each accepted POST before the response.
    """

    def __init__(self) -> None:
        super().__init__(host=own_address())
        self.paths: dict[str, str] = {}
        self.ids_without_bodies: set[str] = set()
        self.exchange_times: list[tuple[float, float]] = []
        self.repeats = 0
        self.forward: Callable[[bytes], object] = len

    def __enter__(self) -> FaultyReceiver:
        super().__enter__()
        return self

    def remember(self, post: Post) -> None:
        if not post.accepted:
            return
        self.forward(post.body)
        events = post.records
        with self._changed:
            self.remember_events(events)
            self._changed.notify_all()

    def remember_events(self, events: list[dict[str, Any]]) -> None:
        """Keep what is needed of them; a subclass may keep less."""
        for event in events:
            ident = event["transaction_id"]
            self.repeats += ident in self.paths
            times = event["request"]["time"], event["response"]["time"]
            self.exchange_times.append((since_epoch(times[0]), since_epoch(times[1])))
            self.paths[ident] = urlsplit(event["request"]["uri"]).path
            if event["request"].get("body") is None and event.get("metadata", {}).get("request_body"):
                self.ids_without_bodies.add(ident)

    def wait_for_paths(self, count: int, timeout: float = 90.0) -> list[str]:
        """The paths of all events, sorted, once at least `count` are accepted; fails after `timeout` seconds."""
        self._wait_for(lambda: len(self.paths), count, timeout, "events")
        with self._changed:
            return sorted(self.paths.values())


def since_epoch(text: str) -> float:
    """A time of the wire format in seconds since the epoch."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
