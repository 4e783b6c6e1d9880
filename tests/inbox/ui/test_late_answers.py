"""An answer of the API that comes late changes nothing that is newer than its request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from held import Held

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"


@pytest.fixture
def listed(page: Page, inbox: Any) -> Page:
    """Two records, /0 of ann and /1 of bob."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}", user=user) for at, user in enumerate(("ann", "bob"))])
    expect(page.locator(ROWS)).to_have_count(2)
    return page


@pytest.mark.parametrize("chart", ["time", "latency"])
def test_the_list_does_not_move_when_the_chart_comes(page: Page, inbox: Any, chart: str) -> None:
    page.evaluate("chart => localStorage.setItem('drhttp-chart', chart)", chart)
    page.reload()
    page.locator(".state.live").wait_for()
    held = Held(page, "timeline" if chart == "time" else "scatter")
    inbox.post([shop.event()])
    held.wait(1)
    before = page.locator(ROWS).bounding_box()
    held.release()
    expect(page.get_by_role("slider")).to_be_visible()
    assert page.locator(ROWS).bounding_box() == before


def test_an_older_answer_about_a_row_does_not_replace_a_newer_one(listed: Page, inbox: Any) -> None:
    held = Held(listed, "records/2")
    inbox.api("PATCH", "/records/2", {"tags": ["first"]})
    held.wait(1)
    inbox.api("PATCH", "/records/2", {"tags": ["second"]})
    held.wait(2)
    held.answer(1)
    expect(listed.locator(f"{ROWS} .tag")).to_have_text("second")
    held.answer(0)
    expect(listed.locator(f"{ROWS} .tag")).to_have_text("second")


def test_a_time_range_does_not_replace_a_query_that_was_typed_meanwhile(listed: Page) -> None:
    held = Held(listed, "parse")
    listed.get_by_role("slider").focus()
    listed.keyboard.press("End")
    listed.keyboard.press("Enter")
    held.wait(1)
    listed.locator(f"{ROWS} .user", has_text="ann").click(modifiers=["Alt"])
    expect(listed.locator(ROWS)).to_have_count(1)
    held.release()
    expect(listed).to_have_url(re.compile(r"\?q=user%3Aann$"))
    expect(listed.get_by_label("Query", exact=True)).to_have_value("user:ann")


def test_a_record_that_is_gone_says_nothing_about_the_next(listed: Page) -> None:
    listed.goto(listed.url.partition("?")[0] + "?n=77")
    expect(listed.locator(".detail")).to_contain_text("This record was deleted")
    held = Held(listed, "records/2")
    listed.locator(ROWS).first.click()
    held.wait(1)
    expect(listed.locator(".detail")).to_have_text("Loading …")
    held.release()
    expect(listed.locator(".detail .url")).to_have_text("http://shop.test/1")


def test_a_dialog_for_a_record_that_was_left_does_not_open_for_another(listed: Page) -> None:
    held = Held(listed, "records/2")
    listed.keyboard.press("j")
    listed.keyboard.press("r")
    held.wait(1)
    listed.keyboard.press("Escape")
    held.release()
    listed.locator(ROWS).last.click()
    expect(listed.locator(".detail .url")).to_have_text("http://shop.test/0")
    expect(listed.get_by_role("dialog")).to_have_count(0)
