"""What strangers wrote is shown and does nothing: no request, no script, no report of the policy, no cookie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import shop
from browser import expect

from tests.support.recording_server import RecordingServer

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_httpserver import HTTPServer

pytestmark = pytest.mark.wide


class Attacker(RecordingServer):
    """A second server on loopback, to which no request may ever be sent."""

    def corpus(self) -> list[str]:
        base = self.base
        return [
            f"<script>window.owned = 1; fetch('{base}/script')</script>",
            f'<script src="{base}/src"></script>',
            f"<img src=x onerror=\"window.owned = 1; fetch('{base}/onerror')\">",
            f'<img src="{base}/img">',
            f"<svg onload=\"fetch('{base}/svg')\"><script href='{base}/svgscript'/></svg>",
            f'<meta http-equiv="refresh" content="0;url={base}/refresh">',
            f"<style>@import url({base}/css); body {{ background: url({base}/bg) }}</style>",
            f'<link rel="stylesheet" href="{base}/link"><base href="{base}/">',
            f'<form action="{base}/form"><input autofocus onfocus="this.form.submit()"></form>',
            f'<iframe src="{base}/frame"></iframe><object data="{base}/object"></object><embed src="{base}/embed">',
            f'<a href="javascript:fetch(\'{base}/js\')" ping="{base}/ping">x</a>',
            "javascript:window.owned=1",
            "\x1b]8;;http://127.0.0.1\x07\x1b[2J${7*7}{{7*7}}</textarea></pre></title>",
        ]


@pytest.fixture
def attacker(httpserver: HTTPServer) -> Attacker:
    return Attacker(httpserver)


def _records(corpus: list[str]) -> Iterator[dict[str, Any]]:
    kinds = ["text/html", "image/svg+xml", "application/xml", "text/plain", "application/json"]
    for at, text in enumerate(corpus):
        kind = kinds[at % len(kinds)]
        body = shop.encoded(kind, text if kind != "application/json" else f'{{"a": "{quote(text)}"}}')
        headers = {"content-type": kind, "x-evil": text.replace("\x1b", "").replace("\x07", "")}
        yield shop.event(
            "POST",
            f"http://shop.test/{text}?next={text}",
            user=text,
            device=text,
            request={**body, "headers": headers},
            # Each is a part of what a browser would take for a page, too.
            response=shop.encoded("text/html", f"<!doctype html>{text}<p>shown</p>"),
            metadata={"route": text, "exception": {"type": text, "message": text}},
        )


def test_everything_that_is_shown_stays_text(
    page: Page, inbox: Any, attacker: Attacker, visit: Callable[..., Any]
) -> None:
    events = list(_records(attacker.corpus()))
    assert inbox.post(events) == 201
    rows = page.locator(".rows .row")
    expect(rows).to_have_count(len(events))
    page.get_by_label("Chart").get_by_role("tab", name="Latency").click()
    rows.first.click()
    for left in range(len(events), 0, -1):
        expect(page.locator(".detail")).to_have_attribute("aria-label", f"Record {left}")
        for tab in ("Overview", "Request", "Response"):
            page.locator(".detail").get_by_role("tab", name=tab).click()
            views = page.locator(".body-toolbar").get_by_role("tab")
            for view in range(views.count()):
                views.nth(view).click()
        page.keyboard.press("j")
    for view in ("Errors", "Endpoints", "Users", "Devices"):
        page.get_by_role("link", name=view, exact=True).click()
        expect(page.locator(".groups tbody tr").first).to_be_visible()
    page.goto(f"{page.url.partition('?')[0]}?view=compare&left=1&right=3")
    expect(page.locator(".changes").first).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert attacker.requests == []


def test_a_page_that_was_recorded_is_seen_but_not_run(page: Page, inbox: Any, attacker: Attacker) -> None:
    hostile = "<!doctype html><title>x</title>" + "".join(attacker.corpus()[:-1]) + "<p id=end>the end</p>"
    inbox.post([shop.event(response=shop.encoded("text/html", hostile))])
    page.locator(".rows .row").click()
    page.get_by_role("tab", name="Response").click()
    frame = page.frame_locator("iframe.preview")
    expect(frame.locator("img").first).to_be_attached()
    # What the policy of the preview stops there is what it is for; on the page itself nothing may be stopped.
    assert page.evaluate("window.owned") is None
    assert attacker.requests == []


def test_an_address_cannot_smuggle_markup_in(visit: Callable[..., Any], inbox: Any, attacker: Attacker) -> None:
    evil = quote(f'"<img src={attacker.base}/q onerror=window.owned=1>', safe="")
    seen = visit(inbox)
    for address in (
        f"/?q={evil}",
        f"/?view={evil}",
        f"/?n={evil}",
        f"/?tab={evil}&n=1",
        f"/?view=compare&left={evil}&right={evil}",
        f"/?view=endpoints&sort={evil}",
    ):
        page = seen.open(address)
        expect(page.locator(".bar")).to_be_visible()
        assert page.evaluate("window.owned") is None
    assert attacker.requests == []
