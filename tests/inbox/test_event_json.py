"""Bodies that are JSON are kept as they arrived, and all else is parsed as ever."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp.inbox.bounded_json import BATCH, MAX_DEPTH, SINGLE, RequestRejected, load
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.event_json import JsonText, loads
from drhttp.inbox.json_array import elements

WRITTEN = '{ "id": 1.50e2,\t"a": "\\u00e9", "a":"é" }'
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["request", "response", "body", "headers", 'a"b', "\\", ""])
members = st.recursive(anything, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8)


def event(body: str) -> str:
    """The JSON of an event whose request has that body."""
    return (
        '{"request": {"uri": "http://shop.test/", "verb": "POST", "headers": {"content-type": "application/json"}, '
        f'"body": {body}, "transfer_encoding": "json"}}, "metadata": {{"body": {{"b": 1}}}}}}'
    )


def plain(value: Any) -> Any:
    """The value without texts of JSON in it."""
    if isinstance(value, JsonText):
        return json.loads(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("body", [WRITTEN, "[\n 1,\n 2.0 ]", "{}", '{"body": {"a": 1}, "request": {}}'])
def test_a_body_is_kept_as_it_arrived(body: str) -> None:
    """White space, numbers, escapes, repeated names; in a batch, alone, and in a large batch that comes in pieces."""
    text = f" [{event(body)} ,\n{event(body)}]\n"
    for value in (loads(text), [one for one, _ in elements(gzip.compress(text.encode()), "gzip", BATCH)]):
        for exchange in decode_batch(value, Arrival("local", 0)):
            assert (exchange.request.body, exchange.request.parsed) == (body.encode(), True)
    alone = loads(event(body))
    assert isinstance(alone, dict)
    assert alone["request"]["body"] == body
    assert type(alone["metadata"]["body"]) is dict


@effort(300)
@given(members | st.lists(members, max_size=3), st.sampled_from([None, 1]), st.booleans())
def test_any_json_is_parsed_as_ever(value: Any, indent: int | None, ascii_only: bool) -> None:
    """But for the bodies, which are equal when they are parsed in turn."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert plain(loads(text)) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    ["", "[", "{", "[1,]", "[{]", '[{"request": {"body": {"a" 1}}}]', '{"request": {"body": [1,]}}', "{} {}", "[{}}",
     '[{"request": {"body": {}}} {}]', "nul", '{"a": 1', '[{"a": 1}', '{"request": {"body": {}} "a": 1}'],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_the_same_words(text: str) -> None:
    """The sender reads what the parser of Python says."""
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as found:
        loads(text)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(("levels", "limits"), [(3, BATCH), (2, SINGLE)])
def test_a_body_is_nested_no_deeper_than_all_else(levels: int, limits: Any) -> None:
    """The limit counts from the outside, through the event and its request."""

    def sent(depth: int) -> bytes:
        text = event("[" * depth + "]" * depth)
        return (f"[{text}]" if limits is BATCH else text).encode()

    load(sent(MAX_DEPTH - levels), "identity", limits, loads)
    with pytest.raises(RequestRejected, match="nested more than"):
        load(sent(MAX_DEPTH - levels + 1), "identity", limits, loads)


def test_the_page_shows_what_arrived(inbox: Any) -> None:
    """As text with what is hidden named in its place, and as bytes once nothing is hidden."""
    body = '{ "sku": "CUP",  "price": 12.50, "password": "hunter2" }'
    usual = {"Content_Type": "application/json", "X_Moesif_Application_Id": "local"}
    assert inbox.request("POST", "/moesif/v1/events/batch", f"[{event(body)}]".encode(), **usual)[0] == 201
    shown = inbox.api("GET", "/records/1")[1]["request"]["body"]
    assert shown["text"] == body.replace("hunter2", "[hidden here, arrived in clear]")
    assert (shown["kept"], shown["rewritten"], shown["masked"]) == (len(body), False, 1)
    assert inbox.api("GET", "/records/1/body/request?as=hex")[0] == 403
    (_, first, _), *_ = inbox.api("GET", "/records/1/body/request?as=hex&reveal=1")[1]["rows"]
    assert bytes.fromhex(first) == body[:16].encode()


def test_json_that_was_written_anew_says_so(inbox: Any, event: Any) -> None:
    """Its length is not that of what was sent. What the recorder masked or cut off is told by other remarks.

    A line end that is missing is not worth a word.
    """
    headers = {"content-type": "application/json", "content-length": "43"}
    inbox.post([
        event(request__body={"a": 1}, request__headers=headers),
        event(request__body={"a": 1}, request__headers=headers | {"content-length": "8"}),
        event(request__body={"a": 1}, request__headers=headers, metadata={"request_body": {"redacted": 1}}),
        *(
            event(request__body={"a": 1}, request__headers=headers | {"content-length": length})
            for length in ("9", "10", "11", "7")
        ),
    ])  # fmt: skip
    found = [inbox.api("GET", f"/records/{n}")[1]["request"]["body"]["rewritten"] for n in range(1, 8)]
    assert found == [True, False, False, False, False, True, True]
    assert "Request body (43 bytes, written anew on its way, 8 bytes kept)" in inbox.command("show", "1").stdout
