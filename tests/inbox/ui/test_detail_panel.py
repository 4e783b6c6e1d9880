"""One record: everything that was sent, in the form that shows most of it, and what can be done with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from held import Held
from werkzeug import Request, Response

from tests.support.recording_server import RecordingServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from pytest_httpserver import HTTPServer


@pytest.fixture
def story(page: Page, inbox: Any) -> Page:
    """The page with a record of every kind."""
    assert inbox.post(shop.story()) == 201
    expect(page.locator(".rows .row")).to_have_count(10)
    return page


def opened(page: Page, path: str, tab: str = "Response") -> Locator:
    """Open the record of a path at one of its tabs."""
    page.locator(".rows .row", has_text=path).last.click()
    detail = page.locator(".detail")
    expect(detail.locator(".url")).to_contain_text(path)
    detail.get_by_role("tab", name=tab).click()
    return detail


def test_overview_tells_what_happened_and_when(story: Page) -> None:
    detail = story.locator(".detail")
    story.locator(".rows .row.failed", has_text="/api/orders").click()
    expect(detail.locator(".failure")).to_contain_text("PaymentError")
    expect(detail.locator(".lane")).to_have_count(3)
    expect(detail.locator(".lane.nested").first).to_contain_text("GET stock.test/v2/items")
    expect(detail.locator(".lane.nested .bad")).to_have_count(1)
    detail.locator(".lane.nested button").first.click()
    expect(detail.locator(".url")).to_contain_text("stock.test")
    detail.locator(".related button").first.click()
    expect(detail.locator(".url")).to_have_text("http://shop.test/api/orders")


def test_a_late_call_joins_the_record_that_is_open(page: Page, inbox: Any) -> None:
    *_, order, stock, bank = shop.story()
    inbox.post([order])
    page.locator(".rows .row").click()
    expect(page.locator(".detail .lane")).to_have_count(1)
    inbox.post([stock, bank])
    expect(page.locator(".detail .lane")).to_have_count(3)
    expect(page.locator(".rows .row", has_text="/api/orders")).to_contain_text("2 out")


def test_headers_keep_their_order_and_their_doubles(story: Page) -> None:
    names = opened(story, "/login").get_by_role("table", name="Headers").locator("th")
    expect(names).to_have_text(["location", "set-cookie", "set-cookie"])


def test_json_is_a_tree_that_folds_and_masks_open_at_a_click(story: Page) -> None:
    story.locator(".rows .row.failed", has_text="/api/orders").click()
    detail = story.locator(".detail")
    detail.get_by_role("tab", name="Request").click()
    tree = detail.locator(".tree")
    expect(tree).to_contain_text("Please ring.")
    expect(tree).not_to_contain_text("tok_123")
    expect(detail.get_by_role("table", name="Headers")).not_to_contain_text("abc.def")
    tree.get_by_role("button", name=re.compile("items")).click()
    expect(tree).to_contain_text("items: [ 2 ]")
    tree.get_by_role("button", name="[hidden here, arrived in clear]").click()
    expect(detail.locator(".tree")).to_contain_text("tok_123")
    expect(detail.get_by_role("table", name="Headers")).to_contain_text("Bearer abc.def")


def test_json_is_shown_as_it_was_sent(page: Page, inbox: Any) -> None:
    body = shop.encoded(
        "application/json", '{"b": 12345678901234567890, "1": 1.10, "b": "twice", "deep": {"cut": [1, 2'
    )
    inbox.post([shop.event(response=body)])
    detail = opened(page, "/api/items/7")
    tree = detail.locator(".tree")
    expect(tree).to_contain_text("12345678901234567890")
    expect(tree).to_contain_text("1.10")
    expect(tree).to_contain_text('"twice"')
    expect(tree).to_contain_text("cut: [")
    expect(detail).to_contain_text("the text ends here")


@pytest.mark.parametrize(
    ("path", "tab", "view", "expected"),
    [
        ("/login", "Request", "Form", ["user", "ann", "password", "[hidden here, arrived in clear]"]),
        ("/photos", "Request", "Parts", ["title", "A cup", "cup.png", "image/png"]),
        ("/feed.xml", "Response", "XML", ["<name>Cup</name>", "<!-- end -->"]),
        ("/notes.txt", "Response", "Raw", ["First line", "of 90,000 bytes were recorded"]),
        ("/blob", "Response", "Hex", ["000010  10 11 12 13", "0123456789:;<=>?"]),
        ("/cups", "Response", "Raw", ["<h1>Cups</h1>"]),
    ],
)
def test_bodies_are_shown_in_their_form(story: Page, path: str, tab: str, view: str, expected: list[str]) -> None:
    detail = opened(story, path, tab)
    detail.get_by_role("tab", name=view).click()
    for text in expected:
        expect(detail).to_contain_text(text)


def test_an_image_is_an_image_and_a_page_is_a_page_in_a_sandbox(story: Page) -> None:
    detail = opened(story, "/logo.png")
    image = detail.locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    detail = opened(story, "/cups")
    expect(detail.frame_locator("iframe").get_by_role("heading", name="Cups")).to_be_visible()
    assert detail.locator("iframe").get_attribute("sandbox") == ""


def test_a_long_body_comes_in_pages(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(response=shop.encoded("text/plain", "x" * 100_000 + "END"))])
    detail = opened(page, "/api/items/7")
    expect(detail).to_contain_text("65,536 of 100,003 characters")
    detail.get_by_role("button", name="Show more").click()
    expect(detail.locator("pre")).to_contain_text("END")
    expect(detail.get_by_role("button", name="Show more")).to_have_count(0)


@pytest.mark.parametrize(("label", "begin"), [("cURL", "curl"), ("Python", "import"), ("httpie", "http")])
def test_copy(story: Page, label: str, begin: str) -> None:
    story.context.grant_permissions(["clipboard-read", "clipboard-write"])
    detail = opened(story, "/feed.xml", "Overview")
    if label != "cURL":
        detail.get_by_role("button", name="More").click()
    detail.get_by_role("button", name=label).click()
    expect(story.locator(".toast")).to_contain_text("Copied")
    copied = story.evaluate("navigator.clipboard.readText()")
    assert begin in copied
    assert "feed.xml" in copied


def test_the_heading_has_one_row_of_buttons(page: Page, inbox: Any) -> None:
    """At the width that it has by itself; method, status and address are in one line above."""
    inbox.post([shop.event(status=404)])
    top = opened(page, "/api/items/7", "Overview").locator(".top")
    names = ["Replay", "Copy as cURL", "Compare", "☆ Pin", re.compile("^More")]
    expect(top.locator(".actions button")).to_have_text(names)

    def middles(selector: str) -> list[float]:
        boxes = [one.bounding_box() for one in top.locator(selector).all()]
        return [box["y"] + box["height"] / 2 for box in boxes if box is not None]

    for selector in (".actions button", ".method, .status, .url, .about, .moves"):
        places = middles(selector)
        assert max(places) - min(places) < 4


def test_the_menu_of_the_heading_by_keyboard(page: Page, inbox: Any) -> None:
    """It takes the focus, arrows move in it, and it goes with Escape, with Tab out of it, and with what was chosen."""
    inbox.post([shop.event()])
    detail = opened(page, "/api/items/7", "Overview")
    more = detail.get_by_role("button", name="More")
    more.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(detail.get_by_role("button", name="Python")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(detail.get_by_role("button", name="HTTPie")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(detail.locator(".menu")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(detail.get_by_role("button", name="Find", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(detail.locator(".menu")).to_have_count(0)
    expect(detail).to_be_visible()
    more.press("Enter")
    with page.expect_download():
        detail.get_by_role("button", name="HAR", exact=True).press("Enter")
    expect(detail.locator(".menu")).to_have_count(0)
    expect(more).to_be_focused()
    more.click()
    detail.get_by_role("button", name="Find", exact=True).click()
    expect(detail.locator(".find input")).to_be_focused()


def test_pin(story: Page, inbox: Any) -> None:
    opened(story, "/feed.xml", "Overview").get_by_role("button", name="Pin").click()
    expect(story.locator(".rows .pin")).to_have_count(1)
    assert [one["path"] for one in inbox.api("GET", "/records?q=is:pinned")[1]["records"]] == ["/feed.xml"]


def test_values_go_into_the_query(story: Page) -> None:
    detail = opened(story, "/feed.xml", "Overview")
    detail.get_by_role("button", name="Exclude path /feed.xml").click()
    expect(story.locator(".rows .row")).to_have_count(9)
    expect(story.get_by_label("Query", exact=True)).to_have_value("-path:/feed.xml")


def test_two_records_are_compared(story: Page) -> None:
    opened(story, "/api/orders/81?page=2", "Overview").get_by_role("button", name="Compare").click()
    opened(story, "/api/orders/81?token", "Overview").get_by_role("button", name="Compare with").click()
    table = story.locator(".changes").last
    expect(table.get_by_role("row", name=re.compile(r"\$\.state"))).to_contain_text("sent")
    expect(table.get_by_role("row", name=re.compile(r"\$\.total"))).to_contain_text("37.5")
    expect(story.locator(".part-of", has_text="Request headers")).to_contain_text("equal")


@pytest.fixture
def shop_server(httpserver: HTTPServer) -> RecordingServer:
    """A shop on loopback that a request can be sent to again."""

    def created(_: Request) -> Response:
        return Response(json.dumps({"id": len(httpserver.log) + 1}), 201, mimetype="application/json")

    return RecordingServer(httpserver, created)


def test_replay_asks_first_and_shows_the_new_record(page: Page, inbox: Any, shop_server: Any) -> None:
    port = shop_server.port
    inbox.post(
        [
            shop.event(
                "POST", f"http://127.0.0.1:{port}/orders", 500, request=shop.encoded("application/json", '{"a": 1}')
            )
        ]
    )
    opened(page, "/orders", "Overview")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"http://127.0.0.1:{port}/orders")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert shop_server.requests == []
    page.locator(".detail").get_by_role("button", name="Replay").click()
    dialog.get_by_role("button", name="Send POST again").click()
    expect(page.locator(".detail .status").first).to_have_text("201")
    assert [(request.target, request.body) for request in shop_server.requests] == [("/orders", b'{"a": 1}')]
    page.locator(".detail .related").get_by_role("button", name="compare").click()
    expect(page.locator(".changes").first).to_contain_text("500")


def test_a_replay_that_ends_late_does_not_take_the_reader_away(page: Page, inbox: Any, shop_server: Any) -> None:
    port = shop_server.port
    inbox.post([shop.event(), shop.event("POST", f"http://127.0.0.1:{port}/orders")])
    opened(page, "/orders", "Overview")
    page.keyboard.press("r")
    held = Held(page, "records/2/replay")
    page.get_by_role("dialog").get_by_role("button", name="Send POST again").click()
    held.wait(1)
    page.keyboard.press("Escape")
    opened(page, "/api/items/7")
    held.release()
    expect(page.locator(".toast")).to_contain_text("Replayed.")
    expect(page.locator(".detail .url")).to_have_text("http://shop.test/api/items/7")


def test_a_permalink_opens_the_record(story: Page, visit: Callable[..., Any], inbox: Any) -> None:
    opened(story, "/feed.xml")
    address = story.url.partition("127.0.0.1")[2].partition("/")[2]
    other = visit(inbox, viewport={"width": 390, "height": 844}).open(f"/{address}")
    expect(other.locator(".detail .url")).to_contain_text("/feed.xml")
    expect(other.get_by_role("tab", name="Response")).to_have_attribute("aria-selected", "true")
    expect(other.locator(".list")).to_be_hidden()
    other.get_by_role("button", name="Close").click()
    expect(other.locator(".list")).to_be_visible()


def test_a_permalink_shows_its_row(visit: Callable[..., Any], inbox: Any) -> None:
    """In the middle of the list; who scrolls on is left alone, and a reload leads there again."""
    inbox.post([shop.event(uri=f"http://shop.test/{at}") for at in range(150)])
    page = visit(inbox).open("/?n=50")
    chosen, rows = page.locator(".rows .row.chosen"), page.locator(".list")
    for _ in range(2):
        expect(chosen).to_be_in_viewport()
        box, around = chosen.bounding_box(), rows.bounding_box()
        assert box is not None
        assert around is not None
        assert abs(box["y"] + box["height"] / 2 - around["y"] - around["height"] / 2) < 2 * box["height"]
        rows.evaluate("box => box.scrollTo(0, 0)")
        inbox.post([shop.event(uri="http://shop.test/new")])
        expect(page.locator(".pill")).to_be_visible()
        expect(chosen).not_to_be_in_viewport()
        page.reload()


def test_a_record_that_is_gone_is_said_to_be(visit: Callable[..., Any], inbox: Any) -> None:
    page = visit(inbox).open("/?n=77")
    expect(page.locator(".detail")).to_contain_text("This record was deleted")
