"""What strangers send on purpose: none of it breaks an answer, and none of it is told to those who look on."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from werkzeug import Response

from drhttp.inbox.errors import InboxError
from drhttp.inbox.instance_lock import RunningInbox
from drhttp.inbox.remote import Remote
from drhttp.inbox.view import masking
from tests.support.recording_server import RecordingServer

SECRET = "S3cr3t"


def test_who_logs_in_is_not_shown(inbox, event):
    """Name and password before the host are masked wherever the host or the address is told; `reveal` shows them."""
    for name in ("a", "b"):
        uri = f"http://bob:{SECRET}{name}@localhost:9/{name}"
        assert (
            inbox.post([event(transaction_id=name, request__uri=uri, request__verb="GET", request__body=None)]) == 201
        )
    paths = (
        "/records", "/records/1", "/records/1/snippet?as=curl", "/compare?left=1&right=2", "/export?as=har",
        "/suggest?q=host:", "/suggest?q=host:bob", "/endpoints", "/upstreams",
    )  # fmt: skip
    answers = [inbox.api("GET", path) for path in paths]
    replayed = inbox.api("POST", "/records/1/replay", {})
    printed = [inbox.command(*words) for words in (("ls", "--json"), ("ls",), ("show", "a"), ("show", "a", "--json"))]
    lines = inbox.request("GET", "/api/v1/export?as=jsonl", Authorization=f"Bearer {inbox.token}")[2]

    assert {status for status, _ in answers} == {200}
    assert replayed[0] == 403
    assert answers[1][1]["replay_refusal"] == replayed[1]["error"]
    assert SECRET not in repr((answers, replayed, printed, lines))
    assert answers[0][1]["records"][0]["url"] == "http://[hidden here, arrived in clear]@localhost:9/b"
    assert answers[0][1]["records"][0]["host"] == "[hidden here, arrived in clear]@localhost:9"
    assert inbox.api("GET", "/records/1?reveal=1")[1]["host"] == f"bob:{SECRET}a@localhost:9"


def test_a_user_is_masked_in_lists_as_in_groups(inbox, event):
    """What a group hides, the list, the record and the command line hide as well."""
    inbox.post([event(transaction_id="a", user_id=f"token={SECRET}", metadata={"device": f"password={SECRET}"})])
    (group,) = inbox.api("GET", "/users")[1]["groups"]
    (line,) = inbox.api("GET", "/records")[1]["records"]
    record = inbox.api("GET", "/records/1")[1]
    printed = [inbox.command(*words).stdout for words in (("ls", "--json"), ("ls",), ("show", "a"))]

    assert group["name"] == line["user"] == record["user"] == json.loads(printed[0])["user"]
    assert SECRET not in repr((group, line, record, printed))


def test_a_misspelled_query_deletes_nothing(inbox, event):
    """Without the query it would have been everything."""
    inbox.post([event()])

    for query in ("?Q=status:404", "?query=status:404", "?q=status:404&x="):
        status, answer = inbox.api("DELETE", f"/records{query}")
        assert (status, answer["code"]) == (400, "parameter"), query
    assert len(inbox.api("GET", "/records")[1]["records"]) == 1
    assert inbox.api("DELETE", "/records?q=&pinned=0") == (200, {"deleted": 1})


FAR = 253_402_300_800_000_000
"""The year 10000 in microseconds: no calendar has it."""
LISTS = (
    "/records",
    "/records/1",
    "/info",
    "/histogram",
    "/scatter",
    "/endpoints",
    "/upstreams",
    "/users",
    "/devices",
    "/export",
)


def entry(**ours):
    """An entry of a HAR as the inbox writes it."""
    return {
        "startedDateTime": "2026-11-22T16:00:00.000Z",
        "time": 1,
        "request": {"method": "GET", "url": "http://shop.test/a", "headers": []},
        "response": {"status": 200, "headers": [], "content": {}},
        "_drhttp": {"id": "a", "user": "u", "device": "d", "response": {"body": False}, **ours},
    }


@pytest.mark.parametrize("started", [FAR, FAR - 1, (1 << 62) - 1, 0, -1, "253402300800000000"])
def test_times_that_no_calendar_has_are_not_taken(inbox, started):
    """The moment of a HAR that cannot be is the one that its entry tells to every other program."""
    har = {"log": {"entries": [entry(started=started, status=10**17)]}}

    assert inbox.api("POST", "/import", har)[1]["imported"] == 1
    assert [inbox.api("GET", path)[0] for path in LISTS] == [200] * len(LISTS)
    (record,) = inbox.api("GET", "/records")[1]["records"]
    assert (record["time"], record["status"]) == ("2026-11-22T16:00:00.000000Z", 200)


def test_a_time_that_is_in_the_file_already_breaks_nothing(inbox, event):
    """A file of an older version may hold one."""
    inbox.post([event(transaction_id="a")])
    with closing(sqlite3.connect(inbox.file)) as database, database:
        database.execute("UPDATE record SET started = ?", (FAR,))

    assert [inbox.api("GET", path)[0] for path in LISTS] == [200] * len(LISTS)
    printed = [inbox.command(*words) for words in (("ls",), ("ls", "--json"), ("show", "a"), ("show", "a", "--json"))]
    assert [(one.returncode, one.stderr) for one in printed] == [(0, "")] * 4
    assert json.loads(printed[1].stdout)["time"].startswith("9998-12-31T")


def test_times_that_are_asked_for_may_be_any(inbox, event):
    """As far away as they can be written: there is nothing then, or there is no such time."""
    inbox.post([event()])
    spans = (
        "from=9999-12-31T23:59:59Z&to=9999-12-31T23:59:59.999999Z", "from=0001-01-01&to=9999-12-31",
        "from=-99999999999999999w&buckets=1", "from=-99999999999999999w&to=9999999999999999999&buckets=1",
        "to=9999999999999999999", "from=9999999999999999999",
    )  # fmt: skip
    for span in spans:
        assert inbox.api("GET", f"/histogram?{span}")[0] in {200, 400}, span
        assert inbox.api("GET", f"/scatter?{span}")[0] in {200, 400}, span
    for query, count in (("after:-99999999999999999w", 1), ("before:-99999999999999999w", 0)):
        status, answer = inbox.api("GET", f"/records?q={query}")
        assert (status, len(answer["records"])) == (200, count), query
    assert inbox.api("GET", f"/records?q=after:-{'9' * 400}w")[0] == 400


def test_halves_of_characters_in_notes_and_tags_are_replaced(inbox, event):
    """JSON may hold them, the file cannot."""
    inbox.post([event()])
    status, answer = inbox.api("PATCH", "/records/1", b'{"note": "a\\ud800", "tags": ["\\udc00b"], "pinned": true}')

    assert status == 200
    assert (answer["note"], answer["tags"], answer["pinned"]) == ("a\ufffd", ["\ufffdb"], True)


def test_a_failure_is_told_as_every_error_is(inbox, event):
    """A record that cannot be read, in a file that something has damaged: JSON, and what it was in the output."""
    inbox.post([event(transaction_id="a")])
    with closing(sqlite3.connect(inbox.file)) as database, database:
        database.execute("UPDATE payload SET marks = '{'")
    status, answer = inbox.api("GET", "/records/1")
    shown = inbox.command("show", "a")
    output = inbox.stop()[1]

    assert (status, answer["code"]) == (500, "failure")
    assert (shown.returncode, shown.stderr) == (1, f"drhttp: {answer['error']}\n")
    assert "Traceback" in output


def test_an_answer_that_is_no_json_is_told_with_its_status(httpserver):
    """Another program may listen where the inbox was: what it says is no reason."""
    other = RecordingServer(httpserver, lambda _: Response("<p>Bad Gateway</p>", 502, mimetype="text/html"))
    remote = Remote(RunningInbox(other.port, "t"))
    with pytest.raises(InboxError, match="status 502"):
        remote.last()
    remote.close()


def test_names_and_ids_have_a_bound(inbox, event):
    """Lists tell them whole. Ids that differ behind it stay different, and the same one stays the same."""
    long = "u" * 1_000_000
    names = {"user": long, "device": long, "client": long, "trace": long, "parent": long, "method": long}
    har = {"log": {"entries": [entry(id=long + end, **names) for end in "aba"]}}
    assert inbox.api("POST", "/import", har)[0] == 200
    events = [
        event(transaction_id=long + end, user_id=long, metadata={"device": long}, trace_id=long, request__verb=long)
        for end in "cdc"
    ]
    assert inbox.post(events) == 201
    records = inbox.api("GET", "/records")[1]["records"]

    assert len({one["id"] for one in records}) == len(records) == 4
    assert {len(one[name]) for one in records for name in ("id", "user", "device", "trace_id", "method")} == {1000}
    assert len(json.dumps([inbox.api("GET", path) for path in ("/users", "/devices", "/endpoints")])) < 50_000
    assert inbox.api("GET", "/users")[1]["groups"][0]["count"] == 4


@pytest.mark.parametrize(
    ("delimiter", "kind"), [(",", "text/csv"), (";", "text/csv; charset=utf-8"), ("\t", "text/tab-separated-values")]
)
def test_columns_of_tables_are_masked_by_their_name(inbox, event, delimiter, kind):
    """The first row says what the others hold; values may go over several lines."""
    rows = [["name", "password"], ["bob", SECRET], ["eve", f'"{SECRET}\n{SECRET}"'], ["short"], ["none", ""]]
    body = "\r\n".join(delimiter.join(row) for row in rows)
    inbox.post([event(request__headers={"content-type": kind}, request__body=body, request__transfer_encoding="text")])
    answer, revealed = (inbox.api("GET", f"/records/1{query}")[1]["request"]["body"] for query in ("", "?reveal=1"))

    assert (answer["form"], answer["masked"], revealed["text"]) == ("text", 2, body)
    assert SECRET not in answer["text"]
    assert list(csv.reader(io.StringIO(answer["text"], newline=""), delimiter=delimiter)) == [
        ["name", "password"], ["bob", masking.MASK], ["eve", masking.MASK], ["short"], ["none", ""],
    ]  # fmt: skip


def test_a_table_of_large_values_is_masked():
    """Values may be larger than Python's own reader takes."""
    huge = f"name,token\nbob,{SECRET}{'x' * 200_000}"

    assert masking.body(huge, "text/csv", cut=False) == (f'name,token\nbob,"{masking.MASK}"', 1)
    assert masking.body(huge.replace("token", "place"), "text/csv", cut=False) == (huge.replace("token", "place"), 0)
    assert masking.body("", "text/csv", cut=False) == ("", 0)
    assert masking.body("a,b\r\n1,2", "text/csv", cut=False) == ("a,b\r\n1,2", 0)
