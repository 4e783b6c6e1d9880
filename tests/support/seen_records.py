"""Records that a test sees in the worker, and that go no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import drhttp

if TYPE_CHECKING:
    from drhttp import Record

NOWHERE = "http://key@127.0.0.1:9/"  # where nobody listens


class SeenRecords:
    """The records that a recorder with `before_send=self.see` makes."""

    def __init__(self) -> None:
        self._seen: list[Record] = []

    @property
    def records(self) -> list[Record]:
        """The records so far."""
        assert drhttp.flush(10.0)
        return list(self._seen)

    @property
    def record(self) -> Record:
        """The one record."""
        (only,) = self.records
        return only

    def forget(self) -> None:
        """Begin anew."""
        assert drhttp.flush(10.0)
        self._seen.clear()

    def see(self, record: Record) -> None:
        """Keep a record, and let no receiver have it."""
        self._seen.append(record)
