"""Whatever was recorded, and in whichever protocol it travels: what a receiver reads is what went in."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort
from test_wire import bytes_as_text, json_values, records, texts, through_the_model

from drhttp._mutable_record import MutableRecord
from drhttp._record import Body, Trace
from drhttp._wire import PROTOCOLS, events_protocol, record_protocol
from drhttp._wire._json import is_json
from drhttp.inbox.bounded_json import BATCH, SINGLE, load
from drhttp.inbox.decode import Arrival, decode_batch, decode_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drhttp._record import Headers, Record, Request, Response
    from drhttp.inbox.exchange import Exchange, Message

NOW = 1_795_363_200.0  # seconds

JSON_TYPES = ["application/json", "Application/JSON; charset=utf-8", "text/json", "application/problem+json"]
TYPES = [*JSON_TYPES, "text/plain", "image/png", "application/jsonp", "application/x-ndjson", "json", "", "\xff"]


@st.composite
def json_texts(draw: st.DrawFn) -> bytes:
    """A JSON document, written in one of many ways, perhaps in another charset, cut, or with something around it."""
    value = draw(json_values | st.lists(json_values, max_size=4) | st.dictionaries(st.text(max_size=5), json_values))
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 0, 2])),
        separators=draw(st.sampled_from([None, (",", ":"), (" ,\n", "\t: ")])),
    )
    content = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig"])), "surrogatepass")
    around = st.sampled_from([b"", b"", b"", b" ", b"\r\n", b"\x0c", b"\0", b"x"])
    content = draw(around) + content + draw(around)
    return content[: draw(st.sampled_from([None, None, None, 1, 7, -1]))]


contents = st.one_of(
    st.binary(max_size=80),
    json_texts(),
    st.text(max_size=30).map(str.encode),
    st.builds(
        lambda depth, inner: b"[" * depth + inner + b"]" * depth, st.integers(40, 70), st.sampled_from([b"", b"1"])
    ),
    st.sampled_from(
        [b"[1e400]", b"[NaN]", b'{"a":1,"a":1}', b"[-0.0]", b"[1e-400]", b'["\\ud83d\\ude00"]', b'["\\ud800"]']
    ),
    st.integers(290, 330).map(lambda digits: b"[" + b"7" * digits + b"]"),
)
names = st.sampled_from(["set-cookie", "accept", "x-a", "etag"]) | bytes_as_text.map(str.lower)
fields = st.lists(st.tuples(names, bytes_as_text), max_size=8).map(
    lambda pairs: tuple(pair for pair in pairs if pair[0] not in ("content-type", "content-length", "x-drhttp-device"))
)


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """A body as capture and masking leave it: kept, cut, left out, or none."""
    content = draw(st.none() | contents.filter(bool))
    if content is None:
        size = draw(st.none() | st.integers(0, 2**40))
        why = draw(st.sampled_from(["off", "type", "file", "callback", None])) if size else None
        return Body(size=size, omitted=why, truncated=bool(size) and why is None)
    rest = draw(st.sampled_from([None, 0, 0, 1, 10**9]))
    return Body(
        content=content,
        size=None if rest is None else len(content) + rest,
        truncated=rest is None or rest > 0,
        redacted=draw(st.integers(0, 5)),
        decoded=draw(st.sampled_from([None, None, "gzip"])),
        read=draw(st.sampled_from([None, "full", "partial", "none"])),
    )


@st.composite
def headed(draw: st.DrawFn, part: Any) -> Any:
    """A request or an answer with any header fields and a body that they may describe; some time in our days."""
    body = draw(bodies())
    headers = list(draw(fields))
    if draw(st.booleans()):
        headers.insert(draw(st.integers(0, len(headers))), ("content-type", draw(st.sampled_from(TYPES))))
    if body.size is not None and draw(st.booleans()):
        headers.append(("content-length", str(body.size)))
    return replace(part, headers=tuple(headers), body=body, time=draw(st.floats(NOW - 80_000, NOW)))


@st.composite
def exchanges(draw: st.DrawFn) -> Record:
    """Any record, as it may be after masking."""
    made = draw(records)
    return replace(
        made,
        request=draw(headed(made.request)),
        response=draw(headed(made.response)),
        trace=draw(st.none() | st.just(Trace(trace_id="1" * 32, span_id="2" * 16, parent_id="3" * 16))),
        redacted=draw(st.dictionaries(st.sampled_from(["uri", "request_headers", "exception"]), st.integers(1, 9))),
    )


losses = st.dictionaries(texts, st.integers(1, 10**9), max_size=3)


def written(text: str | None) -> str | None:
    """A text as UTF-8 can carry it; an empty one is none."""
    return (text or "").encode("utf-8", "replace").decode() or None


def grouped(headers: Headers, lists: bool) -> Headers:
    """Header fields as they arrive: those of a name together, as one but for `Set-Cookie` where there are lists."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return tuple(
        (name, value)
        for name, several in values.items()
        for value in (several if lists and name == "set-cookie" else [", ".join(several)])
    )


def same_json(one: Any, other: Any) -> bool:
    """Equal, and of equal types: 1 is not 1.0, nor true; but for the sign of zero, and the order of members."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict) and list(one) == list(other) and all(map(same_json, one.values(), other.values()))
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same_json, one, other))
    return type(one) is type(other) and one == other


def check_line(made: Record, read: Exchange) -> None:
    """Everything about an exchange but headers and bodies."""
    line = read.summary
    assert (line.id, line.method, line.url) == (made.id, made.request.method, made.request.uri)
    assert line.status == (made.response.status or None)
    assert (line.user, line.device) == (written(made.user), written(made.device))


def check_line_of_an_event(made: Record, read: Exchange) -> None:
    """What the events tell besides."""
    line, failure, trace = read.summary, made.exception, made.trace
    assert line.direction == made.direction
    assert (line.route, line.client) == (written(made.route), made.request.ip or None)
    assert -1 <= made.request.time * 1e6 - line.started < 1001, (
        "milliseconds, cut; a float is not exact to the microsecond"
    )
    assert line.duration is not None
    assert math.isclose(line.duration / 1e6, made.duration, abs_tol=2e-6)
    assert (line.ttfb is None) == (made.ttfb is None)
    assert made.ttfb is None or math.isclose((line.ttfb or 0) / 1e6, made.ttfb, abs_tol=2e-6)
    assert line.aborted == made.aborted
    assert line.exception == (written(failure.type) if failure else None)
    assert line.exception_text == (written(failure.message) if failure else None)
    assert (line.trace, line.span, line.parent) == (
        (trace.trace_id, trace.span_id, trace.parent_id) if trace else (None,) * 3
    )
    assert read.extra.get("masked", {}) == made.redacted


def check_message_of_an_event(sent: Request | Response, read: Message | None, size: int | None) -> None:
    """One side of it: the header fields, and the body byte for byte, or value for value where it is JSON."""
    assert read is not None
    body = sent.body
    assert read.headers == grouped(sent.headers, lists=True)
    assert (read.truncated, read.omitted, read.redacted) == (body.truncated, body.omitted, body.redacted)
    assert (read.decoded, read.read) == (body.decoded, None if body.read == "full" else body.read)
    if body.size is not None:
        assert size == body.size
    if read.parsed:
        assert is_json(sent.headers)
        assert body.content is not None
        assert read.body is not None
        assert same_json(json.loads(body.content), json.loads(read.body))
    else:
        assert read.body == body.content


def check_message_of_a_record(shown: Headers, body: Body, read: Message | None) -> None:
    """The same in the old form, which tells of nothing but header fields and bytes."""
    if not shown and body.content is None:
        assert read is None
        return
    assert read is not None
    assert read.headers == grouped(shown, lists=False)
    assert (read.body, read.parsed) == (body.content, False)


def arrival(made: Record) -> Arrival:
    return Arrival("key", round(made.request.time * 1e6))


@pytest.mark.timeout(0)
@effort(100)
@given(st.lists(st.tuples(exchanges(), losses), max_size=3))
def test_a_batch_is_read_as_it_was_recorded(batch: Sequence[tuple[Record, dict[str, int]]]) -> None:
    """Any bytes, header fields and texts, as a batch of events: the inbox reads what went in."""
    wire = events_protocol.join([events_protocol.encode(MutableRecord.of(made), lost) for made, lost in batch])
    value, _ = load(wire, "gzip", BATCH)
    read = decode_batch(value, Arrival("key", round(NOW * 1e6)))
    assert len(read) == len(batch)
    for (made, lost), exchange in zip(batch, read, strict=True):
        check_line(made, exchange)
        check_line_of_an_event(made, exchange)
        check_message_of_an_event(made.request, exchange.request, exchange.summary.request_size)
        if made.direction == "Outgoing" and not made.response.status:
            assert exchange.response is None
        else:
            check_message_of_an_event(made.response, exchange.response, exchange.summary.response_size)
        counted = exchange.extra["sdk"].get("dropped", {})
        assert sum(counted.values()) == sum(lost.values()) or len(counted) < len(lost)
        assert set(counted) == {written(reason) or "" for reason in lost}


@pytest.mark.timeout(0)
@effort(100)
@given(exchanges(), losses)
def test_a_record_of_the_old_form_is_read_as_it_was_recorded(made: Record, lost: dict[str, int]) -> None:
    """The same in the protocol of one record a POST."""
    value, _ = load(record_protocol.join([record_protocol.encode(MutableRecord.of(made), lost)]), "", SINGLE)
    read = decode_record(value, arrival(made))
    check_line(made, read)
    assert abs(read.summary.started - made.request.time * 1e6) <= 1
    asked = read.request
    assert (asked.headers, asked.body) == (grouped(made.request.headers, lists=False), made.request.body.content)
    device = written(made.device)
    shown = (*made.response.headers, ("x-drhttp-device", device)) if device else made.response.headers
    check_message_of_a_record(shown, made.response.body, read.response)


@pytest.mark.timeout(0)
@effort(100)
@given(exchanges(), losses)
def test_the_vendors_library_reads_every_event(made: Record, lost: dict[str, int]) -> None:
    """Every event loads in the model of the protocol's own library, which gives it back unchanged."""
    (value,), _ = load(events_protocol.join([events_protocol.encode(MutableRecord.of(made), lost)]), "gzip", BATCH)
    assert through_the_model(value) == value


@pytest.mark.timeout(0)
@effort(50)
@given(st.lists(exchanges(), min_size=2, max_size=3), st.sampled_from(list(PROTOCOLS)))
def test_a_record_is_encoded_alike_in_any_company(batch: list[Record], protocol: str) -> None:
    """What one record holds reaches no other one, and strict readers take all of it: UTF-8, no constants, no halves."""
    wire = PROTOCOLS[protocol]
    alone = [wire.encode(MutableRecord.of(made), {}) for made in batch]
    assert [wire.encode(MutableRecord.of(made), {}) for made in reversed(batch)] == alone[::-1]
    for data in alone:
        value = json.loads(data.decode("utf-8"), parse_constant=pytest.fail, object_pairs_hook=unique)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    if wire.LARGEST_BATCH is None:
        value, _ = load(wire.join(alone), "gzip", BATCH)
        assert value == [json.loads(data) for data in alone]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Members of an object, of which no two have one name: readers differ in which of them they take."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
