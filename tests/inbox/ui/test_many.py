"""The page with many records: few rows in the document, right results, and figures that are those of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

RECORDS, BATCH = 20_000, 1_000
ROWS = ".rows .row"
NEEDLE = 7_777
# In one process, so that the records are made once.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("many"), pytest.mark.wide]


def numbered_event(at: int) -> dict[str, Any]:
    """The record of that number, counted from 0."""
    kind = ("items", "orders", "carts")[at % 3]
    event = shop.event(
        "POST" if at % 4 == 0 else "GET",
        f"http://shop.test/api/{kind}/{at % 400}",
        500 if at % 50 == 0 else 404 if at % 100 == 1 else 200,
        duration=float(at % 1_000),
        user=str(at % 250),
    )
    if at == NEEDLE:
        event["response"]["body"] = {"found": "A needle in the haystack."}
    return event


@pytest.fixture(scope="module")
def many(start_for_module: Callable[..., Any]) -> Any:
    """Return an inbox with many records, which the tests only read."""
    inbox = start_for_module("--keep", "30000", "--quiet")
    for first in range(0, RECORDS, BATCH):
        assert inbox.post([numbered_event(at) for at in range(first, first + BATCH)]) == 201
    return inbox


def those(test: Callable[[int], bool]) -> list[int]:
    """The numbers in the inbox of the records that the test is true for, the newest first."""
    return [at + 1 for at in reversed(range(RECORDS)) if test(at)]


def test_m4_at_most_300_rows_however_far_one_scrolls(many: Any, visit: Callable[..., Any]) -> None:
    page = visit(many).open()
    expect(page.locator(ROWS).first).to_be_visible()
    most, shown, foot = 0, 0, page.locator(".foot span").first
    while shown < 3_000:
        before = foot.inner_text()
        page.locator(".list").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(foot).not_to_have_text(before)
        shown = int(re.sub(r"\D", "", foot.inner_text().partition(" shown")[0]))
        most = max(most, page.locator(ROWS).count())
    assert 20 <= most <= 300
    assert page.locator("*").count() < 5_000


def test_m4_filters_find_what_is_there(many: Any, visit: Callable[..., Any]) -> None:
    page = visit(many).open()
    expect(page.locator(ROWS).first).to_be_visible()
    for query, test in (
        ("status:4xx path:/api/carts/*", lambda at: at % 100 == 1 and at % 3 == 2),
        ("user:7 method:POST", lambda at: at % 250 == 7 and at % 4 == 0),
        ("user:8 status:>=500 OR dur:999 path:*/39?", lambda at: at % 1_000 == 999 and at % 400 >= 390),
        ('"needle in the"', lambda at: at == NEEDLE),
        ("-path:/api/* OR res.body:haystack", lambda at: at == NEEDLE),
        ("nothing-of-that", lambda at: False),
    ):
        shows(page, query, those(test))


def shows(page: Page, query: str, numbers: list[int]) -> None:
    """The list ends with the last of them, and begins with the first."""
    page.get_by_label("Query", exact=True).fill(query)
    if not numbers:
        expect(page.locator(".empty")).to_contain_text("No matching records")
        expect(page.locator(ROWS)).to_have_count(0)
        return
    grid, rows = page.locator(".list"), page.locator(ROWS)
    expect(rows.first).to_have_attribute("id", f"r{numbers[0]}")
    shown, foot = 0, page.locator(".foot span").first
    while shown < len(numbers):
        grid.evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(foot).not_to_have_text(re.compile(rf"^{shown} shown"))
        shown = int(re.sub(r"\D", "", foot.inner_text().partition(" shown")[0]))
    expect(grid).to_have_attribute("aria-rowcount", str(len(numbers) + 1))
    expect(rows.last).to_have_attribute("id", f"r{numbers[-1]}")
    assert rows.count() <= 300


def test_m11_endpoints_count_all_of_them(many: Any, visit: Callable[..., Any]) -> None:
    page = visit(many).open("/?view=endpoints")
    for kind, rest in (("items", 0), ("orders", 1), ("carts", 2)):
        for method in ("POST", "GET"):
            count = sum(at % 3 == rest and (at % 4 == 0) == (method == "POST") for at in range(RECORDS))
            row = page.locator("tbody tr").filter(has_text=f"/api/{kind}/{{id}}").filter(has_text=method)
            expect(row).to_contain_text(f"{count:,}")
    page.goto(f"http://127.0.0.1:{many.port}/?view=endpoints&q=status%3A5xx")
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.locator("caption")).to_contain_text(f"{RECORDS // 50:,} records")
