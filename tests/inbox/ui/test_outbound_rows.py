"""Outbound calls belong to the request that made them, in the list as in the record, whichever arrives first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"
ORDER, STOCK, BANK = "/api/orders", "stock.test/v2/items?ids=7,9", "bank.test/charges"


@pytest.fixture
def family() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """An order, and the two requests that it sent."""
    *_, order, stock, bank = shop.story()
    return order, stock, bank


def _paths(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(f"{ROWS} .text").all_inner_texts()]


@pytest.mark.parametrize("turns", ["parent first", "parent between", "parent last"])
def test_calls_fold_into_their_request_in_every_order(page: Page, inbox: Any, family: Any, turns: str) -> None:
    order, stock, bank = family
    queue = {
        "parent first": [order, stock, bank],
        "parent between": [stock, order, bank],
        "parent last": [stock, bank, order],
    }
    for at, event in enumerate(queue[turns], 1):
        inbox.post([event])
        expect(page.locator(".foot")).to_contain_text(f"{at} shown")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("2 out")
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
    assert _paths(page) == [ORDER, STOCK, BANK]
    expect(page.locator(ROWS).first).to_have_attribute("aria-expanded", "true")
    expect(page.locator(ROWS).last).to_have_attribute("aria-level", "2")
    page.locator(".calls").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_a_call_without_its_request_stands_for_itself(page: Page, inbox: Any, family: Any) -> None:
    inbox.post([family[1]])
    expect(page.locator(ROWS)).to_have_count(1)
    assert _paths(page) == [STOCK]


def test_a_late_call_joins_what_is_unfolded(page: Page, inbox: Any, family: Any) -> None:
    order, stock, bank = family
    inbox.post([order, bank])
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(1)
    inbox.post([stock])
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
    # By the time of the requests, not by their arrival.
    assert _paths(page) == [ORDER, STOCK, BANK]
    expect(page.locator(".calls")).to_have_text("2 out")


def test_a_request_unfolds_also_what_the_query_leaves_out(page: Page, inbox: Any, family: Any) -> None:
    inbox.post(list(family))
    page.get_by_label("Query", exact=True).fill("status:5xx")
    expect(page.locator(".foot")).to_contain_text("1 shown")
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)


def test_a_failed_call_marks_the_folded_request(page: Page, inbox: Any, family: Any) -> None:
    order, stock, bank = family
    inbox.post([order, stock])
    calls = page.locator(".calls")
    expect(calls).to_have_text("1 out")
    assert "bad-call" not in (calls.get_attribute("class") or "")
    inbox.post([bank])
    expect(calls).to_have_text("2 out")
    assert "bad-call" in (calls.get_attribute("class") or "")


def test_folding_by_keyboard(page: Page, inbox: Any, family: Any) -> None:
    inbox.post(list(family))
    expect(page.locator(ROWS)).to_have_count(1)
    for key in ("j", "ArrowRight", "j", "j"):
        page.keyboard.press(key)
    expect(page.locator(".rows .chosen")).to_contain_text(BANK)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(".rows .chosen")).to_contain_text(ORDER)


def test_a_call_that_is_opened_by_its_address_is_seen_under_its_request(
    inbox: Any, family: Any, visit: Callable[..., Any]
) -> None:
    inbox.post(list(family))
    n = next(one["n"] for one in inbox.api("GET", "/records")[1]["records"] if one["host"] == "bank.test")
    page = visit(inbox).open(f"/?n={n}")
    expect(page.locator(".rows .open")).to_contain_text(BANK)
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)


def test_a_request_that_is_opened_by_its_address_shows_what_it_sent(
    inbox: Any, family: Any, visit: Callable[..., Any]
) -> None:
    """In the list beneath its row, however far down, and in the pane; once, so that it can be collapsed."""
    inbox.post([*family, *(shop.event() for _ in range(60))])
    (n,) = [one["n"] for one in inbox.api("GET", "/records?q=has:outbound")[1]["records"]]
    page = visit(inbox).open(f"/?n={n}")
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
    for row in page.locator(f"{ROWS}.open, {ROWS}.under").all():
        expect(row).to_be_in_viewport(ratio=1)
    expect(page.locator(".timeline .lane")).to_have_count(3)
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(0)


def test_the_record_of_a_call_learns_of_its_request(page: Page, inbox: Any, family: Any) -> None:
    order, stock, _ = family
    inbox.post([stock])
    page.locator(ROWS).click()
    expect(page.locator(".detail .url")).to_contain_text("stock.test")
    expect(page.locator(".related")).to_have_count(0)
    inbox.post([order])
    expect(page.locator(".related")).to_contain_text("/api/orders")


def test_records_that_call_each_other_are_all_shown(page: Page, inbox: Any) -> None:
    def record(name: str, own: str, parent: str, direction: str) -> dict[str, Any]:
        return shop.event(
            uri=f"http://shop.test/{name}", span={"id": own, "parent_id": parent}, direction=direction, user=None
        )

    inbox.post([record("a", "a" * 16, "b" * 16, "Incoming"), record("b", "b" * 16, "a" * 16, "Incoming")])
    inbox.post([record("c", "c" * 16, "c" * 16, "Outgoing"), record("d", "a" * 16, "a" * 16, "Incoming")])
    inbox.post([record("e", "e" * 16, "a" * 16, "Outgoing")])
    expect(page.locator(".foot")).to_contain_text("5 shown")
    expect(page.locator(ROWS)).to_have_count(4)
    for button in page.locator(".calls").all():
        button.click()
    expect(page.locator(ROWS)).to_have_count(5)
    ids = page.locator(ROWS).evaluate_all("rows => rows.map(row => row.id)")
    assert len(set(ids)) == 5


def test_a_call_that_nothing_answered_says_why(page: Page, inbox: Any, family: Any) -> None:
    """The reason stands in the place of the status, in the list, in the record of the request, and in its own."""
    order, stock, bank = family
    inbox.post([order, stock, bank])
    page.locator(".calls").click()
    cell = page.locator(f"{ROWS}.under").last.locator(".status")
    expect(cell).to_have_text("TimeoutError")
    expect(cell).to_have_attribute("title", "no answer: TimeoutError: timed out")
    page.locator(ROWS).first.click()
    expect(page.locator(".timeline .status").last).to_have_text("TimeoutError")
    page.get_by_role("tab", name="Outbound (2)").click()
    expect(page.locator(".timeline .status").last).to_have_text("no answer: TimeoutError")
    page.locator(".timeline button").last.click()
    expect(page.locator(".detail .top .status")).to_have_text("no answer: TimeoutError")


def test_the_timeline_tells_the_own_time_of_the_application(page: Page, inbox: Any) -> None:
    """What no call takes of the duration, whether calls overlap or go on after the response."""

    def record(name: str, started: str, duration: float, direction: str = "Outgoing") -> dict[str, Any]:
        span = {"id": name * 16, **({"parent_id": "a" * 16} if direction == "Outgoing" else {})}
        made = shop.event(uri=f"http://shop.test/{name}", span=span, direction=direction, duration=duration, user=None)
        made["request"]["time"] = f"2026-11-22T16:00:{started}Z"
        return made

    inbox.post([record("a", "00.000", 400.0, "Incoming"), record("b", "00.050", 100.0), record("c", "00.100", 100.0)])
    inbox.post([record("d", "00.350", 900.0)])
    page.locator(f"{ROWS} .text").first.click()
    expect(page.locator(".timeline .own")).to_have_text(
        "the application itself 200 ms, waiting for outbound requests 200 ms"
    )


def test_only_what_is_outbound_says_its_direction(page: Page, inbox: Any, family: Any) -> None:
    """Calls below their request need no column for that; one that stands alone does."""
    inbox.post([shop.event(), *family])
    direction = page.get_by_role("columnheader", name="Dir")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(direction).to_have_count(0)
    page.locator(".calls").click()
    expect(page.locator(ROWS)).to_have_count(4)
    expect(direction).to_have_count(0)
    inbox.post([shop.event("GET", "http://other.test/x", direction="Outgoing", user=None)])
    expect(direction).to_be_visible()
    expect(page.locator(f"{ROWS} .dir")).to_have_text(["out", "", "out", "out", ""])


def test_only_endpoints_with_calls_lead_to_upstreams(page: Page, inbox: Any, family: Any) -> None:
    inbox.post([shop.event(), *family])
    page.get_by_role("link", name="Endpoints", exact=True).click()
    rows = page.locator(".groups tbody tr")
    expect(rows).to_have_count(4)
    expect(page.locator(".upstreams-link")).to_have_count(1)
    expect(rows.filter(has_text=ORDER).locator(".upstreams-link")).to_be_visible()


def test_upstreams_of_an_endpoint(page: Page, inbox: Any, family: Any) -> None:
    """From an endpoint to what it spends its time in, and on to the calls."""
    inbox.post([*family, shop.event("GET", "http://other.test/x", direction="Outgoing", user=None)])
    page.get_by_role("link", name="Upstreams", exact=True).click()
    expect(page.locator(".groups tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Endpoints", exact=True).click()
    page.get_by_role("link", name="upstreams", exact=True).first.click()
    rows = page.locator(".groups tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("bank.test/charges")
    expect(rows.first.locator(".share")).to_have_text("73 %")
    rows.first.get_by_role("link").click()
    expect(page.locator(ROWS)).to_have_count(1)


@pytest.mark.parametrize("query", ["", "status:5xx", "user:42", "path:/api/orders"])
def test_a_failed_call_marks_its_request_under_every_query(
    inbox: Any, family: Any, visit: Callable[..., Any], query: str
) -> None:
    """Also if the query leaves the call out, folded and unfolded."""
    inbox.post(list(family))
    page = visit(inbox).open(f"/?q={query}")
    expect(page.locator(".calls.bad-call")).to_have_text("2 out")
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
    expect(page.locator(".calls.bad-call")).to_have_count(1)


def test_a_request_that_is_opened_shows_what_it_sent(page: Page, inbox: Any, family: Any) -> None:
    """By a click as by its address; its row stays where it is, and it can be collapsed."""
    inbox.post([*family, shop.event()])
    row = page.locator(ROWS, has_text=ORDER)
    place = "row => row.getBoundingClientRect().top - document.querySelector('.list').getBoundingClientRect().top"
    before = row.evaluate(place)
    row.locator(".text").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
    assert row.evaluate(place) == before
    page.locator(".calls").click()
    expect(page.locator(f"{ROWS}.under")).to_have_count(0)
    page.reload()
    expect(page.locator(f"{ROWS}.under")).to_have_count(2)
