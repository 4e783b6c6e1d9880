"""A record opens on one page: what went wrong, both bodies, then facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import formats
import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide


@pytest.fixture
def filled(page: Page, inbox: Any) -> Page:
    """The page with a record of every format."""
    assert inbox.post(formats.every_format()) == 201
    expect(page.locator(".rows .row")).to_have_count(8)
    return page


def opened(page: Page, path: str) -> Locator:
    """Open the record of a path."""
    page.locator(".rows .row", has_text=path).first.click()
    detail = page.locator(".detail")
    expect(detail.locator(".url")).to_contain_text(path)
    return detail


def order_of(detail: Locator, *selectors: str) -> list[str]:
    """The selectors in the order in which they are on the page."""
    tops = {one: detail.locator(one).first.evaluate("box => box.getBoundingClientRect().top") for one in selectors}
    return sorted(tops, key=lambda one: tops[one])


def test_the_answers_come_first(page: Page, inbox: Any) -> None:
    """Exception, then both bodies side by side, then facts; without a tab being opened."""
    inbox.post(shop.story())
    page.locator(".rows .row.failed", has_text="/api/orders").click()
    detail = page.locator(".detail")
    expect(detail.locator(".failure")).to_contain_text("PaymentError The bank did not answer.")
    expect(detail.get_by_role("region", name="Request body")).to_contain_text("Please ring.")
    expect(detail.get_by_role("region", name="Response body")).to_contain_text('error: "payment"')
    assert order_of(detail, ".facts", ".bodies", ".failure") == [".failure", ".bodies", ".facts"]
    boxes = [detail.get_by_role("region", name=f"{side} body").bounding_box() for side in ("Request", "Response")]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    expect(detail.get_by_role("region", name="Response body")).to_be_in_viewport()


def test_on_a_narrow_screen_the_bodies_are_beneath_each_other(visit: Callable[..., Any], inbox: Any) -> None:
    inbox.post(shop.story())
    n = inbox.api("GET", "/records?q=has:outbound")[1]["records"][0]["n"]
    page = visit(inbox, viewport={"width": 390, "height": 844}).open(f"/?n={n}")
    detail = page.locator(".detail")
    detail.locator(".bodies .tree").nth(1).wait_for()
    boxes = [detail.get_by_role("region", name=f"{side} body").bounding_box() for side in ("Request", "Response")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]


def test_facts_do_not_repeat_the_list(filled: Page) -> None:
    """Status, method, host and path are in the heading; user and device can be filtered for."""
    detail = opened(filled, "/cart")
    names = detail.locator(".facts dt").all_inner_texts()
    assert {"Status", "Method", "Host", "Path", "Direction"}.isdisjoint(names)
    assert {"Time", "User", "Device", "Client", "Id"} <= set(names)
    detail.get_by_role("button", name="Filter for user ann").click()
    expect(filled.get_by_label("Query", exact=True)).to_have_value("user:ann")
    expect(filled.locator(".rows .row")).to_have_count(1)


def test_what_is_long_is_folded(filled: Page) -> None:
    """Headers open at a click, and have tabs of their own."""
    detail = opened(filled, "/signup")
    headers = detail.locator("details", has_text="Request headers")
    expect(headers.get_by_role("table", name="Request headers")).to_be_hidden()
    headers.locator("summary").click()
    expect(headers.get_by_role("table", name="Request headers")).to_contain_text("user-agent")


def test_a_short_body_lets_the_wheel_pass(page: Page, inbox: Any) -> None:
    """The headers are right below it, and the facts are reached; a long one scrolls by itself."""
    short, long = ({f"field{at}": at for at in range(count)} for count in (24, 90))
    inbox.post([shop.event(uri=f"http://shop.test/{len(body)}", response={"body": body}) for body in (long, short)])
    detail = opened(page, "/24")
    content, facts = detail.locator(".body-content"), detail.locator(".facts")
    scrolls = "box => box.scrollHeight > box.clientHeight"
    assert content.evaluate(scrolls) is False
    assert order_of(detail, ".facts", ".bodies", ".folded") == [".bodies", ".folded", ".facts"]
    expect(facts).not_to_be_in_viewport(ratio=1)
    content.hover()
    page.mouse.wheel(0, 600)
    expect(facts).to_be_in_viewport(ratio=1)
    assert opened(page, "/90").locator(".body-content").evaluate(scrolls) is True


_PAGE = "<!doctype html><title>500</title><h1>Server Error</h1><p>The server could not handle the request.</p>"


def test_the_preview_of_a_page_is_as_high_as_it_needs_to_be(page: Page, inbox: Any) -> None:
    """Nothing is cut off, and little is blank; a long page scrolls."""
    for text in (_PAGE + "<p>More.</p>" * 90, _PAGE):
        inbox.post([shop.event(status=500, response=shop.encoded("text/html", text))])
    expect(page.locator(".rows .row")).to_have_count(2)
    for row, height in ((0, None), (1, 260)):
        page.locator(".rows .row").nth(row).click()
        frame = page.locator(".detail .preview")
        expect(frame.content_frame.locator("h1")).to_be_visible()
        box, handle = frame.bounding_box(), frame.element_handle()
        assert box is not None
        inner = handle.content_frame()
        assert inner is not None
        needed = inner.locator("p").last.evaluate("last => last.getBoundingClientRect().bottom + scrollY")
        assert box["height"] == height if height else needed <= box["height"] < needed + 60


def test_the_page_in_place_of_an_exception_is_folded(page: Page, inbox: Any) -> None:
    """The exception tells more; one click shows the page."""
    raised = {"type": "KeyError", "message": "'cup'"}
    inbox.post([shop.event(status=500, response=shop.encoded("text/html", _PAGE), metadata={"exception": raised})])
    detail = opened(page, "/api/items/7")
    expect(detail.locator(".failure")).to_contain_text("KeyError 'cup'")
    body = detail.get_by_role("region", name="Response body")
    expect(body.locator("iframe")).to_be_hidden()
    body.locator("summary").press("Enter")
    expect(body.locator("iframe")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/signup", ["body.email: value is not a valid email address", "body.age: Input should be a valid integer"]),
        ("/me", ["invalid_token", "The token expired", "The token in authorization had expired 9 minutes before."]),
        ("/cart", ["KeyError at /cart"]),
        ("/shop.Orders/Get", ["gRPC status 5 NOT_FOUND", "no such cup"]),
    ],
)
def test_the_error_is_told_in_the_words_of_the_response(filled: Page, path: str, said: list[str]) -> None:
    """Of validation, OAuth, an error page, and gRPC."""
    failure = opened(filled, path).get_by_role("region", name="What went wrong")
    for text in said:
        expect(failure).to_contain_text(text)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"type": "about:blank", "title": "Out of stock", "detail": "No cup left."}, 409, "Out of stock No cup left."),
        ({"email": ["This field is required."]}, 400, "email: This field is required."),
        ({"error": {"code": 7, "message": "No cup"}}, 404, "7 No cup"),
        ({"errors": [{"message": "No cup", "path": ["cup", 0]}], "data": None}, 200, "cup.0: No cup"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "No method"}}, 200, "-32601 No method"),
        ({"errors": [{"title": "Bad", "source": {"pointer": "/data/x"}}]}, 400, "/data/x: Bad"),
        ({}, 404, "Status 404 without an explanation in the body."),
    ],
)
def test_errors_in_json_of_many_kinds(page: Page, inbox: Any, body: Any, status: int, said: str) -> None:
    """RFC 9457, Django REST framework, OAuth, GraphQL, JSON-RPC, JSON:API, and nothing at all."""
    inbox.post([shop.event(status=status, response={"body": body})])
    expect(opened(page, "/api/items/7").get_by_role("region", name="What went wrong")).to_contain_text(said)


def test_an_exception_tells_where_it_was_raised(page: Page, inbox: Any) -> None:
    """And goes before what the response says, which is beneath it."""
    raised = {"type": "KeyError", "message": "'cup'", "module": "shop.views", "line": 42}
    inbox.post([shop.event(status=500, response={"body": {"error": "server"}}, metadata={"exception": raised})])
    failure = opened(page, "/api/items/7").get_by_role("region", name="What went wrong")
    expect(failure).to_contain_text("KeyError 'cup' raised in shop.views, line 42")
    expect(failure).not_to_contain_text("server")


def test_a_success_tells_of_no_failure(page: Page, inbox: Any) -> None:
    """Also if its body has members with such names."""
    inbox.post([shop.event(response={"body": {"message": "Done", "error": None, "errors": []}})])
    expect(opened(page, "/api/items/7").locator(".facts")).to_be_visible()
    expect(page.locator(".failure")).to_have_count(0)


def test_one_click_compares_a_failure_with_the_last_success(page: Page, inbox: Any) -> None:
    """Of the same endpoint and user, with the numbers that the list shows."""
    inbox.post(
        [
            shop.event("GET", "http://shop.test/orders/1", user="ann", response={"body": {"state": "sent"}}),
            shop.event("GET", "http://shop.test/orders/2", user="bob", response={"body": {"state": "new"}}),
            shop.event("GET", "http://shop.test/orders/3", 500, user="ann", response={"body": {"state": None}}),
        ]
    )
    detail = opened(page, "/orders/3")
    expect(page.locator(".rows .chosen .record-number")).to_have_text("#3")
    detail.get_by_role("button", name="Compare with the last success").click()
    expect(page.locator(".relation")).to_have_text(
        "Success (left) and failure (right) of the same endpoint and the same user (ann)."
    )
    expect(page.locator(".side").first).to_contain_text("record 1")
    heads = page.locator(".changes").last.locator("thead th")
    expect(heads).to_have_text(["Where", re.compile(r"1 · 200"), re.compile(r"3 · 500")])
    row = page.locator(".changes").last.get_by_role("row", name=re.compile(r"\$\.state"))
    expect(row).to_contain_text("sent")
    page.go_back()
    expect(page.locator(".detail .url")).to_contain_text("/orders/3")
    page.keyboard.press("l")
    expect(page.locator(".relation")).to_be_visible()


def test_without_a_success_it_is_said(page: Page, inbox: Any) -> None:
    inbox.post([shop.event("GET", "http://shop.test/orders/3", 500)])
    opened(page, "/orders/3").get_by_role("button", name="Compare with the last success").click()
    expect(page.locator(".toast")).to_have_text("The inbox has no success of this endpoint.")
    expect(page.locator(".detail .url")).to_contain_text("/orders/3")


def test_a_notification_does_not_cover_the_comparison(page: Page, inbox: Any) -> None:
    """It goes with the view that it was about, and at a click."""
    inbox.post([shop.event(uri="http://shop.test/a"), shop.event(uri="http://shop.test/b")])
    opened(page, "/a").get_by_role("button", name="Compare").click()
    expect(page.locator(".toast")).to_contain_text("is selected")
    page.locator(".toast").click()
    expect(page.locator(".toast")).to_have_text("")
    opened(page, "/b").get_by_role("button", name="Compare with 1").click()
    expect(page.locator(".changes").first).to_be_visible()
    expect(page.locator(".toast")).to_have_text("")


def test_numbers_are_exact_in_the_comparison(page: Page, inbox: Any) -> None:
    """Those that JavaScript would round."""
    for number in (9007199254740993, 9007199254740992):
        body = shop.encoded("application/json", f'{{"id": {number}}}')
        inbox.post([shop.event(response=body)])
    address = page.url.partition("?")[0]
    page.goto(f"{address}?view=compare&left=1&right=2")
    row = page.locator(".changes").last.get_by_role("row", name=re.compile(r"\$\.id"))
    expect(row.locator("td")).to_have_text(["9007199254740993", "9007199254740992"])


def test_a_har_is_imported_apart_from_what_matches(page: Page, inbox: Any) -> None:
    """The import has nothing to do with the query."""
    inbox.post([shop.event()])
    page.get_by_label("Query", exact=True).fill("status:200")
    page.get_by_role("button", name="Inbox: export").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("group", name="Records matching status:200").locator("input")).to_have_count(0)
    expect(dialog.get_by_role("group", name="Import").get_by_label("Import HAR file")).to_be_visible()


def test_a_failure_is_told_once(page: Page, inbox: Any) -> None:
    """The page of an error has the same words in its title and its heading."""
    html = "<!doctype html><title>404 Not Found</title><h1>Not Found</h1><p>It is not here.</p>"
    inbox.post([shop.event(status=404, response=shop.encoded("text/html", html))])
    told = opened(page, "/api/items/7").get_by_role("region", name="What went wrong").locator(".told")
    expect(told).to_have_text("404 Not Found")


@pytest.mark.parametrize(
    ("statuses", "colors"),
    [
        ((500, 404), ("moved", "moved")),
        ((200, 200), ("moved", "moved")),
        ((200, 500), ("good", "bad")),
        ((500, 200), ("bad", "good")),
    ],
)
def test_only_a_failure_beside_a_success_is_red(
    inbox: Any, visit: Callable[..., Any], statuses: tuple[int, int], colors: tuple[str, str]
) -> None:
    """Of two failures, neither side is the good one."""
    inbox.post(
        [shop.event(status=status, response={"body": {"id": status + at}}) for at, status in enumerate(statuses)]
    )
    page = visit(inbox).open("/?view=compare&left=1&right=2")
    cells = page.locator(".changes .changed").last.locator("td")
    expect(cells).to_have_count(2)
    wanted = page.evaluate(
        """names => names.map((name) => {
            const box = document.createElement("i");
            document.querySelector(".changes").append(box);
            box.style.background = `var(--${name}-soft)`;
            return getComputedStyle(box).backgroundColor;
        })""",
        colors,
    )
    assert cells.evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)") == wanted


def test_a_comparison_without_records_says_what_to_do(inbox: Any, visit: Callable[..., Any]) -> None:
    inbox.post([shop.event()])
    for address in ("/?view=compare", "/?view=compare&left=1"):
        page = visit(inbox).open(address)
        expect(page.locator(".empty")).to_contain_text("Press m on one record, then on another")
        expect(page.locator(".problem")).to_have_count(0)
