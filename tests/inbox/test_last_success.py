"""The success that a failed record is compared with, and records by number."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from drhttp.inbox.last_success import NEAREST


def post(inbox: Any, event: Any, *sent: tuple[str, str, int | None, str | None]) -> None:
    """Post records: method, path, status, user."""
    events = []
    for method, path, status, user in sent:
        one = event(request__uri=f"http://shop.test{path}", request__verb=method, user_id=user)
        if status is None:
            del one["response"]
        else:
            one["response"]["status"] = status
        events.append({name: value for name, value in one.items() if value is not None})
    assert inbox.post(events) == 201


def success(inbox: Any, n: int) -> tuple[int | None, bool]:
    status, answer = inbox.api("GET", f"/records/{n}/last-success")
    assert status == 200
    assert answer["complete"] is True
    return answer["record"] and answer["record"]["n"], answer["same_user"]


def test_the_newest_success_of_the_same_endpoint_and_user(inbox: Any, event: Any) -> None:
    """Ids in paths do not matter; method, direction and failures do."""
    post(
        inbox, event,
        ("POST", "/orders/1", 201, "ann"), ("POST", "/orders/2", 201, "ann"), ("POST", "/orders/3", 201, "bob"),
        ("GET", "/orders/4", 200, "ann"), ("POST", "/orders/5", 404, "ann"), ("POST", "/orders/6", None, "ann"),
        ("POST", "/other", 200, "ann"), ("POST", "/orders/7", 500, "ann"), ("POST", "/orders/8", 500, "eve"),
        ("POST", "/orders/9", 500, None), ("PUT", "/orders/9", 500, "ann"),
    )  # fmt: skip
    assert success(inbox, 8) == (2, True)
    assert success(inbox, 5) == (2, True)
    assert success(inbox, 9) == (3, False)  # eve has none, so that of anybody
    assert success(inbox, 10) == (3, False)
    assert success(inbox, 11) == (None, False)
    assert success(inbox, 2) == (1, True)  # not the record itself
    assert success(inbox, 7) == (None, False)


def test_a_success_of_the_user_is_found_behind_many_of_others(inbox: Any, event: Any) -> None:
    """However many others succeeded since."""
    others = [("GET", "/orders/2", 200, "bob")] * (NEAREST + 1)
    post(inbox, event, ("GET", "/orders/1", 200, "ann"), *others, ("GET", "/orders/3", 500, "ann"))
    assert success(inbox, NEAREST + 3) == (1, True)


def test_the_newest_success_is_the_one_that_began_last(inbox: Any, event: Any) -> None:
    """Records of the past may arrive later, as those of a HAR file."""
    post(inbox, event, ("GET", "/orders/1", 200, "ann"), ("GET", "/orders/2", 500, "ann"))
    early = event(request__uri="http://shop.test/orders/3", request__verb="GET", user_id="ann")
    early["request"]["time"] = "2026-11-01T10:00:00.000Z"
    assert inbox.post([early]) == 201
    assert success(inbox, 2) == (1, True)


def test_an_endpoint_is_matched_as_it_is(inbox: Any, event: Any) -> None:
    """Stars in a path are no pattern."""
    post(inbox, event, ("GET", "/a*c", 500, "ann"), ("GET", "/abc", 200, "ann"))
    assert success(inbox, 1) == (None, False)


def test_a_record_that_is_gone_has_no_success(inbox: Any) -> None:
    assert inbox.api("GET", "/records/77/last-success")[0] == 404


@pytest.mark.parametrize("running", [True, False])
def test_show_takes_the_number_of_the_page(inbox: Any, event: Any, running: bool) -> None:
    """And still an id or its beginning, also one that begins with digits."""
    inbox.post([event(transaction_id="77abc-first"), event(transaction_id="2-second"), event(transaction_id="third")])
    if not running:
        inbox.stop()
    assert [inbox.show(name)["id"] for name in ("1", "2", "3")] == ["77abc-first", "2-second", "third"]
    assert inbox.show("#2")["id"] == "2-second"
    assert inbox.show("77")["id"] == "77abc-first"
    assert inbox.show("third")["id"] == "third"
    assert inbox.command("show", "78").returncode == 1


def test_numbers_are_compared_exactly(inbox: Any, event: Any) -> None:
    """Beyond 2**53, and with every digit behind the point."""
    bodies = [
        '{"id": 9007199254740993, "price": 1.10, "deep": {"n": 1}}',
        '{"id": 9007199254740992, "price": 1.1, "deep": 1.0}',
    ]
    for text in bodies:
        raw = base64.b64encode(text.encode()).decode()
        inbox.post([event(response__headers={"content-type": "application/json"}, response__body=raw)])
    parts = inbox.api("GET", "/compare?left=1&right=2")[1]["parts"]
    (changes,) = (part["changes"] for part in parts if part["part"] == "response.body")
    assert [(one["path"], one["left_text"], one["right_text"]) for one in changes] == [
        ("$.id", "9007199254740993", "9007199254740992"),
        ("$.deep", '{\n "n": 1\n}', "1.0"),
    ]
