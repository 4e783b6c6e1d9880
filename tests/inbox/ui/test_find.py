"""Finding texts in a record: those of the query at once, others with Ctrl-F."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.wide

MARKS = "name => [...(CSS.highlights.get(name) ?? [])].map(range => range.toString())"


def post(inbox: Any, request: Any = None, response: Any = None, kind: str = "application/json") -> None:
    """A record with these bodies: a text, or a value that is sent as JSON."""

    def message(value: Any) -> dict[str, Any]:
        return shop.encoded(kind, value if isinstance(value, str) else json.dumps(value))

    sent = {} if request is None else {"request": message(request)}
    assert (
        inbox.post([shop.event("POST", **sent, response=message({"ok": True} if response is None else response))])
        == 201
    )


def query(page: Page, text: str) -> Locator:
    """Query, and open the first record."""
    page.get_by_label("Query", exact=True).fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".rows .row")).to_have_count(1)
    page.locator(".rows .row").first.click()
    return page.locator(".detail")


def chosen(detail: Locator) -> Locator:
    return detail.get_by_role("tablist", name="Parts of the record").locator('[aria-selected="true"]')


def expect_marked(page: Page, *texts: str, name: str = "found") -> None:
    """These texts are marked, or will be soon: what is drawn anew is marked anew a moment later."""
    wanted = json.dumps(texts, separators=(",", ":"), ensure_ascii=False)
    page.wait_for_function(f"([name, texts]) => JSON.stringify(({MARKS})(name)) === texts", arg=[name, wanted])


@pytest.mark.parametrize(
    ("text", "tab"),
    [
        ("res.body:wallet", "Response2"),
        ("req.body:gold", "Request1"),
        ("body:wallet", "Response2"),
        ("gold", "Request1"),
    ],
)
def test_the_tab_that_holds_what_the_query_found_opens(page: Page, inbox: Any, text: str, tab: str) -> None:
    """With its marks and their number."""
    post(inbox, {"metal": "Gold"}, {"first": "wallet", "deep": {"a": {"b": {"c": {"d": "a Wallet"}}}}})
    detail = query(page, text)
    expect(chosen(detail)).to_have_text(tab.replace("2", " 2").replace("1", " 1"))
    wanted = text.partition(":")[2] or text
    expect(detail.locator(".find")).to_contain_text("1 of ")
    spelled = {"wallet": ("wallet", "Wallet"), "gold": ("Gold",)}[wanted]
    expect_marked(page, *spelled)
    expect_marked(page, spelled[0], name="found-current")


def test_both_bodies_are_marked_on_one_page(page: Page, inbox: Any) -> None:
    """If both hold the text, the first tab shows both."""
    post(inbox, {"cup": "gold"}, {"cup": "gold"})
    detail = query(page, "body:gold")
    expect(chosen(detail)).to_have_text("Overview")
    expect(detail.locator(".find")).to_contain_text("1 of 2")


def test_n_and_shift_n_go_through_the_hits(page: Page, inbox: Any) -> None:
    """Round and round, and each is scrolled to."""
    post(inbox, None, {"items": [{"id": at, "name": "cup" if at % 20 == 0 else "jug"} for at in range(100)]})
    detail = query(page, "res.body:cup")
    said = detail.locator(".find span")
    expect(said).to_have_text("1 of 5")
    for key, place in (("n", 2), ("n", 3), ("N", 2), ("N", 1), ("N", 5), ("n", 1), ("N", 5)):
        page.keyboard.press(key)
        expect(said).to_have_text(f"{place} of 5")
    inside = """() => {
        const [range] = CSS.highlights.get('found-current');
        const [mark, box] = [range.getBoundingClientRect(), document.querySelector('.scroll').getBoundingClientRect()];
        return mark.height > 0 && mark.top >= box.top && mark.bottom <= box.bottom;
    }"""
    assert page.evaluate(inside)


def test_what_is_collapsed_is_expanded_for_a_hit(page: Page, inbox: Any) -> None:
    """Deep nodes, and members beyond the first page of a long list."""
    long = [{"at": at} for at in range(500)]
    long[430] = {"a": {"b": {"c": {"d": "needle"}}}}
    post(inbox, None, {"long": long})
    detail = query(page, "res.body:needle")
    expect(detail.locator(".find span")).to_have_text("1 of 1")
    expect(detail.locator(".tree")).to_contain_text('d: "needle"')
    expect_marked(page, "needle")


def test_a_hit_that_only_the_raw_text_shows_opens_it(page: Page, inbox: Any) -> None:
    """JSON's own characters are not in the tree."""
    post(inbox, None, '{"cup":{"id":7}}')
    detail = query(page, 'res.body:"\\"cup\\":{"')
    expect(detail.get_by_role("tab", name="Raw")).to_have_attribute("aria-selected", "true")
    expect_marked(page, '"cup":{')


def test_a_hit_far_down_in_a_long_text_is_loaded(page: Page, inbox: Any) -> None:
    """Beyond the first page of the body."""
    post(inbox, None, "x\n" * 100_000 + "needle\n", "text/plain")
    detail = query(page, "res.body:needle")
    expect(detail.locator(".find span")).to_have_text("1 of 1")
    expect_marked(page, "needle")


def test_a_hit_in_a_hidden_value_is_told(page: Page, inbox: Any) -> None:
    """Nothing is marked before the value is shown."""
    post(inbox, {"password": "gold-hunter"})
    detail = query(page, "req.body:gold")
    expect(detail.locator(".note")).to_contain_text("is in a value that is hidden here")
    expect_marked(page)
    detail.locator(".note").get_by_role("button", name="Show").click()
    expect(detail.locator(".find span")).to_have_text("1 of 1")
    expect_marked(page, "gold")


def test_the_tab_that_somebody_chose_stays(page: Page, inbox: Any) -> None:
    post(inbox, None, {"cup": "gold"})
    detail = query(page, "res.body:gold")
    expect(chosen(detail)).to_contain_text("Response")
    detail.get_by_role("tab", name="Overview").click()
    expect(chosen(detail)).to_have_text("Overview")
    expect_marked(page, "gold")


def test_ctrl_f_in_the_pane_marks_and_counts(page: Page, inbox: Any) -> None:
    """In everything that the open tab shows, in either case; Enter goes on, Escape ends."""
    post(inbox, {"cup": "Espresso"}, {"cups": ["espresso", "ESPRESSO", "tea"]})
    page.locator(".rows .row").first.click()
    detail = page.locator(".detail")
    detail.locator(".scroll").click(position={"x": 4, "y": 4})
    page.keyboard.press("Control+f")
    field = detail.get_by_role("textbox", name="Find in this record")
    expect(field).to_be_focused()
    page.keyboard.type("espresso")
    said = detail.locator(".find span")
    expect(said).to_have_text("1 of 3")
    expect_marked(page, "Espresso", "espresso", "ESPRESSO")
    page.keyboard.press("Enter")
    expect(said).to_have_text("2 of 3")
    page.keyboard.press("Shift+Enter")
    expect(said).to_have_text("1 of 3")
    field.fill("nowhere")
    expect(said).to_have_text("not here")
    field.fill("tea")
    detail.get_by_role("button", name="Next hit").click()
    expect(said).to_have_text("1 of 1")
    field.press("Escape")
    expect(detail.locator(".find")).to_have_count(0)
    expect_marked(page)
    expect(detail).to_be_visible()


def test_what_is_typed_at_once_is_all_found(page: Page, inbox: Any) -> None:
    """The key after Ctrl-F belongs into the field; and the field names the query's text as it was typed."""
    post(inbox, {"cup": "Espresso"})
    detail = query(page, "req.body:ESPRESSO")
    field = detail.get_by_role("textbox", name="Find in this record")
    expect(field).to_have_attribute("placeholder", "ESPRESSO (from the query)")
    expect_marked(page, "Espresso")
    detail.get_by_role("button", name="Close find").click()
    detail.locator(".scroll").focus()
    page.keyboard.press("Control+f")
    page.keyboard.type("Espresso")
    expect(field).to_have_value("Espresso")
    expect(detail.locator(".find span")).to_have_text("1 of 1")


def test_ctrl_f_finds_in_the_record_that_is_open(page: Page, inbox: Any) -> None:
    """Wherever the focus is: in the list, after a click, in the query. Pressed again, it is the browser's own."""
    post(inbox)
    page.locator(".rows .row").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Control+f")
    expect(page.locator(".find")).to_have_count(0)
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Find in this record")
    for place in (".list", "input[aria-label=Query]", "body"):
        page.locator(".detail .facts").wait_for()
        if place == "body":
            page.reload()
            page.locator(".detail .facts").wait_for()
        else:
            page.locator(place).focus()
        page.keyboard.press("Control+f")
        expect(field).to_be_focused()
        page.keyboard.press("Escape")
        expect(field).to_have_count(0)
