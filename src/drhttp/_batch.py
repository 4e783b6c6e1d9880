"""The records in hand: taken out of the queue, made ready to be sent, and not yet at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._queue import BATCH_BYTES
from drhttp._verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from drhttp._courier import Courier
    from drhttp._queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # a parcel, ready to be sent


class Batch(Generic[I, P]):
    """What one worker has in hand.

    size: records a POST. ended: is called when records have come to their end.
    """

    def __init__(self, queue: Queue[I], size: int, ended: Callable[[], None]) -> None:
        self._queue = queue
        self._size = size
        self._ended = ended
        self._parcels: list[tuple[P, int, int]] = []  # parcels, the bytes they hold in the queue, their numbers
        self._preparing: int | None = None  # bytes of the item that is being made ready
        self.taken = 0  # number of the last record taken
        self.passed = 0  # all records up to this number have ended

    def __len__(self) -> int:
        return len(self._parcels)

    def parcels(self, count: int) -> list[P]:
        """The oldest ones."""
        return [parcel for parcel, _, _ in self._parcels[:count]]

    def gather(self, courier: Courier[I, P], breathe: Callable[[], None]) -> None:
        """Take out of the queue what one POST can carry, and have the courier make it ready.

        breathe: is called after each record.
        """
        size = sum(len(parcel) for parcel, _, _ in self._parcels)
        most = min(self._size, courier.most or self._size)
        while len(self._parcels) < most and size < BATCH_BYTES:
            taken = self._queue.take()
            if taken is None:
                return
            item, self._preparing, self.taken = taken
            parcel = courier.prepare(item)
            held, self._preparing = self._preparing, None
            if isinstance(parcel, Verdict):
                self._finish(1, held, parcel.reason)
            else:
                self._parcels.append((parcel, held, self.taken))
                size += len(parcel)
            breathe()

    def end(self, count: int, reason: str | None) -> None:
        """The oldest ones have ended: dropped for that reason, or delivered if there is none."""
        part = self._parcels[:count]
        del self._parcels[:count]
        self._finish(count, sum(held for _, held, _ in part), reason)

    def spoil(self, reason: str) -> bool:
        """Drop the item that was being made ready. `False` if there was none."""
        held, self._preparing = self._preparing, None
        if held is None:
            return False
        self._finish(1, held, reason)
        return True

    def lose(self, reason: str) -> bool:
        """Something raised: drop the item that was being made ready, or else all. `False` if there was nothing."""
        if self.spoil(reason):
            return True
        if not self._parcels:
            return False
        self.end(len(self._parcels), reason)
        return True

    def _finish(self, count: int, held: int, reason: str | None) -> None:
        self._queue.finish(count, held, reason)
        # A record may end before older ones that are still in hand.
        self.passed = self._parcels[0][2] - 1 if self._parcels else self.taken
        self._ended()
