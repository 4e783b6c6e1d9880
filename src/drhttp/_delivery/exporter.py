"""What the worker is given to do its work with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from drhttp._privacy import Redact
from drhttp._process.fork import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._delivery.queue import Queue
    from drhttp._delivery.record_exporter import RecordExporter
    from drhttp._delivery.retry import Verdict

I_contra = TypeVar("I_contra", contravariant=True)  # an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # an encoded record, ready to be sent; its length is what it adds to a POST


class Exporter(Protocol[I_contra, P]):
    """Prepares items and delivers them. All of it is called in the thread that does the work."""

    @property
    def most(self) -> int | None:
        """How many encoded records one POST can carry, `None` for any number."""

    def prepare(self, item: I_contra) -> P | Verdict:
        """Make an item ready to be sent, or say why it is dropped."""

    def deliver(self, encoded_records: Sequence[P]) -> Verdict:
        """Send what was prepared, in one POST."""

    def close(self) -> None:
        """There will be no more: let go of connections."""

    def renew(self) -> None:
        """Use new sockets and locks, because gevent or eventlet have replaced them."""


class LazyExporter:
    """The delivery, made when it is first needed: in the worker, because it loads `urllib3`."""

    def __init__(self, config: Config, queue: Queue[Exchange]) -> None:
        # Without the callbacks: an idle thread must not keep alive what they hold.
        redact = Redact() if config.redact else None
        self._config = replace(config, before_send=None, redact=redact)
        self._queue = queue
        self.remaining_seconds: Callable[[], float] = lambda: math.inf  # seconds that one POST may take at most
        self._made: RecordExporter | None = None

    @property
    def most(self) -> int | None:
        return self.exporter.most

    def prepare(self, item: Exchange) -> bytes | Verdict:
        return self.exporter.prepare(item)

    def deliver(self, encoded_records: Sequence[bytes]) -> Verdict:
        return self.exporter.deliver(encoded_records, self.remaining_seconds())

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def renew(self) -> None:
        if self._made is not None:
            self._made.renew()

    def disown(self) -> None:
        """In a forked child: let go of the parent's connection."""
        if self._made is not None:
            self._made.disown()

    @property
    def exporter(self) -> RecordExporter:
        if self._made is None:
            with loading():
                from drhttp._delivery.record_exporter import RecordExporter

                self._made = RecordExporter(self._config, self._losses)
        return self._made

    def _losses(self) -> Mapping[str, int]:
        return self._queue.counts().dropped
