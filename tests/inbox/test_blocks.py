"""Blocks of the SQLite file: answers are the same with them and without, and read few records."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_suite import ARRIVAL, NOW, UNBOUND, node, random_event
from support.effort import effort
from support.wide import wide
from test_query import made, query

from drhttp.inbox import har
from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import decode_batch
from drhttp.inbox.query.nodes import EVERYTHING, All, Flag
from drhttp.inbox.store import blocks, histogram
from drhttp.inbox.store.aggregates import CLASSES
from drhttp.inbox.store.blocks import builder, rankings
from drhttp.inbox.store.blocks.condition import CellCondition
from drhttp.inbox.store.order import COLUMNS, Order, first
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
        patch.setattr(histogram, "FEW", 60)
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


def happens(store, happening, going):
    if happening < 0.2:
        store.clear(node(going), pinned=False)
    elif happening < 0.4:
        while store.prune(replace(UNBOUND, records=700), NOW):
            pass
    elif happening < 0.5:
        store.mark(store.state().newest, pinned=True, tags=["odd"])


@pytest.mark.parametrize("seed", [0, *wide(1, 2)])
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
            happens(store, happening, f"path:/items/{going}*")
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


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """2,000 records of every kind in blocks, and the same without."""
    folder, dice = tmp_path_factory.mktemp("odd"), random.Random(3)
    exchanges = [made(dice, place) for place in range(2_000)]
    with opened(folder / "blocks.db") as built, opened(folder / "plain.db") as plain:
        for store in (built, plain):
            store.write(exchanges)
        settle(built)
        yield built, plain


@effort(20)
@given(st.integers(0, 1 << 32))
def test_any_query_has_the_same_answers(odd, seed):
    """Whatever is asked for, in all ways to put queries together."""
    text = query(random.Random(seed), 2)
    assert_same_pictures(*odd, text)


@effort(60)
@given(st.integers(0, 1 << 32))
def test_what_a_cell_decides_holds_for_its_records(odd, seed):
    """1 if all of them match, 0 if none does."""
    store, _ = odd
    text = query(random.Random(seed), 2)
    condition = CellCondition(node(text))
    cells = store._db.execute(f"SELECT r.*, {condition.sql} FROM cell r", condition.parameters)
    names = [column[0] for column in cells.description]
    found = {entry.n for entry in store.page(node(text), 10_000).entries}
    for row in cells.fetchall():
        cell, decided = dict(zip(names, row, strict=False)), row[-1]
        if decided is not None:
            members = records(store, cell)
            assert len(members) == cell["count"]
            assert found.intersection(members) == (members if decided else set()), text


def records(store, cell):
    """The records of a cell, by their columns."""
    key = ("direction", "method", "endpoint", "status", "error")
    statement = f"SELECT n FROM record WHERE n BETWEEN ? AND ? AND {' AND '.join(f'{name} IS ?' for name in key)}"
    return {n for (n,) in store._db.execute(statement, (*blocks.span(cell["b"]), *(cell[name] for name in key)))}


@pytest.mark.parametrize(
    "text", ["status:5xx", "is:error", "path:/items/*", "-path:/x*", "dir:in host:x", "after:2000-01-01", "method:get"]
)
def test_usual_queries_are_decided_by_cells(pair, event, text):
    """So that no record of a block is read."""
    dice = random.Random(1)
    store = pair[0]
    store.write(decode_batch([random_event(dice, event, n) for n in range(1, 600)], ARRIVAL))
    settle(store)

    condition = CellCondition(node(text))
    decided = [row[0] for row in store._db.execute(f"SELECT {condition.sql} FROM cell r", condition.parameters)]
    assert len(decided) > 20
    assert None not in decided


def test_an_import_is_counted_with_the_others(pair, har_file):
    """Records of a HAR file come in any order of time, and what is imported twice is there once."""
    exchanges, remarks = har.read(har_file, "", NOW)
    assert remarks == []
    for store in pair:
        store.write(exchanges)
        store.write(har.unknown(exchanges, store))
    settle(pair[0])
    assert built(pair[0]) == [0, 1]
    for text in ("", "status:5xx", "path:/items/*"):
        assert_same_pictures(*pair, text)
    assert_same_lists(*pair)


@pytest.fixture
def har_file(event):
    dice = random.Random(5)
    exchanges = decode_batch([random_event(dice, event, n) for n in range(1, 450)], ARRIVAL)
    log = {**har.opening(), "entries": [har.entry(each, reveal=True) for each in exchanges]}
    return json.dumps({"log": log}).encode()


def test_a_change_takes_its_block_out_until_it_is_built_again(pair, event):
    """Also while it is being built, and after a restart."""
    dice = random.Random(2)
    first, again, other = (
        decode_batch([random_event(dice, event, n) for n in numbers], ARRIVAL)
        for numbers in (range(1, 1_000), [250], [251])
    )
    store = pair[0]
    for each in pair:
        each.write(first)
    settle(store)
    assert built(store) == [0, 1, 2, 3, 4]
    for each in pair:
        each.write(again)
    assert built(store) == [0, 2, 3, 4]
    assert store.maintain()
    for each in pair:
        each.write(other)
        each.clear(node("id:700"), pinned=True)
    assert built(store) == [0, 2, 4]
    settle(store)
    assert built(store) == [0, 1, 2, 3, 4]
    for each in pair:
        while each.prune(replace(UNBOUND, records=700), NOW):
            pass
    assert built(store) == [2, 3, 4]
    settle(store)
    assert_same_pictures(*pair, "status:5xx")


def test_blocks_are_built_after_a_restart(tmp_path, event):
    """Of a file that was closed before they were, as one of an earlier version."""
    dice = random.Random(6)
    with opened(tmp_path / "inbox.db") as store:
        store.write(decode_batch([random_event(dice, event, n) for n in range(1, 500)], ARRIVAL))
        assert built(store) == []
    with closing(SqliteStore(tmp_path / "inbox.db")) as store:
        settle(store)
        assert built(store) == [0, 1]


def test_a_block_of_too_many_kinds_is_read_record_by_record(pair, event, monkeypatch):
    """Its lists are kept all the same."""
    monkeypatch.setattr(builder, "MAX_CELLS", 3)
    dice = random.Random(4)
    exchanges = decode_batch([random_event(dice, event, n) for n in range(1, 500)], ARRIVAL)
    for store in pair:
        store.write(exchanges)
    settle(pair[0])

    assert pair[0]._db.execute("SELECT count(*), sum(celled) FROM block").fetchone() == (2, 0)
    assert pair[0]._db.execute("SELECT count(*) FROM cell").fetchone() == (0,)
    assert_same_pictures(*pair, "status:5xx")
    assert_same_lists(*pair)


QUESTIONS = {
    "first list": lambda store, asked: store.page(asked, 5),
    **{
        f"sort by {order.name}{' down' if order.descending else ''}": lambda store, asked, order=order: (
            store.sorted_page(EVERYTHING, order, 10)
        )
        for order in ORDERS
    },
    "histogram": lambda store, asked: store.histogram(asked, None, None, 60),
    "endpoints": lambda store, asked: store.endpoints(asked),
    "upstreams": lambda store, asked: store.upstreams(EVERYTHING),
    "users": lambda store, asked: store.groups(asked, "user", "device", 200),
    "devices": lambda store, asked: store.groups(asked, "device", "user", 200),
    "errors": lambda store, asked: store.endpoints(All((asked, Flag("error")))),
}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """2,050 records in ten blocks; the last 50 are in none."""
    dice = random.Random(8)
    with opened(tmp_path_factory.mktemp("large") / "inbox.db") as store:
        exchanges = [made(dice, place) for place in range(2_050)]
        store.write([replace(each, summary=replace(each.summary, host="x", path="/api/items")) for each in exchanges])
        settle(store)
        yield store


@pytest.mark.parametrize("text", ["status:5xx", "path:/api/*", "status:5xx OR method:post", "-is:error"])
def test_without_time_the_newest_records_are_counted(large, text):
    """All of them down to the number that the answer tells, and no other."""
    matching = [entry.n for entry in large.page(node(text), 10_000).entries]
    for one in (large.histogram(node(text), None, None, 60, seconds=0), large.endpoints(node(text), seconds=0)):
        assert one.scanned_to is not None
        assert one.total == sum(n >= one.scanned_to for n in matching)
    groups = large.groups(node(text), "user", "device", 200, seconds=0)
    users = [entry for entry in large.page(node(f"({text}) user:any"), 10_000).entries if entry.n >= groups.scanned_to]
    assert sum(one.count for one in groups.groups) == len(users)


@pytest.mark.parametrize("order", [Order("path"), Order("duration", True), Order("time")])
def test_without_time_the_newest_records_are_sorted(pair, event, order):
    """As many as there was time for: here, those behind the last block that is whole."""
    store, dice = pair[0], random.Random(9)
    for numbers in (range(1, 500), range(500, 900)):
        settle(store)
        store.write(decode_batch([random_event(dice, event, n) for n in numbers], ARRIVAL))
    store.clear(node("id:250"), pinned=True)
    page = store.sorted_page(EVERYTHING, order, 30, seconds=0)
    assert page.scanned_to == 200
    newest = store.page(EVERYTHING, 10_000, after=page.scanned_to - 1).entries
    by = {entry.n: getattr(entry.summary, order.column) for entry in newest}
    wanted = first([(value, n) for n, value in by.items()], 30, descending=order.descending)
    assert [(by[entry.n], entry.n) for entry in page.entries] == wanted


@pytest.mark.parametrize("text", ["", "status:5xx", "path:/api/*", "after:2020-01-01"])
def test_a_question_reads_no_record_of_a_block(large, text):
    """Neither by a scan of the table nor of an index: its statements look up records by number, or read newer ones."""
    for name, ask in QUESTIONS.items():
        statements = []
        large._db.set_trace_callback(statements.append)
        ask(large, node(text))
        large._db.set_trace_callback(None)

        assert statements
        for statement in (each for each in statements if "FROM record" in each):
            plan = [row[3] for row in large._db.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert not [step for step in plan if re.match(r"SCAN (r|record)\b", step)], (statement, plan)
            lowest = [int(low) for low in re.findall(r"r\.n BETWEEN (\d+) AND", statement)]
            assert min(lowest, default=2_000) >= 2_000 or name == "first list", statement


def test_sums_too_large_for_the_database_stop_nothing(pair, event):
    """Whatever durations and sizes a sender tells: what is counted ahead ends at the largest integer."""
    events = [event(transaction_id=str(n), metadata={"duration_ms": 4e15}) for n in range(4_100)]
    store = pair[0]
    store.write(decode_batch(events, ARRIVAL))
    settle(store)

    assert len(built(store)) == 20
    (one,) = store.endpoints(EVERYTHING).endpoints
    assert (one.count, one.longest) == (4_100, 4 * 10**18)
    assert store.upstreams(node("status:any")).spent > 1 << 62
