"""The records that are being delivered: taken out of the queue, encoded, and neither delivered nor dropped yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._delivery.bisection import Bisection
from drhttp._delivery.retry import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from drhttp._delivery.lazy_exporter import Exporter
    from drhttp._delivery.queue import Queue

Item = TypeVar("Item")  # what the queue holds
Encoded = TypeVar("Encoded", bound="Sized")  # a record, ready to be sent

BATCH_BYTES = 1024 * 1024  # approximate size of a batch, before compression


class Batch(Generic[Item, Encoded]):
    """The records that one worker is delivering.

    size: maximum number of records in one POST. on_end: called when records have been delivered or dropped.
    """

    def __init__(self, queue: Queue[Item], size: int, on_end: Callable[[], None]) -> None:
        self._queue = queue
        self._size = size
        self._on_end = on_end
        # By number, in order: the encoded record, and its size in the queue.
        self._records: dict[int, tuple[Encoded, int]] = {}
        self._gathered: list[int] = []  # numbers of the records of the next batch
        self._bisection = Bisection()
        self._sent: list[int] = []
        self._preparing: int | None = None  # size of the item that is being prepared
        self.last_taken = 0  # number of the last record taken
        self.done_up_to = 0  # all records up to this number are delivered or dropped

    def __len__(self) -> int:
        return len(self._records)

    @property
    def wants_more(self) -> bool:
        """Whether more records may be gathered before the next POST."""
        return self._bisection.wants_more

    @property
    def urgent(self) -> bool:
        """Whether a new batch may be sent without regard to the back-off."""
        return self._bisection.urgent

    @property
    def interrupted(self) -> bool:
        """Whether an exception interrupted the gathering of a batch."""
        return bool(self._gathered)

    @property
    def attempt(self) -> int:
        """Number of failed tries in a row, for the exponential back-off."""
        return self._bisection.attempt

    @property
    def repeated(self) -> int:
        """How many records of the current POST were part of a POST that failed."""
        return self._bisection.repeated

    def next(self) -> list[Encoded]:
        """The encoded records of the next POST. Call `settle` with its result."""
        self._sent = self._bisection.next()
        return [self._records[number][0] for number in self._sent]

    def settle(self, verdict: Verdict) -> None:
        """Apply the result of the last POST: its records are delivered, dropped, or kept for another POST."""
        if verdict.action == "done":
            self._end(self._sent, None)
            self._bisection.succeeded()
        elif verdict.action == "split" and len(self._sent) > 1:
            self._bisection.too_large()
        elif verdict.action == "retry" and verdict.crash:
            if self._bisection.crashed():
                self._end(self._sent, verdict.reason)
        elif verdict.action == "retry" and not verdict.suspect:
            self._bisection.postponed()
        elif verdict.action != "retry" or self._bisection.failed():
            self._end(self._sent, verdict.reason)
            self._bisection.refused()

    def gather(self, exporter: Exporter[Item, Encoded], yield_gil: Callable[[], None]) -> None:
        """Take as many records out of the queue as one POST can carry, and let the exporter prepare them.

        yield_gil: called after each record.
        """
        gathered = self._gathered
        size = sum(len(self._records[number][0]) for number in gathered)
        max_records = min(self._size, exporter.max_records or self._size)
        while len(gathered) < max_records and size < BATCH_BYTES:
            taken = self._queue.take()
            if taken is None:
                break
            item, self._preparing, self.last_taken = taken
            encoded_record = exporter.prepare(item)
            held, self._preparing = self._preparing, None
            if isinstance(encoded_record, Verdict):
                self._finish(1, held, encoded_record.reason)
            else:
                self._records[self.last_taken] = encoded_record, held
                gathered.append(self.last_taken)
                size += len(encoded_record)
            yield_gil()
        self._gathered = []
        self._bisection.add(gathered)

    def drop_current(self, reason: str) -> bool:
        """Drop the item that was being prepared. Returns `False` if there was none."""
        held, self._preparing = self._preparing, None
        if held is None:
            return False
        self._finish(1, held, reason)
        return True

    def drop_after_error(self, reason: str) -> bool:
        """After an exception: drop the item that was being prepared, or else all. `False` if there was nothing."""
        if self.drop_current(reason):
            return True
        if not self._records:
            return False
        self._gathered = []
        self._bisection.clear()
        self._end(list(self._records), reason)
        return True

    def _end(self, numbers: list[int], reason: str | None) -> None:
        """Count records as dropped for a reason, or as delivered if `reason` is `None`."""
        self._finish(len(numbers), sum(self._records.pop(number)[1] for number in numbers), reason)

    def _finish(self, count: int, held: int, reason: str | None) -> None:
        self._queue.finish(count, held, reason)
        # A record may be done before older ones that are still in this batch.
        self.done_up_to = next(iter(self._records)) - 1 if self._records else self.last_taken
        self._on_end()
