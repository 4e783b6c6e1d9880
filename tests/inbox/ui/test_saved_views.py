"""Views with a name at the left, and links that open in another browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"


def _panel(page: Page) -> Any:
    return page.get_by_role("complementary", name="Views")


def test_a_query_is_saved_under_a_name(page: Page, inbox: Any) -> None:
    """It is in the list and in the address, says when it was changed, and goes away."""
    inbox.post([shop.event(), shop.event(status=500), shop.event(status=503)])
    expect(page.locator(ROWS)).to_have_count(3)
    panel = _panel(page)
    expect(panel.get_by_role("button", name="Save this view")).to_be_disabled()
    page.get_by_label("Query", exact=True).fill("status:5xx")
    expect(page.locator(ROWS)).to_have_count(2)
    panel.get_by_role("button", name="Save this view").click()
    expect(panel.get_by_label("Name of the view")).to_be_focused()
    page.keyboard.type("Failing")
    page.keyboard.press("Enter")
    link = panel.get_by_role("link", name="Failing")
    expect(link).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(r"q=status%3A5xx&saved=Failing"))
    page.get_by_label("Query", exact=True).fill("status:503")
    expect(panel.get_by_role("link", name="Failing *")).to_be_visible()
    panel.get_by_role("button", name="Update Failing").click()
    expect(panel.get_by_role("button", name="Update Failing")).to_have_count(0)
    panel.get_by_role("link", name="Everything").click()
    expect(page.locator(ROWS)).to_have_count(3)
    link.click()
    expect(page.locator(ROWS)).to_have_count(1)
    panel.get_by_role("button", name="Delete the view Failing").click()
    expect(link).to_have_count(0)


def test_a_view_of_the_page_stays_marked_in_another_order(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(duration=each) for each in (10.0, 1600.0, 1900.0)])
    link = _panel(page).get_by_role("link", name="Slow")
    link.click()
    expect(link).to_have_attribute("aria-current", "true")
    page.get_by_role("columnheader", name="Duration").get_by_role("button").click()
    expect(page).to_have_url(re.compile("order="))
    expect(link).to_have_attribute("aria-current", "true")


def test_an_address_may_name_a_view_and_no_more(visit: Callable[..., Any], inbox: Any) -> None:
    """Whoever gets it sees the query of that view."""
    inbox.api("PUT", "/views/Slow", {"query": "dur:>500", "order": "-duration"})
    inbox.post([shop.event(duration=each) for each in (10.0, 600.0, 900.0)])
    page = visit(inbox).open("/?saved=Slow")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS).first).to_contain_text("900 ms")
    expect(page.get_by_label("Query", exact=True)).to_have_value("dur:>500")


def test_a_link_opens_in_another_browser_once(visit: Callable[..., Any], inbox: Any) -> None:
    """With the record that was open; the token is neither in the link nor in the address."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}") for at in range(3)])
    one = visit(inbox, permissions=["clipboard-read", "clipboard-write"])
    page = one.open("/?n=2&q=status:200")
    page.locator(".detail .url").wait_for()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert inbox.token not in link
    other = visit(inbox).context.new_page()
    other.goto(link)
    expect(other.locator(".detail .url")).to_have_text("http://shop.test/1")
    expect(other).to_have_url(f"http://127.0.0.1:{inbox.port}/?n=2&q=status:200")
    third = visit(inbox).context.new_page()
    third.goto(link)
    expect(third.get_by_role("alert")).to_contain_text("opened before")
    expect(third.get_by_label("URL or token")).to_be_visible()


def test_on_a_narrow_screen_the_views_are_behind_a_button(visit: Callable[..., Any], inbox: Any) -> None:
    """They cover the list until one is chosen."""
    inbox.post([shop.event(), shop.event(status=500)])
    page = visit(inbox, viewport={"width": 390, "height": 800}).open()
    expect(page.locator(ROWS)).to_have_count(2)
    expect(_panel(page)).to_have_count(0)
    page.get_by_role("button", name="Views").click()
    _panel(page).get_by_label("Sort by").select_option("-duration")
    expect(page).to_have_url(re.compile("order=-duration"))
    _panel(page).get_by_role("link", name="5xx and exceptions").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(_panel(page)).to_have_count(0)
