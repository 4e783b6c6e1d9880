"""An imported HAR on the page: WebSocket messages, phases, fields and facts; and one record as a file for others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from inbox.test_har_producers import FILES, SECRET, exported, imported, loaded
from test_access import _findings
from test_devtools import IMPORT, devtools

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.wide

__all__ = ["devtools"]  # a fixture


def opened(page: Page, inbox: Any, name: str, path: str) -> Locator:
    """Import a file and open the record of a path."""
    assert inbox.api("POST", "/import", FILES[name].read_bytes())[0] == 200
    page.locator(".rows .row", has_text=path).first.click()
    return page.locator(".detail")


def test_websocket_messages_are_shown(page: Page, inbox: Any) -> None:
    """Both ways, as text, with secrets hidden until they are revealed."""
    detail = opened(page, inbox, "chrome", "/live")
    messages = detail.get_by_role("table", name="WebSocket messages").locator("tr")

    expect(messages).to_have_count(4)
    expect(messages.first).to_contain_text("↑ sent")
    expect(messages.first).to_contain_text('{"type":"login","token":"[hidden here, arrived in clear]"}')
    expect(messages.nth(2)).to_contain_text("binary, as base64")
    expect(messages.nth(3)).to_contain_text("<b>not markup</b>")
    expect(detail.locator(".url")).to_have_text("wss://shop.test/live?channel=7")
    detail.get_by_role("button", name="Show hidden").click()
    expect(messages.first).to_contain_text(SECRET)


def test_many_messages_come_in_pages(page: Page, inbox: Any) -> None:
    """The rest is loaded on demand."""
    log = loaded("chrome")
    (entry,) = [one for one in log["log"]["entries"] if "_webSocketMessages" in one]
    entry["_webSocketMessages"] = [{"type": "send", "opcode": 1, "data": f"message {n}"} for n in range(450)]
    log["log"]["entries"] = [entry]
    inbox.api("POST", "/import", json.dumps(log).encode())
    page.locator(".rows .row").first.click()
    messages = page.get_by_role("table", name="WebSocket messages").locator("tr")

    expect(messages).to_have_count(200)
    page.get_by_role("button", name="Show more").click()
    expect(messages).to_have_count(400)
    page.get_by_role("button", name="Show more").click()
    expect(messages.nth(449)).to_contain_text("message 449")


def test_phases_fields_and_facts_are_shown(page: Page, inbox: Any, axe: str) -> None:
    """From where the record is, by which version of HTTP, and how long each phase took. Nothing of it is untrue."""
    detail = opened(page, inbox, "chrome", "/api/orders")

    expect(detail.get_by_role("table", name="Phases of the request")).to_contain_text("31.7 ms")
    facts = detail.get_by_role("table", name="Imported")
    for text in ("WebInspector 537.36", "http/2.0", "93.184.215.14", "fetch"):
        expect(facts).to_contain_text(text)
    assert _findings(page, axe) == []
    detail.get_by_role("tab", name="Response").click()
    expect(detail.locator(".remarks").first).to_contain_text("Kept without its content coding, br.")
    expect(detail).not_to_contain_text("The recorder")


def test_the_fields_of_a_form_without_text_are_shown(page: Page, inbox: Any) -> None:
    """With the names of files."""
    detail = opened(page, inbox, "insomnia", "/files")

    fields = detail.get_by_role("table", name="Fields of the file")
    expect(fields).to_contain_text("file photo.jpg · image/jpeg")
    expect(fields).to_contain_text("Photo")


def test_an_unreadable_time_is_told(page: Page, inbox: Any) -> None:
    """On the record, which stands beside its neighbor."""
    log = loaded("safari")
    log["log"]["entries"][1]["startedDateTime"] = "half past seven"
    inbox.api("POST", "/import", json.dumps(log).encode())
    page.locator(".rows .row", has_text="/f.woff2").click()

    expect(page.locator(".imported .remarks")).to_contain_text('cannot be read: "half past seven"')


def test_our_own_export_is_imported_as_such(page: Page, inbox: Any) -> None:
    """The row and the record say so, and nothing is shown that only the format asks for."""
    inbox.post([shop.event(user="ann")])
    file = inbox.request("GET", "/api/v1/export?as=har", Authorization=f"Bearer {inbox.token}")[2]
    inbox.api("DELETE", "/records")
    assert inbox.api("POST", "/import", file)[1]["imported"] == 1
    row = page.locator(".rows .row")
    expect(row.locator(".tag")).to_have_text("imported")
    expect(row).to_have_count(1)  # the page has heard of the deletion, too
    row.click()
    facts = page.get_by_role("table", name="Imported")
    expect(facts.locator("tr")).to_have_text([re.compile(r"From\s*log.entries\[0\] of a HAR by drhttp ")])
    expect(page.locator(".imported")).not_to_contain_text("Everything else")


@pytest.mark.parametrize(("label", "kind"), [("HTML", "html"), ("HAR", "har")])
def test_a_record_is_shared_as_a_file(
    page: Page, inbox: Any, chromium: Browser, tmp_path: Path, label: str, kind: str
) -> None:
    """One click saves it, masked. The HTML shows it without a network, and runs and loads nothing."""
    detail = opened(page, inbox, "chrome", "/live")
    with page.expect_download() as download:
        detail.get_by_role("button", name="More").click()
        detail.get_by_role("group", name="Share as").get_by_role("button", name=label).click()
    file = tmp_path / f"shared.{kind}"
    download.value.save_as(file)

    assert download.value.suggested_filename.endswith(f".{kind}")
    assert SECRET not in file.read_text(encoding="utf-8")
    expect(page.locator(".toast")).to_contain_text("masked")
    if kind == "html":
        context = chromium.new_context(offline=True)
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        alone = context.new_page()
        alone.goto(file.as_uri())
        expect(alone.locator("h1")).to_contain_text("wss://shop.test/live?channel=7")
        expect(alone.locator("body")).to_contain_text("<b>not markup</b>")
        assert asked == [file.as_uri()]
        context.close()


def test_chromium_opens_the_export_of_every_import(chromium: Browser, devtools: str) -> None:
    """Its own importer takes every entry that it would take of the original file."""
    page = chromium.new_page()
    found = {}
    try:
        page.goto(f"{devtools}/devtools/models/har/har.js")
        for name in FILES:
            whole = {
                "log": {
                    "version": "1.2",
                    "creator": {"name": "x", "version": "1"},
                    **exported(imported(name), reveal=True),
                }
            }
            try:
                found[name] = len(page.evaluate(IMPORT, json.dumps(whole)))
            except Exception as problem:  # noqa: BLE001  # of any kind
                found[name] = str(problem)[:300]
    finally:
        page.close()
    assert found == {name: len(loaded(name)["log"]["entries"]) for name in FILES}
