"""Charts, tables and totals follow the list: what is imported, deleted or held back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"
_ENTRY = {
    "startedDateTime": "2026-11-22T16:00:00Z",
    "time": 5,
    "request": {"method": "GET", "url": "http://other.test/imported", "headers": []},
    "response": {"status": 503, "headers": [], "content": {}},
}


def _chart(page: Page) -> Locator:
    return page.locator(".plot svg")


def _counts(count: int) -> re.Pattern[str]:
    return re.compile(f"^{count} records? over time")


def test_a_chart_follows_an_import_and_a_deletion(page: Page, inbox: Any) -> None:
    """Also of more records than the stream shows one by one; and tables follow as well."""
    inbox.post([shop.event() for _ in range(3)])
    expect(_chart(page)).to_have_attribute("aria-label", _counts(3))
    assert inbox.api("POST", "/import", {"log": {"entries": [_ENTRY] * 700}})[1]["imported"] == 700
    expect(_chart(page)).to_have_attribute("aria-label", _counts(703))
    expect(page.locator(".foot")).to_contain_text("200 shown of 703")
    inbox.api("DELETE", "/records?q=status%3A200")
    expect(_chart(page)).to_have_attribute("aria-label", _counts(700))
    page.get_by_role("tab", name="Latency").click()
    expect(_chart(page)).to_have_attribute("aria-label", re.compile("^Duration of 700 records"))
    page.get_by_role("link", name="Errors", exact=True).click()
    expect(page.locator("caption").first).to_contain_text("700 errors at 1 endpoint")
    inbox.api("DELETE", "/records?q=is%3Aerror")
    expect(page.locator(".empty")).to_contain_text("No errors")


def test_a_chart_of_a_paused_list_counts_what_is_shown(page: Page, inbox: Any) -> None:
    """Whatever is done with the page meanwhile; so do the tables."""
    inbox.post([shop.event(status=500) for _ in range(3)])
    expect(_chart(page)).to_have_attribute("aria-label", _counts(3))
    page.get_by_role("button", name="Pause").click()
    inbox.post([shop.event(status=500) for _ in range(4)])
    expect(page.locator(".pause")).to_have_text("Resume (4)")
    page.set_viewport_size({"width": 1300, "height": 900})  # other bars are asked for
    page.get_by_role("tab", name="Latency").click()
    expect(_chart(page)).to_have_attribute("aria-label", re.compile("^Duration of 3 records"))
    page.get_by_role("tab", name="Requests").click()
    expect(_chart(page)).to_have_attribute("aria-label", _counts(3))
    page.get_by_role("link", name="Errors", exact=True).click()
    expect(page.locator("caption").first).to_contain_text("3 errors")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("caption").first).to_contain_text("7 errors")
    page.get_by_role("link", name="Requests", exact=True).click()
    expect(_chart(page)).to_have_attribute("aria-label", _counts(7))


def test_the_foot_counts_all_that_match(page: Page, inbox: Any) -> None:
    """With and without a chart that has counted them."""
    inbox.post([shop.event(status=200 + 300 * (at % 2)) for at in range(450)])
    expect(page.locator(".foot")).to_contain_text("450 shown of 450")
    page.reload()
    expect(page.locator(".foot")).to_contain_text("200 shown of 450")
    page.get_by_role("tab", name="Hide").click()
    page.get_by_label("Query", exact=True).fill("status:500")
    expect(page.locator(".foot")).to_contain_text("200 shown of 225")
    page.locator(".list").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator(".foot")).to_contain_text("225 shown of 225")


def test_what_is_about_outbound_requests_is_there_with_them(page: Page, inbox: Any) -> None:
    """The views, and the links of endpoints; without any there is nothing to see."""
    inbox.post([shop.event()])
    expect(page.locator(ROWS)).to_have_count(1)
    upstreams = page.get_by_role("link", name="Upstreams", exact=True)
    outbound = page.get_by_role("link", name="Outbound", exact=True)
    expect(outbound).to_have_count(0)
    expect(upstreams).to_have_count(0)
    page.get_by_role("link", name="Endpoints", exact=True).click()
    expect(page.locator(".groups tbody tr")).to_have_count(1)
    expect(page.locator(".upstreams-link")).to_have_count(0)
    inbox.post(shop.story()[-3:])
    expect(upstreams).to_be_visible()
    expect(outbound).to_be_visible()
    expect(page.locator(".upstreams-link").first).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?q=user:42")
    expect(upstreams).to_be_visible()


def test_a_click_on_a_row_of_a_table_is_one_on_its_name(page: Page, inbox: Any) -> None:
    """Of errors, endpoints and users; links in it lead where they lead."""
    inbox.post([shop.event(status=500), shop.event(uri="http://shop.test/b", status=404)])
    for view, query in (("Errors", "is:error"), ("Endpoints", "method:"), ("Users", "user:")):
        page.get_by_role("link", name=view, exact=True).click()
        page.locator(".groups tbody tr td.count").first.click()
        expect(page.get_by_label("Query", exact=True)).to_have_value(re.compile(query))
        expect(page.locator(ROWS).first).to_be_visible()
        page.get_by_role("button", name="Clear the query").click()
        expect(page.locator(ROWS)).to_have_count(2)


def test_the_newest_error_is_the_latest_request(page: Page, inbox: Any) -> None:
    """As the column Last says; an imported file tells of older ones."""
    now = datetime.now(timezone.utc)
    for at, days in enumerate((1, 0, 300)):
        thrown = {"exception": {"type": "KeyError", "message": f"cup {at}"}}
        inbox.post([shop.event(status=500, time=now - timedelta(days=days), metadata=thrown)])
    page.get_by_role("link", name="Errors", exact=True).click()
    expect(page.locator(".newest a")).to_contain_text("cup 1")
    expect(page.locator(".last div").first).to_have_text(re.compile(r"^\d\d:"))


def test_the_button_of_the_views_works_at_every_width(page: Page, inbox: Any) -> None:
    """Where a record is open it covers the list and takes the focus; Escape, a click elsewhere and a view close it."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}") for at in range(3)])
    views, button = page.locator("#views"), page.get_by_role("button", name="Views", exact=True)
    expect(views).to_be_visible()
    page.locator(ROWS).first.click()
    expect(page.locator(".detail")).to_be_visible()
    for width in (1440, 1024, 768):
        page.set_viewport_size({"width": width, "height": 900})
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(views).to_be_hidden()
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(views.get_by_role("link").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(views).to_be_hidden()
        expect(button).to_be_focused()
        button.click()
        page.locator(".detail .url").click()
        expect(views).to_be_hidden()
        expect(page.locator(".detail")).to_be_visible()
    button.click()
    views.get_by_role("link", name="4xx").click()
    expect(views).to_be_hidden()
    expect(page.get_by_label("Query", exact=True)).to_have_value("is:client-error")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(views).to_be_visible()
