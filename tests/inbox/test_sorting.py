"""Sorted lists, periods of traffic and saved views, by the API."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest


def sorted_paths(inbox, sort, limit=3, q=""):
    found, cursor, pages = [], "", 0
    while cursor is not None:
        status, page = inbox.api("GET", f"/records?sort={sort}&limit={limit}&q={quote(q)}&cursor={cursor or ''}")
        assert (status, page["complete"], page["scanned_to"]) == (200, True, None)
        found += [record["path"] for record in page["records"]]
        cursor, pages = page["next"], pages + 1
    return found, pages


def test_a_list_is_sorted_and_paged(inbox, event):
    """The whole result, in either direction, with unknown values last."""
    durations = [5, 900, None, 30, 2, None, 70]
    inbox.post(
        [
            event(request__uri=f"http://x/{at}", response__time=None, metadata={"duration_ms": each})
            for at, each in enumerate(durations)
        ]
    )

    assert sorted_paths(inbox, "-duration") == (["/1", "/6", "/3", "/0", "/4", "/5", "/2"], 3)
    assert sorted_paths(inbox, "duration") == (["/4", "/0", "/3", "/6", "/1", "/5", "/2"], 3)
    assert sorted_paths(inbox, "path", q="dur:>4") == (["/0", "/1", "/3", "/6"], 2)
    assert inbox.api("GET", "/records?sort=-duration&limit=7")[1]["next"] is None


@pytest.mark.parametrize(
    "cursor",
    ["x", "bnVsbA==", "WzEsIngiXQ==", "W1tdLDFd", "WzEuNSwxXQ==", "WzEsdHJ1ZV0=", "W1tbW1tbW1tb", "%FF", "WzEsMV0="],
)
def test_a_cursor_that_is_none_is_refused(shared_inbox, cursor):
    """Also one of an order by numbers in one by texts; and an order that there is not."""
    status, answer = shared_inbox.api("GET", f"/records?sort=path&cursor={cursor}")
    assert (status, answer["code"]) == (400, "parameter")
    assert shared_inbox.api("GET", "/records?sort=secret")[0] == 400


def test_a_cursor_shows_no_hidden_value(inbox, event):
    """What the page hides is not in what it sends for the next page."""
    inbox.post([event(request__uri=f"http://x/{at}?token=s3cret-{at}") for at in range(3)])
    assert "s3cret" not in json.dumps(inbox.api("GET", "/records?sort=path&limit=1")[1])


def test_traffic_comes_in_periods(inbox, event):
    """Bars are a second wide at least, and a night without requests is left out."""
    times = [f"2026-11-{day}T16:00:{second:02}Z" for day in (21, 22) for second in range(0, 60, 5)]
    inbox.post([event(request__time=time) for time in times])

    status, found = inbox.api("GET", "/timeline?buckets=60")
    assert (status, found["total"], found["complete"]) == (200, 24, True)
    assert found["width_ms"] >= 1000
    assert [period["from"][:10] for period in found["periods"]] == ["2026-11-21", "2026-11-22"]
    assert [sum(bar["2xx"] for bar in period["buckets"]) for period in found["periods"]] == [12, 12]
    assert inbox.api("GET", "/timeline?q=user:nobody")[1]["periods"] == []


def test_points_come_with_their_periods(inbox, event):
    """Cut where the bars are."""
    times = [f"2026-11-{day}T16:00:{second:02}Z" for day in (21, 22) for second in range(0, 60, 5)]
    inbox.post([event(request__time=time, metadata={"duration_ms": 1}) for time in times])

    (first, second) = inbox.api("GET", "/scatter?buckets=60")[1]["periods_ms"]
    assert (first[1] - first[0], second[0] - first[0]) == (55_000, 86_400_000)
    assert inbox.api("GET", "/scatter?q=user:nobody")[1]["periods_ms"] == []


@pytest.mark.parametrize("path", ["records", "records?sort=-time", "timeline", "scatter", "endpoints", "users"])
def test_everything_can_be_asked_up_to_a_record(inbox, event, path):
    """So a page that is paused counts what it shows."""
    inbox.post([event(user_id="u", metadata={"duration_ms": 1}) for _ in range(5)])

    answer = inbox.api("GET", f"/{path}{'&' if '?' in path else '?'}until=3&q=user:u")[1]
    counts = {"records": len(answer.get("records", [])), "scatter": len(answer.get("n", []))}
    groups = answer.get("groups") or answer.get("endpoints") or [{}]
    assert {"users": groups[0].get("count"), **counts}.get(path.partition("?")[0], answer.get("total")) == 3


def test_views_are_saved_replaced_and_deleted(inbox):
    """By name, whatever is in it."""
    name = "Slow / \N{GREEK SMALL LETTER ALPHA} <b>"
    path = f"/views/{quote(name, safe='')}"
    view = {"query": "dur:>500", "order": "-duration", "page": "requests"}

    assert inbox.api("PUT", path, {**view, "query": "dur:>1"})[0] == 200
    assert inbox.api("PUT", path, view) == (200, {"name": name, **view})
    assert inbox.api("GET", "/views")[1] == {"views": [{"name": name, **view}]}
    assert inbox.api("DELETE", path)[1] == {"deleted": 1}
    assert inbox.api("DELETE", path)[0] == 404


@pytest.mark.parametrize(
    ("name", "view", "code"),
    [
        ("x" * 61, {}, "parameter"),
        ("%20", {}, "parameter"),
        ("x", {"query": "stauts:1"}, "query"),
        ("x", {"query": 1}, "parameter"),
        ("x", {"query": "a" * 2_001}, "parameter"),
        ("x", {"order": "secret"}, "parameter"),
        ("x", {"page": "compare"}, "parameter"),
        ("x", {"token": "x"}, "parameter"),
    ],
)
def test_a_view_that_is_none_is_refused(shared_inbox, name, view, code):
    """In a sentence, and nothing is kept."""
    status, answer = shared_inbox.api("PUT", f"/views/{name}", view)
    assert (status, answer["code"]) == (400, code)
    assert shared_inbox.api("GET", "/views")[1] == {"views": []}
