"""The formats in which records travel: one module a protocol, chosen by the option `protocol`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drhttp._wire import events, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._record import Record


class Wire(Protocol):
    """What a protocol module offers.

    PATH: where it posts to, relative to the DSN. LARGEST_BATCH: records that one POST can carry, `None` for any number.
    """

    @property
    def PATH(self) -> str: ...

    @property
    def LARGEST_BATCH(self) -> int | None: ...

    def headers(self, key: str) -> dict[str, str]:
        """Header fields of a POST that authenticate it and describe its body."""

    def encode(self, record: Record, dropped: Mapping[str, int]) -> bytes:
        """One record; `dropped` are the losses that it is to report, by reason."""

    def without_bodies(self, encoded: bytes) -> bytes:
        """What `encode` made, without its bodies, and marked so as far as the format allows."""

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """The body of one POST."""


PROTOCOLS: dict[str, Wire] = {"events": events, "record": record}
