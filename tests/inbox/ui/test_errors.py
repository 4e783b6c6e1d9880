"""What failed, by endpoint: how often, in which ways, and the newest of each, a step away from its records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

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
    expect(page.locator(ROWS)).to_have_count(3)
    return page


def _table(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_errors_are_counted_by_endpoint_and_told_by_kind(failing: Page) -> None:
    errors, refused = _table(failing, "Errors"), _table(failing, "4xx")
    expect(errors.locator("caption")).to_contain_text("3 errors at 1 endpoint (5xx, exceptions and")
    expect(errors.locator(".count div")).to_have_text(["3"])
    expect(errors.locator(".kinds .status")).to_have_text(["503 \N{MULTIPLICATION SIGN}2", "KeyError"])
    expect(errors.locator(".newest a")).to_contain_text("no such cup")
    expect(refused.locator("caption")).to_contain_text("4 4xx responses at 2 endpoints")
    first = refused.locator("tbody tr", has_text="/api/items/{id}")
    expect(first.locator(".kinds .status")).to_have_text(["404 \N{MULTIPLICATION SIGN}3"])
    expect(refused.locator("tbody tr", has_text="/login").locator(".kinds .status")).to_have_text(["401"])


def test_every_view_counts_the_same_errors(failing: Page) -> None:
    """Errors, Endpoints, Users and the query count 5xx and exceptions as errors, and 4xx apart."""
    expect(_table(failing, "Errors").locator("caption")).to_contain_text("3 errors")
    failing.get_by_role("link", name="Endpoints", exact=True).click()
    row = failing.locator(ROWS, has_text="/api/items/{id}")
    expect(row.locator(".errors")).to_have_text("12 %")
    expect(row.locator(".errors")).to_have_attribute("title", re.compile("^3: 5xx, exceptions"))
    expect(row.locator(".client-errors")).to_have_text("12 %")
    failing.get_by_role("link", name="Users", exact=True).click()
    expect(failing.locator(f"{ROWS} .errors")).to_have_text("3")
    expect(failing.locator(f"{ROWS} .client-errors")).to_have_text("4")
    failing.goto(failing.url.partition("?")[0] + "?q=is:error")
    expect(failing.locator(".foot")).to_contain_text("3 shown")
    failing.goto(failing.url.partition("?")[0] + "?q=is:client-error")
    expect(failing.locator(".foot")).to_contain_text("4 shown")


def test_an_endpoint_leads_to_its_errors_and_the_newest_to_its_record(failing: Page) -> None:
    _table(failing, "Errors").get_by_role("link", name="/api/items/{id}").click()
    expect(failing.locator(".foot")).to_contain_text("3 shown")
    failing.go_back()
    failing.locator(".newest a", has_text="no such cup").click()
    expect(failing.locator(".detail .failure")).to_contain_text("KeyError")
    expect(failing.locator(".rows .open")).to_contain_text("/api/items/9")


def test_errors_follow_the_query_and_what_arrives(failing: Page, inbox: Any) -> None:
    field = failing.get_by_label("Query", exact=True)
    field.fill("status:4xx OR method:POST")
    expect(_table(failing, "4xx").locator("caption")).to_contain_text("4 4xx responses at 2 endpoints")
    expect(failing.locator(".failures .pad")).to_contain_text("No errors")
    inbox.post([shop.event(uri="http://shop.test/api/items/1", status=404)])
    expect(_table(failing, "4xx").locator("caption")).to_contain_text("5 4xx responses at 2 endpoints")
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
