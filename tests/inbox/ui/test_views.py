"""Bodies in many formats, each in a view of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import formats
import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide


def opened(page: Page, inbox: Any, *events: dict[str, Any], tab: str = "Response") -> Locator:
    """Post records and open the newest at a tab."""
    assert inbox.post(list(events)) == 201
    expect(page.locator(".rows .row")).to_have_count(len(events))
    page.locator(".rows .row").first.click()
    detail = page.locator(".detail")
    detail.get_by_role("tab", name=tab).click()
    return detail


def test_server_sent_events_are_a_list(page: Page, inbox: Any) -> None:
    """Names, ids, data as trees, comments, and an event whose end is missing."""
    detail = opened(page, inbox, formats.answered("/s", formats.encoded("text/event-stream", formats.event_stream())))
    events = detail.locator(".events > li")
    expect(events).to_have_count(10)
    expect(events.nth(0)).to_contain_text("comment")
    expect(events.nth(0)).to_contain_text(": connected")
    expect(events.nth(1).locator(".event-head")).to_contain_text("delta")
    expect(events.nth(1).locator(".event-head")).to_contain_text("id 0")
    expect(events.nth(1)).to_contain_text('choices: [{index: 0, delta: {content: "One"}}]')
    events.nth(4).get_by_role("button").click()
    expect(events.nth(4).locator(".tree")).to_contain_text("usage: null")
    expect(events.nth(8).locator(".event-head")).to_contain_text("retry 3000 ms")
    expect(events.nth(8).locator("pre")).to_have_text("first line\nsecond line")
    expect(events.nth(9)).to_contain_text("the stream ends within this event")
    detail.get_by_role("tab", name="Raw").click()
    expect(detail.locator("pre.text")).to_contain_text("event: done")


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/json"])
def test_json_lines_are_trees(page: Page, inbox: Any, kind: str) -> None:
    """Also if the sender calls them JSON; large numbers are exact, and what is no JSON is shown as it is."""
    detail = opened(page, inbox, formats.answered("/log", formats.encoded(kind, formats.json_lines())))
    lines = detail.locator(".lines > li")
    expect(lines).to_have_count(13)
    expect(lines.nth(1)).to_contain_text('level: "error"')
    lines.nth(0).get_by_role("button").click()
    expect(lines.nth(0).locator(".inner")).to_contain_text("id: 9007199254740993")
    expect(lines.nth(12)).to_contain_text("not JSON")


def test_many_lines_come_in_pages(page: Page, inbox: Any) -> None:
    """As many elements as one can look at."""
    detail = opened(
        page, inbox, formats.answered("/log", formats.encoded("application/x-ndjson", formats.json_lines(700)))
    )
    expect(detail.locator(".lines > li")).to_have_count(200)
    detail.get_by_role("button", name="501 more").click()
    expect(detail.locator(".lines > li")).to_have_count(701)


def test_parts_have_their_file_names_and_contents(page: Page, inbox: Any) -> None:
    """The name of RFC 8187 goes before the plain one; JSON is a tree, and an image an image."""
    kind = f"multipart/form-data; boundary={formats.BOUNDARY}"
    detail = opened(page, inbox, formats.sent("/up", formats.encoded(kind, formats.upload())), tab="Request")
    parts = detail.locator(".part")
    expect(parts).to_have_count(3)
    expect(parts.nth(0)).to_contain_text("A cup")
    expect(parts.nth(1).locator(".tree")).to_contain_text("price: 12.5")
    expect(parts.nth(2).locator(".file")).to_have_text("größe.png")
    image = parts.nth(2).get_by_role("img", name="Image größe.png")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [("application/x-protobuf", formats.protobuf(), "Protobuf"), ("application/grpc+proto", formats.grpc(), "gRPC")],
    ids=["protobuf", "grpc"],
)
def test_protobuf_is_shown_by_field_numbers(page: Page, inbox: Any, kind: str, content: bytes, name: str) -> None:
    """Texts, messages, packed numbers, and large numbers exactly; the bytes remain."""
    detail = opened(page, inbox, formats.sent("/pb", formats.encoded(kind, content)), tab="Request")
    expect(detail.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    tree = detail.locator(".tree")
    for text in ("1: 150", '2: "Espresso cup"', "1: 9007199254740993", "as varints: ["):
        expect(tree).to_contain_text(text)
    detail.get_by_role("tab", name="Hex").click()
    expect(detail.locator(".hex")).to_contain_text("08 96 01 12 0c")


@pytest.mark.parametrize(("library", "kind"), [("msgpack", "application/msgpack"), ("cbor2", "application/cbor")])
def test_messagepack_and_cbor_are_trees_with_secrets_hidden(page: Page, inbox: Any, library: str, kind: str) -> None:
    """What arrived in clear is hidden by name, as in JSON, and shown at a click."""
    module = pytest.importorskip(library)
    content = (module.packb if library == "msgpack" else module.dumps)({"id": 2**53 + 1, "password": "hunter2"})
    detail = opened(page, inbox, formats.sent("/bin", formats.encoded(kind, content)), tab="Request")
    tree = detail.locator(".tree")
    expect(tree).to_contain_text("id: 9007199254740993")
    expect(tree).not_to_contain_text("hunter2")
    tree.get_by_role("button", name="[hidden here, arrived in clear]").click()
    expect(detail.locator(".tree")).to_contain_text('password: "hunter2"')


def test_a_token_is_shown_as_header_and_claims_hidden_at_first(page: Page, inbox: Any) -> None:
    """Times and the algorithm say why it was refused; who it is for comes with a click."""
    bearer = {"host": "shop.test", "authorization": f"Bearer {formats.token()}"}
    detail = opened(page, inbox, shop.event(status=401, request={"headers": bearer}), tab="Request")
    claims = detail.get_by_role("table", name="Token claims")
    expect(detail.locator(".token h3")).to_contain_text("expired at that time")
    expect(detail.get_by_role("table", name="Token header").get_by_role("row").first).to_have_text("algRS256")
    expect(claims).not_to_contain_text("ann")
    expect(claims.get_by_role("row", name="sub")).to_contain_text("[hidden here, arrived in clear]")
    claims.get_by_role("button").first.click()
    expect(detail.get_by_role("table", name="Token claims").get_by_role("row", name="sub")).to_have_text("subann")


def test_an_image_says_its_size(page: Page, inbox: Any) -> None:
    picture = {"headers": {"content-type": "image/png"}, "body": shop.PIXEL, "transfer_encoding": "base64"}
    detail = opened(page, inbox, shop.event(response=picture))
    expect(detail.locator("figcaption")).to_have_text("1 \N{MULTIPLICATION SIGN} 1 pixels")


def test_a_copied_command_says_that_values_are_masked(page: Page, inbox: Any) -> None:
    """In a comment, since whoever runs it may never have seen the page."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    headers = {"host": "shop.test", "authorization": "Bearer [redacted]", "cookie": "sid=abc"}
    detail = opened(page, inbox, shop.event(request={"headers": headers}), tab="Overview")
    detail.get_by_role("button", name="cURL").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].startswith("# The recorder masked header values.")
    assert lines[1].startswith("# 1 value is hidden here as [hidden here, arrived in clear].")
    assert lines[2].startswith("curl ")


def test_additional_data_is_a_tree(page: Page, inbox: Any) -> None:
    """What no column holds, such as the recorder's version."""
    detail = opened(page, inbox, shop.event(metadata={"build": {"id": "b-7"}}), tab="Overview")
    detail.locator("details", has_text="Additional data").locator("summary").click()
    expect(detail.locator("details[open] .tree").last).to_contain_text("b-7")


def test_a_collapsed_node_previews_what_it_holds(page: Page, inbox: Any) -> None:
    body = shop.encoded("application/json", json.dumps({"cups": [{"id": 7, "name": "Espresso"}], "more": {}}))
    detail = opened(page, inbox, shop.event(response=body))
    fold = detail.locator(".tree .fold").nth(1)
    fold.click()
    expect(fold).to_contain_text("cups: [ 1 ]")
    expect(fold.locator(".peek")).to_have_text('{id: 7, name: "Espresso"}')
