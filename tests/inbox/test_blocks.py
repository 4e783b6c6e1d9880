"""Blocks of the SQLite file: answers are the same with them and without, and read few records."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_suite import ARRIVAL, NOW, UNBOUND, node, random_event
from support.effort import effort, share
from test_query import made, query

from drhttp.inbox import har
from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import decode_batch
from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.store import blocks, histogram, rollup
from drhttp.inbox.store.aggregates import CLASSES
from drhttp.inbox.store.blocks import builder, rankings
from drhttp.inbox.store.blocks.condition import CellCondition
from drhttp.inbox.store.order import COLUMNS, Order
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.store.sqlite import SqliteStore

TYPICAL = [
    "", "status:5xx", "-status:5xx", "path:/api/*", "path:/items/1*", "after:2026-11-22T16:30 before:2026-11-22T16:40",
    "is:error", "is:client-error dir:out", "route:*items*", "host:x OR method:POST", "user:u1", "status:404 user:none",
    "dir:out", "path:/users/*9", "host:shop.test", "path:/api/items",
]  # fmt: skip
ORDERS = [Order(name, descending) for name in COLUMNS for descending in (False, True)]


@pytest.fixture(scope="module", autouse=True)
def small():
    """Blocks of 200 records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", 200)
        patch.setattr(rankings, "LENGTH", 30)
        patch.setattr(builder, "STEP", 70)
        patch.setattr(histogram, "READ_AGAIN", 2)
        yield


@pytest.fixture
def pair(tmp_path):
    """Two stores: one that counts ahead, and one that never does."""
    with opened(tmp_path / "blocks.db") as built, opened(tmp_path / "plain.db") as plain:
        yield built, plain


def opened(file):
    prepare(file)
    return closing(SqliteStore(file))


def settle(store):
    while store.maintain():
        pass


def built(store):
    with closing(sqlite3.connect(store.path)) as db:
        return [b for (b,) in db.execute("SELECT b FROM block ORDER BY b")]


def assert_same_pictures(one, other, text):
    """Everything that is counted is equal; durations are within 1 %, and rounded to microseconds."""
    asked = node(text)
    assert_same_histogram(one, other, asked, text)
    for column, counterpart in (("user", "device"), ("device", "user")):
        found, wanted = (store.groups(asked, column, counterpart, 1_000) for store in (one, other))
        assert (found.total, found.start, found.end) == (wanted.total, wanted.start, wanted.end), text
        for group, expected in zip(found.groups, wanted.groups, strict=True):
            assert plain_group(group) == plain_group(expected), text
            assert_close(group.durations, expected.durations, text)
    for name in ("endpoints", "upstreams"):
        found, wanted = (getattr(store, name)(asked) for store in (one, other))
        assert (found.total, getattr(found, "spent", 0)) == (wanted.total, getattr(wanted, "spent", 0)), text
        places = {plain_endpoint(each): each.durations for each in wanted.endpoints}
        assert {plain_endpoint(each) for each in found.endpoints} == set(places), text
        for each in found.endpoints:
            assert_close(each.durations, places[plain_endpoint(each)], text)


def assert_same_histogram(one, other, asked, text):
    exact = other.histogram(asked, None, None, 8_000)
    for buckets in (12, 500):
        found = one.histogram(asked, None, None, buckets)
        assert found.total == exact.total, text
        assert len(found.counts) <= buckets
        bars = Counter()
        for place, counts in enumerate(exact.counts):
            for kind, count in zip(CLASSES, counts, strict=True):
                bars[(exact.start + place * exact.width - found.start) // found.width, kind] += count
        shown = {
            (place, kind): count
            for place, counts in enumerate(found.counts)
            for kind, count in zip(CLASSES, counts, strict=True)
        }
        assert +Counter(shown) == +bars, text


def plain_group(one):
    common = sorted(one.others.items())
    return one.name, one.count, one.errors, one.client_errors, one.first, one.last, common, one.timeline


def plain_endpoint(one):
    key = (one.direction, one.method, one.name, one.count, one.errors, one.client_errors, one.bytes, one.sized)
    return (*key, one.first, one.last, one.total, one.longest, one.slowest, *one.spread)


def assert_close(found, wanted, text):
    assert found.total() == wanted.total(), text
    for one, other in zip(sorted(found.elements()), sorted(wanted.elements()), strict=True):
        assert abs(one - other) <= 0.01 * other + 1, text


def assert_same_lists(one, other, orders=ORDERS):
    """Page by page, deeper than rankings go."""
    for order in orders:
        after = None
        for limit in (20, 45, 10):
            found, wanted = (store.sorted_page(EVERYTHING, order, limit, after=after) for store in (one, other))
            assert [each.n for each in found.entries] == [each.n for each in wanted.entries], order
            assert (found.next, found.newest, found.scanned_to) == (wanted.next, wanted.newest, None)
            after = found.next
            if after is None:
                break


@pytest.mark.parametrize("seed", range(3))
def test_answers_are_the_same_whatever_happens(pair, event, seed):
    """While records come, come again and go, are pinned and cleared, and whatever is counted ahead meanwhile."""
    dice, last, here = random.Random(seed), 0, []
    for _ in range(9):
        batch = [random_event(dice, event, last + place + 1) for place in range(dice.choice([1, 150, 420]))]
        last += len(batch)
        batch += [random_event(dice, event, n) for n in dice.sample(here, min(len(here), 2))]
        exchanges, happening, going = decode_batch(batch, ARRIVAL), dice.random(), dice.randrange(3)
        for store in pair:
            store.write(exchanges)
            if happening < 0.2:
                store.clear(node(f"path:/items/{going}*"), pinned=False)
            elif happening < 0.4:
                while store.prune(replace(UNBOUND, records=700), NOW):
                    pass
            elif happening < 0.5:
                store.mark(store.state().newest, pinned=True, tags=["odd"])
        here = [int(entry.summary.id) for entry in pair[1].page(EVERYTHING, 10_000).entries]
        for _ in range(dice.choice([0, 7, 10_000])):
            if not pair[0].maintain():
                break
        assert_same_pictures(*pair, dice.choice(TYPICAL))
        assert_same_lists(*pair, dice.sample(ORDERS, 3))
    settle(pair[0])
    assert len(built(pair[0])) >= 2
    assert built(pair[1]) == []
    for text in TYPICAL:
        assert_same_pictures(*pair, text)
    assert_same_lists(*pair)

