"""Outbound calls belong to the request that made them, in the list as in the record, whichever arrives first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

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
