"""Everything by keyboard, for eyes of every kind, in light and dark, on small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _findings(page: Page, axe: str) -> list[str]:
    # Through evaluate, which the policy of the page does not bind.
    page.evaluate(axe)
    told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {[node['html'][:200] for node in found['nodes'][:3]]} {found['nodes'][0]['failureSummary']}"
        for found in told["violations"]
        if found["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "dark")])
def test_no_serious_finding_of_axe(visit: Callable[..., Any], inbox: Any, axe: str, scheme: str, width: int) -> None:
    inbox.post([*shop.hour(300), *shop.story()])
    order = next(one["n"] for one in inbox.api("GET", "/records?q=has:outbound")[1]["records"])
    page = visit(inbox, color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce").open()
    sights = {
        "/": ".rows .row",
        "/?q=status:5xx": ".chip",
        "/?q=stauts:1": ".complaint",
        "/?q=path:/nowhere": ".empty",
        f"/?n={order}": ".timeline",
        f"/?n={order}&tab=request": ".tree",
        f"/?n={order - 6}&tab=response": ".body",
        "/?view=endpoints": ".groups",
        "/?view=users": ".groups",
        "/?view=devices": ".groups",
        f"/?view=compare&left={order - 1}&right={order - 2}": ".changes",
    }
    found = {}
    for address, awaited in sights.items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        found[address] = _findings(page, axe)
    for button in ("The inbox",) if width == 390 else ("The inbox", "Keys"):
        page.get_by_role("button", name=button).click()
        found[button] = _findings(page, axe)
        page.keyboard.press("Escape")
    assert {address: told for address, told in found.items() if told} == {}


def test_the_whole_flow_by_keyboard(page: Page, inbox: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    inbox.post([shop.event(uri=f"http://shop.test/api/{at}", status=500 if at == 3 else 200) for at in range(6)])
    expect(page.locator(".rows .row")).to_have_count(6)
    press = page.keyboard.press
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("pause, resume")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for key, path in (("j", "/api/5"), ("j", "/api/4"), ("k", "/api/5"), ("j", "/api/4")):
        press(key)
        expect(page.locator(".rows .chosen")).to_contain_text(path)
    press("Enter")
    expect(page.locator(".detail .url")).to_have_text("http://shop.test/api/4")
    press("j")
    expect(page.locator(".detail .url")).to_have_text("http://shop.test/api/3")
    press("x")
    expect(page.locator(".rows .chosen .pin")).to_be_visible()
    press("c")
    expect(page.locator(".news")).to_contain_text("Copied")
    assert "/api/3" in page.evaluate("navigator.clipboard.readText()")
    press("r")
    expect(page.get_by_role("dialog")).to_contain_text("Send this request again?")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("Escape")
    expect(page.locator(".detail")).to_have_count(0)
    press("p")
    expect(page.locator(".pause")).to_have_text("Resume")
    press("p")
    press("/")
    expect(page.get_by_label("Query", exact=True)).to_be_focused()
    page.keyboard.type("is:error ")
    expect(page.locator(".rows .row")).to_have_count(1)
    press("Escape")
    press("Escape")
    press("j")
    expect(page.locator(".rows .chosen")).to_contain_text("/api/3")


def test_focus_is_seen_wherever_tab_goes(page: Page, inbox: Any) -> None:
    inbox.post([shop.event()])
    page.locator(".rows .row").click()
    page.locator(".detail .scroll").wait_for()
    page.locator("body").press("Home")
    visible = """() => {
        const focused = document.activeElement;
        if (focused === document.body || focused.matches('.splitter, input')) return true;
        return getComputedStyle(focused).outlineStyle !== 'none';
    }"""
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(visible), page.evaluate("document.activeElement.outerHTML")
        seen.add(page.evaluate("document.activeElement.tagName + document.activeElement.className"))
    assert len(seen) >= 8


@pytest.mark.parametrize("width", [320, 390, 800])
def test_nothing_is_wider_than_the_screen(visit: Callable[..., Any], inbox: Any, width: int) -> None:
    inbox.post(shop.story())
    page = visit(inbox, viewport={"width": width, "height": 700}).open()
    for address, awaited in {
        "/": ".rows .row",
        "/?n=10": ".timeline",
        "/?view=endpoints": ".groups",
        "/?view=users": ".groups",
    }.items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if "groups" in awaited:
            assert page.locator(".sheet").evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_nothing_moves_for_those_who_asked_for_that(visit: Callable[..., Any], inbox: Any) -> None:
    page = visit(inbox, reduced_motion="reduce").open()
    page.locator(".state.live").wait_for()
    inbox.post([shop.event()])
    row = page.locator(".rows .row.fresh")
    row.wait_for()
    assert row.evaluate("row => getComputedStyle(row).animationName") == "none"
