"""The query line: values and chips edit it, words are completed by keyboard, and Back undoes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from held import Held

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"


@pytest.fixture
def listed(page: Page, inbox: Any) -> Page:
    """Eight records that differ in status, user, device and method."""
    inbox.post(
        [
            shop.event("GET", "http://shop.test/a", 200, user="ann", device="ios-17"),
            shop.event("GET", "http://shop.test/b", 500, user="ann", device="firefox"),
            shop.event("POST", "http://shop.test/a", 201, user="bob smith", device="ios-17"),
            shop.event("POST", "http://shop.test/b", None, user="bob smith", device="ios-17"),
            *(shop.event("GET", "http://shop.test/c", 404, user=None, device=None) for _ in range(4)),
        ]
    )
    expect(page.locator(ROWS)).to_have_count(8)
    return page


def _field(page: Page) -> Locator:
    return page.get_by_label("Query", exact=True)


@pytest.mark.parametrize(
    ("cell", "text", "query", "count"),
    [
        ("user", "bob smith", 'user:"bob smith"', 2),
        ("device", "ios-17", "device:ios-17", 3),
        ("status-cell", "404", "status:404", 4),
        ("status-cell", "\N{EN DASH}", "status:none", 1),
        ("method-cell", "POST", "method:POST", 2),
        ("path", "/a", "path:/a", 2),
    ],
)
def test_alt_and_a_click_look_for_a_value(listed: Page, cell: str, text: str, query: str, count: int) -> None:
    value = listed.locator(f"{ROWS} .{cell}", has_text=text).first
    (value.locator(".text") if cell == "path" else value).click(modifiers=["Alt"])
    expect(_field(listed)).to_have_value(query)
    expect(listed.locator(ROWS)).to_have_count(count)
    expect(listed.locator(".detail")).to_have_count(0)


def test_with_shift_the_value_is_left_out_and_values_add_up(listed: Page) -> None:
    listed.locator(f"{ROWS} .status-cell", has_text="404").first.click(modifiers=["Alt", "Shift"])
    expect(listed.locator(ROWS)).to_have_count(4)
    listed.locator(f"{ROWS} .user", has_text="ann").first.click(modifiers=["Alt"])
    expect(_field(listed)).to_have_value("-status:404 user:ann")
    expect(listed.locator(ROWS)).to_have_count(2)


def test_back_and_forward_go_through_the_queries(listed: Page) -> None:
    listed.locator(f"{ROWS} .user", has_text="ann").first.click(modifiers=["Alt"])
    expect(listed.locator(ROWS)).to_have_count(2)
    listed.locator(f"{ROWS} .status-cell", has_text="500").first.click(modifiers=["Alt"])
    expect(listed.locator(ROWS)).to_have_count(1)
    listed.get_by_role("link", name="Endpoints", exact=True).click()
    expect(listed.locator(".groups tbody tr")).to_have_count(1)
    for query, count in (("user:ann status:500", 1), ("user:ann", 2), ("", 8)):
        listed.go_back()
        expect(_field(listed)).to_have_value(query)
        expect(listed.locator(ROWS)).to_have_count(count)
    listed.go_forward()
    listed.go_forward()
    expect(_field(listed)).to_have_value("user:ann status:500")
    expect(listed.locator(ROWS)).to_have_count(1)


def test_chips_are_taken_out_one_by_one(listed: Page) -> None:
    _field(listed).fill('user:"bob smith" -path:/b status:201')
    expect(listed.locator(".chip")).to_have_count(3)
    expect(listed.locator(ROWS)).to_have_count(1)
    listed.get_by_role("button", name="Remove -path:/b").click()
    expect(_field(listed)).to_have_value('user:"bob smith" status:201')
    listed.get_by_role("button", name="Remove status:201").press("Enter")
    expect(listed.locator(ROWS)).to_have_count(2)


def test_a_value_beside_an_or_holds_it_together(listed: Page) -> None:
    _field(listed).fill("status:500 OR status:404")
    expect(listed.locator(ROWS)).to_have_count(5)
    listed.locator(f"{ROWS} .user", has_text="ann").first.click(modifiers=["Alt"])
    expect(_field(listed)).to_have_value("(status:500 OR status:404) user:ann")
    expect(listed.locator(ROWS)).to_have_count(1)


def test_a_field_and_its_value_are_completed_by_keyboard_alone(listed: Page) -> None:
    press = listed.keyboard.press
    press("/")
    listed.keyboard.type("dev")
    expect(listed.get_by_role("option")).to_have_text([re.compile("device")])
    press("ArrowDown")
    expect(listed.get_by_role("option")).to_have_attribute("aria-selected", "true")
    press("Tab")
    expect(_field(listed)).to_have_value("device:")
    expect(listed.get_by_role("option", name=re.compile("ios-17"))).to_be_visible()
    listed.keyboard.type("fire")
    expect(listed.get_by_role("option")).to_have_text([re.compile("firefox")])
    press("ArrowDown")
    press("Enter")
    expect(_field(listed)).to_have_value("device:firefox ")
    expect(listed.locator(ROWS)).to_have_count(1)
    press("Escape")
    press("Escape")
    expect(_field(listed)).not_to_be_focused()


def _type_on(page: Page, text: str, offered: str, more: str) -> Held:
    """Type a text, wait until its one completion is offered, and type more, to which the answers are held back."""
    _field(page).press_sequentially(text)
    expect(page.get_by_role("option")).to_have_text([re.compile(offered)])
    held = Held(page, "suggest")
    page.keyboard.type(more)
    held.wait(1)
    return held


def test_a_completion_replaces_the_word_as_it_is_now(listed: Page) -> None:
    held = _type_on(listed, "status:2xx device:fi", "firefox", "re")
    listed.keyboard.press("ArrowDown")
    listed.keyboard.press("Enter")
    expect(_field(listed)).to_have_value("status:2xx device:firefox ")
    # The answer that came too late opens nothing any more.
    held.answer(0)
    expect(listed.get_by_role("option")).to_have_count(0)
    expect(_field(listed)).to_have_value("status:2xx device:firefox ")


def test_a_completion_replaces_a_quoted_value_whole(listed: Page) -> None:
    _field(listed).fill('user:"bob jones" status:201')
    _field(listed).evaluate("field => field.setSelectionRange(9, 9)")
    listed.keyboard.press("ArrowDown")
    listed.get_by_role("option", name=re.compile("bob smith")).click()
    expect(_field(listed)).to_have_value('user:"bob smith" status:201')


def test_completions_of_another_word_are_not_offered(listed: Page) -> None:
    held = _type_on(listed, "dev", "device", " x")
    expect(listed.get_by_role("option")).to_have_count(0)
    held.release()


def test_a_completion_that_is_typed_already_is_not_offered(listed: Page) -> None:
    held = _type_on(listed, "dev", "device", "ice:f")
    expect(listed.get_by_role("option")).to_have_count(0)
    held.release()
    expect(listed.get_by_role("option")).to_have_text([re.compile("firefox")])


def test_an_older_completion_answer_does_not_replace_a_newer_one(listed: Page) -> None:
    _field(listed).focus()
    held = Held(listed, "suggest")
    _field(listed).fill("d")
    held.wait(1)
    _field(listed).fill("dev")
    held.wait(2)
    held.answer(1)
    expect(listed.get_by_role("option")).to_have_text([re.compile("device")])
    held.answer(0)
    expect(listed.get_by_role("option")).to_have_text([re.compile("device")])


def test_the_chosen_completion_stays_chosen_when_a_newer_answer_has_it_too(listed: Page) -> None:
    held = _type_on(listed, "device:f", "firefox", "ire")
    listed.keyboard.press("ArrowDown")
    held.answer(0)
    listed.keyboard.press("Enter")
    expect(_field(listed)).to_have_value("device:firefox ")


@pytest.mark.parametrize(
    ("query", "marked", "said"),
    [
        ("status:abc", "abc", "status"),
        ("(status:200", "(", "parenthes"),
        ("dur:>fast", "fast", "dur"),
        ("a OR", "OR", "OR"),
    ],
)
def test_errors_say_where_and_what(listed: Page, query: str, marked: str, said: str) -> None:
    _field(listed).fill(query)
    expect(listed.locator(".query-error")).to_contain_text(said)
    expect(listed.locator(".query-error mark")).to_contain_text(marked)
    expect(_field(listed)).to_have_attribute("aria-invalid", "true")
    # What was listed stays while the query cannot be read.
    expect(listed.locator(ROWS)).to_have_count(8)
    _field(listed).fill("")
    expect(listed.locator(".query-error")).to_have_count(0)


def test_an_address_with_a_broken_query_says_so_and_is_mended(listed: Page) -> None:
    listed.goto(listed.url.partition("?")[0] + "?q=stauts:1")
    expect(listed.locator(".empty")).to_contain_text("Invalid query")
    expect(listed.locator(".query-error")).to_contain_text("did you mean status?")
    listed.get_by_role("button", name="Show all records").click()
    expect(listed.locator(ROWS)).to_have_count(8)


def test_a_chip_of_an_older_text_cuts_nothing_from_a_newer_one(listed: Page) -> None:
    _field(listed).fill("status:500")
    expect(listed.locator(".chip")).to_have_count(1)
    held = Held(listed, "parse")
    listed.keyboard.press("Home")
    listed.keyboard.type("user:ann ")
    held.wait(1)
    listed.get_by_role("button", name="Remove status:500").press("Enter")
    expect(_field(listed)).to_have_value("user:ann status:500")
    held.release()
    expect(listed.locator(".chip")).to_have_count(2)


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_terms_of_the_query_move_nothing(inbox: Any, visit: Callable[..., Any], width: int) -> None:
    """A second click at the same place hits the same: with the first term, with many, and if nothing is found."""
    inbox.post([shop.event(status=status) for status in (200, 404, 500)])
    page = visit(inbox, viewport={"width": width, "height": 800}).open()
    expect(page.locator(".rows .row")).to_have_count(3)
    places = [page.locator(place) for place in (".charts", "main", ".pause")]
    before = [place.bounding_box() for place in places]
    field = page.get_by_label("Query", exact=True)
    field.fill("is:error")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".rows .row")).to_have_count(1)
    assert [place.bounding_box() for place in places] == before
    field.fill("is:slow")
    expect(page.get_by_role("heading", name="No matching records")).to_be_visible()
    assert [place.bounding_box() for place in places] == before
    terms = [f"-user:somebody-with-a-long-name-{at}" for at in range(12)]
    field.fill(" ".join(terms))
    expect(page.locator(".chip")).to_have_count(12)
    expect(page.locator(".rows .row")).to_have_count(3)
    assert [place.bounding_box() for place in places] == before
    last = page.get_by_role("button", name=f"Remove {terms[-1]}")
    last.focus()
    expect(last).to_be_in_viewport(ratio=1)
