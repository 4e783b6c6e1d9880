"""The parts of the store on ClickHouse: numbers, leases, claims, tables, days, and what the engine refuses."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from conftest import new_name
from store_suite import ARRIVAL, numbered, numbers

from drhttp.inbox.decode import decode_batch, decode_event
from drhttp.inbox.errors import OutdatedStore, StoreError
from drhttp.inbox.principal import Principal
from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.clickhouse import schema
from drhttp.inbox.store.clickhouse.engine import Engine, TimeExceeded, connect, parse_address
from drhttp.inbox.store.clickhouse.lease import Lease
from drhttp.inbox.store.clickhouse.numbers import DAY, MILLISECOND, RECEIVERS, SEQUENCE, Numbers, at, moment
from drhttp.inbox.store.clickhouse.registry import Projects
from drhttp.inbox.store.clickhouse.rows import Rows
from drhttp.inbox.store.clickhouse.scan import Scan
from drhttp.inbox.store.clickhouse.store import ClickHouseStore
from drhttp.inbox.store.clickhouse.upstreams import upstreams
from drhttp.inbox.store.order import Order, Position, SavedView

NOW = 1_795_363_200_000


@pytest.fixture(scope="module")
def kind():
    return "chdb"


@pytest.fixture
def tables(place):
    """A connection to a new database with its tables."""
    with connect(parse_address(place), create=True) as engine:
        schema.migrate(engine)
        yield engine


def test_numbers_increase_and_fit_into_53_bits():
    """Also when a millisecond is full, and when the clock is set back; and no two receivers give the same."""
    clock = [NOW]
    one, other = Numbers(0, now=lambda: clock[0]), Numbers(RECEIVERS - 1, now=lambda: clock[0])
    given = one.take(3 * SEQUENCE)
    clock[0] += 1
    given += one.take(5)
    clock[0] -= 60_000
    given += one.take(5)

    assert all(low < high for low, high in pairwise(given))
    assert given[-1] < 1 << 53
    assert max(other.take(500)) < 1 << 53
    assert not set(given) & set(other.take(500))
    assert moment(given[0]) == NOW
    assert at(NOW) // MILLISECOND * MILLISECOND == at(NOW)


def test_numbers_go_on_behind_those_that_are_there():
    """A receiver whose clock is late begins behind the highest number of the table."""
    floor = at(NOW + 5_000) + 7
    assert Numbers(3, floor, now=lambda: NOW).take(1)[0] > floor


def test_numbers_of_receivers_are_given_once(tables):
    """Receivers that start at the same time have different numbers, and one that stopped gives its number back."""
    leases, failed = [], []

    def start():
        try:
            leases.append(Lease(Engine(tables.address, connect(tables.address)._client)))
        except StoreError as problem:
            failed.append(problem)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not failed
    assert len({each.number for each in leases}) == 8
    leases[0].release()
    assert tables.value("SELECT count() FROM receiver FINAL") == 7
    for each in leases:
        each._engine.close()


def test_a_receiver_withdraws_from_numbers_that_others_have(tables):
    """It tries them all until one is free, and leaves no trace at those that are not."""
    others = f"INSERT INTO receiver SELECT number, 'other', toUnixTimestamp64Milli(now64(3)) FROM numbers({RECEIVERS})"
    tables.command(f"{others} WHERE number != 5")
    lease = Lease(tables)

    assert lease.number == 5
    assert tables.rows("SELECT number FROM receiver WHERE token != 'other'") == [(5,)]
    with pytest.raises(StoreError, match=f"{RECEIVERS} receivers use"):
        Lease(tables)
    assert tables.value("SELECT count() FROM receiver") == RECEIVERS
    lease.release()


@pytest.mark.parametrize("broken", range(sum(map(len, schema.STEPS)) + len(schema.STEPS)))
def test_a_migration_that_failed_is_completed_by_the_next(place, broken):
    """Wherever it fails: afterwards the tables are as if it had not failed."""
    with connect(parse_address(place), create=True) as engine:
        with pytest.raises(StoreError, match="power"):
            schema.migrate(Failing(engine, broken + 1))
        assert schema.version(engine) < schema.VERSION
        with pytest.raises(OutdatedStore):
            schema.check(engine)
        schema.migrate(engine)
        schema.check(engine)
        again = dict(tables_of(engine))
    with connect(parse_address(f"{place}_clean"), create=True) as clean:
        schema.migrate(clean)
        assert again == dict(tables_of(clean))


class Failing:
    """An engine that fails at one statement."""

    def __init__(self, engine, left):
        self._engine, self._left = engine, left
        self.address = engine.address

    def command(self, statement, parameters=None):
        if self._left == 0:
            raise StoreError("The power is gone.")
        self._left -= 1
        self._engine.command(statement, parameters)

    def value(self, statement):
        return self._engine.value(statement)


def tables_of(engine):
    return engine.rows(
        "SELECT name, replaceAll(create_table_query, database, '') FROM system.tables"
        " WHERE database = currentDatabase()"
    )


def test_tables_of_a_newer_program_are_refused(tables):
    """Rather than written to."""
    tables.command(f"INSERT INTO schema_version (version) VALUES ({schema.VERSION + 1})")
    with pytest.raises(StoreError, match="newer version"):
        schema.migrate(tables)


def test_two_receivers_that_write_the_same_at_once_write_it_once(place, event):
    """Whoever comes second takes the numbers of the first, however the two meet."""
    stores = [ClickHouseStore(connect(parse_address(place), create=True)) for _ in range(3)]
    batch = numbered(event, 200)
    threads = [threading.Thread(target=each.write, args=(batch,)) for each in stores for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    found = stores[0].page(EVERYTHING, 10_000, ascending=True).entries
    assert Counter(entry.summary.id for entry in found) == Counter(each.summary.id for each in batch)
    assert stores[0].state().records == 200
    for each in stores:
        each.close()


def test_a_claim_without_its_record_is_taken_over(open_store, event):
    """A receiver that died between the two leaves a number, which the record gets from whoever stores it."""
    first, second = open_store(), open_store()
    batch = numbered(event, 3)
    insert = first._engine.insert

    def dying(table, *rest):
        if table == "record":
            raise StoreError("killed")
        insert(table, *rest)

    first._engine.insert = dying
    with pytest.raises(StoreError):
        first.write(batch)
    written = second.write(batch)
    assert [len(written.new), len(written.changed)] == [3, 0]
    assert second.state().records == 3
    assert written.last // MILLISECOND % 1 == 0
    assert (written.last // SEQUENCE) % RECEIVERS == first.receiver
    first.close()
    second.close()


def test_late_records_reach_the_live_list_once(open_store, event):
    """One whose number is older than what was shown is shown when it comes; what is stored again is not."""
    store = open_store()
    store.write(numbered(event, 2))
    follower = store.follower(EVERYTHING, None)
    assert follower.step(store, 500).entries == []
    late = Rows([decode_event(event(transaction_id="late"), ARRIVAL)])
    minute = at(moment(store.state().newest) - 60_000)
    store._engine.insert("record", late.block([0], [minute], [7], 1, {}))
    store.write(numbered(event, 3))

    assert [entry.summary.id for entry in follower.step(store, 500).entries] == ["late", "id-00002"]
    assert follower.step(store, 500).entries == []
    store.write(numbered(event, 600, start=10))
    assert follower.step(store, 500).gap == 600
    assert follower.step(store, 500).entries == []


def test_the_engine_drops_days_but_no_pinned_record(open_store, event):
    """What is older than its project keeps it goes with its day; a pinned one stays until it is let go."""
    store = open_store()
    block = Rows(list(numbered(event, 4)))
    old = at(moment(int(store._numbers.take(1)[0])) - 3 * 86_400_000)
    store._engine.command("SYSTEM STOP TTL MERGES record")
    store._engine.insert("record", block.block([0, 1], [old, old + 1], [7, 7], 1, {}))
    store._engine.insert("record", block.block([2, 3], [old + 2, old + 3], [2, 2], 1, {}))
    store.mark(old + 2, pinned=True)
    store._engine.command("SYSTEM START TTL MERGES record")
    store._engine.command("OPTIMIZE TABLE record FINAL")

    assert [entry.n for entry in store.page(EVERYTHING, 10, ascending=True).entries] == [old, old + 1, old + 2]
    assert store.entry(old + 2).pinned
    store._keep_days = 2
    store.mark(old + 2, pinned=False)
    store._engine.command("OPTIMIZE TABLE record FINAL")
    assert [entry.n for entry in store.page(EVERYTHING, 10, ascending=True).entries] == [old, old + 1]
    days = store._engine.value(f"SELECT uniqExact(intDiv(n, {DAY})) FROM record")
    assert days == 1


def test_a_scope_holds_in_every_table_with_records(open_store, event):
    """The engine adds it to each statement, also to one that nobody has thought of."""
    store = open_store()
    store.write(numbered(event, 3))
    (project,) = {entry.summary.project for entry in store.page(EVERYTHING, 3).entries}
    store.mark(store.page(EVERYTHING, 1).entries[0].n, note="n")
    for scope, count in ((frozenset({project}), 3), (frozenset({"other"}), 0), (frozenset(), 0)):
        seen = store.within(scope)
        assert seen._engine.value("SELECT count() FROM record") == count
        assert (
            seen._engine.value("SELECT count() FROM (SELECT n FROM record UNION ALL SELECT n FROM record)") == 2 * count
        )
        assert seen._engine.value("SELECT count() FROM mark") == min(count, 1)
        assert count or seen.clear(EVERYTHING, pinned=True) == 0
    with pytest.raises(StoreError, match="other projects"):
        store.within(frozenset({"other"})).write(numbered(event, 1, start=9))
    with pytest.raises(StoreError, match="not the name of a project"):
        store.within(frozenset({"a' OR 1 = 1 --"}))


def test_keys_and_tokens_are_kept_as_digests(tables):
    """Nothing of what was given out is in the tables."""
    projects = Projects(tables)
    projects.add("shop", 7)
    given = [projects.issue(kind, ["shop"], "ann") for kind in ("key", "reader", "admin")]
    kept = repr(tables.rows("SELECT * FROM credential"))
    assert not [secret for secret in given if secret in kept or secret[4:] in kept]
    assert [one.kind for one in projects.credentials()] == ["key", "reader", "admin"]
    projects.audit(Principal(id="i", name="ann", projects=frozenset({"shop"}), admin=False), "GET /x", 1)
    assert projects.audited(5)[0][1:] == ("ann (i)", ["shop"], "GET /x")


def test_a_question_that_takes_too_long_ends(tables):
    """With an error that says so, from which a scan makes an incomplete answer."""
    with pytest.raises(TimeExceeded):
        tables.rows("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", seconds=0.2)


def test_a_scan_whose_windows_take_too_long_ends_and_comes_further_next_time(open_store, event):
    """It tries a narrower window once, says that it is incomplete, and the next one begins with a narrow window."""
    store = open_store()
    store.write(numbered(event, 2_000))
    slow = Slow(store.engine, 2 * MILLISECOND)
    slow.pace["payload"] = DAY
    tries = []
    while not (found := list(scan := Scan(slow, "n", parse("body:null", 0).node, seconds=0))):
        assert (scan.complete, scan.reached) == (False, scan.newest + 1)
        tries.append(slow.late)
        slow.late = 0
    assert 0 < len(tries) < 5
    assert set(tries) == {2}
    assert (scan.complete, 0 < len(found) < 2_000) == (False, True)
    slow.pace["payload"] = DAY
    unread = Scan(slow, "n", parse("body:null", 0).node, ascending=True, seconds=0)
    assert (list(unread), unread.reached) == ([], min(numbers(store)) - 1)
    store.close()


class Slow:
    """An engine that reads no window in time that is wider than this."""

    scope = None

    def __init__(self, engine, widest):
        self._engine, self._widest = engine, widest
        self.pace, self.late = {}, 0

    def rows(self, statement, parameters=None, *, seconds=None):
        if seconds is not None and parameters["high"] - parameters["low"] >= self._widest:
            self.late += 1
            raise TimeExceeded("late")
        return self._engine.rows(statement, parameters, seconds=seconds)


def test_calls_that_are_looked_for_too_long_are_told_as_missing(open_store, event):
    """Those of the newest requests are there; from where the time ran out, the answer says so."""
    store = open_store()
    requests = [event(transaction_id=f"r{at}", span={"id": f"{at:016x}"}) for at in range(1_500)]
    calls = [
        event(transaction_id=f"c{at}", direction="Outgoing", span={"id": f"c{at:015x}", "parent_id": f"{at:016x}"})
        for at in range(1_500)
    ]
    store.write(decode_batch([*requests, *calls], ARRIVAL))
    asked = sorted(entry.n for entry in store.page(parse("dir:in", 0).node, 9_999).entries)

    whole = store.upstreams(parse("dir:in", 0).node, seconds=60)
    assert (whole.total, whole.scanned_to) == (1_500, None)
    some = upstreams(store.engine, parse("dir:in", 0).node, 0)
    assert (some.total, some.scanned_to) == (1_000, asked[500])
    store.close()


@pytest.mark.parametrize("value", ["", "it's", 'a"b\\c', "{x:String}", "\t\n", "\N{SNOWMAN}\U0001f600", "%"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_place_in_an_order_may_be_any_text(open_store, event, value, descending):
    """Behind it comes what is greater by code point (less, in the other direction), whatever is in the text."""
    store = open_store()
    users = ["", "A", "a", "it's", "\uffff", "\U00010000", None]
    store.write([decode_event(event(transaction_id=str(at), user_id=user), ARRIVAL) for at, user in enumerate(users)])
    page = store.sorted_page(EVERYTHING, Order("user", descending), 9, after=Position(value, 0))

    kept = [None if entry.summary.user is None else entry.summary.user for entry in page.entries]
    known = sorted({user for user in kept if user is not None}, reverse=descending)
    stored = {entry.summary.user for entry in store.page(EVERYTHING, 9).entries} - {None}
    assert set(known) == {user for user in stored if (user < value if descending else user > value)}
    assert kept == [*known, *[None] * kept.count(None)]
    assert store.sorted_page(EVERYTHING, Order("user"), 9, after=Position(value, -5)).scanned_to is None


def test_a_sorted_list_is_of_its_projects(open_store, event):
    """Its records, its newest number, and where it goes on."""
    store = open_store()
    for name in ("bank", "shop"):
        exchanges = [decode_event(event(transaction_id=f"{name}-{at}"), ARRIVAL) for at in range(3)]
        store.write([replace(each, summary=replace(each.summary, project=name)) for each in exchanges])
    shop = store.within(frozenset({"shop"}))
    bank = store.within(frozenset({"bank"}))
    first = bank.sorted_page(EVERYTHING, Order("path"), 2)
    assert first.next is not None
    second = bank.sorted_page(EVERYTHING, Order("path"), 2, after=first.next)
    assert [entry.summary.id for entry in (*first.entries, *second.entries)] == ["bank-2", "bank-1", "bank-0"]
    assert (second.next, first.newest < store.state().newest) == (None, True)
    again = shop.sorted_page(EVERYTHING, Order("path", True), 9, after=first.next)
    assert {entry.summary.project for entry in again.entries} <= {"shop"}
    assert store.within(frozenset()).sorted_page(EVERYTHING, Order("path"), 9).entries == []


def test_each_set_of_projects_has_its_own_views(open_store):
    """Nobody sees, replaces or deletes those of another project, of several, or of the operator."""
    store = open_store()
    scopes = [None, *map(frozenset, (["shop"], ["bank"], ["bank", "shop"], []))]
    for place, scope in enumerate(scopes):
        store.within(scope).save_view(SavedView("mine", str(place)))
    for place, scope in enumerate(scopes):
        assert [view.query for view in store.within(scope).saved_views()] == [str(place)]
    seen = store.within(frozenset({"shop"}))
    assert seen._engine.rows("SELECT query FROM saved_view FINAL") == [("1",)]
    assert seen.delete_view("mine")
    assert [len(store.within(scope).saved_views()) for scope in scopes] == [1, 0, 1, 1, 1]


def test_whoever_changes_a_view_last_wins(open_store):
    """Also where the clock of the other receiver is ahead, and after it was deleted."""
    ahead, behind = open_store(), open_store()
    ahead._numbers._now = lambda: NOW + 3_600_000_000
    ahead.save_view(SavedView("v", "ahead"))
    behind.save_view(SavedView("v", "behind"))
    assert [view.query for view in ahead.saved_views()] == ["behind"]
    assert ahead.delete_view("v")
    assert behind.saved_views() == []
    behind.save_view(SavedView("v", "again"))
    assert [view.query for view in ahead.saved_views()] == ["again"]
    ahead.close()
    behind.close()


def test_tables_of_the_version_before_are_upgraded_with_their_records(place, event, monkeypatch):
    """Records that are there have no operation, and are found, marked and replaced as before."""
    address = parse_address(place)
    old = schema.RECORD.replace("`operation` LowCardinality(Nullable(String)),\n", "")
    assert old != schema.RECORD
    with connect(address, create=True) as engine:
        monkeypatch.setattr(schema, "STEPS", ((old, *schema.STEPS[0][1:]), schema.STEPS[1]))
        monkeypatch.setattr(schema, "VERSION", 2)
        schema.migrate(engine)
        block = Rows(numbered(event, 2)).block([0, 1], [1, 2], [schema.FOREVER] * 2, 1, {})
        del block["operation"]
        engine.insert("record", block)
        monkeypatch.undo()
        store = ClickHouseStore(connect(address))
        assert [entry.operation for entry in store.page(EVERYTHING, 9).entries] == [None, None]
        store.mark(1, pinned=True)
        store.mark(1, pinned=False)
        body = {"operationName": "Cart", "query": "query Cart { wallet }"}
        store.write([decode_event(event(transaction_id="asked", request__body=body), ARRIVAL)])
        assert [entry.operation for entry in store.page(EVERYTHING, 1).entries] == ["query Cart"]
        assert store.saved_views() == []
        with connect(parse_address(f"{place}_clean"), create=True) as clean:
            schema.migrate(clean)
            assert dict(tables_of(engine)) == dict(tables_of(clean))
        store.close()


@pytest.mark.parametrize(
    "text",
    ["", "http://x", "clickhouse://", "clickhouse://h/a-b", "clickhouse://h/a;b", "clickhouse://h:x/a", "sqlite:///x"],
)
def test_an_address_that_is_none_is_told_in_a_sentence(text):
    """Before anything is asked for."""
    with pytest.raises(StoreError, match="clickhouse://USER@HOST:8123/DATABASE"):
        parse_address(text)


def test_the_password_is_shown_nowhere():
    """Neither in messages nor in a repr."""
    address = parse_address("clickhouse://u:s3cret@h:1/d")
    assert (address.user, address.password, address.database) == ("u", "s3cret", "d")
    assert "s3cret" not in address.shown


def test_an_engine_that_is_not_there_is_told_in_a_sentence():
    """At the start, where there is nothing to wait for."""
    with pytest.raises(StoreError, match=r"Cannot use clickhouse://127\.0\.0\.1:1/"):
        connect(parse_address(f"clickhouse://127.0.0.1:1/{new_name()}"), create=True)
