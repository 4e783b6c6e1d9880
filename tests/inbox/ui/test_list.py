"""The list: live, windowed, filtered, paused, and never moved by anyone but its reader."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROWS = ".rows .row"


def test_a_record_appears_by_itself_and_the_token_leaves_the_address(page: Page, inbox: Any) -> None:
    assert inbox.token not in page.url
    inbox.post([shop.event("POST", "http://shop.test/api/orders?x=1", 201, duration=48.0)])
    row = page.locator(ROWS)
    for text in ("POST", "/api/orders?x=1", "201", "48 ms", "91 B"):
        expect(row).to_contain_text(text)
    expect(page.locator(".foot")).to_contain_text("user 42 · device ios-17")  # the same in every row
    page.reload()
    expect(page.locator(ROWS)).to_have_count(1)


@pytest.mark.wide
def test_the_files_of_the_page_are_loaded_once(visit: Callable[..., Any], inbox: Any) -> None:
    inbox.post([shop.event()])
    page = visit(inbox).open()
    expect(page.locator(ROWS)).to_have_count(1)
    sizes = "() => performance.getEntriesByType('resource').map(each => [each.name, each.transferSize])"
    for fresh in (True, False):
        loaded = [name for name, size in page.evaluate(sizes) if "/ui/" in name and size]
        assert bool(loaded) is fresh
        page.reload()
        expect(page.locator(ROWS)).to_have_count(1)


@pytest.mark.wide
def test_a_double_click_opens_what_it_is_on(page: Page, inbox: Any) -> None:
    """The list moves up when a record is opened, and the second click is on another row."""
    inbox.post([shop.event(uri=f"http://shop.test/{number}") for number in range(30)])
    row = page.locator(ROWS).nth(9)
    expect(row).to_contain_text("/20")
    box = row.bounding_box()
    assert box is not None
    for count in (1, 2):
        page.mouse.move(box["x"] + 300, box["y"] + 10)
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        expect(page.locator(".detail .url")).to_have_text("http://shop.test/20")
        expect(page.locator(".rows .chosen .record-number")).to_have_text("#21")
        page.wait_for_timeout(150)
    expect(page.locator(".detail .url")).to_have_text("http://shop.test/20")


def test_a_row_says_why_its_request_failed(visit: Callable[..., Any], inbox: Any) -> None:
    """After the path, which is whole before the reason is; the title has what does not fit."""
    reasons = [("KeyError", "'b'"), ("shop.payments.PaymentError", "The bank did not answer. " * 40)]
    inbox.post(
        [
            shop.event(
                uri="http://shop.test/crash/of/an/order",
                status=500,
                metadata={"exception": {"type": kind, "message": text}},
            )
            for kind, text in reasons
        ]
    )
    page = visit(inbox, viewport={"width": 700, "height": 900}).open()
    told = page.locator(f"{ROWS} .reason")
    expect(told).to_have_text([re.compile("^PaymentError: The bank did not answer."), "KeyError: 'b'"])
    expect(told.first).to_have_attribute("title", f"shop.payments.PaymentError: {reasons[1][1]}")
    cut = "part => part.scrollWidth > part.clientWidth"
    assert [one.evaluate(cut) for one in told.all()] == [True, False]
    assert [one.evaluate(cut) for one in page.locator(f"{ROWS} .path .text").all()] == [False, False]
    path = page.locator(f"{ROWS} .path").first
    assert path.evaluate(cut) is False
    page.set_viewport_size({"width": 320, "height": 700})
    assert path.evaluate(cut) is False


def test_failures_have_an_edge_in_the_color_of_their_class(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(status=status) for status in (200, 404, 500)])
    expect(page.locator(ROWS)).to_have_count(3)
    edge = "row => getComputedStyle(row).borderLeftColor"
    failed, refused, fine = (row.evaluate(edge) for row in page.locator(ROWS).all())
    legend = [
        page.locator(f".legend .b{kind}").evaluate("dot => getComputedStyle(dot).backgroundColor")
        for kind in ("5xx", "4xx")
    ]
    assert [failed, refused] == legend
    assert fine == "rgba(0, 0, 0, 0)"


def test_an_empty_inbox_teaches_how_to_fill_it(page: Page, inbox: Any) -> None:
    expect(page.locator(".empty")).to_contain_text(f"export DRHTTP_DSN=http://local@127.0.0.1:{inbox.port}/")
    expect(page.locator(".empty")).to_contain_text("drhttp inbox run --")


def test_without_the_token_the_page_asks_for_it(visit: Callable[..., Any], inbox: Any) -> None:
    page = visit(inbox).open(token="0" * 32)
    expect(page.get_by_role("heading", name="drhttp inbox")).to_be_visible()
    page.get_by_label("URL or token").fill(f"http://127.0.0.1:{inbox.port}/#token={inbox.token}")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".state.live")).to_be_visible()


def test_a_second_tab_gets_the_token_from_the_first(page: Page, inbox: Any) -> None:
    second = page.context.new_page()
    second.goto(f"http://127.0.0.1:{inbox.port}/?view=users")
    expect(second.locator(".state.live")).to_be_visible()


@pytest.mark.timeout(180)
def test_of_many_records_few_are_rows(start: Callable[..., Any], visit: Callable[..., Any]) -> None:
    inbox = start("--keep", "30000", "--quiet")
    event = shop.event()
    for batch in range(20):
        events = [{**event, "transaction_id": f"{batch}-{at}"} for at in range(1000)]
        assert inbox.post(events) == 201
    page = visit(inbox).open()
    rows, grid = page.locator(ROWS), page.locator(".list")
    expect(rows.first).to_be_visible()
    most = rows.count()
    shown, foot = 0, page.locator(".foot span").first
    while shown < 2_000:
        before = foot.inner_text()
        grid.evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(foot).not_to_have_text(before)
        shown = int(re.sub(r"\D", "", foot.inner_text().partition(" shown")[0]))
        most = max(most, rows.count())
    assert 20 <= most <= 300


def test_the_reader_keeps_the_place(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}") for at in range(150)])
    expect(page.locator(ROWS).first).to_contain_text("/old/149")
    page.locator(".list").evaluate("box => box.scrollTo(0, 60 * 30)")
    place = "() => document.elementFromPoint(400, 600).closest('.row').textContent"
    expect(page.get_by_text("/old/89")).to_be_visible()
    before = page.evaluate(place)
    inbox.post([shop.event(uri="http://shop.test/new")])
    expect(page.locator(".pill")).to_have_text("↑ 1 new record")
    assert page.evaluate(place) == before
    page.locator(".pill").click()
    expect(page.get_by_text("/new")).to_be_visible()


def test_a_chosen_row_stays_where_it_is(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}") for at in range(100)])
    expect(page.locator(ROWS).first).to_contain_text("/old/99")
    expect(page.locator(".plot svg")).to_have_attribute("aria-label", re.compile("^100 records"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    chosen = page.locator(".rows .chosen")
    expect(chosen).to_contain_text("/old/98")
    before = chosen.bounding_box()
    inbox.post([shop.event(uri="http://shop.test/new") for _ in range(3)])
    expect(page.locator(".pill")).to_contain_text("3 new")
    assert chosen.bounding_box() == before


def test_pause_holds_records_back_and_counts_them(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(uri="http://shop.test/before")])
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    inbox.post([shop.event(uri="http://shop.test/after") for _ in range(7)])
    expect(page.locator(".pause")).to_have_text("Resume (7)")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(".pause").click()
    expect(page.locator(ROWS)).to_have_count(8)


def test_the_query_lives_in_the_address(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(), shop.event("POST", status=500)])
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_label("Query", exact=True).fill("status:5xx")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=status%3A5xx$"))
    inbox.post([shop.event(), shop.event(status=503)])
    expect(page.locator(ROWS)).to_have_count(2)
    page.reload()
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.get_by_label("Query", exact=True)).to_have_value("status:5xx")
    page.get_by_role("button", name="Remove status:5xx").click()
    expect(page.locator(ROWS)).to_have_count(4)
    page.go_back()
    expect(page.locator(ROWS)).to_have_count(2)


def test_a_query_that_cannot_be_read_says_where_and_what_was_meant(page: Page, inbox: Any) -> None:
    inbox.post([shop.event()])
    field = page.get_by_label("Query", exact=True)
    field.fill("stauts:500")
    expect(page.locator(".query-error")).to_contain_text("did you mean status?")
    expect(page.locator(".query-error mark")).to_have_text("stauts")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(".query-error").get_by_role("button", name="status").click()
    expect(page.locator(".empty")).to_contain_text("No matching records")
    page.get_by_role("button", name="Show all records").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_words_are_completed(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(user="annabel"), shop.event(user="bob")])
    expect(page.locator(ROWS)).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("us")
    expect(page.get_by_role("option").first).to_contain_text("user")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("option", name=re.compile("annabel")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Query", exact=True)).to_have_value(re.compile("^user:"))
    expect(page.locator(ROWS)).to_have_count(1)


def test_an_inbox_that_comes_back_is_found_without_hole_or_double(
    start: Callable[..., Any], visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", "0123456789abcdef0123456789abcdef")
    first = start("--quiet")
    page = visit(first).open()
    first.post([shop.event(uri=f"http://shop.test/a/{at}") for at in range(5)])
    expect(page.locator(ROWS)).to_have_count(5)
    first.stop(signal.SIGTERM)
    expect(page.locator(".banner")).to_be_visible()
    again = start("--quiet", "--port", str(first.port), file=first.file)
    again.post([shop.event(uri=f"http://shop.test/b/{at}") for at in range(5)])
    expect(page.locator(ROWS)).to_have_count(10)
    expect(page.locator(".banner")).to_have_count(0)
    paths = page.locator(f"{ROWS} .path .text").all_inner_texts()
    assert [path.strip() for path in paths] == [f"/{part}/{at}" for part in "ba" for at in reversed(range(5))]


def test_export_and_clear(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(), shop.event(status=404)])
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="Inbox: export").click()
    expect(page.get_by_role("dialog")).to_contain_text(str(inbox.file))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export as HAR").click()
    assert saved.value.suggested_filename == "drhttp-inbox.har"
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("button", name="Delete all records?").click()
    expect(page.locator(".empty")).to_contain_text("No requests yet")
    page.get_by_role("button", name="Inbox: export").click()
    page.get_by_label("Import HAR").set_input_files(saved.value.path())
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(ROWS)).to_have_count(2)
