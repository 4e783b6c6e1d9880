"""What every store has to do. A store's test module imports these tests and brings a fixture ``open_store``.

``open_store()`` opens the connection that writes, on the same empty place each time within a test; ``open_reader()``
opens one beside it that reads. What users see differ between the kinds of stores is declared in `Traits`: the numbers
of records increase in all of them, but need not be those from 1 on.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from naive import World
from support.wide import wide

from drhttp.inbox.decode import Arrival, decode_batch, decode_event
from drhttp.inbox.errors import InboxError, RecordNotFound
from drhttp.inbox.query.nodes import EVERYTHING
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store import Limits
from drhttp.inbox.store.aggregates import BOUNDS
from drhttp.inbox.store.order import COLUMNS, Order, SavedView

NOW = 1795363200_000000
ARRIVAL = Arrival("local", NOW)
UNBOUND = Limits(1 << 40, 1 << 50, 1e9)


def node(text):
    return parse(text, NOW).node


def numbered(event, count, start=0):
    return decode_batch([event(transaction_id=f"id-{place:05}") for place in range(start, start + count)], ARRIVAL)


def ids(page):
    return [entry.summary.id for entry in page.entries]


def everything(store, text="", **options):
    return store.page(
        node(text),
        options.pop("limit", 1 << 30),
        **{"before": None, "after": 0, "ascending": False, "seconds": 60, **options},
    )


def numbers(store):
    """The numbers of all records, in the order of arrival."""
    return [entry.n for entry in everything(store, ascending=True).entries]


@pytest.fixture
def store(open_store):
    return open_store()


class StoreSuite:
    def test_what_is_written_is_read_again(self, store, open_reader, event):
        """Every field, header and byte comes back, for a reader beside the writer."""
        exchange = decode_event(
            event(
                request__headers={"x-bytes": "caf\xc3\xa9 \xff", "b": ["1", "2"], "a": "3"},
                request__uri="http://shop.test/%FF?",
                response__body=None,
                response__transfer_encoding=None,
                metadata={
                    "request_body": {"truncated": True, "redacted": 3, "read": "none"},
                    "aborted": True,
                    "x": "\ud800",
                },
            ),
            ARRIVAL,
        )
        store.write([exchange])

        reader = open_reader()
        entry = reader.one(exchange.summary.id)
        assert reader.read(entry) == exchange
        assert (entry.summary, entry.truncated, entry.masked, entry.error) == (exchange.summary, True, 3, False)

    @pytest.mark.parametrize("body", [None, b"", b"\x00\xff", b"\x01" * 5000, bytes(range(256)) * 400])
    def test_bodies_come_back_byte_for_byte(self, store, event, body):
        """Small and large, compressed in the file or not."""
        exchange = decode_event(event(), ARRIVAL)
        exchange = replace(exchange, request=replace(exchange.request, body=body))
        store.write([exchange])

        (n,) = numbers(store)
        assert store.read(store.entry(n)).request.body == body

    def test_a_missing_response_stays_missing(self, store, event):
        """No response and an empty one are different things."""
        without, empty = (
            decode_event(event(transaction_id="a", response=None), ARRIVAL),
            decode_event(event(transaction_id="b", response={}), ARRIVAL),
        )
        store.write([without, empty])

        first, second = numbers(store)
        assert store.read(store.entry(first)).response is None
        assert store.read(store.entry(second)) == empty

    def test_the_same_id_is_stored_once(self, store, event):
        """A batch that is sent again replaces what it wrote, under the same number; what is new is told apart."""
        first = decode_event(event(transaction_id="a", response__status=500), ARRIVAL)
        again = decode_event(event(transaction_id="a", response__status=200), ARRIVAL)
        other = decode_event(event(transaction_id="b"), ARRIVAL)

        written = store.write([first])
        (one,) = numbers(store)
        assert (list(written.new), written.last, list(written.changed)) == ([first], one, [])
        written = store.write([again, other, other])
        assert (list(written.new), written.last, list(written.changed)) == ([other], numbers(store)[-1], [one])
        assert numbers(store)[0] == one
        assert [entry.summary.status for entry in everything(store, ascending=True).entries] == [200, 201]

    def test_a_repeated_delivery_keeps_what_people_added(self, store, event):
        """Pin, tags, note and the link to the original survive a retry."""
        exchange = decode_event(event(transaction_id="a"), ARRIVAL)
        store.write([replace(exchange, summary=replace(exchange.summary, replay_of="o"))])
        (n,) = numbers(store)
        store.mark(n, pinned=True, tags=["x", "x", "y"], note="n")
        store.write([exchange])

        entry = store.entry(n)
        assert (entry.pinned, entry.tags, entry.note, entry.summary.replay_of) == (True, ("x", "y"), "n", "o")

    def test_marks_are_changed_one_by_one(self, store, event):
        """What is not given stays as it is; an empty note and no tags are none."""
        store.write(numbered(event, 1))
        (n,) = numbers(store)
        store.mark(n, pinned=True, tags=["x"], note="n")

        assert store.mark(n, note="").tags == ("x",)
        assert store.mark(n, tags=[]).pinned
        entry = store.mark(n, pinned=False)
        assert (entry.pinned, entry.tags, entry.note) == (False, (), None)
        with pytest.raises(RecordNotFound):
            store.mark(n + 1, pinned=True)

    def test_two_keys_may_use_one_id(self, store, event):
        """An id belongs to its key; asked for by id, the newest is meant."""
        one = decode_event(event(transaction_id="a"), ARRIVAL)
        other = decode_event(event(transaction_id="a", user_id="bob"), Arrival("other", NOW))
        store.write([one, other])

        assert store.one("a").summary.user == "bob"
        assert [store.read(store.entry(n)) for n in numbers(store)] == [one, other]

    def test_a_batch_is_written_whole_or_not_at_all(self, store, event):
        """An error in the midst leaves nothing of the batch behind, nor of the project that it would have begun."""
        fine = decode_event(event(), ARRIVAL)
        broken = replace(fine, summary=replace(fine.summary, id="b", method=object()))

        with pytest.raises(InboxError):
            store.write([fine, broken])
        assert store.state().records == 0
        written = store.write([fine])
        assert (list(written.new), [written.last]) == ([fine], numbers(store))

    def test_lists_go_page_by_page_in_both_directions(self, store, event):
        """No record is missed or doubled between pages, whatever arrives meanwhile."""
        store.write(numbered(event, 10))
        first = everything(store, limit=4)
        tenth = numbers(store)[-1]
        store.write(numbered(event, 2, start=10))

        second = everything(store, limit=4, before=first.next)
        third = everything(store, limit=4, before=second.next)
        assert ids(first) + ids(second) + ids(third) == [f"id-{place:05}" for place in range(9, -1, -1)]
        assert (third.next, third.complete, first.newest, second.newest) == (None, True, tenth, numbers(store)[-1])
        assert ids(everything(store, after=tenth, ascending=True)) == ["id-00010", "id-00011"]

    def test_a_search_ends_in_time_and_goes_on_where_it_ended(self, store, event):
        """Without time for more than one step, steps follow each other until everything was looked at."""
        store.write(numbered(event, 2000))
        found, before, steps = [], None, 0
        while before is not None or not steps:
            page = everything(store, 'body:"[1,null]" -id:id-00000', limit=700, before=before, seconds=0)
            found += ids(page)
            before, steps = page.next, steps + 1

        assert found == [f"id-{place:05}" for place in range(1999, 0, -1)]
        assert steps > 2

    @pytest.mark.parametrize("name", COLUMNS)
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("text", ["", "status:>=404 OR user:none", "body:null"])
    def test_a_list_is_sorted_as_a_whole(self, store, event, name, descending, text):
        """Pages in any order have every record once, in the order that a plain comparison of all gives."""
        dice = random.Random(f"{name}{descending}")
        exchanges = decode_batch([random_event(dice, event, n) for n in range(1, 800)], ARRIVAL)
        store.write(exchanges)
        newest = numbers(store)[-1]
        order, wanted = Order(name, descending), World(exchanges, {}).sorted(node(text), Order(name, descending))

        found, after, pages = [], None, 0
        while after is not None or not pages:
            page = store.sorted_page(node(text), order, 90, after=after, seconds=60)
            found += ids(page)
            after, pages = page.next, pages + 1
            assert (page.newest, page.scanned_to) == (newest, None)

        assert found == wanted
        assert pages == max(1, -(-len(wanted) // 90))

    def test_a_sorted_list_says_how_far_it_came(self, store, event):
        """Without time for all of them, the newest records are sorted."""
        store.write(numbered(event, 2_000))

        page = store.sorted_page(node("body:null"), Order("path"), 10, after=None, seconds=0)
        assert page.scanned_to is not None
        assert page.scanned_to > 1
        assert len(page.entries) == 10

    def test_a_place_in_an_order_stays_when_its_record_goes(self, store, event):
        """The next page begins where the last one ended, whatever was deleted meanwhile."""
        events = [event(transaction_id=f"id-{place:05}", metadata={"duration_ms": place}) for place in range(30)]
        store.write(decode_batch(events, ARRIVAL))
        first = store.sorted_page(EVERYTHING, Order("duration", True), 10, after=None, seconds=60)
        store.clear(node(f"id:{ids(first)[-1]}"), pinned=True)

        second = store.sorted_page(EVERYTHING, Order("duration", True), 10, after=first.next, seconds=60)
        assert ids(second) == [f"id-{place:05}" for place in range(19, 9, -1)]

    def test_views_are_kept_by_name(self, store, open_reader):
        """A view is replaced by one with the same name, and deleted once."""
        store.save_view(SavedView("slow", "dur:>500", "-duration", "requests"))
        store.save_view(SavedView("Failing", "status:5xx"))
        store.save_view(SavedView("slow", "dur:>900"))

        wanted = [SavedView("Failing", "status:5xx", "", "requests"), SavedView("slow", "dur:>900", "", "requests")]
        assert list(open_reader().saved_views()) == wanted
        assert (store.delete_view("slow"), store.delete_view("slow")) == (True, False)
        assert [view.name for view in store.saved_views()] == ["Failing"]

    def test_what_a_request_asks_for_is_kept_beside_it(self, store, event):
        """The operation of GraphQL is in the line of a record, and queries find it."""
        body = {"operationName": "CreateOrder", "query": "mutation CreateOrder { createOrder { id } }"}
        store.write(decode_batch([event(request__body=body), event()], ARRIVAL))

        assert [entry.operation for entry in everything(store).entries] == [None, "mutation CreateOrder"]
        first, second = numbers(store)
        assert [entry.n for entry in everything(store, "operation:*createorder").entries] == [first]
        assert [entry.n for entry in everything(store, "operation:none").entries] == [second]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ('"say \\"grüezi"', ["a"]),
            ("GRüEZI", ["a"]),
            ("aGVsbG8=", ["a"]),
            ("-grüezi", ["b"]),
            ("_webSocketMessages", []),
            ("nobody-says-that", []),
        ],
    )
    def test_free_text_finds_websocket_messages(self, store, event, text, found):
        """Those of imported records, in either case, and nothing of the JSON around them."""
        said = [{"type": "send", "data": 'Say "Grüezi"'}, {"data": None}, "x", {"opcode": 2, "data": "aGVsbG8="}]
        one, other = decode_batch([event(transaction_id="a"), event(transaction_id="b")], ARRIVAL)
        kept = {"rest": {"set": {"_webSocketMessages": said}}}
        store.write([replace(one, extra={**one.extra, "har": kept}), other])

        assert ids(everything(store, text)) == found

    def test_a_beginning_of_an_id_is_enough(self, store, event):
        """Any unique beginning finds a record; an ambiguous one, and one without a record, are told in a sentence."""
        names = ("abc1", "abc2", "abd", "abdc", "%")
        store.write(decode_event(event(transaction_id=each), ARRIVAL) for each in names)

        assert [store.one(name).summary.id for name in ("abc1", "abdc", "abd", "%")] == ["abc1", "abdc", "abd", "%"]
        with pytest.raises(
            RecordNotFound, match="More than one record ID starts with 'abc', for example abc2 and abc1"
        ):
            store.one("abc")
        with pytest.raises(RecordNotFound, match=r"No record ID in .* starts with '_'"):
            store.one("_")
        assert store.known(["abd", "x"]) == {"abd"}

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
    def test_calls_find_their_parent_in_either_order(self, store, event, order):
        """What was called during a request lies under it, whichever arrived first."""
        events = [
            event(transaction_id="in", span={"id": "s1"}),
            event(transaction_id="b", span={"id": "s2", "parent_id": "s1"}, request__time="2026-11-22T16:00:02Z"),
            event(transaction_id="a", span={"id": "s3", "parent_id": "s1"}, request__time="2026-11-22T16:00:01Z")
            | {"response": None},
        ]
        for place in order:
            store.write(decode_batch([events[place]], ARRIVAL))

        parent, calls = store.family(store.one("in"))
        assert (parent, [one.summary.id for one in calls], store.one("in").calls) == (None, ["a", "b"], 2)
        assert [(one.summary.id, one.failed_calls) for one in everything(store, "calls:2").entries] == [("in", 1)]
        parent, calls = store.family(store.one("b"))
        assert parent is not None
        assert (parent.summary.id, list(calls)) == ("in", [])
        assert ids(everything(store, "has:outbound")) == ids(everything(store, "has:calls")) == ["in"]
        assert ids(everything(store, "calls:>1")) == ids(everything(store, "calls:2")) == ["in"]
        assert sorted(ids(everything(store, "calls:0"))) == ["a", "b"]
        assert ids(everything(store, "calls:>2")) == []
        assert ids(everything(store, "is:orphan")) == []

    def test_replays_are_linked_both_ways(self, store, event):
        """From the original to what repeats it, and back."""
        one, other = numbered(event, 2)
        store.write([one, replace(other, summary=replace(other.summary, replay_of=one.summary.id))])

        first, second = numbers(store)
        assert [entry.n for entry in store.replays(store.entry(first))[1]] == [second]
        original = store.replays(store.entry(second))[0]
        assert original is not None
        assert original.n == first
        assert store.neighbors(first) == (None, second)
        assert store.neighbors(second) == (first, None)

    def test_the_oldest_go_when_there_are_too_many(self, store, event):
        """Retention keeps exactly the newest, and whatever is pinned."""
        store.write(numbered(event, 1000))
        given = numbers(store)
        store.mark(given[4], pinned=True)
        while store.prune(replace(UNBOUND, records=300), NOW):
            pass

        assert numbers(store) == [given[4], *given[701:]]
        assert (store.state().records, store.state().pinned) == (300, 1)

    def test_the_oldest_go_when_they_are_too_old(self, store, event):
        """Days after their arrival, but for pinned ones."""
        store.write(numbered(event, 3))
        store.write([decode_event(event(transaction_id="young"), Arrival("local", NOW + 3_600_000_000))])
        store.mark(numbers(store)[1], pinned=True)
        while store.prune(replace(UNBOUND, age=60.0), NOW + 3_600_000_000):
            pass

        assert ids(everything(store)) == ["young", "id-00001"]

    def test_the_oldest_go_when_they_take_too_much(self, store, event):
        """Records with large bodies are bounded in bytes, but the last one always stays."""
        store.write(numbered(event, 100))
        big = decode_event(event(transaction_id="big"), ARRIVAL)
        store.write([replace(big, request=replace(big.request, body=bytes(range(256)) * 40_000))])
        while store.prune(replace(UNBOUND, bytes=1), NOW):
            pass

        assert ids(everything(store)) == ["big"]

    def test_numbers_are_never_used_twice(self, open_store, event):
        """Not even those of deleted records, and not after a restart: a page that was away would miss the new ones."""
        store = open_store()
        store.write(numbered(event, 3))
        newest = numbers(store)[-1]
        assert store.clear(EVERYTHING, pinned=True) == 3
        store.close()

        again = open_store()
        assert again.state().newest == newest
        assert again.write(numbered(event, 1)).last > newest

    def test_clearing_keeps_what_is_pinned_and_what_does_not_match(self, store, event):
        """A query says what goes; pinned ones only on request."""
        store.write(numbered(event, 4))
        store.mark(numbers(store)[0], pinned=True)

        assert store.clear(node("id:id-00000 OR id:id-00001"), pinned=False) == 1
        assert store.clear(node("pinned:true"), pinned=True) == 1
        assert ids(everything(store)) == ["id-00003", "id-00002"]
        assert store.state().records == 2

    def test_values_for_completion_are_the_commonest(self, store, event):
        """Those that hold what was written so far."""
        events = [
            event(transaction_id=str(place), user_id=name) for place, name in enumerate(["bob", "Bo", "bob", "eve"])
        ]
        store.write(decode_batch(events, ARRIVAL))

        assert store.values("user", "bo", 5) == [("bob", 2), ("Bo", 1)]
        assert store.values("user", "", 1) == [("bob", 2)]
        store.mark(numbers(store)[0], tags=["slow"])
        assert store.values("tags", "sl", 5) == [("slow", 1)]

    def test_upstreams_are_what_requests_spend_their_time_in(self, store, event):
        """Calls count for the requests that match, and for themselves, each of them once."""

        def call(name, parent, milliseconds, **changes):
            more = {"direction": "Outgoing", "span": {"id": name, "parent_id": parent}, **changes}
            return event(transaction_id=name, metadata={"duration_ms": milliseconds}, **more)

        events = [
            event(transaction_id="o1", span={"id": "o1"}, metadata={"duration_ms": 100}),
            event(transaction_id="o2", span={"id": "o2"}, metadata={"duration_ms": 300}),
            event(
                transaction_id="i", span={"id": "i"}, request__uri="http://shop.test/items", metadata={"duration_ms": 5}
            ),
            call("c1", "o1", 20, request__uri="http://bank.test/charges/1"),
            call("c2", "o2", 60, request__uri="http://bank.test/charges/2", response__status=503),
            call("c3", "i", 2, request__uri="http://stock.test/items"),
            call("c4", None, 4, request__uri="http://stock.test/items"),
        ]
        store.write(decode_batch(events, ARRIVAL))

        everything = store.upstreams(EVERYTHING, seconds=60)
        assert (everything.total, everything.spent, everything.scanned_to) == (4, 405_000, None)
        assert {one.name: one.count for one in everything.endpoints} == {
            "bank.test/charges/{id}": 2,
            "stock.test/items": 2,
        }
        orders = store.upstreams(node("route:/orders/{id}"), seconds=60)
        (bank,) = orders.endpoints
        assert (bank.name, bank.count, bank.errors, bank.total, orders.spent) == (
            "bank.test/charges/{id}",
            2,
            1,
            80_000,
            400_000,
        )
        assert [one.count for one in store.upstreams(node("host:stock.test"), seconds=60).endpoints] == [2]

    def test_pictures_count_every_record_once(self, store, event):
        """Histogram, scatter, endpoints and groups agree with each other."""
        events = [
            event(
                transaction_id=str(place),
                request__time=f"2026-11-22T16:00:{place % 60:02}Z",
                request__uri=f"http://x/items/{place}",
                response__status=500 if place % 10 == 0 else 200,
                user_id=f"u{place % 3}",
                metadata={"duration_ms": place},
            )
            for place in range(100)
        ]
        store.write(decode_batch(events, ARRIVAL))

        histogram = store.histogram(EVERYTHING, None, None, 12, seconds=60)
        assert (histogram.total, sum(map(sum, histogram.counts)), histogram.width) == (100, 100, 10_000_000)
        assert sum(bar[4] for bar in histogram.counts) == 10
        (one,) = store.endpoints(EVERYTHING, seconds=60).endpoints
        given = numbers(store)
        assert (one.name, one.count, one.errors, one.slowest) == ("/items/{id}", 100, 10, given[-1])
        assert one.durations == Counter(place * 1000 for place in range(100))
        points = store.scatter(EVERYTHING, 10, seconds=60).points
        assert [point[0] for point in points] == given[90:]
        groups = store.groups(EVERYTHING, "user", "device", 2, seconds=60)
        assert ([group.name for group in groups.groups], groups.total) == (["u2", "u1"], 3)
        assert [(group.errors, group.client_errors) for group in groups.groups] == [(3, 0), (3, 0)]
        assert sum(groups.groups[0].timeline) == groups.groups[0].count == 33

    @pytest.mark.parametrize("seed", [0, *wide(1, 2)])
    def test_m11_endpoints_are_right_whatever_happens(self, store, open_reader, event, seed):
        """M11: counts are exact and percentiles within 1 % of an exact computation, while records come, come again
        and go, are pinned and cleared, and whatever is counted ahead meanwhile.
        """
        dice = random.Random(seed)
        here, reader, last = {}, open_reader(), 0
        for _ in range(14):
            batch = [random_event(dice, event, last + place + 1) for place in range(dice.choice([1, 700, 1_100]))]
            again = dice.sample(sorted(here), min(len(here), 3))
            batch += [random_event(dice, event, n) for n in again]
            exchanges = decode_batch(batch, ARRIVAL)
            last += len(batch) - len(again)
            store.write(exchanges)
            here |= {int(each.summary.id): each.summary for each in exchanges}
            happening = dice.random()
            if happening < 0.2 and len(here) > 1_500:
                limits = replace(UNBOUND, records=1_500)
                while store.prune(limits, NOW):
                    pass
                here = {n: here[n] for n in sorted(here)[-1_500:]}
            elif happening < 0.4:
                store.clear(node("status:404"), pinned=False)
                here = {n: summary for n, summary in here.items() if summary.status != 404}
            elif happening < 0.8:
                while store.maintain():
                    pass
            for each in (store, reader):
                compare(each.endpoints(EVERYTHING, seconds=60), here, named(each), each.traits.percentile_error)
        assert last > 5_000

    def test_m11_a_filter_counts_what_it_finds(self, store, event):
        """M11: exactly, also within what is counted ahead."""
        dice = random.Random(5)
        exchanges = decode_batch([random_event(dice, event, n) for n in range(1, 4_500)], ARRIVAL)
        store.write(exchanges)
        while store.maintain():
            pass

        found = store.endpoints(node("status:5xx user:u1"), seconds=60)
        wanted = {
            int(each.summary.id): each.summary
            for each in exchanges
            if each.summary.status == 500 and each.summary.user == "u1"
        }
        compare(found, wanted, named(store), share=0.0)


def named(store):
    """What tells a record by its number in the store; the tests number them in their ids."""
    return lambda n: int(store.entry(n).summary.id)


def random_event(dice, event, n):
    sent = event(
        transaction_id=str(n),
        request__time=f"2026-11-22T16:{dice.randrange(60):02}:{dice.randrange(60):02}Z",
        request__uri=f"http://x/{dice.choice(['items', 'orders', 'users'])}/{dice.randrange(99)}",
        request__verb=dice.choice(["GET", "GET", "POST"]),
        response__status=dice.choice([200, 200, 404, 500]),
        user_id=f"u{dice.randrange(3)}",
        direction=dice.choice(["Incoming", "Incoming", "Outgoing"]),
        metadata={"duration_ms": dice.choice([None, 0, 0.003, 0.099, 0.1, dice.lognormvariate(3, 2)])},
    )
    if dice.random() < 0.1:
        del sent["response"]
    return sent


def compare(found, here, id_of, share):
    """With a computation that is as plain as can be. here: summaries by id. share: how far a percentile may be off."""
    places = {}
    for n, summary in here.items():
        kind = summary.path.split("/")[1]
        name = f"{'x' if summary.direction == 'Outgoing' else ''}/{kind}/{{id}}"
        places.setdefault((summary.direction, summary.method, name), []).append((n, summary))
    assert {(one.direction, one.method, one.name) for one in found.endpoints} == set(places)
    assert found.total == len(here)
    for one in found.endpoints:
        members = places[one.direction, one.method, one.name]
        durations = sorted(summary.duration for _, summary in members if summary.duration is not None)
        assert one.count == len(members)
        assert one.errors == sum(summary.status is None or summary.status >= 500 for _, summary in members)
        assert one.client_errors == sum(summary.status == 404 for _, summary in members)
        sizes = [summary.response_size for _, summary in members if summary.response_size is not None]
        assert (one.bytes, one.sized) == (sum(sizes), len(sizes))
        starts = [summary.started for _, summary in members]
        assert (one.first, one.last) == (min(starts), max(starts))
        assert (one.total, one.longest) == (sum(durations), max(durations, default=None))
        slowest = [n for n, summary in members if durations and summary.duration == durations[-1]]
        assert (one.slowest and id_of(one.slowest)) == max(slowest, default=None)
        bounds = [bound * 1000 for bound in BOUNDS]
        spread = [sum(low < each <= high for each in durations) for low, high in pairwise([-1, *bounds, 1 << 62])]
        assert one.spread == spread
        shares = (0.5, 0.95, 0.99)
        for part, value in zip(shares, one.percentiles(shares), strict=True):
            exact = durations[math.ceil(round(part * len(durations), 6)) - 1] if durations else None
            assert value == exact if exact is None else abs(value - exact) <= share * exact, (value, exact)
