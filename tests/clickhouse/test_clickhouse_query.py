"""Queries on ClickHouse, held against the same plain reading as those on SQLite."""

from __future__ import annotations

import pytest
from conftest import new_name
from test_query import (  # noqa: F401 the same tests, with another store
    filled,
    test_percentiles_are_exact,
    test_pictures_follow_the_query,
    test_the_store_finds_what_a_plain_reading_finds,
)

from drhttp.inbox.store.clickhouse.engine import connect, parse_address
from drhttp.inbox.store.clickhouse.store import ClickHouseStore


@pytest.fixture(scope="module")
def world(server):
    """5,000 records of every kind, in a store and in a list."""
    address = parse_address(f"{server}/{new_name()}")
    store = ClickHouseStore(connect(address, create=True))
    yield store, filled(store)
    store.close()
