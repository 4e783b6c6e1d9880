"""The steps from an exchange to a POST: build the record, mask it, call `before_send`, encode it, send it."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from drhttp._capture.record_builder import assemble
from drhttp._delivery.own_requests import unrecorded
from drhttp._delivery.preparation import Preparation
from drhttp._delivery.retry import Verdict
from drhttp._delivery.transport import Transport
from drhttp._guard import guarded
from drhttp._mutable_record import MutableRecord
from drhttp._outbound.call import Call
from drhttp._outbound.record_builder import assemble_call
from drhttp._rate_limiter import RateLimiter
from drhttp._record import Record
from drhttp._redact import Policy, redact
from drhttp._wire import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._redact_options import Redact

_LARGEST_EVENT = 1_000_000  # bytes of JSON that the service accepts for one event

_log = logging.getLogger("drhttp")


class RecordExporter:
    """Prepares and sends the records of one configuration.

    dropped: returns the number of lost records so far, by reason. The next record after a loss reports them.
    """

    def __init__(self, config: Config, dropped: Callable[[], Mapping[str, int]]) -> None:
        self._preparation = Preparation(config)
        self._dropped = dropped
        self._reported: dict[str, int] = {}
        self._wire = PROTOCOLS[config.protocol]
        self._rejection_limiters: dict[str, RateLimiter] = {}
        self.transport = Transport(config.dsn, self._wire.PATH, self._wire.headers(config.dsn.key), config.timeout)

    def close(self) -> None:
        """Close the connection. The next POST opens another."""
        self.transport.close()

    def renew(self) -> None:
        """Drop connections and locks that gevent or eventlet have replaced."""
        self.transport.renew()

    def disown(self) -> None:
        """In a forked child: close the connection of the parent on this side."""
        self.transport.disown()

    @property
    def max_records(self) -> int | None:
        """Maximum number of records in one POST; `None` means no limit."""
        return self._wire.LARGEST_BATCH

    def prepare(self, item: Exchange | Call) -> bytes | Verdict:
        """Build, mask and encode the record of an exchange, or return a verdict that says why it is dropped.

        A request that a callback of the user makes is not recorded: its record would call the callback again.
        """
        return unrecorded(self._prepare, item)

    def _prepare(self, item: Exchange | Call) -> bytes | Verdict:
        preparation = item.preparation or self._preparation
        config = preparation.config
        record = assemble_call(item, config) if isinstance(item, Call) else assemble(item, config)
        if config.redact is not None:
            redact(record, _policy(preparation, config.redact), item.sensitive)
        if config.before_send is not None:
            allowed = self._apply_before_send(record.freeze(), config.before_send)
            if isinstance(allowed, Verdict):
                return allowed
            record = MutableRecord.of(allowed)
        # Only bytes are kept: objects that live on would make each garbage collection slower.
        encoded = self._wire.encode(record, self._losses())
        return encoded if len(encoded) <= _LARGEST_EVENT else self._wire.without_bodies(encoded)

    def deliver(self, encoded_records: Sequence[bytes], within: float = math.inf) -> Verdict:
        """Send a batch. A single record that is too large for the receiver is sent once more without its bodies.

        within: seconds that the POST may take.
        """
        verdict = self._post(encoded_records, within)
        if verdict.action == "split" and len(encoded_records) == 1:
            smaller = self._wire.without_bodies(encoded_records[0])
            if smaller != encoded_records[0]:
                verdict = self._post([smaller], within)
        if verdict.action == "drop" or (verdict.action == "split" and len(encoded_records) == 1):
            self._log_rejection(verdict)
        return verdict

    def _post(self, encoded_records: Sequence[bytes], within: float) -> Verdict:
        return unrecorded(self.transport.post, self._wire.join(encoded_records), within)

    def _apply_before_send(self, record: Record, before_send: Callable[[Record], object]) -> Record | Verdict:
        """The record that the user's callback returns, or a verdict. An exception costs only this record."""
        result = guarded(_call, before_send, record)
        if result is None:  # it raised
            return Verdict(action="drop", reason="before_send_failed")
        (allowed,) = result
        if allowed is None:
            return Verdict(action="drop", reason="before_send")
        if not isinstance(allowed, Record):  # annotations are not enforced
            return Verdict(action="drop", reason="before_send_failed")
        return allowed

    def _losses(self) -> Mapping[str, int]:
        """The number of lost records by reason, if it has grown since the last report; otherwise empty.

        If the record that reports them is lost too, the number has grown again, and the next record reports it.
        """
        dropped = self._dropped()
        if dropped == self._reported:
            return {}
        self._reported = dict(dropped)
        return self._reported

    def _log_rejection(self, verdict: Verdict) -> None:
        if self._rejection_limiters.setdefault(verdict.reason, RateLimiter()).allow():
            _log.warning("the receiver rejects records: %s", verdict.error)


def _policy(preparation: Preparation, redact: Redact) -> Policy:
    if preparation.policy is None:
        preparation.policy = Policy(redact)
    return preparation.policy


def _call(before_send: Callable[[Record], object], record: Record) -> tuple[object]:
    """Call the user's function. The result is in a tuple, because `guarded` returns `None` for an exception."""
    return (before_send(record),)
