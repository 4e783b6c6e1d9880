"""The interface between the worker and the code that prepares and sends records, and its lazy implementation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from drhttp._process.background_import import background_import
from drhttp._redact_options import Redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._delivery.queue import Queue
    from drhttp._delivery.record_exporter import RecordExporter
    from drhttp._delivery.retry import Verdict
    from drhttp._outbound.call import Call

Item_contra = TypeVar("Item_contra", contravariant=True)  # what the queue holds
Encoded = TypeVar("Encoded", bound="Sized")  # a record; its length is what it adds to a POST


class Exporter(Protocol[Item_contra, Encoded]):
    """Prepares items and sends them. The worker calls all methods in its own thread."""

    @property
    def max_records(self) -> int | None:
        """Maximum number of records in one POST; `None` means no limit."""

    def prepare(self, item: Item_contra) -> Encoded | Verdict:
        """Encode an item, or return a verdict that says why it is dropped."""

    def deliver(self, encoded_records: Sequence[Encoded]) -> Verdict:
        """Send encoded records in one POST, and return its result."""

    def close(self) -> None:
        """Close the connections."""

    def renew(self) -> None:
        """Drop sockets and locks, because gevent or eventlet have replaced them."""


class LazyExporter:
    """An exporter that creates a `RecordExporter` on first use, in the worker, because that loads `urllib3`."""

    def __init__(self, config: Config, queue: Queue[Exchange | Call]) -> None:
        # Without the callbacks: an idle thread must not keep alive the objects that they refer to.
        redact = Redact() if config.redact else None
        self._config = replace(config, before_send=None, redact=redact)
        self._queue = queue
        self.remaining_seconds: Callable[[], float] = lambda: math.inf  # how long the next POST may take
        self._exporter: RecordExporter | None = None

    @property
    def max_records(self) -> int | None:
        return self.exporter.max_records

    def prepare(self, item: Exchange | Call) -> bytes | Verdict:
        return self.exporter.prepare(item)

    def deliver(self, encoded_records: Sequence[bytes]) -> Verdict:
        return self.exporter.deliver(encoded_records, self.remaining_seconds())

    def close(self) -> None:
        if self._exporter is not None:
            self._exporter.close()

    def renew(self) -> None:
        if self._exporter is not None:
            self._exporter.renew()

    def disown(self) -> None:
        """In a forked child: close the connection of the parent on this side."""
        if self._exporter is not None:
            self._exporter.disown()

    @property
    def exporter(self) -> RecordExporter:
        """The exporter that does the work. It is created by the first call."""
        if self._exporter is None:
            with background_import():
                from drhttp._delivery.record_exporter import RecordExporter

                self._exporter = RecordExporter(self._config, self._queue.losses)
        return self._exporter
