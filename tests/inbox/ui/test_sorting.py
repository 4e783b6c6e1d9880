"""The columns of the list: sorted on the inbox, dated, and left out where they say nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"
_HIDE = """
value => {
  Object.defineProperty(document, 'hidden', {value, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}
"""


def _paths(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(f"{ROWS} .path .text").all_inner_texts()]


def test_a_click_on_a_column_sorts_the_whole_result(page: Page, inbox: Any) -> None:
    """First from the slowest, then from the fastest, then as they arrived; the address says which."""
    durations = [10.0, 900.0, 3.0, 70.0]
    inbox.post([shop.event(uri=f"http://shop.test/{at}", duration=each) for at, each in enumerate(durations)])
    expect(page.locator(ROWS)).to_have_count(4)
    heading = page.get_by_role("columnheader", name="Duration")
    heading.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"order=-duration$"))
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(page.locator(ROWS).first).to_contain_text("900 ms")
    assert _paths(page) == ["/1", "/3", "/0", "/2"]
    page.reload()
    expect(page.locator(ROWS).first).to_contain_text("900 ms")
    heading.get_by_role("button").click()
    expect(page.locator(ROWS).first).to_contain_text("3.0 ms")
    heading.get_by_role("button").click()
    expect(page.locator(ROWS).first).to_contain_text("/3")
    expect(page).not_to_have_url(re.compile("order"))


def test_pages_of_a_sorted_list_follow_each_other(page: Page, inbox: Any) -> None:
    """Also where hundreds of records are equal in it."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}", duration=float(at % 7)) for at in range(700)])
    expect(page.locator(".foot")).to_contain_text("200 shown")
    page.get_by_role("columnheader", name="Duration").get_by_role("button").click()
    expect(page.locator(ROWS).first).to_contain_text("6.0 ms")
    for _ in range(10):
        page.locator(".list").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        page.wait_for_timeout(50)
    expect(page.locator(".foot")).to_contain_text("700 shown")
    expect(page.locator(ROWS).last).to_contain_text("0.00 ms")


def test_a_new_record_goes_to_its_place(page: Page, inbox: Any) -> None:
    """The list stays sorted while it is live."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}", duration=each) for at, each in enumerate([10.0, 900.0])])
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("columnheader", name="Duration").get_by_role("button").click()
    expect(page.locator(ROWS).first).to_contain_text("900 ms")
    inbox.post([shop.event(uri="http://shop.test/new", duration=50.0)])
    expect(page.locator(ROWS)).to_have_count(3)
    assert _paths(page) == ["/1", "/new", "/0"]


def test_what_is_the_same_in_every_row_is_no_column(page: Page, inbox: Any) -> None:
    """It is told once, below the list, until another value comes."""
    inbox.post([shop.event(user="42", device="ios-17") for _ in range(3)])
    expect(page.locator(ROWS)).to_have_count(3)
    names = page.get_by_role("columnheader")
    expect(names).to_have_text(["#", "Time", "Method", "Path", "Status", "Duration", "Size"])
    expect(page.locator(".foot")).to_contain_text("user 42 · device ios-17")
    inbox.post([shop.event("GET", "http://admin.test/", user="7", device="ios-17")])
    expect(names).to_have_text(["#", "Time", "Method", "Host", "Path", "Status", "Duration", "Size", "User"])
    expect(page.locator(f"{ROWS} .host-cell").first).to_have_text("admin.test")


def test_a_user_is_as_wide_as_it_needs_to_be(page: Page, inbox: Any) -> None:
    """Up to a limit, so that the path has what short names leave."""
    inbox.post([shop.event(user=user) for user in ("ada.king@shop.test", "bob")])
    users = page.locator(f"{ROWS} .user")
    expect(users).to_have_count(2)
    cut = "cell => cell.scrollWidth > cell.clientWidth"
    assert [user.evaluate(cut) for user in users.all()] == [False, False]
    inbox.post([shop.event(user="x" * 80)])
    expect(users).to_have_count(3)
    box = users.first.bounding_box()
    assert box is not None
    assert box["width"] <= 150


def test_days_are_told_apart(page: Page, inbox: Any) -> None:
    """A line between them where the list is by time, and the date in the time of those that are not of today."""
    now = datetime.now(timezone.utc)
    old = now - timedelta(days=3)
    inbox.post([shop.event(time=old), shop.event(time=old), shop.event(time=now)])
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator(".day")).to_have_count(0)
    times = page.locator(f"{ROWS} .time").all_inner_texts()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", times[0])
    assert [time.startswith(f"{old:%b} {old.day} ") for time in times[1:]] == [True, True]
    page.get_by_role("columnheader", name="Time").get_by_role("button").click()
    expect(page.locator(".day")).to_have_text([f"{old:%A}, {old:%B} {old.day}, {old.year}"])
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".rows .chosen")).to_have_count(1)
    page.get_by_role("columnheader", name="Path").get_by_role("button").click()
    expect(page.locator(".day")).to_have_count(0)


def test_the_list_says_its_order(page: Page, inbox: Any) -> None:
    """By itself that of arrival, in which old requests of an imported file come first; or that of their time."""
    old = datetime.now(timezone.utc) - timedelta(days=400)
    inbox.post([shop.event(uri=f"http://shop.test/{at}") for at in range(2)])
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}", time=old - timedelta(days=at)) for at in range(2)])
    expect(page.locator(ROWS)).to_have_count(4)
    number, time = (page.get_by_role("columnheader", name=name) for name in ("#", "Time"))
    expect(number).to_have_attribute("aria-sort", "descending")
    expect(time).not_to_have_attribute("aria-sort", re.compile(""))
    assert _paths(page) == ["/old/1", "/old/0", "/1", "/0"]
    expect(page.locator(f"{ROWS} .record-number")).to_have_text(["#4", "#3", "#2", "#1"])
    time.get_by_role("button").click()
    expect(time).to_have_attribute("aria-sort", "descending")
    expect(number).not_to_have_attribute("aria-sort", re.compile(""))
    expect(page.locator(ROWS).first).to_contain_text("#2")
    assert _paths(page) == ["/1", "/0", "/old/0", "/old/1"]
    expect(page.locator(".day")).to_have_count(2)
    number.get_by_role("button").click()
    expect(page.locator(ROWS).first).to_contain_text("#4")
    expect(page).not_to_have_url(re.compile("order"))


@pytest.mark.parametrize(("width", "opens"), [(1440, True), (1024, True), (768, True), (768, False), (390, False)])
def test_the_time_is_in_every_list(visit: Any, inbox: Any, width: int, opens: bool) -> None:
    """However narrow it is, and nothing reaches over its edge; a host is not cut where there is room."""
    hosts = ["127.0.0.1:45973", "127.0.0.1:45975"]
    inbox.post([shop.event(uri=f"http://{host}/api/items/{at}?id=fastapi-22") for at in range(9) for host in hosts])
    page = visit(inbox, viewport={"width": width, "height": 900}).open("/?n=18" if opens else "/")
    expect(page.locator(ROWS)).to_have_count(18)
    time = page.locator(f"{ROWS} .time").first
    expect(time).to_be_visible()
    cut = "cell => cell.scrollWidth > cell.clientWidth"
    assert time.evaluate(cut) is False
    assert page.locator(".list").evaluate(cut) is False
    assert page.locator(f"{ROWS} .record-number").first.evaluate(cut) is False
    if width == 1440:
        assert page.locator(f"{ROWS} .host-cell").first.evaluate(cut) is False


def test_a_row_says_what_was_asked_for(page: Page, inbox: Any) -> None:
    """The operation of GraphQL; and an imported record says that it is one."""
    body = {"operationName": "CreateOrder", "query": "mutation CreateOrder { createOrder { id } }"}
    request = {"headers": {"content-type": "application/json"}, "body": body, "transfer_encoding": "json"}
    inbox.post([shop.event("POST", "http://shop.test/graphql", request=request)])
    expect(page.locator(f"{ROWS} .operation")).to_have_text("mutation CreateOrder")
    page.locator(".operation").click(modifiers=["Alt"])
    expect(page.get_by_label("Query", exact=True)).to_have_value('operation:"mutation CreateOrder"')
    expect(page.locator(ROWS)).to_have_count(1)
    entry = {
        "startedDateTime": "2026-11-22T16:00:00Z",
        "time": 5,
        "request": {"method": "GET", "url": "http://other.test/", "headers": []},
        "response": {"status": 200, "headers": [], "content": {}},
    }
    assert inbox.api("POST", "/import", {"log": {"entries": [entry]}})[1]["imported"] == 1
    page.get_by_role("button", name="Clear the query").click()
    expect(page.locator(f"{ROWS} .tag", has_text="imported")).to_have_count(1)


def test_the_title_counts_what_nobody_has_seen(page: Page, inbox: Any) -> None:
    """While the tab is in the background; afterwards it is as before."""
    expect(page).to_have_title("drhttp inbox")
    page.evaluate(_HIDE, True)
    inbox.post([shop.event() for _ in range(3)])
    expect(page).to_have_title("(3) drhttp inbox")
    page.evaluate(_HIDE, False)
    expect(page).to_have_title("drhttp inbox")


def test_the_title_names_what_is_shown(page: Page, inbox: Any) -> None:
    """The record that is open, or the query; so that tabs and bookmarks can be told apart."""
    inbox.post([shop.event("POST", "http://shop.test/orders", 500)])
    page.locator(ROWS).click()
    expect(page).to_have_title("POST /orders · drhttp inbox")
    page.keyboard.press("Escape")
    expect(page).to_have_title("drhttp inbox")
    page.get_by_label("Query", exact=True).fill("status:5xx")
    expect(page).to_have_title("status:5xx · drhttp inbox")
    page.get_by_role("link", name="Endpoints").click()
    expect(page).to_have_title("Endpoints · status:5xx · drhttp inbox")
    page.evaluate(_HIDE, True)
    inbox.post([shop.event(status=503)])
    expect(page).to_have_title("(1) Endpoints · status:5xx · drhttp inbox")
