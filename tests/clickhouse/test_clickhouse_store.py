"""The store on ClickHouse: what every store does, and what only this one does."""

from __future__ import annotations

from store_suite import StoreSuite, numbered, numbers
from store_suite import store as store  # noqa: PLC0414 a fixture of the suite


class TestClickHouse(StoreSuite):
    def test_a_large_batch_is_stored_whole(self, store, event):
        """An insert of more rows than one block of the client has."""
        store.write(numbered(event, 12_000))

        assert store.state().records == len(numbers(store)) == 12_000
