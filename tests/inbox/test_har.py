"""HAR, both ways: what we write is what its schema and the importers of others ask for, and it comes back equal."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft6Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT6
from support.effort import effort

from drhttp.inbox import coerce, har, mask_detection
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.detail import text
from drhttp.inbox.exchange import Entry, Exchange, Message, Summary
from drhttp.inbox.har.messages import MISSING_BODY
from drhttp.inbox.snippet import snippet
from drhttp.inbox.view import imported
from drhttp.inbox.view.content import content_of
from drhttp.inbox.view.summary import record_json

SCHEMAS = Path(__file__).with_name("har_schema")
RECEIVED = 1795363200_000000

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe = st.none() | words.filter(bool)
latin = st.text(st.characters(max_codepoint=255), max_size=12)
micros = st.none() | st.integers(0, 10**12)
headers = st.lists(st.tuples(latin, latin), max_size=4).map(tuple)
packed = st.binary(max_size=40).map(lambda raw: gzip.compress(raw, mtime=0))
bodies = (
    st.none() | st.binary(max_size=40) | words.map(str.encode) | packed | words.map(lambda text: text.encode("utf-16"))
)
kinds = st.sampled_from([
    (), (("content-type", "application/json"),), (("content-type", "text/plain; charset=latin-1"),),
    (("content-type", "text/html; charset=utf-16"),), (("Content-Encoding", "gzip"),), (("content-encoding", "br"),),
    (("content-type", "image/png"), ("content-encoding", "deflate")), (("content-type", "text/plain; charset=nope"),),
])  # fmt: skip
messages = st.builds(
    lambda kind, more, **fields: Message(headers=(*kind, *more), **fields),
    kinds,
    headers,
    body=bodies,
    parsed=st.booleans(),
    truncated=st.booleans(),
    omitted=maybe,
    redacted=st.integers(0, 5),
    decoded=maybe,
    content_type=maybe,
    read=st.sampled_from([None, "none", "partial"]),
)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
extras = st.dictionaries(words, plain | st.lists(plain, max_size=3), max_size=3)


def typed(message):
    return next((value or None for name, value in message.headers if name.lower() == "content-type"), None)


@st.composite
def exchanges(draw):
    request, response = draw(messages), draw(st.none() | messages)
    summary = Summary(
        id=draw(words.filter(bool)), project="p", received=RECEIVED,
        started=draw(st.integers(1, 4 * 10**15)),
        **{name: draw(words) for name in ("protocol", "direction", "method", "scheme", "host", "path")},
        **{name: draw(maybe) for name in ("route", "user", "device", "client", "trace", "span", "parent", "exception")},
        **{name: draw(maybe) for name in ("exception_text", "replay_of")},
        **{name: draw(micros) for name in ("duration", "ttfb", "request_size", "response_size")},
        query=draw(st.none() | words), status=draw(st.none() | st.integers(1, 999)), aborted=draw(st.booleans()),
        request_type=typed(request), response_type=response and typed(response),
    )  # fmt: skip
    return Exchange(summary=summary, request=request, response=response, extra=draw(extras))


def log(*exchanges, reveal=True):
    entries = [har.entry(exchange, reveal=reveal) for exchange in exchanges]
    return json.loads(json.dumps({"log": har.opening() | {"entries": entries}}))


def validator():
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    named = [(schema["$id"], Resource.from_contents(schema, DRAFT6)) for schema in schemas]
    # They name each other with and without the empty fragment.
    registry = Registry().with_resources([*named, *((name.rstrip("#"), schema) for name, schema in named)])
    whole = next(schema for schema in schemas if schema["$id"] == "har.json#")
    return Draft6Validator(whole, registry=registry, format_checker=FormatChecker())


VALID = validator()


@effort(300)
@given(exchanges(), st.booleans())
def test_m13_what_is_written_is_what_the_schema_asks_for(exchange, reveal):
    """M13: any record, masked or not, makes a HAR that validates against the published schema of HAR 1.2."""
    VALID.validate(log(exchange, reveal=reveal))


def test_m13_the_schema_refuses_what_is_no_har():
    """Otherwise the test above would say nothing: each part of an entry is looked at."""
    whole = log(sample())
    for path in (("log", "creator"), ("log", "entries", 0, "timings", "wait"), ("log", "entries", 0, "request", "url"),
                 ("log", "entries", 0, "response", "content", "mimeType"), ("log", "version"),
                 ("log", "entries", 0, "request", "headers", 0, "value")):  # fmt: skip
        broken = json.loads(json.dumps(whole))
        place = broken
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        assert not VALID.is_valid(broken), path


@effort(500)
@given(st.lists(exchanges(), max_size=3))
def test_m13_what_comes_back_is_equal(exchanges):
    """M13: every field of every record, headers and bodies byte for byte."""
    found, remarks = har.exchanges(log(*exchanges), "p", RECEIVED)

    assert remarks == []
    assert found == exchanges


@effort(200)
@given(st.lists(exchanges(), max_size=3, unique_by=lambda one: one.summary.id))
def test_our_own_export_is_marked_as_imported(exchanges):
    """With the file's place and author; all else is as it was, also through a second export and import."""
    written = json.dumps(log(*exchanges)).encode()
    found, remarks = har.read(written, "p", RECEIVED)

    assert remarks == []
    assert [one.summary.protocol for one in found] == ["har"] * len(exchanges)
    for place, (one, before) in enumerate(zip(found, exchanges, strict=True)):
        about = one.extra["har"]
        assert (about["place"], about["creator"]["name"]) == (place, "drhttp")
        assert imported.imported_json(about, reveal=False)["http_version"] is None  # the export wrote one, as it must
        extra = {name: value for name, value in one.extra.items() if name != "har"}
        assert replace(one, extra=extra, summary=replace(one.summary, protocol=before.summary.protocol)) == before
    again, _ = har.read(json.dumps(log(*found)).encode(), "p", RECEIVED)
    assert again == found


def sample(**changes):
    summary = Summary(
        id="a", project="p", protocol="events", started=RECEIVED, received=RECEIVED, method="POST", scheme="http",
        host="127.0.0.1:8000", path="/caf%C3%A9", query="a=1&b=%20", status=201, duration=12_500, ttfb=5_000,
        request_type="application/json", response_type="text/plain; charset=utf-8", user="ann",
    )  # fmt: skip
    request = Message(headers=(("content-type", "application/json"), ("cookie", "a=1; b=2")), body=b'{"a":"\xc3\xa9"}')
    answer = Message(
        headers=(("content-type", "text/plain; charset=utf-8"), ("x", "caf\xc3\xa9")), body="größer".encode()
    )
    return replace(Exchange(summary=summary, request=request, response=answer), **changes)


def hostile():
    """What breaks importers that trust a file: odd hosts, codings that are not so, no answer, bytes for text."""
    one = sample()
    summary = one.summary
    image = Message(headers=(("content-type", "image/png"),), body=b"\x89PNG\r\n\x1a\n\xff")
    packed_answer = Message(
        headers=(("content-type", "text/plain"), ("content-encoding", "gzip")), body=gzip.compress(b"hello")
    )
    return [
        one,
        replace(one, response=packed_answer),
        replace(one, request=Message(headers=(("content-encoding", "gzip"),), body=gzip.compress(b"asked"))),
        replace(one, request=Message(headers=(("content-encoding", "gzip"),), body=b"is not gzip")),
        replace(one, response=None, summary=replace(summary, status=None, response_type=None)),
        replace(one, response=image, summary=replace(summary, response_type="image/png")),
        *(
            replace(one, summary=replace(summary, host=host))
            for host in ("", "a b", "[::1]:80", "x:99999", "<x>", "ü.de")
        ),
        *(replace(one, summary=replace(summary, path=path)) for path in ("", "*", "//x", "/ü#[]|", "no-slash")),
        replace(one, summary=replace(summary, scheme="", host="", query=None)),
        replace(one, summary=replace(summary, scheme="ftp", method="")),
    ]


def test_m13_text_is_without_its_content_coding():
    """As browsers write it and importers expect it; the very bytes are kept beside it."""
    entry = har.entry(hostile()[1], reveal=True)

    assert entry["response"]["content"]["text"] == "hello"
    assert entry["response"]["content"]["size"] == 5
    found, _ = har.exchanges(log(hostile()[1]), "p", RECEIVED)
    assert gzip.decompress(found[0].response.body) == b"hello"


# What front_end/models/har/HARFormat.ts of Chromium's DevTools throws over when it is missing or of another type.
CHROMIUM = {
    "log": {"version": str, "creator": dict, "entries": list},
    "creator": {"name": str, "version": str},
    "entry": {"startedDateTime": str, "time": (int, float), "request": dict, "response": dict, "cache": dict,
              "timings": dict},
    "request": {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list,
                "headersSize": int, "bodySize": int},
    "response": {"status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list,
                 "content": dict, "redirectURL": str, "headersSize": int, "bodySize": int},
    "content": {"size": int, "mimeType": str},
    "postData": {"mimeType": str, "text": str},
    "timings": {"wait": (int, float), "send": (int, float), "receive": (int, float)},
    "pair": {"name": str, "value": str},
}  # fmt: skip


def lacking(kind, value):
    return [name for name, wanted in CHROMIUM[kind].items() if not isinstance(value.get(name), wanted)]


@effort(200)
@given(exchanges(), st.booleans())
def test_m13_chromium_finds_what_it_requires(exchange, reveal):
    """M13: all fields that the importer of DevTools cannot do without, with the types that it asks for."""
    log_object = log(exchange, reveal=reveal)["log"]
    (entry,) = log_object["entries"]
    request, response = entry["request"], entry["response"]
    assert not lacking("log", log_object) + lacking("creator", log_object["creator"]) + lacking("entry", entry)
    assert not lacking("request", request) + lacking("response", response) + lacking("timings", entry["timings"])
    assert not lacking("content", response["content"])
    assert not (lacking("postData", request["postData"]) if "postData" in request else [])
    pairs = [
        *request["headers"],
        *response["headers"],
        *request["cookies"],
        *response["cookies"],
        *request["queryString"],
    ]
    assert not [pair for pair in pairs if lacking("pair", pair)]


def of_a_browser():
    """An entry as DevTools write it."""
    return {
        "startedDateTime": "2026-11-22T16:00:00.123Z", "time": 12.5,
        "request": {"method": "POST", "url": "https://shop.test/a?b=1", "httpVersion": "http/2.0", "cookies": [],
                    "headers": [{"name": ":authority", "value": "shop.test"}, {"name": "x-name", "value": "日本"}],
                    "queryString": [], "headersSize": -1, "bodySize": 3,
                    "postData": {"mimeType": "application/x-www-form-urlencoded",
                                 "params": [{"name": "a b", "value": "ü"}]}},
        "response": {"status": 200, "statusText": "", "httpVersion": "http/2.0", "cookies": [], "redirectURL": "",
                     "headers": [{"name": "content-encoding", "value": "br"}],
                     "content": {"size": 5, "mimeType": "text/css", "text": "a {}"}, "headersSize": -1, "bodySize": -1},
        "cache": {}, "timings": {"blocked": 1.5, "dns": -1, "connect": -1, "send": 0.5, "wait": 8, "receive": 2.5},
    }  # fmt: skip


def test_a_har_of_a_browser_is_read():
    """Without the pseudo header fields of HTTP/2; bodies come without their coding and say so; times add up."""
    whole = {"log": {"version": "1.2", "creator": {}, "entries": [of_a_browser()]}}
    (exchange,), remarks = har.exchanges(whole, "p", RECEIVED)

    assert remarks == []
    assert (exchange.summary.url, exchange.summary.duration, exchange.summary.ttfb) == (
        "https://shop.test/a?b=1",
        12_500,
        10_000,
    )
    assert exchange.request.headers == (("x-name", "日本".encode().decode("latin-1")),)
    assert exchange.request.body == b"a%20b=%C3%BC"
    assert (exchange.response.body, exchange.response.decoded) == (b"a {}", "br")
    entry = of_a_browser()
    del entry["response"]["content"]["text"]
    (exchange,), _ = har.exchanges({"log": {"entries": [entry]}}, "p", RECEIVED)
    assert (exchange.response.body, exchange.response.omitted, exchange.summary.response_size) == (
        None,
        MISSING_BODY,
        5,
    )


@effort(300)
@given(
    st.recursive(
        plain | st.floats(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    ),
    st.sampled_from(["request", "response", "_drhttp", "timings", "time", "startedDateTime"]),
)
def test_any_json_is_read_or_refused(value, place):
    """What strangers write in a HAR is an exchange, a remark or `InvalidHar`, and nothing else."""
    for whole in (value, {"log": value}, {"log": {"entries": [value, of_a_browser() | {place: value}]}}):
        try:
            found, remarks = har.exchanges(whole, "p", RECEIVED)
        except har.InvalidHar:
            continue
        for one in found:
            log(one, reveal=False)
            snippet(one, "curl", reveal=False)
        assert all(remark.startswith("Entry ") for remark in remarks)


def test_s18_a_masked_export_never_passes_for_what_was_sent(event):
    """S18: what was hidden when it was exported comes back as that, and not as masked by the recorder."""
    sent = event(request__uri="http://127.0.0.1/?token=abc", request__body={"password": "hunter2"})
    (exchange,) = decode_batch([sent], Arrival("local", 0))
    (found,), _ = har.exchanges(log(exchange, reveal=False), "p", RECEIVED)

    assert b"hunter2" not in found.request.body
    assert (found.request.redacted, found.request.hidden) == (0, 1)
    assert mask_detection.in_body(found.request)
    assert mask_detection.in_address(found)
    assert "masked" not in found.extra


def entries(*given, **log):
    found, remarks = har.exchanges({"log": {"entries": list(given), **log}}, "p", RECEIVED)
    assert remarks == []
    return found


def test_equal_entries_are_all_kept():
    """Each has an id of its own, which is the same whenever the file is read."""
    ids = [one.summary.id for one in entries(of_a_browser(), of_a_browser(), of_a_browser())]

    assert len(set(ids)) == 3
    assert ids == [one.summary.id for one in entries(of_a_browser(), of_a_browser(), of_a_browser())]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-22T16:00:00.123Z", "2026-11-22T16:00:00.123000+00:00"),
        ("2026-11-22T16:00:00.1234567+01:00", "2026-11-22T15:00:00.123456+00:00"),
        ("2026-11-22T16:00:00.1-0330", "2026-11-22T19:30:00.100000+00:00"),
        ("2026-11-22 16:00:00+01", "2026-11-22T15:00:00+00:00"),
        ("2026-11-22T16:00Z", "2026-11-22T16:00:00+00:00"),
        ("2026-11-22T16:00:00", "2026-11-22T16:00:00+00:00"),
    ],
)
def test_start_times_are_read_as_producers_write_them(written, expected):
    """Any number of digits, offsets with and without a colon; and written again as they were."""
    (found,) = entries(of_a_browser() | {"startedDateTime": written})

    assert coerce.moment(found.summary.started).isoformat() == expected
    assert har.entry(found, reveal=True)["startedDateTime"] == written


@pytest.mark.parametrize("written", ["yesterday", "", None, 17, "2026-13-45T99:99:99Z", "1970-01-01T00:00:00Z"])
def test_an_unreadable_start_time_is_told_and_not_replaced_by_now(written):
    """The record stands beside its neighbor in the file; what was written is kept, also through an export."""
    broken = of_a_browser() | {"startedDateTime": written}
    del broken["request"]["postData"]
    first, second = entries(of_a_browser() | {"startedDateTime": "2026-11-22T16:00:01Z"}, broken)
    (alone,) = entries(broken)

    assert second.summary.started == first.summary.started
    assert alone.summary.started == 0
    for one in (second, alone):
        (remark,) = imported.remarks(one.extra["har"])
        assert json.dumps(written) in remark
        assert one.summary.started != RECEIVED
        again = entries(json.loads(json.dumps(har.entry(one, reveal=True))))
        assert imported.remarks(again[0].extra["har"]) == [remark]
        assert "cannot be read" in "\n".join(text(one))
    VALID.validate({"log": har.opening() | {"entries": [har.entry(second, reveal=True)]}})


def test_without_start_times_the_pages_tell_the_time():
    """If no entry of the file has one."""
    pages = [{"id": "page_1", "startedDateTime": "2026-11-22T16:00:00Z", "title": "", "pageTimings": {}}]
    (found,) = entries(of_a_browser() | {"startedDateTime": "?"}, pages=pages)

    assert coerce.moment(found.summary.started).isoformat() == "2026-11-22T16:00:00+00:00"


@pytest.mark.parametrize(
    "url",
    [
        "data:text/html,<a href='http://x/?a=b'>#?", "chrome-extension://abc/js/a.js?x#y", "about:blank", "",
        "https://shop.test/#/route?a=1", "https://[::1]:8443/a[0]?b[]=1&b[]=2", "blob:https://shop.test/6f1b", "wss://x/y",
        "https://shop.test/ü/%FF/a b?q=\"<>", "HTTP://SHOP.test:80/", "//shop.test/x",
        f"data:image/png;base64,{'A' * 5000}",
    ],
)  # fmt: skip
def test_unusual_urls_are_unchanged(url):
    """In the view and in the export, however long they are."""
    entry = of_a_browser()
    entry["request"]["url"] = url
    (found,) = entries(entry)
    entry_of_store = Entry(n=1, summary=found.summary, endpoint="", error=False)

    assert har.entry(found, reveal=True)["request"]["url"] == url
    assert record_json(entry_of_store, found, reveal=True)["url"] == url
    assert len(found.summary.path) <= 1_001 or not url.startswith("data:")


@pytest.mark.parametrize(
    ("headers", "mime", "text", "form", "shown"),
    [
        ([], "application/json", '{"a": 1}', "json", '{"a": 1}'),
        ([], "text/html", "<p>ü", "html", "<p>ü"),
        (
            [{"name": "Content-Type", "value": "text/plain; charset=iso-8859-1"}],
            "text/plain",
            "größer",
            "text",
            "größer",
        ),
        ([{"name": "Content-Type", "value": "text/plain; charset=iso-8859-1"}], "text/plain", "日本", "text", "日本"),
        ([], "text/plain; charset=utf-16", "größer", "text", "größer"),
        ([{"name": "Content-Type", "value": "text/css"}], "application/json", "a {}", "text", "a {}"),
    ],
)
def test_bodies_are_shown_by_the_type_that_the_file_tells(headers, mime, text, form, shown):
    """By the header if there is one, else by `mimeType`; in the charset in which they were decoded."""
    entry = of_a_browser()
    entry["response"] |= {"headers": headers, "content": {"size": 9, "mimeType": mime, "text": text}}
    (found,) = entries(entry)
    content = content_of(found.response)

    assert (content.form, content.text) == (form, shown)
    assert found.summary.response_type == (headers[0]["value"] if headers else mime)
    after = har.entry(found, reveal=True)["response"]
    assert (after["content"], after["headers"]) == (entry["response"]["content"], headers)


def test_a_body_that_is_still_compressed_is_not_taken_for_decoded():
    """Some programs keep the bytes as they were sent."""
    entry = of_a_browser()
    packed = base64.b64encode(gzip.compress(b"hello")).decode()
    entry["response"] |= {
        "headers": [{"name": "content-encoding", "value": "gzip"}],
        "content": {"size": 5, "mimeType": "text/plain", "text": packed, "encoding": "base64"},
    }
    (found,) = entries(entry)

    assert (found.response.decoded, content_of(found.response).text) == (None, "hello")


def test_a_failed_request_has_its_reason():
    """As browsers tell it; what came of the answer is there, too."""
    entry = of_a_browser()
    entry["response"] = {**entry["response"], "status": 0, "headers": [], "content": {"size": 0, "mimeType": ""},
                         "_error": "net::ERR_ABORTED"}  # fmt: skip
    (found,) = entries(entry)

    assert (found.summary.status, found.summary.exception, found.response) == (None, "net::ERR_ABORTED", None)


def test_pages_of_several_files_do_not_mix():
    """An export of records of two files, whose pages have the same id, tells them apart."""
    files = [[{"id": "page_1", "startedDateTime": "2026-11-22T16:00:00Z", "title": t, "pageTimings": {}}] for t in "ab"]
    found = [entries(of_a_browser() | {"pageref": "page_1"}, pages=pages)[0] for pages in files]
    pages = har.Pages()
    references = [har.entry(one, reveal=True, pages=pages)["pageref"] for one in found]

    assert references == ["page_1", "page_1-2"]
    assert [(page["id"], page["title"]) for page in pages.listed] == [("page_1", "a"), ("page_1-2", "b")]


@effort(200)
@given(
    st.recursive(
        plain | st.floats(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    ),
    st.sampled_from(
        ["request", "response", "timings", "time", "startedDateTime", "_webSocketMessages", "pageref", "_x"]
    ),
    st.sampled_from(["headers", "cookies", "queryString", "postData", "content", "httpVersion", "_y", "url"]),
)
def test_an_export_of_any_import_is_imported_as_the_same(value, place, inner):
    """Whatever stands in an entry: what is exported once is what is exported ever after."""
    entry = of_a_browser()
    entry |= {place: entry[place] | {inner: value} if isinstance(entry.get(place), dict) else value}
    once = log(*entries(entry))
    again = log(*entries(*once["log"]["entries"]))

    assert not lacking("entry", once["log"]["entries"][0])
    assert again["log"]["entries"] == once["log"]["entries"]
