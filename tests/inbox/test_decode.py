from __future__ import annotations

import random

import pytest

from drhttp.inbox.decode import Arrival, DecodeError, decode_batch, decode_event, decode_record
from drhttp.inbox.exchange import Exchange, Message

NOW = 1795363200_000000
ARRIVAL = Arrival("local", NOW)


def test_an_event_of_the_recorder_is_kept_whole(event):
    """Every field and extension of the recorder's events has its place."""
    exchange = decode_event(
        event(
            metadata={
                "device": "ipad",
                "duration_ms": 99.5,
                "ttfb_ms": 3.25,
                "aborted": True,
                "exception": {"type": "ValueError", "message": "nope", "module": "shop.views", "line": 42},
                "route": "/orders/<id>",
                "sdk": {"name": "drhttp-python", "version": "1", "dropped": {"queue_full": 3}},
                "request_body": {"size": 70000, "truncated": True, "redacted": 2, "read": "partial"},
                "response_body": {"size": None, "omitted": "off"},
                "shop": "7",
            },
            trace_id="a" * 32,
            span={"id": "b" * 16, "parent_id": "c" * 16},
            company_id="acme",
        ),
        ARRIVAL,
    )
    summary = exchange.summary

    assert (summary.method, summary.url, summary.status) == ("POST", "http://shop.test/orders/7?q=1", 201)
    assert (summary.user, summary.device, summary.client) == ("alice", "ipad", "10.1.2.3")
    assert (summary.started, summary.duration, summary.ttfb) == (1795363200_123000, 99_500, 3_250)
    assert (summary.trace, summary.span, summary.parent) == ("a" * 32, "b" * 16, "c" * 16)
    assert (summary.aborted, summary.exception, summary.exception_text) == (True, "ValueError", "nope")
    assert (summary.route, summary.request_size, summary.response_size) == ("/orders/<id>", 70000, None)
    assert exchange.request == Message(
        headers=(("host", "shop.test"), ("content-type", "application/json")),
        body=b'{"a":[1,null]}',
        parsed=True,
        truncated=True,
        redacted=2,
        read="partial",
    )
    assert exchange.response == Message(
        headers=(("content-type", "image/png"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
        body=b"\x89PNG",
        omitted="off",
    )
    assert exchange.extra == {
        "company_id": "acme",
        "raised": {"module": "shop.views", "line": 42},
        "metadata": {"shop": "7"},
        "sdk": {"name": "drhttp-python", "version": "1", "dropped": {"queue_full": 3}},
    }


def test_an_event_full_of_nulls_is_kept():
    """The Python reference client writes null for every absent field."""
    nulls = dict.fromkeys(("response", "user_id", "company_id", "metadata", "transaction_id", "span", "trace_id"))
    request_object = dict.fromkeys(("time", "uri", "verb", "headers", "body", "transfer_encoding", "ip_address"))

    exchange = decode_event({"request": request_object, **nulls}, ARRIVAL)

    assert exchange.summary.id
    assert exchange.summary.started == NOW
    assert exchange.summary.duration is None
    assert exchange.response is None


def test_a_duration_follows_from_the_times_when_it_is_not_told(event):
    """Events of the reference clients tell when request and response happened, and so how long it took."""
    assert decode_event(event(metadata=None), ARRIVAL).summary.duration == 100_000


def test_a_record_of_the_first_client_is_kept(monkeypatch):
    """The record form tells local time without a zone, bodies as text and the device in a header of the answer."""
    exchange = decode_record(
        {
            "datetime": "2026-11-22T16:00:00.123456+00:00",
            "id": "8ab467d8",
            "method": "POST",
            "uri": "http://shop.test/json",
            "status": 200,
            "user_identifier": "alice",
            "request": {"headers": {"Host": "shop.test", "Content-Type": "application/json"}, "body": '{"a": 1}'},
            "response": {"headers": {"X-DrHTTP-Device": "ipad"}, "body": "Data could not be decoded with utf-8"},
        },
        ARRIVAL,
    )

    assert exchange.summary.started == NOW + 123_456
    assert (exchange.summary.id, exchange.summary.user, exchange.summary.device) == ("8ab467d8", "alice", "ipad")
    assert (exchange.request.body, exchange.request.parsed) == (b'{"a": 1}', False)
    assert exchange.response == Message(headers=(("X-DrHTTP-Device", "ipad"),), omitted="not UTF-8")
    assert exchange.summary.response_size is None


def test_a_record_may_hold_bytes():
    """The recorder's own records mark a body that is not text as base64."""
    part = {"headers": {}, "body": "AP8=", "transfer_encoding": "base64"}

    assert decode_record({"request": part, "response": part}, ARRIVAL).response == Message(body=b"\x00\xff")


@pytest.mark.parametrize("written", [None, "2020-01-01T00:00:00", "nonsense"])
def test_a_record_with_an_unbelievable_time_began_when_it_arrived(written):
    """A naive time that is more than a day off is another zone or another clock."""
    assert decode_record({"datetime": written, "request": {"headers": {}, "body": ""}}, ARRIVAL).summary.started == NOW


def test_a_record_may_lack_its_response():
    """The first client leaves it out for exceptions and empty answers."""
    exchange = decode_record({"method": "GET", "status": 500, "request": {"headers": {}, "body": ""}}, ARRIVAL)

    assert (exchange.response, exchange.request.body, exchange.summary.status) == (None, None, 500)


def test_both_protocols_name_a_key_alike():
    """A key that the events protocol pads to fifty characters is the same project as the unpadded one."""
    assert Arrival("local".ljust(50, "a"), NOW).project == ARRIVAL.project
    assert Arrival("locale", NOW).project != ARRIVAL.project


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "The body must be a JSON array of events."),
        ([{"request": {}}, 7], "Event 1 must be a JSON object."),
        ([{"request": None}], '"request" of event 0 must be a JSON object.'),
    ],
)
def test_what_is_no_exchange_is_refused_in_a_sentence(value, sentence):
    """A batch with something else in it is refused, and the sender is told where."""
    with pytest.raises(DecodeError) as refused:
        decode_batch(value, ARRIVAL)

    assert str(refused.value) == sentence


def test_no_json_breaks_the_decoder(event):
    """Whatever JSON stands in whichever field, an exchange comes out, or a refusal."""
    dice = random.Random(7)
    for _ in range(3000):
        sent = event()
        _damaged(sent, dice)
        for decode in (decode_event, decode_record):
            try:
                assert isinstance(decode(sent, ARRIVAL), Exchange)
            except DecodeError:
                continue


def _damaged(sent, dice):
    """Put something strange in a random place, or two."""
    for _ in range(dice.choice((1, 1, 2))):
        place = sent
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = dice.choice([*keys, "new"] if isinstance(place, dict) else keys)
            inner = place.get(key) if isinstance(place, dict) else place[key]
            if not isinstance(inner, (dict, list)) or not inner or dice.random() < 0.3:
                place[key] = dice.choice(STRANGE)()
                break
            place = inner


STRANGE = [
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 10**30,
    lambda: float("nan"),
    lambda: float("-inf"),
    lambda: "",
    lambda: "\ud800\x00\x1b",
    list,
    dict,
    lambda: [[["a", 1], ["b"], 3]],
    lambda: [["a", None]],
    lambda: {"size": -5, "truncated": "yes", "type": {"a": 1}, "id": [1]},
]
