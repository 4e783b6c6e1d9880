"""Typing a query: half a field empties nothing, and Enter leads to the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

# Remembers whether the page ever said that there is nothing.
WATCH = """() => {
    window.emptied = false;
    new MutationObserver(() => { window.emptied ||= Boolean(document.querySelector('.empty')); })
        .observe(document.body, {childList: true, subtree: true});
}"""


@pytest.fixture
def listed(page: Page, inbox: Any) -> Page:
    inbox.post(
        [shop.event(uri=f"http://shop.test/{at}", status=500 if at == 3 else 200, user="ann") for at in range(6)]
    )
    expect(page.locator(".rows .row")).to_have_count(6)
    return page


def field(page: Page) -> Locator:
    return page.get_by_label("Query", exact=True)


@pytest.mark.parametrize("text", ["status:500", "user:ann status:500", "path:/3", "-status:200", "(status:500)"])
def test_a_half_typed_query_does_not_empty_the_page(listed: Page, text: str) -> None:
    """Neither the name of a field nor the beginning of its value is looked for by itself."""
    listed.evaluate(WATCH)
    field(listed).press_sequentially(text, delay=60)
    expect(listed.locator(".rows .row")).to_have_count(1)
    assert listed.evaluate("window.emptied") is False


def test_what_finds_nothing_is_said_after_a_pause(listed: Page) -> None:
    """Or at once with Enter."""
    field(listed).fill("status:404")
    expect(listed.locator(".empty")).to_contain_text("No matching records")
    field(listed).fill("")
    expect(listed.locator(".rows .row")).to_have_count(6)
    field(listed).fill("sta")
    field(listed).press("Enter")
    expect(listed.locator(".empty")).to_contain_text("No matching records")


def test_the_beginning_of_a_field_waits_until_the_field_is_left(listed: Page) -> None:
    """It may be meant as a text, too."""
    field(listed).fill("sta")
    listed.keyboard.press("Escape")
    field(listed).blur()
    expect(listed.locator(".empty")).to_contain_text("No matching records")


def test_enter_selects_the_first_record(listed: Page) -> None:
    """From there the arrows go on, and Enter opens it; one that is open and still listed stays selected."""
    listed.keyboard.press("/")
    listed.keyboard.type("user:ann")
    listed.keyboard.press("Enter")
    expect(listed.locator(".list")).to_be_focused()
    expect(listed.locator(".rows .chosen")).to_contain_text("/5")
    listed.keyboard.press("ArrowDown")
    listed.keyboard.press("Enter")
    expect(listed.locator(".detail .url")).to_have_text("http://shop.test/4")
    field(listed).fill("path:/4 OR path:/5")
    field(listed).press("Enter")
    expect(listed.locator(".rows .row")).to_have_count(2)
    expect(listed.locator(".rows .chosen")).to_contain_text("/4")
    field(listed).fill("status:500")
    field(listed).press("Enter")
    expect(listed.locator(".rows .chosen")).to_contain_text("/3")
    listed.keyboard.press("Enter")
    expect(listed.locator(".detail .url")).to_have_text("http://shop.test/3")


def test_a_query_that_is_being_typed_is_no_error(listed: Page) -> None:
    """Neither for the inbox, whose answers the console of the browser lists, nor where Enter comes too early."""
    failed: list[str] = []
    listed.on("response", lambda response: response.status >= 400 and failed.append(response.url))
    field(listed).press_sequentially('(status:5xx OR user:"ann") dur:>', delay=20)
    expect(listed.locator(".query-error")).to_be_visible()
    field(listed).fill("status:abc")
    field(listed).press("Enter")
    expect(listed.locator(".query-error")).to_contain_text("status")
    expect(field(listed)).to_be_focused()
    expect(listed.locator(".rows .row")).to_have_count(6)
    assert failed == []


def test_enter_in_a_query_with_an_error_stays_there(listed: Page) -> None:
    field(listed).fill("status:abc")
    expect(listed.locator(".query-error")).to_be_visible()
    field(listed).press("Enter")
    expect(field(listed)).to_be_focused()
