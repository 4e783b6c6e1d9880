"""Values that arrived in clear: what hides them on the page says so, in words and by its look."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import shop
from browser import expect
from playwright.sync_api import Page

pytestmark = pytest.mark.wide

HIDDEN = "[hidden here, arrived in clear]"


def mixed(**changes: Any) -> dict[str, Any]:
    """A record of which the recorder has masked some values, and not others."""
    headers = {
        "host": "shop.test", "authorization": "Bearer [redacted]", "cookie": "sid=[redacted]; theme=dark-blue",
        "x-api-key": "k-52f1c09d", "content-type": "application/json",
    }  # fmt: skip
    request_object = {"user": "ann", "password": "hunter2", "pin": "[redacted]", "note": "Please ring."}
    sent = shop.event(
        request={"uri": "http://shop.test/login?token=abc123def&page=2&key=[redacted]", "headers": headers,
                 "body": request_object, "transfer_encoding": "json"},
        response={"headers": {"content-type": "text/csv"}, "transfer_encoding": "base64",
                  "body": base64.b64encode(b"name,password\nann,hunter2\nbob,[redacted]\n").decode()},
        metadata={"request_body": {"redacted": 1},
                  "exception": {"type": "Denied", "message": "password=hunter2 is wrong"}},
        **changes,
    )  # fmt: skip
    sent["user_id"] = "Bearer abcdefgh12345678ijkl"
    return sent


@pytest.fixture
def detail(page: Page, inbox: Any) -> Any:
    inbox.post([mixed()])
    page.locator(".rows .row").first.click()
    return page.locator(".detail")


def looks(place: Any, name: str) -> dict[str, str]:
    """What tells two masks apart for somebody who sees no colors."""
    wanted = "['borderTopStyle', 'fontStyle', 'title'].map((name) => getComputedStyle(one)[name] || one[name])"
    styles = place.locator(f".{name}").first.evaluate(f"(one) => {wanted}")
    return dict(zip(("border", "style", "title"), styles, strict=True))


def test_the_two_masks_differ_in_words_and_look(detail: Any) -> None:
    """In headers, cookies, query, JSON, path, user and exception; each title says who masks the value."""
    detail.get_by_role("tab", name="Request").click()
    headers = detail.get_by_role("table", name="Headers")
    row = headers.locator("tr", has_text="authorization")
    expect(row.locator("td")).to_have_text("Bearer [redacted]")
    expect(headers.locator("tr", has_text="x-api-key").locator("td")).to_have_text(HIDDEN)
    expect(headers.locator("tr", has_text="cookie").locator("td")).to_have_text(f"sid=[redacted]; theme={HIDDEN}")
    cookies = detail.get_by_role("table", name="Cookies").locator("td")
    expect(cookies).to_have_text(["[redacted]", HIDDEN])
    expect(detail.get_by_role("table", name="Query").locator("td")).to_have_text([HIDDEN, "2", "[redacted]"])
    tree = detail.locator(".tree")
    expect(tree).to_contain_text(f"password: {HIDDEN}")
    expect(tree).to_contain_text('pin: "[redacted]"')
    expect(detail.locator(".url .hidden-here")).to_have_text(HIDDEN)
    ours, theirs = looks(headers, "hidden-here"), looks(headers, "redacted")
    assert (ours["border"], theirs["border"]) == ("dashed", "none")
    assert (ours["style"], theirs["style"]) == ("italic", "normal")
    assert "arrived unmasked" in ours["title"]
    assert theirs["title"] == "The recorder masked this value before sending it."


def test_a_record_says_how_much_is_hidden_where_and_what_to_do(detail: Any) -> None:
    """A count, the places with their names, and the option; the button shows all of it."""
    notice = detail.get_by_role("region", name="Hidden values")
    expect(notice.locator("h3")).to_have_text("7 values arrived unmasked and are hidden here")
    places = ["user", "exception", "query token", "request header cookie", "request header x-api-key",
              "request body password", "response body"]  # fmt: skip
    expect(notice.locator("li")).to_have_text(places)
    expect(notice).to_contain_text("Redact(also=[…])")
    expect(detail.locator(".failure .hidden-here")).to_have_text(HIDDEN)
    notice.get_by_role("button", name="Show hidden values").click()
    expect(notice).to_have_count(0)
    expect(detail.locator(".failure")).to_contain_text("password=hunter2 is wrong")
    expect(detail.locator(".hidden-here")).to_have_count(0)


def test_a_comparison_shows_hidden_values_on_demand(page: Page, inbox: Any) -> None:
    """The button is there only if there are any."""
    inbox.post([mixed(), mixed(), shop.event(), shop.event()])
    expect(page.locator(".rows .row")).to_have_count(4)
    address = page.url.partition("?")[0]
    page.goto(f"{address}?view=compare&left=1&right=3")
    page.get_by_role("button", name="Show hidden values").click()
    expect(page.get_by_role("button", name="Hide values")).to_be_visible()
    expect(page.locator(".changes").last).to_be_visible()
    page.goto(f"{address}?view=compare&left=3&right=4")
    expect(page.get_by_role("button", name="Swap")).to_be_visible()
    expect(page.get_by_role("button", name="values")).to_have_count(0)


def test_a_body_says_both_counts(detail: Any) -> None:
    """How many the recorder masked, and how many arrived in clear."""
    detail.get_by_role("tab", name="Request").click()
    expect(detail.locator(".remarks")).to_contain_text(
        "The recorder masked 1 value before sending; it cannot be shown."
    )
    expect(detail.locator(".remarks")).to_contain_text("1 value arrived unmasked and is hidden here.")
    detail.get_by_role("tab", name="Response").click()
    expect(detail.locator("pre.text .hidden-here")).to_have_text(HIDDEN)
    expect(detail.locator("pre.text .redacted")).to_have_text("[redacted]")
    detail.locator("pre.text .hidden-here").click()
    expect(detail.locator("pre.text")).to_contain_text("ann,hunter2")


def test_a_record_that_the_recorder_masked_hides_nothing(page: Page, inbox: Any) -> None:
    """Neither a notice nor another mask."""
    body = {"password": "[redacted]", "a": 1}
    inbox.post(
        [shop.event(request={"headers": {"cookie": "sid=[redacted]"}, "body": body, "transfer_encoding": "json"})]
    )
    page.locator(".rows .row").first.click()
    detail = page.locator(".detail")
    expect(detail.locator(".facts")).to_be_visible()
    expect(detail.get_by_role("region", name="Hidden values")).to_have_count(0)
    detail.get_by_role("tab", name="Request").click()
    expect(detail.get_by_role("table", name="Cookies").locator("td")).to_have_text(["[redacted]"])
    expect(detail.locator(".redacted").first).to_be_visible()
    expect(detail.locator(".hidden-here")).to_have_count(0)


def test_lists_and_groups_say_it_too(page: Page, inbox: Any) -> None:
    """Rows as they come in live, users, errors and the comparison; picking such a value finds its record."""
    inbox.post([shop.event(user=None), mixed(), mixed()])
    row = page.locator(".rows .row").first
    expect(row.locator(".search .hidden-here")).to_have_text(HIDDEN)
    expect(row.locator(".search .redacted")).to_have_text("[redacted]")
    expect(row.locator(".user .hidden-here")).to_have_text(HIDDEN)
    row.locator(".user").click(modifiers=["Alt"])
    expect(page.locator(".rows .row")).to_have_count(2)
    address = page.url.partition("?")[0]
    for view, place in (("users", "th .hidden-here"), ("compare&left=2&right=3", ".side .hidden-here")):
        page.goto(f"{address}?view={view}")
        expect(page.locator(place).first).to_have_text(HIDDEN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_axe_is_broken(visit: Callable[..., Any], inbox: Any, axe: str, scheme: str) -> None:
    """Contrast, names and roles, with both masks on the page, narrow and wide."""
    inbox.post([mixed()])
    for width in (1440, 390):
        page = visit(inbox, color_scheme=scheme, viewport={"width": width, "height": 900}).open("/?n=1&tab=overview")
        for tab in ("Overview", "Request", "Response"):
            page.locator(".detail").get_by_role("tab", name=tab).click()
            page.locator(".detail .hidden-here").first.wait_for()
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            assert not [one for one in found if one["impact"] in {"serious", "critical"}], json.dumps(found)[:3000]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
