"""The way of a record from the queue to the network: made, masked, shown to `before_send`, encoded, posted."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from drhttp._capture.record_builder import assemble
from drhttp._delivery.preparation import Preparation
from drhttp._delivery.retry import Verdict
from drhttp._delivery.transport import Transport
from drhttp._guard import guarded
from drhttp._rate_limiter import RateLimiter
from drhttp._record import Record
from drhttp._redact import Policy, redact
from drhttp._wire import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._privacy import Redact

_LARGEST_EVENT = 1_000_000  # bytes of JSON, what the service takes at most for one

_log = logging.getLogger("drhttp")


class RecordExporter:
    """The exporter of a worker, for one configuration.

    dropped: tells the losses so far, by reason; they are reported in the next record after they grew.
    """

    def __init__(self, config: Config, dropped: Callable[[], Mapping[str, int]]) -> None:
        self._preparation = Preparation(config)
        self._dropped = dropped
        self._reported: dict[str, int] = {}
        self._wire = PROTOCOLS[config.protocol]
        self._complaints: dict[str, RateLimiter] = {}
        self.transport = Transport(config.dsn, self._wire.PATH, self._wire.headers(config.dsn.key), config.timeout)

    def close(self) -> None:
        """Let go of the connection; the next POST makes another."""
        self.transport.close()

    def renew(self) -> None:
        """Forget connections and locks that gevent or eventlet have replaced."""
        self.transport.renew()

    def disown(self) -> None:
        """In a forked child: let go of the parent's connection."""
        self.transport.disown()

    @property
    def most(self) -> int | None:
        """Records that one POST can carry, `None` for any number."""
        return self._wire.LARGEST_BATCH

    def prepare(self, item: Exchange) -> bytes | Verdict:
        """Make the record of an exchange ready to be sent, or say why it is not."""
        preparation = item.preparation or self._preparation
        config = preparation.config
        record = assemble(item, config)
        if config.redact is not None:
            record = redact(record, _policy(preparation, config.redact), item.sensitive)
        if config.before_send is not None:
            allowed = self._show(record, config.before_send)
            if isinstance(allowed, Verdict):
                return allowed
            record = allowed
        # Nothing but bytes is kept of it: objects that live on cost all others time in each garbage collection.
        encoded = self._wire.encode(record, self._losses())
        return encoded if len(encoded) <= _LARGEST_EVENT else self._wire.without_bodies(encoded)

    def deliver(self, encoded_records: Sequence[bytes], within: float = math.inf) -> Verdict:
        """Send a batch, in a POST of so many seconds at most. A single record that is too large for the receiver is
        sent once more without its bodies."""
        verdict = self._post(encoded_records, within)
        if verdict.action == "split" and len(encoded_records) == 1:
            light = self._wire.without_bodies(encoded_records[0])
            if light != encoded_records[0]:
                verdict = self._post([light], within)
        if verdict.action == "drop" or (verdict.action == "split" and len(encoded_records) == 1):
            self._complain(verdict)
        return verdict

    def _post(self, encoded_records: Sequence[bytes], within: float) -> Verdict:
        return self.transport.post(self._wire.join(encoded_records), within)

    def _show(self, record: Record, before_send: Callable[[Record], object]) -> Record | Verdict:
        """What the user's callback makes of a record. What it raises costs this record and nothing else."""
        answer = guarded(_ask, before_send, record)
        if answer is None:
            return Verdict(action="drop", reason="before_send_failed")
        (allowed,) = answer
        if allowed is None:
            return Verdict(action="drop", reason="before_send")
        if not isinstance(allowed, Record):  # an annotation binds nobody
            return Verdict(action="drop", reason="before_send_failed")
        return allowed

    def _losses(self) -> Mapping[str, int]:
        """The losses so far if they grew since they were last reported.

        If the record that reports them is lost too, they have grown again, and the next one reports them.
        """
        dropped = self._dropped()
        if dropped == self._reported:
            return {}
        self._reported = dict(dropped)
        return self._reported

    def _complain(self, verdict: Verdict) -> None:
        if self._complaints.setdefault(verdict.reason, RateLimiter()).allow():
            _log.warning("the receiver rejects records: %s", verdict.error)


def _policy(preparation: Preparation, redact: Redact) -> Policy:
    if preparation.policy is None:
        preparation.policy = Policy(redact)
    return preparation.policy


def _ask(before_send: Callable[[Record], object], record: Record) -> tuple[object]:
    return (before_send(record),)
