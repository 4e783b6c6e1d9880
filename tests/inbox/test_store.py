from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from drhttp.inbox.decode import Arrival, decode_batch, decode_event
from drhttp.inbox.errors import StoreError, UnknownRecord
from drhttp.inbox.place import prepare
from drhttp.inbox.store import PACKED_FROM, Store, reading

ARRIVAL = Arrival("local", 1795363200_000000)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "inbox.db"
    prepare(path)
    return path


@pytest.fixture
def store(file):
    opened = Store(file)
    yield opened
    opened.close()


def exchanges(event, count):
    return decode_batch([event(transaction_id=f"id-{place:05}") for place in range(count)], ARRIVAL)


def test_what_is_written_is_read_again(store, file, event):
    """Every field, header and byte comes back, for a reader beside the writer."""
    told = decode_event(
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
    store.write([told])

    with reading(file) as reader:
        assert reader.read(reader.one(told.summary.id)) == told


@pytest.mark.parametrize("body", [None, b"", b"\x00\xff", b"\x01" * PACKED_FROM, bytes(range(256)) * 400])
def test_bodies_come_back_byte_for_byte(store, event, body):
    """Small and large, compressed in the file or not."""
    told = decode_event(event(), ARRIVAL)
    told = replace(told, request=replace(told.request, body=body))
    store.write([told])

    assert store.read(told.summary).request.body == body


def test_a_missing_response_stays_missing(store, event):
    """No response and an empty one are different things."""
    without, empty = (
        decode_event(event(transaction_id="a", response=None), ARRIVAL),
        decode_event(event(transaction_id="b", response={}), ARRIVAL),
    )
    store.write([without, empty])

    assert store.read(without.summary).response is None
    assert store.read(empty.summary) == empty


def test_the_same_id_is_stored_once(store, event):
    """A batch that is sent again replaces what it wrote, and only what is new is answered."""
    first = decode_event(event(transaction_id="a", response__status=500), ARRIVAL)
    again = decode_event(event(transaction_id="a", response__status=200), ARRIVAL)
    other = decode_event(event(transaction_id="b"), ARRIVAL)

    assert store.write([first]) == [first]
    assert store.write([again, other, other]) == [other]
    assert [summary.status for summary in store.newest(10)] == [200, 201]


def test_two_keys_may_use_one_id(store, event):
    """An id belongs to its key; asked for by id, the newest is meant."""
    one = decode_event(event(transaction_id="a"), ARRIVAL)
    other = decode_event(event(transaction_id="a", user_id="bob"), Arrival("other", ARRIVAL.received))
    store.write([one, other])

    assert len(store) == 2
    assert store.one("a").user == "bob"
    assert store.read(one.summary) == one


def test_a_batch_is_written_whole_or_not_at_all(store, event):
    """An error in the midst leaves nothing of the batch behind."""
    fine = decode_event(event(), ARRIVAL)
    broken = replace(fine, summary=replace(fine.summary, id="b", method=object()))

    with pytest.raises(StoreError):
        store.write([fine, broken])
    assert len(store) == 0
    assert store.write([fine]) == [fine]


def test_newest_are_the_last_that_came_in_the_order_in_which_they_began(store, event):
    """Batches of several workers arrive out of order; a list of them is in order."""
    times = ("2026-11-22T16:00:03Z", "2026-11-22T16:00:02Z", "2026-11-22T16:00:01Z", "2026-11-22T16:00:02Z")
    store.write(
        decode_event(event(transaction_id=str(place), request__time=time), ARRIVAL) for place, time in enumerate(times)
    )

    assert [summary.id for summary in store.newest(3)] == ["2", "1", "3"]


def test_a_beginning_of_an_id_is_enough(store, event):
    """Any unique beginning finds a record; an ambiguous one, and one without a record, are told in a sentence."""
    store.write(decode_event(event(transaction_id=each), ARRIVAL) for each in ("abc1", "abc2", "abd", "abdc", "%"))

    assert store.one("abc1").id == "abc1"
    assert store.one("abdc").id == "abdc"
    assert store.one("abd").id == "abd"
    assert store.one("%").id == "%"
    with pytest.raises(UnknownRecord, match="More than one id begins with 'abc', such as abc2 and abc1"):
        store.one("abc")
    with pytest.raises(UnknownRecord, match="no record whose id begins with '_'"):
        store.one("_")


def test_the_oldest_go_when_there_are_too_many(store, event):
    """Retention keeps exactly the newest, a few deletions at a time."""
    store.write(exchanges(event, 1000))

    rounds = sum(1 for _ in iter(lambda: store.prune(300, 1 << 40), False))

    assert [summary.id for summary in store.newest(1000)] == [f"id-{place:05}" for place in range(700, 1000)]
    assert rounds == 4


def test_the_oldest_go_when_the_file_is_too_large(store, file, event):
    """Records with large bodies are bounded in bytes, but the last one always stays; the file becomes small again."""
    store.write(exchanges(event, 100))
    big = decode_event(event(transaction_id="big"), ARRIVAL)
    store.write([replace(big, request=replace(big.request, body=bytes(range(256)) * 40_000))])
    store.write([replace(big, request=replace(big.request, body=b"x"))])
    for _ in iter(lambda: store.prune(10_000, 1), False):
        pass

    assert [summary.id for summary in store.newest(1000)] == ["big"]
    store.close()
    assert file.stat().st_size < 200_000


def test_deleted_records_take_their_payload_along(store, file, event):
    """Nothing of a deleted record remains."""
    store.write(exchanges(event, 50))
    store.prune(10, 1 << 40)

    with sqlite3.connect(file) as db:
        assert db.execute("SELECT count(*) FROM payload").fetchone() == (10,)
        assert db.execute("SELECT count(*) FROM payload JOIN record USING (n)").fetchone() == (10,)
    db.close()


def test_the_file_says_what_it_is(store, file):
    """Migrations and other programs recognise it by its application id and version."""
    with sqlite3.connect(file) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (0x64724874,)
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def make_newer(path):
    Store(path).close()
    run(path, "PRAGMA user_version = 99")


def run(path, statement):
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.write_bytes(b"not a database, but long enough to look at" * 100), "cannot be used"),
        (lambda path: run(path, "CREATE TABLE t (a)"), "is not an inbox file"),
        (make_newer, "was written by a newer drhttp"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(file, spoil, sentence):
    """Another program's database, any other file and a newer inbox's are refused, not changed."""
    spoil(file)
    before = file.read_bytes()

    with pytest.raises(StoreError, match=sentence):
        Store(file)
    assert file.read_bytes() == before
