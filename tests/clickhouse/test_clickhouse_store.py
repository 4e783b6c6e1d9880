"""The store on ClickHouse: what every store does, and what only this one does."""

from __future__ import annotations

from store_suite import StoreSuite, store  # noqa: F401 a fixture of the suite


class TestClickHouse(StoreSuite):
    pass
