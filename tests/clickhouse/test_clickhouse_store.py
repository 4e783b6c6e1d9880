"""The store on ClickHouse: what every store does, and what only this one does."""

from __future__ import annotations

from store_suite import StoreSuite, node, numbered, numbers
from store_suite import store as store  # noqa: PLC0414 a fixture of the suite

from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.store.clickhouse.numbers import SECOND
from drhttp.inbox.store.order import Order


class TestClickHouse(StoreSuite):
    def test_a_sorted_list_says_how_far_it_came(self, store, event):
        """Without time for more than one window, the newest records are sorted, from the number on that is told."""
        store.write(numbered(event, 2_000))
        # These came within a few milliseconds; a window is a second, unless bodies are slow to read.
        store.engine.pace["payload"] = SECOND // 1000

        page = store.sorted_page(node("body:null"), Order("path"), 10, after=None, seconds=0)
        assert page.scanned_to is not None
        looked_at = [n for n in numbers(store) if n >= page.scanned_to]
        assert 10 < len(looked_at) < 2_000
        assert [entry.n for entry in page.entries] == looked_at[:-11:-1]
        assert store.sorted_page(EVERYTHING, Order("path"), 10, after=None, seconds=60).scanned_to is None

    def test_a_large_batch_is_stored_whole(self, store, event):
        """An insert of more rows than one block of the client has."""
        store.write(numbered(event, 12_000))

        assert store.state().records == len(numbers(store)) == 12_000
