"""Bodies: large ones in pages, hidden values at a click and for one record alone, and what is missing said in words."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

FIRST = 65_536
LARGE = 8_000_000
MOST = 24_000_000
"""Three times what an event of a batch may have; a HAR may have twice as much."""


def _body(kind: str, content: bytes, **headers: str) -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"headers": {"content-type": kind, **headers}, "body": encoded, "transfer_encoding": "base64"}


def _har(kind: str, content: bytes) -> dict[str, Any]:
    response = {
        "status": 200,
        "headers": [{"name": "content-type", "value": kind}],
        "content": {"text": base64.b64encode(content).decode(), "encoding": "base64", "mimeType": kind},
    }
    request = {"method": "GET", "url": "http://shop.test/large", "headers": []}
    return {"log": {"entries": [{"request": request, "response": response}]}}


def _open(page: Page, tab: str = "Response", row: int = 0) -> Locator:
    page.locator(".rows .row").nth(row).click()
    detail = page.locator(".detail")
    detail.get_by_role("tab", name=tab).click()
    return detail


_SHAPES = {
    "text": ("text/plain", lambda: b"0123456789abcde\n" * (MOST // 16)),
    "json": ("application/json", lambda: b"[" + b'{"cup": 12.5},' * (LARGE // 14) + b"{}]"),
    "one string": ("application/json", lambda: b'"' + b"x" * LARGE + b'"'),
    "xml": ("application/xml", lambda: b"<a>" + b"<b>12</b>" * (LARGE // 9) + b"</a>"),
    "bytes": ("application/octet-stream", lambda: bytes(range(256)) * (LARGE // 256)),
    "page": ("text/html", lambda: b"<!doctype html>" + b"<p>cup</p>" * (LARGE // 10)),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shape", _SHAPES)
def test_the_largest_body_costs_no_more_than_its_first_page(page: Page, inbox: Any, shape: str) -> None:
    kind, content = _SHAPES[shape]
    assert inbox.api("POST", "/import", _har(kind, content()))[0] == 200
    expect(page.locator(".rows .row")).to_have_count(1)
    sizes: list[int] = []
    page.on("response", lambda answer: "/api/v1/records/" in answer.url and sizes.append(len(answer.body())))
    page.set_default_timeout(90_000)  # milliseconds; a busy machine computes that long for the largest
    detail = _open(page)
    if shape == "page":
        detail.get_by_role("tab", name="Raw").click()
    shown = detail.locator(".tree, .body pre").first
    expect(shown).to_be_visible()
    expect(detail.locator(".body-toolbar")).to_contain_text("MB")
    # An answer of one page, and as many elements as one can look at.
    assert sizes
    assert max(sizes) < 12 * FIRST
    assert shown.evaluate("box => box.textContent.length") < 5 * FIRST
    assert page.evaluate("document.querySelectorAll('*').length") < 60_000
    expect(detail.get_by_role("button", name="Show more")).to_be_visible()


def test_show_more_adds_a_page_at_a_time_and_ends(page: Page, inbox: Any) -> None:
    text = "".join(f"{at:07}\n" for at in range(60_000)).encode()
    inbox.post([shop.event(response=_body("text/plain", text))])
    detail = _open(page)
    pre = detail.locator("pre.text")
    expect(detail).to_contain_text("65,536 of 480,000 characters")
    detail.get_by_role("button", name="Show more").click()
    expect(detail).to_contain_text("327,680 of 480,000 characters")
    detail.get_by_role("button", name="Show more").click()
    expect(detail.get_by_role("button", name="Show more")).to_have_count(0)
    assert pre.evaluate("box => box.textContent") == text.decode()


def test_a_long_list_in_json_shows_its_first_members(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(response=_body("application/json", json.dumps(list(range(3_000))).encode()))])
    detail = _open(page)
    tree = detail.locator(".tree")
    tree.get_by_role("button").first.click() if tree.locator(".leaf").count() == 0 else None
    expect(tree.locator(".leaf")).to_have_count(100)
    tree.get_by_role("button", name="2,900 more").click()
    expect(tree.locator(".leaf")).to_have_count(1100)


def test_hidden_values_are_shown_for_one_record_alone(page: Page, inbox: Any) -> None:
    secret = {"authorization": "Bearer abc.def", "cookie": "sid=s3cret; theme=dark", "host": "shop.test"}
    for name in ("first", "second"):
        inbox.post(
            [
                shop.event(
                    "POST",
                    f"http://shop.test/{name}?token=t0k&page=2",
                    request={
                        "headers": {**secret, "content-type": "application/json"},
                        "body": {"password": "hunter2", "cup": 1},
                        "transfer_encoding": "json",
                    },
                )
            ]
        )
    expect(page.locator(".rows .row")).to_have_count(2)
    detail = _open(page, "Request")
    for value in ("abc.def", "s3cret", "t0k", "hunter2"):
        expect(detail).not_to_contain_text(value)
    expect(detail.get_by_role("table", name="Query")).to_contain_text("page2")
    expect(detail.get_by_role("table", name="Cookies").locator("th")).to_have_text(["sid", "theme"])
    detail.get_by_role("table", name="Headers").get_by_role(
        "button", name="[hidden here, arrived in clear]"
    ).first.click()
    for value in ("abc.def", "s3cret", "t0k", "hunter2"):
        expect(detail).to_contain_text(value)
    page.keyboard.press("j")
    expect(detail.locator(".url")).to_contain_text("/first")
    for value in ("abc.def", "s3cret", "t0k", "hunter2"):
        expect(detail).not_to_contain_text(value)
    page.keyboard.press("k")
    expect(detail.locator(".url")).to_contain_text("/second")


def test_bytes_that_hold_secrets_ask_before_they_are_shown(page: Page, inbox: Any) -> None:
    inbox.post([shop.event(response=_body("application/x-www-form-urlencoded", b"user=ann&password=hunter2"))])
    detail = _open(page)
    detail.get_by_role("tab", name="Hex").click()
    expect(detail).to_contain_text("contain hidden values")
    expect(detail).not_to_contain_text("hunter2")
    detail.get_by_role("button", name="Show them").click()
    expect(detail.locator(".hex")).to_contain_text("hunter2")


@pytest.mark.parametrize(
    ("metadata", "body", "said"),
    [
        ({"size": 90_000, "truncated": True}, b"First line\n", "Truncated: 11 of 90,000 bytes were recorded."),
        ({"size": 123, "omitted": "binary"}, None, "The body was omitted: binary"),
        ({"redacted": 2}, b'{"pin": "********"}', "The recorder masked 2 values"),
    ],
)
def test_what_is_missing_is_said(
    page: Page, inbox: Any, metadata: dict[str, Any], body: bytes | None, said: str
) -> None:
    message = {"headers": {"content-type": "text/plain"}, "body": None} if body is None else _body("text/plain", body)
    inbox.post([shop.event(response=message, metadata={"response_body": metadata})])
    expect(_open(page)).to_contain_text(said)


def test_a_line_end_that_is_missing_is_not_worth_a_word(page: Page, inbox: Any) -> None:
    """Many frameworks end JSON with one; JSON that was written anew is told."""
    for size in (9, 43):
        headers = {"content-type": "application/json", "content-length": str(size)}
        inbox.post([shop.event(response={"headers": headers, "body": {"a": 1}})])
    expect(page.locator(".rows .row")).to_have_count(2)
    expect(_open(page).locator(".remarks")).to_have_text(
        "This JSON was written anew on its way here: 8 bytes instead of 43."
    )
    detail = _open(page, row=1)
    expect(detail.locator(".url")).to_be_visible()
    expect(page.locator(".detail")).to_have_attribute("aria-label", "Record 1")
    expect(detail.locator(".tree")).to_contain_text("a: 1")
    expect(detail.locator(".remarks")).to_have_count(0)


def test_a_packed_body_is_unpacked_and_a_broken_one_is_said_to_be(page: Page, inbox: Any) -> None:
    packed = gzip.compress(b'{"cup": "espresso"}')
    headers = {"content-encoding": "gzip"}
    inbox.post([shop.event(response=_body("application/json", packed, **headers))])
    inbox.post([shop.event(response=_body("application/octet-stream", b"\x00\xff no gzip at all", **headers))])
    expect(page.locator(".rows .row")).to_have_count(2)
    detail = _open(page, row=1)
    expect(detail.locator(".tree")).to_contain_text('cup: "espresso"')
    expect(detail.locator(".remarks")).to_contain_text("Decompressed from gzip.")
    detail = _open(page, row=0)
    expect(detail.locator(".remarks")).to_contain_text("Cannot decompress the body")


def test_headers_in_order_with_doubles_on_both_sides(page: Page, inbox: Any) -> None:
    sent_fields = {"host": "shop.test", "x-b": "1", "accept": ["text/html", "*/*"], "x-a": "2"}
    fields = {"content-type": "text/plain", "vary": ["accept", "cookie"], "x-z": "1", "age": "0"}
    inbox.post([shop.event(request={"headers": sent_fields}, response={"headers": fields})])
    for tab, headers in (("Request", sent_fields), ("Response", fields)):
        table = _open(page, tab).get_by_role("table", name="Headers")
        expected = [
            (name, value)
            for name, values in headers.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        expect(table.locator("th")).to_have_text([name for name, _ in expected])
        expect(table.locator("td")).to_have_text([value for _, value in expected])


def test_the_address_and_the_text_are_copied(page: Page, inbox: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    inbox.post([shop.event(response=_body("text/plain", "Zwölf Tassen ☕".encode()))])
    detail = _open(page)
    detail.get_by_role("button", name="More").click()
    detail.get_by_role("button", name="Link").click()
    expect(page.locator(".toast")).to_have_text(re.compile("Link copied"))
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.partition("#")[0] == page.url  # what follows opens it in another browser once
    assert inbox.token not in link
    detail.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".toast")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "Zwölf Tassen ☕"
