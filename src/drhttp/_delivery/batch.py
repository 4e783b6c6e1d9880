"""The records in hand: taken out of the queue, made ready to be sent, and not yet at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._delivery.bisection import Bisection
from drhttp._delivery.queue import BATCH_BYTES
from drhttp._delivery.retry import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from drhttp._delivery.exporter import Exporter
    from drhttp._delivery.queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # an encoded record, ready to be sent


class Batch(Generic[I, P]):
    """What one worker has in hand.

    size: records a POST. on_end: is called when records have come to their end.
    """

    def __init__(self, queue: Queue[I], size: int, on_end: Callable[[], None]) -> None:
        self._queue = queue
        self._size = size
        self._on_end = on_end
        self._records: dict[
            int, tuple[P, int]
        ] = {}  # by number, in order: encoded records, and the bytes held in the queue
        self._gathered: list[int] = []  # numbers of those that make the next batch
        self._bisection = Bisection()
        self._sent: list[int] = []
        self._preparing: int | None = None  # bytes of the item that is being made ready
        self.taken = 0  # number of the last record taken
        self.passed = 0  # all records up to this number have ended

    def __len__(self) -> int:
        return len(self._records)

    @property
    def wants_more(self) -> bool:
        """Whether more may be gathered before any of them is sent."""
        return self._bisection.wants_more

    @property
    def interrupted(self) -> bool:
        """Whether something raised while a batch was being gathered."""
        return bool(self._gathered)

    @property
    def attempt(self) -> int:
        """How many tries have failed in a row, as far as that asks for a longer and longer wait."""
        return self._bisection.attempt

    @property
    def repeated(self) -> int:
        """How many of the encoded records that are being sent have been sent before, and failed."""
        return self._bisection.repeated

    def next(self) -> list[P]:
        """The encoded records of the next POST. `settle` is to be told what became of it."""
        self._sent = self._bisection.next()
        return [self._records[number][0] for number in self._sent]

    def settle(self, verdict: Verdict) -> None:
        """What was sent is delivered, dropped, or kept for another POST."""
        if verdict.action == "done":
            self._end(self._sent, None)
            self._bisection.succeeded()
        elif verdict.action == "split" and len(self._sent) > 1:
            self._bisection.too_large()
        elif verdict.action == "retry" and not verdict.suspect:
            self._bisection.postponed()
        elif verdict.action != "retry" or self._bisection.failed():
            self._end(self._sent, verdict.reason)
            self._bisection.refused()

    def gather(self, exporter: Exporter[I, P], yield_gil: Callable[[], None]) -> None:
        """Take out of the queue what one POST can carry, and have the exporter make it ready.

        yield_gil: is called after each record.
        """
        gathered = self._gathered
        size = sum(len(self._records[number][0]) for number in gathered)
        most = min(self._size, exporter.most or self._size)
        while len(gathered) < most and size < BATCH_BYTES:
            taken = self._queue.take()
            if taken is None:
                break
            item, self._preparing, self.taken = taken
            encoded_record = exporter.prepare(item)
            held, self._preparing = self._preparing, None
            if isinstance(encoded_record, Verdict):
                self._finish(1, held, encoded_record.reason)
            else:
                self._records[self.taken] = encoded_record, held
                gathered.append(self.taken)
                size += len(encoded_record)
            yield_gil()
        self._gathered = []
        self._bisection.add(gathered)

    def drop_current(self, reason: str) -> bool:
        """Drop the item that was being made ready. `False` if there was none."""
        held, self._preparing = self._preparing, None
        if held is None:
            return False
        self._finish(1, held, reason)
        return True

    def drop_after_error(self, reason: str) -> bool:
        """Something raised: drop the item that was being made ready, or else all. `False` if there was nothing."""
        if self.drop_current(reason):
            return True
        if not self._records:
            return False
        self._gathered = []
        self._bisection.clear()
        self._end(list(self._records), reason)
        return True

    def _end(self, numbers: list[int], reason: str | None) -> None:
        """They have ended: dropped for that reason, or delivered if there is none."""
        self._finish(len(numbers), sum(self._records.pop(number)[1] for number in numbers), reason)

    def _finish(self, count: int, held: int, reason: str | None) -> None:
        self._queue.finish(count, held, reason)
        # A record may end before older ones that are still in hand.
        self.passed = next(iter(self._records)) - 1 if self._records else self.taken
        self._on_end()
