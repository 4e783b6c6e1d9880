"""The record pane for eyes of every kind and on every screen, with a record of every format."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import formats
import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

COLORS = ["color-contrast", "link-in-text-block"]
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll('.detail .scroll, .detail .find')]
    .filter(box => box.scrollWidth > box.clientWidth).map(box => `${box.className} ${box.scrollWidth}`)"""


def findings(page: Page, axe: str) -> list[str]:
    """What all rules find in light, and those about colors in the dark."""
    page.evaluate(axe)
    found = []
    for scheme, options in (("light", {}), ("dark", {"runOnly": COLORS})):
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate("options => axe.run(document, options)", options)["violations"]
        found += [
            f"{scheme} {one['id']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
            for one in violations
            if one["impact"] in {"serious", "critical"}
        ]
    return found


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('.detail details').forEach(one => one.open = true)")


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_no_serious_finding_and_nothing_too_wide(visit: Callable[..., Any], inbox: Any, axe: str, width: int) -> None:
    """First tabs with everything unfolded, what is long, find, and the comparison."""
    records = formats.every_format()
    inbox.post([*records, shop.event("GET", "http://shop.test/cart", user="ann")])
    page = visit(inbox, viewport={"width": width, "height": 900}, reduced_motion="reduce").open()
    address = page.url.partition("?")[0].rstrip("/")
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found[name] = findings(page, axe) + page.evaluate(TOO_WIDE)

    for n in range(1, len(records) + 1):
        page.goto(f"{address}/?n={n}")
        page.locator(".facts").wait_for()
        unfold(page)
        look(f"record {n}")
    page.goto(f"{address}/?n=7&tab=request")
    page.locator(".token").wait_for()
    look("token")
    page.goto(f"{address}/?n=1&q=res.body:espresso")
    expect(page.locator(".find")).to_contain_text("1 of")
    look("find")
    page.goto(f"{address}/?n=8")
    page.locator(".failure").wait_for()
    page.keyboard.press("l")
    page.locator(".to-failure .changes").first.wait_for()
    look("comparison")
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_failure_is_explained_by_keyboard_alone(page: Page, inbox: Any) -> None:
    """From the query to the comparison with the last success, and to the hit in a body."""
    inbox.post(
        [
            shop.event("POST", "http://shop.test/orders", 201, user="ann"),
            shop.event("POST", "http://shop.test/orders", 500, user="ann", response={"body": {"error": "no cup"}}),
        ]
    )
    expect(page.locator(".rows .row")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("status:5xx user:ann")
    page.keyboard.press("Enter")
    expect(page.locator(".rows .row")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".failure")).to_contain_text("no cup")
    page.keyboard.press("l")
    expect(page.locator(".relation")).to_contain_text("the same user (ann)")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_be_visible()


@pytest.fixture
def orders(page: Page, inbox: Any) -> Page:
    """The page with a success of three days ago, a failure of today that is open, and one that is not."""
    now = datetime.now(timezone.utc)
    ago = [timedelta(days=3), timedelta(seconds=2), timedelta(seconds=1)]
    inbox.post(
        [
            shop.event("POST", "http://shop.test/orders", status, time=now - one, user="ann")
            for one, status in zip(ago, (201, 500, 500), strict=True)
        ]
    )
    expect(page.locator(".rows .row:not(.day)")).to_have_count(3)
    page.locator("#r2").click()
    expect(page.locator(".failure")).to_be_visible()
    return page


def test_a_comparison_leads_back_to_where_it_came_from(orders: Page) -> None:
    """By Escape, by its link, and by Back: to the record, without a trace of the comparison in the address."""
    comparison, record = orders.get_by_role("region", name="Comparison"), orders.get_by_label("Record 2", exact=True)

    def leave(how: Callable[[], object]) -> None:
        orders.keyboard.press("l")
        expect(comparison).to_be_focused()
        how()
        expect(record).to_be_visible()
        assert "left" not in orders.url
        assert "right" not in orders.url

    leave(lambda: orders.keyboard.press("Escape"))
    leave(lambda: orders.get_by_role("link", name="← Record 2").click())
    leave(orders.go_back)
    orders.keyboard.press("l")
    expect(comparison).to_be_visible()
    orders.keyboard.press("3")
    expect(orders.locator(".groups")).to_be_visible()
    assert orders.url.partition("?")[2] == "view=endpoints"


def test_a_comparison_of_two_rows_leads_back_to_the_list(orders: Page) -> None:
    """No record was open, so none is."""
    orders.keyboard.press("Escape")
    for key in ("m", "j", "m"):
        orders.keyboard.press(key)
    expect(orders.get_by_role("region", name="Comparison")).to_be_focused()
    orders.keyboard.press("Escape")
    expect(orders.locator(".list")).to_be_focused()
    expect(orders.locator(".detail")).to_have_count(0)
    expect(orders.locator("#r1.chosen")).to_be_visible()


def test_a_comparison_tells_the_day_of_each_record(orders: Page) -> None:
    """And how far apart they are, if that is much."""
    orders.keyboard.press("l")
    expect(orders.locator(".side")).to_have_text([re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:")] * 2)
    expect(orders.locator(".relation")).to_contain_text("The success was 3 days before the failure.")


def test_a_moment_between_success_and_failure_is_told_in_milliseconds(visit: Callable[..., Any], inbox: Any) -> None:
    begin = datetime.now(timezone.utc)
    for status, after in ((500, 0), (201, 71)):
        moment = begin + timedelta(milliseconds=after)
        inbox.post([shop.event("POST", "http://shop.test/orders", status, time=moment, user="ann")])
    page = visit(inbox).open("/?view=compare&left=2&right=1")
    expect(page.locator(".relation")).to_contain_text("The success was 71 ms after the failure.")


def test_a_comparison_says_that_the_success_came_later(orders: Page, inbox: Any) -> None:
    """The newest success is compared, so that it may be one after the failure."""
    later = datetime.now(timezone.utc) + timedelta(seconds=18)
    inbox.post([shop.event("POST", "http://shop.test/orders", 201, time=later, user="ann")])
    expect(orders.locator("#r4")).to_be_visible()
    orders.keyboard.press("l")
    expect(orders.locator(".relation")).to_contain_text(re.compile(r"The success was \d\d s after the failure\."))


def test_the_focus_never_gets_lost(orders: Page) -> None:
    """It goes to the list when the pane closes, and stays at a control of the pane when its record changes."""
    rows = orders.locator(".list")
    orders.get_by_role("tab", name="Overview").focus()
    orders.keyboard.press("Escape")
    expect(rows).to_be_focused()
    orders.keyboard.press("ArrowUp")
    orders.keyboard.press("Enter")
    expect(orders.get_by_label("Record 3", exact=True)).to_be_visible()
    older = orders.get_by_role("button", name="Older record")
    older.focus()
    for n in (2, 1):
        expect(older).to_be_focused()
        orders.keyboard.press("Enter")
        expect(orders.get_by_label(f"Record {n}", exact=True)).to_be_visible()
    expect(orders.locator(".detail .scroll")).to_be_focused()  # there is no older record
    orders.keyboard.press("t")
    expect(orders.get_by_label("Add a tag")).to_be_focused()
    orders.keyboard.press("Escape")
    expect(orders.locator(".detail .scroll")).to_be_focused()
    orders.get_by_role("button", name="Close", exact=True).press("Enter")
    expect(rows).to_be_focused()


def tab_to(page: Page, goal: Locator, key: str = "Tab") -> None:
    """Press Tab until that element has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{key} does not lead to {goal}")


def test_ten_daily_tasks_by_keyboard_alone(page: Page, inbox: Any) -> None:
    """Each in three steps at most, which are: a query, a key, or the way to a button."""
    order = {"request": {"body": {"coupon": "C93"}, "transfer_encoding": "json"}}
    inbox.post(
        [
            shop.event("POST", "http://shop.test/orders", 201, user="ada"),
            shop.event("POST", "http://shop.test/orders", 500, user="ada", response={"body": {"error": "no"}}, **order),
            shop.event("GET", "http://shop.test/report", user="eve", duration=2300.0),
        ]
    )
    rows, press = page.locator(".rows .row"), page.keyboard.press
    expect(rows).to_have_count(3)

    def query(text: str, count: int = 1) -> None:
        press("/")
        page.keyboard.type(text)
        press("Enter")
        expect(rows).to_have_count(count)

    query("is:error method:POST user:ada")  # 1: the failed POST of a user
    press("j")
    press("Enter")
    expect(page.locator(".failure")).to_contain_text("no")  # 2: why it failed
    press("l")
    expect(page.locator(".relation")).to_contain_text("the same user (ada)")  # 3: compare it with the last success
    press("Escape")
    expect(page.locator(".failure")).to_be_visible()
    press("c")
    expect(page.locator(".toast")).to_contain_text("Copied")  # 4: copy as cURL
    with page.expect_download() as shared:
        tab_to(page, page.get_by_role("button", name="More"))
        press("Enter")
        tab_to(page, page.get_by_role("button", name="HTML", exact=True))
        press("Enter")
    assert shared.value.suggested_filename == "drhttp-2.html"  # 5: share it
    press("Escape")
    query("is:slow")  # 6: the slow ones
    expect(rows).to_contain_text("/report")
    query("user:ada", 2)
    inbox.post([shop.event(user="ada")])
    expect(rows).to_have_count(3)  # 7: watch it live
    press("3")
    expect(page.locator(".groups tbody .p95").first).to_contain_text("ms")  # 8: the p95 of an endpoint
    press("1")
    tab_to(page, page.get_by_role("button", name="Inbox: export"), "Shift+Tab")
    press("Enter")
    with page.expect_download() as export:
        tab_to(page, page.get_by_role("button", name="Export as HAR"))
        press("Enter")
    assert export.value.suggested_filename.endswith(".har")  # 9: export
    press("Escape")
    query("body:C93")  # 10: find a record by a value in its JSON
    press("j")
    press("Enter")
    expect(page.locator(".find")).to_contain_text("1 of 1")


RINGS = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const grown = parseFloat(style.outlineOffset) + parseFloat(style.outlineWidth);
    const name = `${one.tagName}.${one.className} ${(one.getAttribute('aria-label') || one.textContent).slice(0, 30)}`;
    if (style.outlineStyle === 'none') return [`${name}: no ring`];
    const ring = {left: box.left - grown, right: box.right + grown, top: box.top - grown, bottom: box.bottom + grown};
    const found = [];
    for (let above = one.parentElement; above && !above.matches('.detail'); above = above.parentElement) {
        const {overflowX, overflowY} = getComputedStyle(above);
        if (overflowX === 'visible' && overflowY === 'visible') continue;
        const edge = above.getBoundingClientRect();
        const inside = ring.left >= edge.left - .5 && ring.right <= edge.right + .5
            && (box.height > edge.height || (ring.top >= edge.top - .5 && ring.bottom <= edge.bottom + .5));
        if (!inside) found.push(`${name}: cut off by ${above.className}`);
    }
    const next = one.nextElementSibling?.getBoundingClientRect();
    const beside = next?.width && next.left >= box.left + 2 && next.left < ring.right - 1;
    const level = beside && next.top < box.bottom - 2 && next.bottom > box.top + 2;
    if (level && style.zIndex === 'auto') found.push(`${name}: under its neighbor`);
    return found;
}"""


@pytest.mark.parametrize("tab", ["overview", "request", "outbound"])
def test_every_ring_of_the_focus_is_seen_whole(page: Page, inbox: Any, tab: str) -> None:
    """Of all that Tab reaches in the pane: nothing cuts it off, and no neighbor covers it."""
    inbox.post(shop.story())
    n = inbox.api("GET", "/records?q=has:outbound")[1]["records"][0]["n"]
    page.goto(f"{page.url.partition('?')[0]}?n={n}&tab={tab}")
    page.locator(".detail .scroll").wait_for()
    unfold(page)
    page.get_by_role("button", name="Newer record").focus()
    found = []
    for _ in range(80):
        if not page.evaluate("Boolean(document.activeElement.closest('.detail'))"):
            break
        found += page.evaluate(RINGS)
        page.keyboard.press("Tab")
    assert found == []


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_a_notification_covers_nothing_that_is_read(visit: Callable[..., Any], inbox: Any, width: int) -> None:
    """It stands over the navigation: not over the list, the record, or a comparison."""
    inbox.post([shop.event()])
    page = visit(inbox, viewport={"width": width, "height": 900}).open("/?n=1")
    page.locator(".detail .facts").wait_for()
    page.keyboard.press("c")
    expect(page.locator(".toast")).to_contain_text("Copied")
    bottom = page.locator(".toast").evaluate("box => box.getBoundingClientRect().bottom")
    assert bottom <= page.locator("main").evaluate("box => box.getBoundingClientRect().top")
