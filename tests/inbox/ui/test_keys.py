"""Everything that the pointer can do, the keys can: pictures, tables, comparison, tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from support.wide import wide

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@pytest.fixture
def busy(page: Page, inbox: Any) -> Page:
    """The page of an inbox with a hundred records of two endpoints."""
    inbox.post(shop.ten_minutes(lambda at: ("GET" if at % 2 else "POST", f"http://shop.test/{'ab'[at % 2]}")))
    expect(page.locator(".foot")).to_contain_text("100 shown")
    return page


def _query(page: Page) -> Locator:
    return page.get_by_label("Query", exact=True)


def _tab_to(page: Page, goal: Locator, most: int = 60) -> None:
    """Press Tab until that element has the focus, as somebody without a pointer does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {goal}")


def test_bars_of_the_histogram(busy: Page) -> None:
    plot = busy.get_by_role("slider", name="100 records over time")
    _tab_to(busy, plot)
    busy.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuenow", "1")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"16:00:00: \d+ 2xx"))
    expect(busy.locator(".axis b")).to_have_text(re.compile("16:00:00: "))
    busy.keyboard.press("ArrowRight")
    expect(plot).to_have_attribute("aria-valuenow", "2")
    busy.keyboard.press("Enter")
    expect(_query(busy)).to_have_value(re.compile(r"^after:2026-11-22T16:00:0\S+ before:2026-11-22T16:00:1\S+$"))


def test_a_range_of_the_histogram(busy: Page) -> None:
    plot = busy.get_by_role("slider", name="100 records over time")
    plot.focus()
    busy.keyboard.press("End")
    for _ in range(4):
        busy.keyboard.press("Shift+ArrowLeft")
    expect(busy.locator(".range")).to_have_count(1)
    busy.keyboard.press("Enter")
    expect(_query(busy)).to_have_value(re.compile(r"^after:2026-11-22T16:09:\S+ before:2026-11-22T16:(09|10):\S+$"))
    expect(busy.locator(".foot")).to_have_text(re.compile(r"^[3-6] shown"))
    busy.go_back()
    expect(busy.locator(".foot")).to_contain_text("100 shown")


def test_points_of_the_scatter(busy: Page) -> None:
    busy.get_by_role("tab", name="Requests").focus()
    busy.keyboard.press("ArrowRight")
    plot = busy.get_by_role("slider", name="Duration of 100 records")
    _tab_to(busy, plot)
    busy.keyboard.press("End")
    expect(plot).to_have_attribute("aria-valuetext", re.compile("100 ms, 500, record 100"))
    busy.keyboard.press("ArrowLeft")
    expect(plot).to_have_attribute("aria-valuetext", re.compile("99 ms, 500, record 99"))
    busy.keyboard.press("Enter")
    expect(busy.locator(".detail")).to_have_attribute("aria-label", "Record 99")


@pytest.mark.parametrize("key", ["l", *wide("x", "t")])
def test_a_key_for_a_record_says_that_none_is_selected(busy: Page, key: str) -> None:
    busy.keyboard.press(key)
    expect(busy.locator(".toast")).to_have_text("Select a record first.")


def test_escape_lets_a_range_go(busy: Page) -> None:
    busy.get_by_role("slider").focus()
    busy.keyboard.press("Home")
    busy.keyboard.press("Shift+ArrowRight")
    expect(busy.locator(".range")).to_have_count(1)
    busy.keyboard.press("Escape")
    expect(busy.locator(".range")).to_have_count(0)
    expect(_query(busy)).to_have_value("")


def test_views_by_number_and_tables_by_row(busy: Page) -> None:
    for key, view in (
        ("2", "Errors"),
        ("3", "Endpoints"),
        ("4", "Users"),
        ("5", "Devices"),
        ("6", "Upstreams"),
        ("1", "Requests"),
    ):
        busy.keyboard.press(key)
        expect(busy.get_by_role("link", name=view, exact=True)).to_have_attribute("aria-current", "page")
    busy.keyboard.press("3")
    expect(busy.locator(".groups tbody tr")).to_have_count(2)
    _tab_to(busy, busy.get_by_role("button", name="p95"))
    busy.keyboard.press("Enter")
    expect(busy.locator("th.p95")).to_have_attribute("aria-sort", "descending")
    expect(busy.locator(".groups tbody .p95")).to_have_text(["96 ms", "95 ms"])
    for key in ("j", "j", "k", "j"):
        busy.keyboard.press(key)
    expect(busy.locator(".groups tbody tr").last.get_by_role("link", name="/a")).to_be_focused()
    busy.keyboard.press("Enter")
    expect(_query(busy)).to_have_value(re.compile('method:"POST"'))
    expect(busy.locator(".foot")).to_contain_text("50 shown")


def test_two_records_are_compared_by_keyboard(busy: Page) -> None:
    for key in ("j", "m", "j", "m"):
        busy.keyboard.press(key)
    expect(busy.get_by_role("region", name="Comparison")).to_be_visible()
    expect(busy.locator(".changes").first).to_contain_text("method")
    field = busy.get_by_label("Ignore")
    _tab_to(busy, field)
    field.fill("method,path,user,device")
    busy.keyboard.press("Enter")
    expect(busy.locator(".compare-options .same")).to_have_text("Equal.")
    _tab_to(busy, busy.get_by_role("button", name="Swap"))
    before = busy.locator(".side").all_inner_texts()
    busy.keyboard.press("Enter")
    expect(busy.locator(".side").first).to_have_text(re.compile(re.escape(before[1].split("\n")[-1].split(" · ")[-1])))


def test_tags_and_a_note_by_keyboard(busy: Page, inbox: Any) -> None:
    busy.keyboard.press("j")
    busy.keyboard.press("t")
    expect(busy.get_by_label("Add a tag")).to_be_focused()
    busy.keyboard.type("slow")
    busy.keyboard.press("Enter")
    busy.keyboard.type("ask bank")
    busy.keyboard.press("Enter")
    expect(busy.locator(".labels .chip")).to_have_text([re.compile("slow"), re.compile("ask bank")])
    busy.keyboard.press("Tab")
    busy.keyboard.type("Ring Ann first.")
    busy.keyboard.press("Control+Enter")
    expect(busy.locator(".rows .chosen .tag")).to_have_text(["slow", "ask bank", "note"])
    answer = inbox.api("GET", "/records/100")[1]
    assert (answer["tags"], answer["note"]) == (["slow", "ask bank"], "Ring Ann first.")
    busy.get_by_role("button", name="Remove tag slow").press("Enter")
    expect(busy.locator(".rows .chosen .tag")).to_have_text(["ask bank", "note"])
    busy.reload()
    expect(busy.get_by_label("Note", exact=True)).to_have_value("Ring Ann first.")
    busy.keyboard.press("Escape")
    _query(busy).fill('tag:"ask bank"')
    expect(busy.locator(".foot")).to_contain_text("1 shown")


def test_a_note_that_is_being_written_is_not_taken_away(busy: Page, inbox: Any) -> None:
    busy.keyboard.press("j")
    busy.keyboard.press("Enter")
    note = busy.get_by_label("Note", exact=True)
    note.click()
    busy.keyboard.type("half a")
    inbox.api("PATCH", "/records/100", {"note": "of another tab", "tags": ["seen"]})
    expect(busy.locator(".labels .chip")).to_have_text(re.compile("seen"))
    expect(note).to_have_value("half a")
    expect(note).to_be_focused()
    busy.keyboard.type(" note")
    busy.keyboard.press("Escape")
    expect(busy.locator(".rows .chosen .note")).to_have_attribute("title", "half a note")
    expect(busy.locator(".detail")).to_be_visible()


def test_a_tag_that_is_too_long_is_refused_in_words(busy: Page) -> None:
    busy.keyboard.press("j")
    busy.keyboard.press("t")
    busy.get_by_label("Add a tag").fill("x" * 500)
    busy.keyboard.press("Enter")
    expect(busy.locator(".labels .problem")).to_contain_text("characters")


def test_the_help_names_every_key(page: Page) -> None:
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    for key in (
        "j",
        "k",
        "→",
        "←",
        "Enter",
        "Esc",
        "/",
        "p",
        "g",
        "x",
        "t",
        "c",
        "r",
        "s",
        "e",
        "m",
        "1",
        "6",
        "Shift",
        "Alt",
        "?",
    ):
        assert key in shortcuts
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("control", ["Pause", "Keyboard shortcuts", "Latency", "5xx and exceptions"])
def test_enter_opens_the_row_that_j_marks(busy: Page, control: str) -> None:
    """Whatever was clicked before: the keys go on in the list."""
    busy.get_by_role("button", name=control).or_(busy.get_by_role("tab", name=control)).or_(
        busy.get_by_role("link", name=control)
    ).click()
    if busy.get_by_role("dialog").count():
        busy.keyboard.press("Escape")
        expect(busy.get_by_role("dialog")).to_have_count(0)
    expect(busy.locator(".rows .row").first).to_contain_text("#100")
    address = busy.url
    for key in ("j", "j", "k", "j"):
        busy.keyboard.press(key)
    expect(busy.locator(".list")).to_be_focused()
    assert busy.url == address
    busy.keyboard.press("Enter")
    expect(busy.locator(".detail")).to_have_attribute("aria-label", "Record 99")


def test_j_in_the_pane_leaves_the_focus_there(busy: Page) -> None:
    """Who scrolls a record by keys goes on to the next one and scrolls that."""
    busy.locator(".rows .row").first.click()
    busy.locator(".detail .scroll").focus()
    busy.keyboard.press("j")
    expect(busy.locator(".detail")).to_have_attribute("aria-label", "Record 99")
    expect(busy.locator(".detail .scroll")).to_be_focused()


def test_j_and_k_go_to_the_neighbor_of_a_record_that_is_not_in_the_list(visit: Callable[..., Any], inbox: Any) -> None:
    """As the arrows of the pane do; one after the other, however fast."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}") for at in range(260)])
    page = visit(inbox).open("/?n=20")
    detail = page.locator(".detail")
    expect(page.locator(".foot")).to_contain_text("200 shown")
    for keys, number in (("j", 19), ("k", 20), ("k", 21), ("jjj", 18)):
        for key in keys:
            page.keyboard.press(key)
        expect(detail).to_have_attribute("aria-label", f"Record {number}")


def test_share_and_export_have_a_key(busy: Page) -> None:
    """`s` saves the record that is marked or open; `e` opens the dialog at what exports the list."""
    busy.keyboard.press("j")
    with busy.expect_download() as saved:
        busy.keyboard.press("s")
    assert saved.value.suggested_filename == "drhttp-100.html"
    expect(busy.locator(".toast")).to_contain_text("Saved")
    busy.keyboard.press("Enter")
    busy.locator(".detail .facts").wait_for()
    with busy.expect_download() as saved:
        busy.keyboard.press("s")
    assert saved.value.suggested_filename == "drhttp-100.html"
    busy.keyboard.press("e")
    expect(busy.get_by_role("button", name="Export as HAR")).to_be_focused()
    with busy.expect_download() as exported:
        busy.keyboard.press("Enter")
    assert exported.value.suggested_filename == "drhttp-inbox.har"
