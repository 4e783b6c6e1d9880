"""The wire formats of records: one module for each value of the option `protocol`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drhttp._wire import events_protocol, record_protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._mutable_record import MutableRecord


class Wire(Protocol):
    """The interface of a protocol module.

    PATH: path of the POST, relative to the DSN. LARGEST_BATCH: maximum number of records in one POST; `None` means no
    limit.
    """

    @property
    def PATH(self) -> str: ...

    @property
    def LARGEST_BATCH(self) -> int | None: ...

    def headers(self, key: str) -> dict[str, str]:
        """The header fields of a POST: the key, and the type of the body."""

    def encode(self, record: MutableRecord, dropped: Mapping[str, int]) -> bytes:
        """Encode one record.

        dropped: the number of lost records that it has to report, by reason.
        """

    def without_bodies(self, encoded: bytes) -> bytes:
        """Remove the bodies from an encoded record, and mark them as omitted if the format allows that."""

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """Join encoded records to the body of one POST."""


PROTOCOLS: dict[str, Wire] = {"events": events_protocol, "record": record_protocol}
