"""Everything by keyboard, for eyes of every kind, in light and dark, on small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from support.wide import wide

if TYPE_CHECKING:
    from playwright.sync_api import Page


_OF_COLORS = ["color-contrast", "link-in-text-block"]  # the rules that may find something else in the dark


def _findings(page: Page, axe: str) -> list[str]:
    """What all rules find in light, and the rules about colors in the dark."""
    # Through evaluate, which the policy of the page does not bind.
    page.evaluate(axe)
    page.emulate_media(color_scheme="light")
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    page.emulate_media(color_scheme="dark")
    only = {"resultTypes": ["violations"], "runOnly": _OF_COLORS}
    violations += page.evaluate("options => axe.run(document, options)", only)["violations"]
    return [
        f"{found['id']}: {[node['html'][:200] for node in found['nodes'][:3]]} {found['nodes'][0]['failureSummary']}"
        for found in violations
        if found["impact"] in {"serious", "critical"}
    ]


def _sights(order: int) -> dict[str, str]:
    """Every page and every state of it: its address, and what to wait for."""
    return {
        "/": ".rows .row",
        "/?q=status:5xx": ".chip",
        "/?order=-duration": ".rows .row",
        "/?q=status:5xx&saved=Failing": ".rows .row",
        "/?q=stauts:1": ".query-error",
        "/?q=path:/nowhere": ".empty",
        f"/?n={order}": ".timeline",
        f"/?n={order}&tab=request": ".tree",
        f"/?n={order}&tab=response": ".tree",
        f"/?n={order}&tab=outbound": ".whole",
        f"/?n={order - 1}&tab=overview": ".facts",
        f"/?n={order - 3}&tab=response": ".body pre",
        f"/?n={order - 4}&tab=response": ".hex",
        f"/?n={order - 5}&tab=request": ".body .pairs",
        f"/?n={order - 6}&tab=response": ".body pre",
        f"/?n={order - 7}&tab=response": ".body .preview",
        f"/?n={order - 8}&tab=request": ".part",
        f"/?n={order - 9}&tab=response": ".picture img",
        "/?n=999999": ".detail .empty",
        "/?view=errors": ".groups",
        "/?view=endpoints": ".groups",
        "/?view=users": ".groups",
        "/?view=devices": ".groups",
        "/?view=upstreams": ".groups",
        "/?view=users&q=path:/nowhere": ".empty",
        f"/?view=compare&left={order - 1}&right={order - 2}": ".changes",
        "/?view=compare&left=1&right=999999": ".problem",
    }


def _filled(inbox: Any) -> int:
    """Fill the inbox with records of every kind; the number of the one that sent others."""
    inbox.post([*shop.hour(40), *shop.story()])
    order: int = next(one["n"] for one in inbox.api("GET", "/records?q=has:outbound")[1]["records"])
    inbox.api("PATCH", f"/records/{order}", {"pinned": True, "tags": ["slow"], "note": "Ring Ann."})
    inbox.api("PUT", "/views/Failing", {"query": "status:5xx"})
    return order


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("width", [1440, *wide(390)])
def test_no_serious_finding_of_axe(visit: Callable[..., Any], inbox: Any, axe: str, width: int) -> None:
    order = _filled(inbox)
    page = visit(inbox, viewport={"width": width, "height": 900}, reduced_motion="reduce").open()
    found = {}
    for address, awaited in _sights(order).items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        found[address] = _findings(page, axe)
    page.goto(page.url.partition("?")[0])
    page.locator(".calls").click()
    page.locator(".under").first.wait_for()
    found["unfolded"] = _findings(page, axe)
    page.locator(".rows .row").first.click()
    page.get_by_role("button", name="More").click()
    page.locator(".menu").wait_for()
    found["menu"] = _findings(page, axe)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_have_count(0)
    page.get_by_role("tab", name="Latency").click()
    page.locator(".dots").first.wait_for()
    found["latency"] = _findings(page, axe)
    page.keyboard.press("?")
    page.locator(".keylist").wait_for()
    found["keys"] = _findings(page, axe)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Inbox: export").click()
    page.locator("dialog .properties").wait_for()
    found["the inbox"] = _findings(page, axe)
    page.keyboard.press("Escape")
    page.get_by_label("Query", exact=True).press_sequentially("st")
    page.get_by_role("option").first.wait_for()
    found["completion"] = _findings(page, axe)
    assert {address: findings for address, findings in found.items() if findings} == {}


@pytest.mark.long
@pytest.mark.wide
def test_no_serious_finding_of_axe_where_there_is_nothing(visit: Callable[..., Any], inbox: Any, axe: str) -> None:
    page = visit(inbox, reduced_motion="reduce").open()
    found = {}
    for address in (
        "/",
        "/?view=errors",
        "/?view=endpoints",
        "/?view=users",
        "/?view=devices",
        "/?view=upstreams",
        "/?view=compare",
    ):
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(".empty").wait_for()
        found[address] = _findings(page, axe)
    page.goto(page.url.partition("?")[0])
    page.locator(".state.live").wait_for()
    inbox.stop()
    page.locator(".banner").wait_for()
    found["lost"] = _findings(page, axe)
    assert {address: findings for address, findings in found.items() if findings} == {}


def test_no_serious_finding_of_axe_at_the_door(visit: Callable[..., Any], inbox: Any, axe: str) -> None:
    page = visit(inbox, reduced_motion="reduce").open(token="0" * 32)
    page.get_by_label("URL or token").fill("no token")
    page.get_by_role("button", name="Open").click()
    page.locator(".problem").wait_for()
    assert _findings(page, axe) == []


def test_the_whole_flow_by_keyboard(page: Page, inbox: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    inbox.post([shop.event(uri=f"http://shop.test/api/{at}", status=500 if at == 3 else 200) for at in range(6)])
    expect(page.locator(".rows .row")).to_have_count(6)
    press = page.keyboard.press
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("pause or resume")
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
    expect(page.locator(".toast")).to_contain_text("Copied")
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


_TOO_WIDE = """() => [document.documentElement,
    ...document.querySelectorAll('.table-view, .detail .scroll, .bar, .tools, .empty')]
    .filter(box => box.scrollWidth > box.clientWidth)
    .map(box => `${box.className} ${box.scrollWidth} > ${box.clientWidth}`)"""
_CUT = """() => [...document.querySelectorAll('.groups td > div, .groups th a')].filter(part => {
    const {left, right, width} = part.getBoundingClientRect();
    return width && (left < 0 || right > innerWidth + 1);
}).map(part => part.textContent)"""


# 720 and 640 are what 200 % leaves of 1440 and 1280; 320 is what 400 % leaves of 1280.
_SIZES = [(800, 700), (720, 450), (640, 400), (390, 844), (320, 700), (320, 256)]
_DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("zoom", [1, *wide(4)])
def test_nothing_is_wider_than_the_screen(visit: Callable[..., Any], inbox: Any, zoom: int) -> None:
    order = _filled(inbox)
    page = visit(inbox, device_scale_factor=zoom, viewport={"width": 800, "height": 700}).open()
    wide = {}
    for address, awaited in _sights(order).items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        for width, height in _SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(_DRAWN)
            wide[address, width, height] = page.evaluate(_TOO_WIDE) + page.evaluate(_CUT)
    assert {place: boxes for place, boxes in wide.items() if boxes} == {}


@pytest.mark.parametrize(("width", "height", "zoom"), [(320, 256, 4), *wide((720, 450, 2), (640, 400, 2))])
def test_the_page_works_when_it_is_enlarged(
    visit: Callable[..., Any], inbox: Any, width: int, height: int, zoom: int
) -> None:
    inbox.post([shop.event(uri=f"http://shop.test/api/{at}", user=f"u{at % 3}") for at in range(40)])
    page = visit(inbox, viewport={"width": width, "height": height}, device_scale_factor=zoom).open()
    page.get_by_label("Query", exact=True).fill("user:u1")
    page.keyboard.press("Escape")
    expect(page.locator(".rows .row").first).to_contain_text("/api/37")
    page.locator(".rows .row").first.click()
    expect(page.locator(".detail .url")).to_be_in_viewport()
    page.locator(".detail").get_by_role("tab", name="Response").click()
    expect(page.locator(".detail .tree")).to_contain_text("Espresso cup")
    page.locator(".detail .tree").scroll_into_view_if_needed()
    expect(page.locator(".detail .tree")).to_be_in_viewport()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Endpoints", exact=True).click()
    expect(page.locator(".groups tbody tr").first).to_be_in_viewport()
    page.get_by_role("link", name="/api/{id}").click()
    expect(page.locator(".rows .row").first).to_be_in_viewport()


@pytest.mark.parametrize("view", ["errors", *wide("endpoints", "users", "devices", "upstreams")])
def test_tables_are_cards_that_name_their_values_on_narrow_screens(
    visit: Callable[..., Any], inbox: Any, view: str
) -> None:
    _filled(inbox)
    page = visit(inbox, viewport={"width": 320, "height": 700}).open(f"/?view={view}")
    row = page.locator(".groups tbody tr").first
    row.wait_for()
    label = row.locator("td").nth(1).evaluate("cell => getComputedStyle(cell, '::before').content")
    assert (label == "none") == (view == "errors")
    # The name has a line of its own and is whole.
    name, cell = row.locator("th").bounding_box(), row.locator(".count").bounding_box()
    assert name is not None
    assert cell is not None
    assert cell["y"] >= name["y"] + name["height"]
    # What it is for who listens has not changed.
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.get_by_role("row").nth(1).get_by_role("rowheader")).to_be_visible()


@pytest.mark.long
@pytest.mark.wide
def test_nothing_moves_for_those_who_asked_for_that(visit: Callable[..., Any], inbox: Any) -> None:
    order = _filled(inbox)
    page = visit(inbox, reduced_motion="reduce").open()
    page.locator(".state.live").wait_for()
    inbox.post([shop.event()])
    row = page.locator(".rows .row.fresh")
    row.wait_for()
    assert row.evaluate("row => getComputedStyle(row).animationName") == "none"
    for address, awaited in _sights(order).items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        assert page.evaluate("document.getAnimations().length") == 0
        moving = (
            "[...document.querySelectorAll('*')].filter(one => parseFloat(getComputedStyle(one).transitionDuration))"
        )
        assert page.evaluate(f"{moving}.length") == 0


def test_a_new_row_is_marked_for_the_others(page: Page, inbox: Any) -> None:
    inbox.post([shop.event()])
    row = page.locator(".rows .row.fresh")
    row.wait_for()
    assert row.evaluate("row => getComputedStyle(row).animationName") == "fresh"
