"""What failed, by endpoint: how often, in which ways, and the newest of each, a step away from its records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROWS = ".groups tbody tr"


@pytest.fixture
def failing(page: Page, inbox: Any) -> Page:
    """Errors of three kinds at one endpoint, of one kind at another, and much that went well."""
    thrown = {"exception": {"type": "KeyError", "message": "no such cup"}}
    inbox.post(
        [
            *(shop.event(uri=f"http://shop.test/api/items/{at}") for at in range(20)),
            *(shop.event(uri=f"http://shop.test/api/items/{at}", status=404) for at in range(3)),
            *(shop.event(uri=f"http://shop.test/api/items/{at}", status=503) for at in range(2)),
            shop.event("POST", "http://shop.test/login", 401),
            shop.event(uri="http://shop.test/api/items/9", status=500, metadata=thrown),
        ]
    )
    expect(page.locator(".foot")).to_contain_text("27 shown")
    page.get_by_role("link", name="Errors", exact=True).click()
    expect(page.locator(ROWS)).to_have_count(2)
    return page


def test_errors_are_counted_by_endpoint_and_told_by_kind(failing: Page) -> None:
    expect(failing.locator("caption")).to_have_text("7 errors at 2 endpoints")
    first = failing.locator(ROWS, has_text="/api/items/{id}")
    expect(first.locator(".count")).to_have_text("6")
    expect(first.locator(".kinds .status")).to_have_text(
        ["404 \N{MULTIPLICATION SIGN}3", "503 \N{MULTIPLICATION SIGN}2", "KeyError"]
    )
    expect(first.locator(".newest")).to_contain_text("no such cup")
    second = failing.locator(ROWS, has_text="/login")
    expect(second.locator(".kinds .status")).to_have_text(["401"])


def test_an_endpoint_leads_to_its_errors_and_the_newest_to_its_record(failing: Page) -> None:
    failing.get_by_role("link", name="/api/items/{id}").click()
    expect(failing.locator(".foot")).to_contain_text("6 shown")
    failing.go_back()
    failing.locator(".newest a", has_text="no such cup").click()
    expect(failing.locator(".detail .failure")).to_contain_text("KeyError")
    expect(failing.locator(".rows .open")).to_contain_text("/api/items/9")


def test_errors_follow_the_query_and_what_arrives(failing: Page, inbox: Any) -> None:
    field = failing.get_by_label("Query", exact=True)
    field.fill("status:4xx OR method:POST")
    expect(failing.locator("caption")).to_have_text("4 errors at 2 endpoints")
    inbox.post([shop.event(uri="http://shop.test/api/items/1", status=404)])
    expect(failing.locator("caption")).to_have_text("5 errors at 2 endpoints")
    field.fill("status:200")
    expect(failing.locator(".empty")).to_contain_text("No errors")


def test_calls_of_the_application_fail_under_their_host(page: Page, inbox: Any) -> None:
    inbox.post(shop.story())
    page.get_by_role("link", name="Errors", exact=True).click()
    row = page.locator(ROWS, has_text="bank.test/charges")
    expect(row.locator(".direction")).to_have_text("out")
    expect(row.locator(".kinds")).to_have_text(re.compile("TimeoutError"))
    expect(row.locator(".newest")).to_contain_text("timed out")


def test_an_inbox_without_errors_says_so(page: Page, inbox: Any) -> None:
    inbox.post([shop.event()])
    page.get_by_role("link", name="Errors", exact=True).click()
    expect(page.locator(".empty")).to_contain_text("No errors")
