"""Where a query found its texts in a record: `hits` of the API."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest


def hits(inbox: Any, query: str, n: int = 1, **more: Any) -> Any:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    status, answer = inbox.api("GET", f"/records/{n}?q={quote(query)}{extra}")
    assert status == 200
    return answer["hits"]


@pytest.fixture(scope="module")
def filled(start_for_module: Callable[..., Any], event: Callable[..., dict[str, Any]]) -> Any:
    """An inbox with one record: JSON with a secret up, text down."""
    inbox = start_for_module("--quiet")
    answer = base64.b64encode(b"One Wallet, two wallets").decode()
    sent = event(
        request__body={"wallet": 7, "note": "Gold", "password": "gold-hunter"},
        request__headers={"content-type": "application/json", "x-shop": "wallet 9"},
        response__headers={"content-type": "text/plain"},
        response__body=answer,
    )
    assert inbox.post([sent]) == 201
    return inbox


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("body:wallet", {"request.body": 1, "response.body": 2}),
        ("res.body:WALLET", {"response.body": 2}),
        ("req.body:gold", {"request.body": 1}),
        ("wallet", {"request.body": 1, "request.headers": 1, "response.body": 2}),
        ("header:x-shop=wallet", {"request.headers": 1}),
        ("header:x-shop", {"request.headers": 1}),
        ("body:wallet -res.body:wallet", {"request.body": 1, "response.body": 2}),
        ("res.body:wallet OR req.body:gold", {"request.body": 1, "response.body": 2}),
        ("path:/orders/7", {}),
        ("body:nowhere", {}),
        ("", {}),
    ],
)
def test_places_and_counts(filled: Any, query: str, places: dict[str, int]) -> None:
    """Counted in what is shown, in either case; terms that exclude look for nothing."""
    assert hits(filled, query)["places"] == places


def test_escapes_of_json_are_found(inbox: Any, event: Any) -> None:
    """Many programs write letters that are not ASCII as escapes; the tree shows them, and Raw what arrived."""
    assert inbox.post([event(response__body={"size": "größer"})]) == 201  # with escapes, as json.dumps writes them
    for query in ("res.body:größer", "GRößER"):
        found = hits(inbox, query)
        assert found["places"] == {"response.body": 1}
    assert inbox.api("GET", f"/records?q={quote('res.body:größer')}")[1]["records"][0]["n"] == 1
    assert inbox.api("GET", f"/records?q={quote('-größer')}")[1]["records"] == []


def test_texts_are_those_that_the_query_looks_for(filled: Any) -> None:
    """As they were typed, and each once in whatever case."""
    assert hits(filled, 'body:Wallet "two W" body:WALLET status:201')["texts"] == ["Wallet", "two W"]


def test_a_text_that_only_a_hidden_value_holds_is_told(filled: Any) -> None:
    """It cannot be marked before the value is shown."""
    assert hits(filled, "body:hunter") == {"texts": ["hunter"], "places": {}, "hidden": ["request.body"]}
    assert hits(filled, "body:hunter", reveal=1) == {"texts": ["hunter"], "places": {"request.body": 1}, "hidden": []}


def test_a_text_in_a_websocket_message_is_counted(inbox: Any) -> None:
    """Free text finds the imported record, and the record says where; a hidden value is told."""
    entry = {
        "startedDateTime": "2026-11-22T16:00:00Z",
        "request": {"method": "GET", "url": "wss://shop.test/live", "headers": []},
        "response": {"status": 101, "headers": [], "content": {}},
        "_webSocketMessages": [
            {"type": "send", "opcode": 1, "data": '{"ask":"Espresso","password":"gold-hunter"}'},
            {"type": "receive", "opcode": 1, "data": "espresso, 2 espressos"},
        ],
    }
    assert inbox.api("POST", "/import", {"log": {"entries": [entry]}})[1]["imported"] == 1
    for query, found in (("espresso", 1), ('"2 espressos"', 1), ("latte", 0)):
        assert len(inbox.api("GET", f"/records?q={quote(query)}")[1]["records"]) == found
    assert hits(inbox, "espresso") == {"texts": ["espresso"], "places": {"messages": 3}, "hidden": []}
    assert hits(inbox, "gold-hunter") == {"texts": ["gold-hunter"], "places": {}, "hidden": ["messages"]}


def test_a_query_that_cannot_be_read_finds_nothing(filled: Any) -> None:
    """The record is shown all the same: its address may have a broken query."""
    assert hits(filled, "stauts:1") == {"texts": [], "places": {}, "hidden": []}
