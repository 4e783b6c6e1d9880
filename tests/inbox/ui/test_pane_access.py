"""The record pane for eyes of every kind and on every screen, with a record of every format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import formats
import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

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
    page.go_back()
    expect(page.locator(".detail")).to_be_visible()
