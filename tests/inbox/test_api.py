"""The JSON API over real sockets; what it says is described in docs/inbox-api.md."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug import Response

from tests.support.recording_server import RecordingServer


def numbered(event, count, **changes):
    return [
        event(transaction_id=f"id-{place}", request__uri=f"http://shop.test/n/{place}", **changes)
        for place in range(count)
    ]


class Stream:
    """A reader of server-sent events, as the page is one."""

    def __init__(self, inbox, query="", last=None):
        self._connection = http.client.HTTPConnection("127.0.0.1", inbox.port, timeout=30)
        headers = {"Authorization": f"Bearer {inbox.token}", **({} if last is None else {"Last-Event-ID": str(last)})}
        self._connection.request("GET", f"/api/v1/stream{query}", headers=headers)
        self.answer = self._connection.getresponse()

    def frame(self):
        """The next one: id, event and data; None at the end of the stream."""
        found = {}
        for line in iter(self.answer.readline, b""):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if not name and not value and "data" in found:
                return found.get("id"), found["event"], json.loads(found["data"])
            if name:
                found[name] = value
        return None

    def close(self):
        self._connection.close()


@contextmanager
def streaming(inbox, query="", last=None):
    stream = Stream(inbox, query, last)
    try:
        yield stream
    finally:
        stream.close()


def test_every_endpoint_of_the_document_is_there(inbox, event):
    """What docs/inbox-api.md names answers something else than that it is unknown."""
    document = Path(__file__).parents[2] / "docs" / "inbox-api.md"
    if not document.exists():
        pytest.skip("the sources are not here")
    inbox.post([event()])
    named = re.findall(r"`(GET|POST|PATCH|DELETE) /api/v1(/[^`?]*)", document.read_text())
    assert len(named) > 18
    for method, path in named:
        filled = path.replace("{n}", "1").replace("{request|response}", "request")
        if filled == "/stream":
            continue
        body = b"{}" if method in {"POST", "PATCH"} else None
        status, _, content = inbox.request(method, f"/api/v1{filled}", body, Authorization=f"Bearer {inbox.token}")
        assert b"There is no such path" not in content, (method, path)
        assert status != 405, (method, path)


def test_the_example_of_a_summary_has_its_members(shared_inbox, event):
    """The document's first example and the answer name the same things."""
    document = Path(__file__).parents[2] / "docs" / "inbox-api.md"
    if not document.exists():
        pytest.skip("the sources are not here")
    example = re.search(r'A summary:\n\n```json\n(\{"n": 1842, "id".*?)\n```', document.read_text(), re.DOTALL)
    shared_inbox.post([event()])

    assert example is not None
    assert set(json.loads(example[1])) == set(shared_inbox.api("GET", "/records")[1]["records"][0])


def test_lists_are_paged_and_filtered(inbox, event):
    """Newest first, from where the last page ended; the query is the same everywhere."""
    inbox.post(numbered(event, 30))

    first = inbox.api("GET", "/records?limit=20")[1]
    rest = inbox.api("GET", f"/records?limit=20&before={first['next']}")[1]
    assert [record["n"] for record in first["records"] + rest["records"]] == list(range(30, 0, -1))
    assert (rest["next"], rest["complete"], rest["newest"]) == (None, True, 30)
    found = inbox.api("GET", "/records?q=path:/n/1*&order=asc&after=5")[1]["records"]
    assert [record["path"] for record in found] == [f"/n/{place}" for place in range(10, 20)]
    listed = inbox.command("ls", "--json", "path:/n/1*", "-n", "100").stdout.splitlines()
    assert len(listed) == len(inbox.api("GET", "/records?q=path:/n/1*")[1]["records"]) == 11


def test_upstreams_have_a_share_of_the_time(inbox, event):
    """Their durations together, as a share of the requests that they were made for; nothing without one."""
    inbox.post([event(transaction_id="in", span={"id": "s1"}, metadata={"duration_ms": 200})])
    call = {
        "direction": "Outgoing",
        "span": {"id": "s2", "parent_id": "s1"},
        "request__uri": "http://bank.test/charges/1",
    }
    inbox.post([event(transaction_id="out", metadata={"duration_ms": 50, "aborted": True}, **call)])

    answer = inbox.api("GET", "/upstreams?q=method:POST")[1]
    (one,) = answer["upstreams"]
    assert (one["endpoint"], one["count"], one["p50_ms"], one["share"]) == ("bank.test/charges/{id}", 1, 50.0, 0.25)
    assert (answer["total"], answer["spent_ms"], answer["complete"]) == (1, 200.0, True)
    assert inbox.api("GET", "/upstreams?q=dir:out")[1]["upstreams"][0]["share"] is None
    assert "the application closed or canceled it" in inbox.command("show", "out").stdout
    entries = inbox.api("GET", "/export?as=har")[1]["log"]["entries"]
    assert sorted(each.get("comment", "") for each in entries) == ["", "outbound: sent by the application"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/records?limit=x", "parameter"),
        ("/records?order=up", "parameter"),
        ("/records?q=stauts:1", "query"),
        ("/histogram?q=(", "query"),
        ("/histogram?from=yesterday", "parameter"),
        ("/endpoints?sort=name", "parameter"),
        ("/upstreams?sort=name", "parameter"),
        ("/records/1/snippet?as=perl", "parameter"),
    ],
)
def test_what_cannot_be_understood_is_told(shared_inbox, event, path, code):
    """Status 400, a sentence and a code."""
    shared_inbox.post([event()])
    status, answer = shared_inbox.api("GET", path)

    assert (status, answer["code"], answer["error"][-1] in '.?"') == (400, code, True)


def test_places_in_a_query_are_counted_as_javascript_does(shared_inbox):
    """A character beyond the basic plane is two units there."""
    status, answer = shared_inbox.api("GET", "/parse?q=%F0%9F%98%80%20stauts:1")

    assert (status, answer["terms"]) == (200, [])  # what is being typed is no bad request
    assert (answer["problem"]["position"], answer["problem"]["length"]) == (3, 6)
    assert shared_inbox.api("GET", "/records?q=%F0%9F%98%80%20stauts:1") == (400, answer["problem"])
    assert shared_inbox.api("GET", "/parse?q=%F0%9F%98%80%20is:error")[1]["terms"][1]["start"] == 3


def test_a_record_is_found_by_number_and_by_id(inbox, event):
    """Ids are strangers' texts and may hold slashes."""
    inbox.post([event(transaction_id="a/b c")])

    assert inbox.api("GET", "/records/id:a%2Fb%20c")[1]["n"] == inbox.api("GET", "/records/1")[1]["n"] == 1
    for missing in ("/records/2", "/records/x", "/records/id:zz", "/records/1/body/other"):
        assert inbox.api("GET", missing)[0] == 404


def test_bodies_come_in_pages(inbox, event):
    """The first with the record, the others on request, together the whole."""
    text = "".join(f"line {place}\n" for place in range(20_000))
    sent = event(request__body=None, response__headers={"content-type": "text/plain"}, response__body=text)
    sent["response"]["transfer_encoding"] = "text"
    inbox.post([sent])

    body = inbox.api("GET", "/records/1")[1]["response"]["body"]
    whole, more = body["text"], body["more"]
    while more:
        page = inbox.api("GET", f"/records/1/body/response?offset={len(whole)}&limit=50000")[1]
        whole, more = whole + page["text"], page["more"]
    assert (whole, body["length"]) == (text, len(text))
    rows = inbox.api("GET", "/records/1/body/response?as=hex&offset=16&limit=32")[1]["rows"]
    assert [(row[0], bytes.fromhex(row[1]).decode()) for row in rows] == [(16, text[16:32]), (32, text[32:48])]


def test_forms_and_parts_are_taken_apart(inbox, event):
    """With their names, files and types, masked by name."""
    form = event(
        request__headers={"content-type": "application/x-www-form-urlencoded"}, request__body="YT0xJnBhc3N3b3JkPXgmYT0y"
    )
    form["request"]["transfer_encoding"] = "base64"
    multipart = (
        b'--B\r\nContent-Disposition: form-data; name="token"\r\n\r\nhush\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\n'
        b"\x00\xff\r\n--B--\r\n"
    )
    parts = event(request__headers={"content-type": "multipart/form-data; boundary=B"}, request__body=multipart.hex())
    parts["request"] |= {"transfer_encoding": "base64", "body": base64.b64encode(multipart).decode()}
    inbox.post([form, parts])

    fields = inbox.api("GET", "/records/1")[1]["request"]["body"]["fields"]
    assert [(one["name"], one["value"]) for one in fields] == [
        ("a", "1"),
        ("password", "[hidden here, arrived in clear]"),
        ("a", "2"),
    ]
    token, file = inbox.api("GET", "/records/2")[1]["request"]["body"]["parts"]
    assert (token["name"], token["text"], token["masked"]) == ("token", "[hidden here, arrived in clear]", True)
    assert (file["filename"], file["type"], file["size"], file["text"]) == ("a.bin", "image/png", 2, None)
    revealed = inbox.api("GET", "/records/2?reveal=1")[1]["request"]["body"]["parts"]
    assert revealed[0]["text"] == "hush"


def test_the_stream_tells_new_records_as_they_come(inbox, event):
    """In order, filtered by the same query, each exactly once."""
    with streaming(inbox, "?q=path:/n/*") as stream:
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        inbox.post([event()])
        inbox.post(numbered(event, 3))
        paths = []
        while len(paths) < 3:
            identity, word, frame = stream.frame()
            assert word == "records"
            assert int(identity) == frame["newest"]
            paths += [record["path"] for record in frame["records"]]
    assert paths == ["/n/0", "/n/1", "/n/2"]


def test_the_stream_goes_on_where_it_was_left(start, event):
    """Also after a restart: no record twice, and none missing."""
    first = start()
    first.post(numbered(event, 5))
    first.stop()
    again = start("--port", str(first.port))
    again.post([event(transaction_id="later")])

    with streaming(again, last=3) as stream:
        seen = []
        while len(seen) < 3:
            _, _, data = stream.frame()  # without data, it keeps the connection alive
            seen += [record["n"] for record in data["records"]] if data else []
    assert seen == [4, 5, 6]


def test_the_stream_says_when_it_passed_over_some(inbox, event):
    """More than a page can take at once is a gap, after which the list is fetched anew."""
    inbox.post(numbered(event, 600))

    with streaming(inbox, last=0) as stream:
        assert stream.frame() == ("600", "gap", {"gap": 600, "newest": 600})


def test_the_stream_tells_what_changed(inbox, event):
    """Pins, repeated deliveries and clearing reach other pages, and the command line's clearing, too."""
    inbox.post(numbered(event, 2))
    with streaming(inbox) as stream:
        inbox.api("PATCH", "/records/1", {"pinned": True})
        assert stream.frame()[1:] == ("changed", {"n": [1]})
        inbox.post(numbered(event, 2)[1:])
        assert stream.frame()[1:] == ("changed", {"n": [2]})
        assert inbox.command("clear", "--yes").stdout == "1 deleted\n"
        assert stream.frame()[1:] == ("cleared", {"deleted": 1})
    assert inbox.api("GET", "/info")[1]["pinned"] == 1


def test_the_stream_ends_with_the_inbox(start):
    """A page that looks on does not delay the end."""
    inbox = start()
    with streaming(inbox) as stream:
        began = time.monotonic()
        assert inbox.stop() == (0, "")
        assert stream.frame() is None
    assert time.monotonic() - began < 4.5  # less than uvicorn would wait for connections to end by themselves


def recorded(event, port, path="/x?a=%20b", **changes):
    headers = {
        "content-type": "application/json",
        "x-a": "1",
        "host": "old",
        "authorization": "[redacted]",
        "connection": "close",
    }
    return event(
        transaction_id="orig", request__uri=f"http://127.0.0.1:{port}{path}", request__headers=headers, **changes
    )


def test_s15_a_replay_goes_to_the_recorded_host_on_this_machine(inbox, event, echo):
    """With its headers but for masked ones, once, linked to the original."""
    inbox.post([recorded(event, echo.port)])

    assert inbox.api("POST", "/records/1/replay", {})[0] == 409
    status, answer = inbox.api("POST", "/records/1/replay", {"confirm": True})

    assert status == 201
    ((method, path, headers, body),) = echo.requests
    assert (method, path, body) == ("POST", "/x?a=%20b", b'{"a": [1, null]}')
    assert (headers["x-a"], headers["host"]) == ("1", f"127.0.0.1:{echo.port}")
    assert "authorization" not in headers
    assert answer["remarks"] == ["Masked headers were not sent: authorization."]
    new = inbox.api("GET", f"/records/{answer['record']['n']}")[1]
    assert (new["replay_of"], new["original"]["n"], new["status"], new["id"]) == (
        "orig",
        1,
        200,
        headers["x-drhttp-replay"],
    )
    assert new["response"]["body"]["text"] == "ok"
    assert [one["n"] for one in inbox.api("GET", "/records/1")[1]["replays"]] == [2]


def test_s15_what_the_application_records_of_a_replay_is_the_same_record(inbox, event, echo):
    """Replays do not appear twice when the target reports to the same inbox."""
    inbox.post([recorded(event, echo.port)])
    inbox.api("POST", "/records/1/replay", {"confirm": True})
    mark = echo.requests[0].headers["x-drhttp-replay"]
    inbox.post([event(transaction_id="own", user_id="bob", request__headers={"x-drhttp-replay": mark})])
    inbox.post([event(transaction_id="forged", request__headers={"x-drhttp-replay": "orig"})])

    records = inbox.api("GET", "/records?order=asc")[1]["records"]
    assert [(one["id"], one["replay_of"]) for one in records] == [("orig", None), (mark, "orig"), ("forged", None)]
    assert records[1]["user"] == "bob"


def test_s15_redirects_are_not_followed(inbox, event, httpserver):
    """They could lead anywhere."""
    echo = RecordingServer(httpserver, lambda _: Response("ok", 302, {"Location": "http://127.0.0.1:1/"}))
    inbox.post([recorded(event, echo.port, "/redirect")])

    assert inbox.api("POST", "/records/1/replay", {"confirm": True})[1]["record"]["status"] == 302
    assert len(echo.requests) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://example.com/", "ftp://127.0.0.1/",
        "http://127.0.0.1@evil.test/", "http://localhost.evil.test/", "http://[::ffff:10.0.0.1]/", "/relative",
        "http://0x7f000001/", "http://127.0.0.1:99999/", "http://[::1/",
    ],
)  # fmt: skip
def test_s15_other_hosts_are_refused(shared_inbox, event, uri):
    """Before anything is sent, and already said beside the record."""
    record = event(request__uri=uri)
    shared_inbox.post([record])
    kept = shared_inbox.api("GET", f"/records/id:{record['transaction_id']}")[1]

    status, answer = shared_inbox.api("POST", f"/records/{kept['n']}/replay", {"confirm": True})
    assert (status, answer["code"]) == (403, "replay")
    assert kept["can_replay"] is False


def test_s15_a_replay_never_goes_to_the_inbox_itself(inbox, event):
    """Nor is a body sent that is not the recorded one."""
    inbox.post([recorded(event, inbox.port)])
    assert inbox.api("POST", "/records/1/replay", {"confirm": True})[0] == 403
    inbox.post([recorded(event, 9, metadata={"request_body": {"truncated": True}})])
    assert inbox.api("POST", "/records/1/replay", {"confirm": True})[0] == 409


def test_s15_another_target_may_be_named(start, event, echo):
    """By whoever starts the inbox, not by a page."""
    inbox = start("--replay-to", f"http://127.0.0.1:{echo.port}/base")
    inbox.post([event(request__uri="https://shop.test/a?b=1", request__verb="GET", request__body=None)])

    assert inbox.api("POST", "/records/1/replay", {})[0] == 201
    assert echo.requests[0][:2] == ("GET", "/base/a?b=1")


def test_two_records_are_compared(inbox, event):
    """Headers in any order, JSON by path, secrets masked."""
    one = event(
        response__headers={"a": "1", "b": "2", "date": "x", "x-token": "t"}, response__body={"i": [{"p": 1}], "same": 1}
    )
    other = event(response__status=500, response__headers={"b": "2", "a": "1", "date": "y", "x-token": "u"},
                  response__body={"same": 1, "i": [{"p": True}, 2]})  # fmt: skip
    for answer in (one, other):
        answer["response"]["transfer_encoding"] = "json"
    inbox.post([one, other])

    answer = inbox.api("GET", "/compare?left=1&right=2")[1]
    parts = {part["part"]: part["changes"] for part in answer["parts"]}
    assert (answer["equal"], answer["hidden"]) == (False, 2)
    assert parts["summary"] == [{"path": "status", "change": "changed", "left": 201, "right": 500}]
    assert parts["response.headers"] == [
        {
            "path": "x-token",
            "change": "changed",
            "left": ["[hidden here, arrived in clear]"],
            "right": ["[hidden here, arrived in clear]"],
        }
    ]
    assert parts["response.body"] == [
        {"path": "$.i[0].p", "change": "changed", "left": 1, "right": True, "left_text": "1", "right_text": "true"},
        {"path": "$.i[1]", "change": "added", "left": None, "right": 2, "left_text": None, "right_text": "2"},
    ]
    assert inbox.api("GET", "/compare?left=1&right=1")[1]["equal"] is True


def test_a_har_comes_back_as_equal_records(start, event, tmp_path):
    """M13: all but the number, and importing it twice adds nothing."""
    one, other = start(), start(file=tmp_path / "other.db")
    one.post([
        *numbered(event, 3),
        event(transaction_id="bin", request__body="AP/+", request__transfer_encoding="base64",
              request__headers={"a": "\xe9", "set-cookie": ["1", "2"]}, response=None, user_id="ü"),
        event(transaction_id="cut", metadata={"request_body": {"truncated": True, "size": 99}}, response__status=503),
    ])  # fmt: skip
    har = one.request("GET", "/api/v1/export?reveal=1", Authorization=f"Bearer {one.token}")[2]

    assert other.api("POST", "/import", har)[1] == {"imported": 5, "known": 0, "refused": 0, "remarks": []}
    assert other.api("POST", "/import", har)[1]["known"] == 5
    for n in range(1, 6):
        left, right = (each.api("GET", f"/records/{n}?reveal=1")[1] for each in (one, other))
        for side in ("request", "response"):
            for record in (left, right):
                if record[side]:
                    record[side]["body"] |= {"download": None, "image": None, "preview": None}
        assert (right["protocol"], right["imported"]["place"]) == ("har", n - 1)
        assert right["hidden"].pop("imported") is True
        left["hidden"].pop("imported")
        told = ("received", "protocol", "imported")  # that and when it was imported
        assert {**left, **dict.fromkeys(told)} == {**right, **dict.fromkeys(told)}


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"nonsense", b'{"log": {"entries": 3}}', b"[" * 100_000])
def test_what_is_no_har_is_refused(shared_inbox, raw):
    """In a sentence; entries that are none are counted."""
    assert shared_inbox.api("POST", "/import", raw)[1]["code"] == "har"
    assert shared_inbox.api("POST", "/import", {"log": {"entries": [{}, 7]}})[1]["refused"] == 2


def test_only_what_can_be_set_is_set(inbox, event):
    """Kinds and lengths are checked."""
    inbox.post([event()])
    for wrong in ({"pinned": 1}, {"status": 200}, {"tags": [1]}, {"tags": ["x" * 61]}, {"note": "x" * 2001}, [1]):
        assert inbox.api("PATCH", "/records/1", wrong)[0] == 400
    assert inbox.api("PATCH", "/records/1", {"tags": ["a b"], "note": "n"})[1]["tags"] == ["a b"]
    assert inbox.api("GET", '/records?q=tag:"a%20b"')[1]["records"][0]["note"] == "n"
