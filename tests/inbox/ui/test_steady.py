"""Nothing moves under the reader's eyes: not while scrolling, not while selecting, not when the inbox comes back."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.wide

ROWS = ".rows .row"
_PLACES = """() => {
    const box = document.querySelector('.list').getBoundingClientRect();
    return [...document.querySelectorAll('.rows .row')]
        .map(row => [row.id, row.getBoundingClientRect().top])
        .filter(([, top]) => top > box.top + 40 && top < box.bottom - 40);
}"""


@pytest.fixture
def long(page: Page, inbox: Any) -> Page:
    """The page with 200 records, scrolled into the middle of them."""
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}") for at in range(200)])
    expect(page.locator(".foot")).to_contain_text("200 shown")
    page.locator(".list").evaluate("box => box.scrollTo(0, 2000)")
    expect(page.get_by_text("/old/120", exact=True)).to_be_visible()
    return page


def _arrive(page: Page, inbox: Any, batches: int = 12, each: int = 7) -> None:
    """Let records arrive in frames of their own, until all of them are on the page."""
    shown = int(page.locator(".foot span").first.inner_text().split()[0].replace(",", ""))
    for batch in range(1, batches + 1):
        inbox.post([shop.event(uri=f"http://shop.test/new/{batch}/{at}") for at in range(each)])
        expect(page.locator(".foot")).to_contain_text(f"{shown + batch * each:,} shown")


def test_what_was_scrolled_to_stays(long: Page, inbox: Any) -> None:
    before = long.evaluate(_PLACES)
    assert len(before) >= 10
    _arrive(long, inbox)
    assert long.evaluate(_PLACES) == before
    expect(long.locator(".pill")).to_have_text("↑ 84 new records")


def test_scrolling_goes_on_while_records_arrive(long: Page, inbox: Any) -> None:
    stop = Event()

    def send() -> None:
        while not stop.is_set():
            inbox.post([shop.event(uri="http://shop.test/new") for _ in range(3)])

    sender = Thread(target=send)
    sender.start()
    try:
        at = long.locator(".list").bounding_box()
        assert at is not None
        long.mouse.move(at["x"] + 200, at["y"] + 200)
        expect(long.locator(".pill")).to_be_visible()
        for name in ("/old/90", "/old/60", "/old/30", "/old/0"):
            # A reader who scrolls down meets every older record, however many come on top meanwhile.
            while not long.get_by_text(name, exact=True).is_visible():
                long.mouse.wheel(0, 200)
                long.evaluate("() => new Promise(requestAnimationFrame)")
    finally:
        stop.set()
        sender.join()
    expect(long.get_by_text("/old/0", exact=True)).to_be_attached()


@pytest.mark.parametrize("top", [True, False], ids=["at the top", "scrolled"])
def test_selected_text_stays_selected_and_in_its_place(long: Page, inbox: Any, top: bool) -> None:
    if top:
        long.locator(".list").evaluate("box => box.scrollTo(0, 0)")
    row = long.get_by_text("/old/195" if top else "/old/120", exact=True)
    box = row.bounding_box()
    assert box is not None
    long.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    long.mouse.down()
    long.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2, steps=4)
    long.mouse.up()
    expect(long.locator(".detail")).to_have_count(0)
    chosen = long.evaluate("getSelection().toString()")
    assert chosen.startswith("/old/1")
    before = long.evaluate(_PLACES)
    _arrive(long, inbox)
    assert long.evaluate("getSelection().toString()") == chosen
    assert row.bounding_box() == box
    assert long.evaluate(_PLACES) == before


def test_at_the_top_new_records_come_into_sight(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}") for at in range(60)])
    expect(page.locator(ROWS).first).to_contain_text("/old/59")
    _arrive(page, inbox, batches=2, each=1)
    expect(page.locator(ROWS).first).to_contain_text("/new/2/0")
    expect(page.locator(ROWS).first).to_be_in_viewport()
    expect(page.locator(".pill")).to_have_count(0)


def test_calls_that_fold_away_above_do_not_move_what_is_read(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(uri=f"http://shop.test/old/{at}") for at in range(150)])
    *_, order, stock, bank = shop.story()
    inbox.post([stock, bank])
    expect(page.locator(".foot")).to_contain_text("152 shown")
    page.locator(".list").evaluate("box => box.scrollTo(0, 1500)")
    expect(page.get_by_text("/old/90", exact=True)).to_be_visible()
    before = page.evaluate(_PLACES)
    inbox.post([order])
    expect(page.locator(".foot")).to_contain_text("153 shown")
    assert page.evaluate(_PLACES) == before


def test_pause_keeps_every_row_and_resume_misses_none(long: Page, inbox: Any) -> None:
    before = long.evaluate(_PLACES)
    long.keyboard.press("p")
    for at in range(1, 6):
        inbox.post([shop.event(uri="http://shop.test/new")])
        expect(long.locator(".pause")).to_have_text(f"Resume ({at})")
    assert long.evaluate(_PLACES) == before
    long.keyboard.press("p")
    expect(long.locator(".foot")).to_contain_text("205 shown")
    assert long.evaluate(_PLACES) == before


def test_a_killed_inbox_is_found_again_where_the_reader_was(
    start: Callable[..., Any], visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", "0123456789abcdef0123456789abcdef")
    first = start("--quiet")
    page = visit(first).open()
    first.post([shop.event(uri=f"http://shop.test/a/{at}") for at in range(150)])
    expect(page.locator(".foot")).to_contain_text("150 shown")
    kept = len(first.api("GET", "/records?limit=500")[1]["records"])
    assert kept == 150
    page.locator(".list").evaluate("box => box.scrollTo(0, 1000)")
    expect(page.get_by_text("/a/100", exact=True)).to_be_visible()
    before = page.evaluate(_PLACES)
    first.stop(signal.SIGKILL)
    expect(page.locator(".banner")).to_be_visible()
    again = start("--quiet", "--port", str(first.port), file=first.file)
    # More than one frame and more than one page of the list, before the page has come back or while it does.
    for batch in range(3):
        again.post([shop.event(uri=f"http://shop.test/b/{batch}/{at}") for at in range(100)])
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator(".foot")).to_contain_text("450 shown")
    order = [place for place, _ in page.evaluate(_PLACES)]
    # The banner came and went; what stood in the middle of the list is still there, in its order.
    assert order == [place for place, _ in before]
    seen = _walk(page)
    assert len(seen) == len(set(seen)) == 450
    assert seen == sorted(seen, reverse=True)


def _walk(page: Page) -> list[int]:
    """The numbers of all rows, in the order in which a reader who scrolls down meets them."""
    page.locator(".list").evaluate("box => box.scrollTo(0, 0)")
    seen: list[int] = []
    for _ in range(60):
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        rows = page.locator(ROWS).evaluate_all("rows => rows.map(row => Number(row.id.slice(1)))")
        seen += [n for n in rows if not seen or n < seen[-1]]
        end = page.locator(".list").evaluate(
            "box => (box.scrollTop += 270, box.scrollTop + box.clientHeight >= box.scrollHeight)"
        )
        if end and rows[-1] == 1:
            break
    return seen
