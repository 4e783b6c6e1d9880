"""The formats in which records travel: their bytes, field for field."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from moesifapi.api_helper import APIHelper
from moesifapi.models.event_model import EventModel
from support.specimen import AT, a_full_record, a_record, with_body, with_request, with_response

from drhttp._mutable_record import MutableRecord
from drhttp._record import Body, Failure, Record, Request, Response, Trace
from drhttp._version import __version__
from drhttp._wire import PROTOCOLS, events_protocol, record_protocol
from drhttp._wire._json import container, dumps, timestamp

GOLDEN = Path(__file__).parent / "golden"
SDK = {"name": "drhttp-python", "version": __version__}


def event(made: Record, dropped: dict[str, int] | None = None) -> dict:
    """The event of a record, as a receiver reads it."""
    (read,) = json.loads(
        gzip.decompress(events_protocol.join([events_protocol.encode(MutableRecord.of(made), dropped or {})]))
    )
    return read


def old(made: Record) -> dict:
    """A record in the old form, as a receiver reads it."""
    return json.loads(record_protocol.join([record_protocol.encode(MutableRecord.of(made), {})]))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_golden_bytes(name):
    """The same record makes the same bytes, today and tomorrow: these."""
    wire = PROTOCOLS[name]
    encoded = wire.encode(MutableRecord.of(a_full_record()), {"queue_size": 3}).replace(
        __version__.encode(), b"VERSION"
    )
    assert encoded + b"\n" == (GOLDEN / f"{name}.json").read_bytes()
    assert wire.join([encoded]) == wire.join([encoded])


def test_a_batch_is_one_gzipped_array():
    """Events travel as a bare JSON array, in gzip without a time."""
    data = events_protocol.join([b'{"a":1}', b'{"b":2}'])
    assert data[:2] == b"\x1f\x8b"
    assert data[4:8] == b"\0\0\0\0"
    assert gzip.decompress(data) == b'[{"a":1},{"b":2}]'


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("k", "k" + "a" * 49),
        ("x" * 49, "x" * 49 + "a"),
        ("x" * 50, "x" * 50),
        ("x" * 51, "x" * 51),
        ("k@é"[:2], "k@" + "a" * 48),
    ],
)
def test_headers_of_events(key, sent):
    """The key is padded to fifty characters and never cut; type and coding are named."""
    assert events_protocol.headers(key) == {
        "X-Moesif-Application-Id": sent,
        "Content-Type": "application/json; charset=utf-8",
        "Content-Encoding": "gzip",
    }
    assert events_protocol.PATH == "/moesif/v1/events/batch"
    assert events_protocol.LARGEST_BATCH is None


def test_headers_of_record():
    """The old form sends the key as it is, and no coding."""
    assert record_protocol.headers("k") == {"DrHTTP-ApiKey": "k", "Content-Type": "application/json; charset=utf-8"}
    assert (record_protocol.PATH, record_protocol.LARGEST_BATCH) == ("/api/v1/http_record/record", 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (AT, "2023-11-14T22:13:20.123Z"),
        (1_709_164_799.9999, "2024-02-28T23:59:59.999Z"),
        (253_402_300_799.0, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_times_are_utc_with_milliseconds(seconds, text):
    """A time is UTC, with milliseconds and a Z, and never rounded into the future."""
    assert timestamp(seconds) == text


def test_the_least_event():
    """What is not known is left out, not sent as null."""
    assert event(a_record()) == {
        "direction": "Incoming",
        "transaction_id": "6f1d3a52-8d6a-4c1e-9b7a-2f1f0c7d9e10",
        "metadata": {"duration_ms": 250.0, "sdk": SDK},
        "request": {
            "time": "2023-11-14T22:13:20.123Z",
            "uri": "https://shop.example/a%20b?c=d",
            "verb": "GET",
            "headers": {},
        },
        "response": {"time": "2023-11-14T22:13:20.373Z", "status": 204, "headers": {}},
    }


def test_who_and_where():
    """User, device, client address, route, direction and trace have their places."""
    read = event(a_full_record())
    assert read["user_id"] == "ann"
    assert read["metadata"]["device"] == "phone-7"
    assert read["metadata"]["route"] == "/a b"
    assert read["metadata"]["ttfb_ms"] == 12.5
    assert read["request"]["ip_address"] == "192.0.2.7"
    assert read["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert read["span"] == {"id": "b7ad6b7169203331", "parent_id": "00f067aa0ba902b7"}
    assert event(a_record(direction="Outgoing"))["direction"] == "Outgoing"


def test_a_request_that_nothing_answered_has_no_response():
    """What the application sent, and nobody answered, is an event without a response; so it stays without bodies."""
    data = events_protocol.encode(MutableRecord.of(with_response(a_record(direction="Outgoing"), status=0)), {})
    assert "response" not in json.loads(data)
    assert events_protocol.without_bodies(data) == data
    assert "response" in event(with_response(status=0))


def test_a_trace_that_begins_here_has_no_parent():
    """The first span of a trace names no parent."""
    trace = Trace(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331")
    assert event(a_record(trace=trace))["span"] == {"id": "b7ad6b7169203331"}


def test_what_went_wrong():
    """An exception and a client that left early are told in the metadata."""
    read = event(a_record(aborted=True, exception=Failure(type="shop.Broken", message="no\nsuch \U0001f600")))
    assert read["metadata"]["aborted"] is True
    assert read["metadata"]["exception"] == {"type": "shop.Broken", "message": "no\nsuch \U0001f600"}


def test_losses_are_told():
    """Losses ride in the metadata of an event, by reason."""
    assert event(a_record(), {"queue_size": 3, "closed": 1})["metadata"]["sdk"] == {
        **SDK,
        "dropped": {"queue_size": 3, "closed": 1},
    }


def test_repeated_headers():
    """`Set-Cookie` repeated is a list, other repeats are joined, single ones are texts; bytes above 127 are kept."""
    read = event(a_full_record())
    assert read["request"]["headers"] == {"content-type": "application/json", "accept": "a/b, c/d"}
    assert read["response"]["headers"] == {
        "content-type": "image/png",
        "set-cookie": ["a=1", "b=2"],
        "x-latin": "caf\xe9",
    }
    three = with_response(headers=(("set-cookie", "a"), ("x", "1"), ("set-cookie", "b"), ("set-cookie", "c")))
    assert event(three)["response"]["headers"] == {"set-cookie": ["a", "b", "c"], "x": "1"}
    assert event(with_response(headers=(("set-cookie", "a"),)))["response"]["headers"] == {"set-cookie": "a"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"[]", "Application/JSON; charset=utf-8"),
        (b' \r\n\t{"a": [1, 2.5, -0.0, 1e308, true, null, "\xf0\x9f\x98\x80"]} \n', "application/json"),
        (b'{"a":"\\ud83d\\ude00 \\u0000"}', "application/problem+json"),
        (b'{"a":"\\\\ud800"}', "text/json"),
        (b"[" * 48 + b"]" * 48, "application/json"),
        (b'{"id":12345678901234567890123456789012345678901234567890}', "application/json"),
    ],
)
def test_json_is_embedded(content, kind):
    """A JSON object or array with a JSON content type is sent as a value, digit for digit as it stood."""
    made = with_body(content, kind)
    read = event(made)["response"]
    assert read["transfer_encoding"] == "json"
    assert read["body"] == json.loads(content)
    assert content.strip() in events_protocol.encode(MutableRecord.of(made), {})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x00\xff", "image/png"),
        (b"plain", "text/plain"),
        (b"{}", "text/plain"),
        (b"{}", None),
        (b"{}", "application/jsonp"),
        (b"42", "application/json"),
        (b'"text"', "application/json"),
        (b"null", "application/json"),
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"{}{}", "application/json"),
        (b'{"a":1,}', "application/json"),
        (b'{"a":NaN}', "application/json"),
        (b"[Infinity]", "application/json"),
        (b"[-Infinity]", "application/json"),
        (b"[1e309]", "application/json"),
        (b"[" + b"9" * 400 + b"]", "application/json"),
        (b"[" + b"9" * 5000 + b"]", "application/json"),
        (b'{"a":1,"a":2}', "application/json"),
        (b'[{"b":{"a":1,"\\u0061":2}}]', "application/json"),
        (b'{"a":"\\ud800"}', "application/json"),
        (b'{"\\udc00":1}', "application/json"),
        (b'["\\ud800\\ud800"]', "application/json"),
        (b'["\xed\xa0\x80"]', "application/json"),
        (b'\xef\xbb\xbf{"a":1}', "application/json"),
        ('{"a":1}'.encode("utf-16"), "application/json"),
        ('{"a":1}'.encode("utf-16-le"), "application/json; charset=utf-16le"),
        ('{"a":"é"}'.encode("latin-1"), "application/json; charset=latin-1"),
        (b"[" * 49 + b"]" * 49, "application/json"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\x0c{}", "application/json"),
    ],
)
def test_all_other_bytes_are_base64(content, kind):
    """What is not JSON by its type, or not JSON that every receiver reads, travels as its bytes."""
    read = event(with_body(content, kind))["response"]
    assert read["transfer_encoding"] == "base64"
    assert base64.b64decode(read["body"]) == content


def test_cut_json():
    """A body that was cut is sent as bytes, unless what is left was made a document again; both are marked."""
    read = event(with_body(b"{", truncated=True, size=9))
    assert (read["response"]["body"], read["response"]["transfer_encoding"]) == ("ew==", "base64")
    assert read["metadata"]["response_body"] == {"size": 9, "truncated": True, "redacted": 0}
    read = event(with_body(b"{}", truncated=True, size=9))
    assert (read["response"]["body"], read["response"]["transfer_encoding"]) == ({}, "json")
    assert read["metadata"]["response_body"] == {"size": 9, "truncated": True, "redacted": 0}


@pytest.mark.parametrize(
    ("body", "remarks"),
    [
        (Body(), None),
        (Body(content=b"x", size=1, read="full"), {"size": 1, "truncated": False, "redacted": 0}),
        (Body(size=5, read="none"), {"size": 5, "truncated": False, "redacted": 0, "read": "none"}),
        (
            Body(content=b"x", truncated=True, read="partial"),
            {"size": None, "truncated": True, "redacted": 0, "read": "partial"},
        ),
        (Body(size=5, omitted="off"), {"size": 5, "truncated": False, "redacted": 0, "omitted": "off"}),
        (Body(content=b"x", size=1, redacted=2), {"size": 1, "truncated": False, "redacted": 2}),
    ],
)
def test_remarks_on_bodies(body, remarks):
    """What was cut, left out, masked or not read is told in the metadata, and nothing when there is nothing to tell."""
    metadata = event(with_request(body=body))["metadata"]
    assert metadata.get("request_body") == remarks
    assert "response_body" not in metadata


def test_a_size_that_a_header_tells_is_not_told_again():
    """A body that came whole, with its length among the header fields, needs no remark."""
    body, fields = Body(content=b"x", size=1, read="full"), (("content-length", "1"),)
    assert "request_body" not in event(with_request(body=body, headers=fields))["metadata"]


def test_no_body_is_no_field():
    """A body of which nothing was kept is absent."""
    read = event(with_response(body=Body(size=7, omitted="file")))["response"]
    assert "body" not in read
    assert "transfer_encoding" not in read


def test_half_a_surrogate_pair_harms_nobody():
    """A text that cannot be written in UTF-8 loses the character, not the batch; all others are kept."""
    made = a_record(user="a\ud800b\U0001f600é", exception=Failure(type="E", message="file \udcff"))
    data = events_protocol.encode(MutableRecord.of(made), {})
    assert json.loads(data.decode("utf-8"))["user_id"] == "a?b\U0001f600é"
    assert json.loads(data)["metadata"]["exception"]["message"] == "file ?"
    assert b"\\ud800" not in data
    assert json.loads(dumps("\U0001f600")) == "\U0001f600"


def test_the_fields_of_the_old_form():
    """The old form has its fields of old, with set values for all that 0.2.0 lost."""
    assert old(a_full_record()) == {
        "id": "6f1d3a52-8d6a-4c1e-9b7a-2f1f0c7d9e10",
        "datetime": "2023-11-14T22:13:20.123900+00:00",
        "method": "POST",
        "uri": "https://shop.example/a%20b?c=d",
        "status": 201,
        "request": {"headers": {"content-type": "application/json", "accept": "a/b, c/d"}, "body": '{"name": "é"}'},
        "user_identifier": "ann",
        "response": {
            "headers": {
                "content-type": "image/png",
                "set-cookie": "a=1, b=2",
                "x-latin": "caf\xe9",
                "x-drhttp-device": "phone-7",
            },
            "body": "iVBORw==",
            "transfer_encoding": "base64",
        },
    }


def test_the_least_record_of_the_old_form():
    """An answer without headers and body is left out, the request's body is an empty text, there is no user."""
    read = old(a_record())
    assert read["request"] == {"headers": {}, "body": ""}
    assert set(read) == {"id", "datetime", "method", "uri", "status", "request"}


def test_the_time_of_the_old_form_has_its_offset():
    """A time without a fraction is still a time with an offset."""
    assert old(with_request(time=1_700_000_000.0))["datetime"] == "2023-11-14T22:13:20+00:00"


def test_one_record_a_post():
    """The old form has no batches."""
    with pytest.raises(ValueError, match="too many values"):
        record_protocol.join([b"{}", b"{}"])


# Everything that may reach a record: header values and URIs are one character a byte, other texts are any text.
bytes_as_text = st.binary(max_size=20).map(lambda data: data.decode("latin-1"))
headers = st.lists(
    st.tuples(st.sampled_from(["set-cookie", "content-type", "accept", "x-a"]) | bytes_as_text, bytes_as_text),
    max_size=6,
).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.builds(
    Body,
    content=st.none() | st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()),
    size=st.none() | st.integers(0),
    truncated=st.booleans(),
    omitted=st.none() | st.just("off"),
    redacted=st.integers(0, 3),
    read=st.none() | st.sampled_from(["full", "partial", "none"]),
)
times = st.floats(0, 4_102_444_800)
texts = st.text(st.characters(exclude_categories=[]), max_size=20)
typed_headers = st.builds(lambda kind, rest: (("content-type", kind), *rest), st.just("application/json"), headers)
records = st.builds(
    Record,
    id=st.uuids().map(str),
    request=st.builds(
        Request,
        time=times,
        method=bytes_as_text,
        uri=bytes_as_text,
        headers=headers | typed_headers,
        body=bodies,
        ip=st.none() | bytes_as_text,
    ),
    response=st.builds(Response, time=times, status=st.integers(0, 999), headers=headers | typed_headers, body=bodies),
    user=st.none() | texts,
    device=st.none() | texts,
    duration=st.floats(0, 1e6),
    ttfb=st.none() | st.floats(0, 1e6),
    aborted=st.booleans(),
    exception=st.none() | st.builds(Failure, type=texts, message=texts),
    route=st.none() | texts,
    trace=st.none() | st.builds(Trace, trace_id=st.just("0" * 32), span_id=st.just("0" * 16)),
    direction=st.sampled_from(["Incoming", "Outgoing"]),
)


def through_the_model(read: dict) -> dict:
    """An event, loaded by the protocol's own library and written by it again; what it does not know is put back."""
    back = json.loads(APIHelper.json_serialize(EventModel.from_dictionary(read)))
    for part in {"request", "response"} & set(read):
        assert back[part]["time"][-6:] == "+00:00"
        time = back[part]["time"][:-6]
        back[part]["time"] = (time[:-3] if "." in time else f"{time}.000") + "Z"
        back[part] = {name: value for name, value in back[part].items() if name in read[part] or value is not None}
    unknown = {name: read[name] for name in ("trace_id", "span") if name in read}
    return {**{name: value for name, value in back.items() if name in read or value is not None}, **unknown}


def test_the_model_of_the_protocol_reads_an_event():
    """The vendor's library loads an event and gives it back unchanged."""
    read = event(a_full_record(), {"closed": 1})
    assert through_the_model(read) == read


@given(records)
def test_the_model_of_the_protocol_reads_every_event(made):
    """Whatever the bytes, headers and texts: an event is valid, complete, and loads in the vendor's library."""
    data = events_protocol.encode(MutableRecord.of(made), {})
    read = json.loads(data.decode("utf-8"))
    assert through_the_model(read) == read
    assert ("response" in read) == (made.direction == "Incoming" or made.response.status > 0)
    for part in {"request", "response"} & set(read):
        body = getattr(made, part).body
        if body.content is None:
            assert "body" not in read[part]
        elif read[part]["transfer_encoding"] == "base64":
            assert base64.b64decode(read[part]["body"]) == body.content
        else:
            assert read[part]["body"] == json.loads(body.content)
    json.dumps(read, ensure_ascii=False, allow_nan=False).encode()


@given(records)
def test_every_record_of_the_old_form_is_valid(made):
    """Whatever the bytes, headers and texts: the old form is valid JSON of texts."""
    read = old(made)
    assert read["status"] == made.response.status
    assert all(isinstance(value, str) for value in read["request"]["headers"].values())
    json.dumps(read, ensure_ascii=False, allow_nan=False).encode()


def light(body: Body) -> Body:
    """A body left out because it is too large."""
    return body if body.content is None else replace(body, content=None, truncated=False, omitted="too_large")


@given(records, st.sampled_from(sorted(PROTOCOLS)))
def test_what_is_lightened_is_as_if_there_had_been_no_bodies(made, name):
    """The encoded record without its bodies is what the record without its bodies would have been encoded to."""
    # What nobody has answered has no body.
    assume(made.direction == "Incoming" or made.response.status > 0 or made.response.body.content is None)
    request, response = (
        replace(made.request, body=light(made.request.body)),
        replace(made.response, body=light(made.response.body)),
    )
    wire = PROTOCOLS[name]
    encoded = wire.encode(MutableRecord.of(made), {"closed": 1})
    found = json.loads(wire.without_bodies(encoded))
    expected = json.loads(
        wire.encode(MutableRecord.of(replace(made, request=request, response=response)), {"closed": 1})
    )
    for side in ("request_body", "response_body"):  # what a field of the header says
        for one in (found, expected):
            one.get("metadata", {}).get(side, {}).pop("size", None)
    assert found == expected
    if request == made.request and response == made.response:
        assert wire.without_bodies(encoded) == encoded


@pytest.mark.parametrize(("length", "size"), [("5", 5), ("5, 5", None), ("many", None), ("9" * 5000, None)])
def test_a_lightened_event_tells_the_size_that_the_header_told(length, size):
    """A size that stood in the header alone stands beside the mark, if it is one."""
    made = with_response(headers=(("content-length", length),), body=Body(content=b"hello", size=5))
    read = json.loads(events_protocol.without_bodies(events_protocol.encode(MutableRecord.of(made), {})))
    assert read["metadata"]["response_body"] == {
        "size": size,
        "truncated": False,
        "redacted": 0,
        "omitted": "too_large",
    }


@given(json_values)
def test_json_is_embedded_or_refused_never_changed(value):
    """What is embedded is the text itself."""
    text = json.dumps(value)
    assert container(text.encode()) in (text, None)
