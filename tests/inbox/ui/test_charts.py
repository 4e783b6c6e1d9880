"""Pictures and groups: they show what the query selects, and change it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import shop
from browser import expect
from support.wide import wide

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page


@pytest.fixture
def busy(page: Page, inbox: Any) -> Page:
    """The page of an inbox with a hundred records of one endpoint."""
    inbox.post(shop.ten_minutes(lambda at: ("GET", f"http://shop.test/api/items/{at}")))
    expect(page.locator(".foot")).to_contain_text("100 shown")
    return page


def drag_second_quarter(page: Page, plot: Locator) -> FloatRect:
    """Select the second quarter of a chart by dragging; returns where the chart was."""
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=3)
    page.mouse.up()
    return box


def test_the_histogram_counts_by_class_and_a_drag_makes_a_time_range(busy: Page) -> None:
    plot = busy.locator(".plot svg")
    expect(plot).to_have_attribute("aria-label", "100 records over time: 90 2xx, 10 5xx")
    drag_second_quarter(busy, plot)
    expect(busy.get_by_label("Query", exact=True)).to_have_value(
        re.compile(r"^after:2026-11-22T16:0\S+ before:2026-11-22T16:0\S+$")
    )
    expect(busy.locator(".foot")).to_have_text(re.compile(r"^2[3-7] shown"))
    first = busy.get_by_label("Query", exact=True).input_value()
    plot.click(position={"x": 40, "y": 20})
    expect(busy.get_by_label("Query", exact=True)).not_to_have_value(first)
    assert busy.get_by_label("Query", exact=True).input_value().count("after:") == 1
    busy.go_back()
    expect(busy.get_by_label("Query", exact=True)).to_have_value(first)


def test_an_entry_of_the_legend_filters_for_its_class(busy: Page) -> None:
    busy.get_by_label("Query", exact=True).fill("user:ann")
    expect(busy.locator(".foot")).to_contain_text("50 shown")
    expect(busy.locator(".legend button")).to_have_text(["2xx 45", "5xx 5"])
    busy.locator(".legend").get_by_role("button", name="5xx").press("Enter")
    expect(busy.get_by_label("Query", exact=True)).to_have_value("user:ann status:5xx")
    expect(busy.locator(".foot")).to_contain_text("5 shown")
    expect(busy.locator(".legend button")).to_have_text(["5xx 5"])


def test_half_a_minute_fills_the_chart(page: Page, inbox: Any) -> None:
    """With bars of a second that are no wider than ever, and space between them."""
    begin = datetime(2026, 11, 22, 16, tzinfo=timezone.utc)
    inbox.post([shop.event(time=begin + timedelta(seconds=at)) for at in range(31)])
    bars = page.locator(".plot rect")
    expect(bars).to_have_count(31)
    expect(page.locator(".axis")).to_contain_text("per 1 s")
    boxes = [bar.bounding_box() for bar in bars.all()]
    plot = page.locator(".plot svg").bounding_box()
    assert plot is not None
    assert max(box["width"] for box in boxes if box is not None) <= 24
    assert boxes[0]["x"] - plot["x"] < 24
    assert plot["x"] + plot["width"] - boxes[-1]["x"] < 48


def test_a_click_in_the_scatter_opens_the_record(busy: Page) -> None:
    busy.get_by_label("Chart").get_by_role("tab", name="Latency").click()
    plot = busy.locator(".plot svg")
    expect(plot).to_have_attribute("aria-label", "Duration of 100 records, 1.0 ms to 100 ms")
    expect(plot.locator(".dots")).to_have_count(2)
    box = plot.bounding_box()
    assert box is not None
    # The last record is the slowest: far right, near the top.
    plot.click(position={"x": box["width"] - 2, "y": box["height"] * 0.05})
    expect(busy.locator(".detail .url")).to_have_text("http://shop.test/api/items/99")


def test_beside_an_open_record_the_chart_of_a_low_window_is_a_strip(busy: Page) -> None:
    """It says and does the same; list and record have the room."""
    charts, plot = busy.locator(".charts"), busy.locator(".plot svg")
    heights = {}

    def height() -> float:
        box = charts.bounding_box()
        assert box is not None
        return float(box["height"])

    expect(plot).to_be_visible()
    heights["list"] = height()
    busy.locator(".rows .row").first.click()
    expect(busy.locator(".detail .facts")).to_be_visible()
    heights["record"] = height()
    expect(busy.locator(".ticks")).to_be_hidden()
    plot.focus()
    busy.keyboard.press("Home")
    expect(busy.locator(".axis b")).to_be_visible()
    busy.set_viewport_size({"width": 1440, "height": 1050})
    expect(busy.locator(".ticks")).to_be_visible()
    heights["high"] = height()
    busy.set_viewport_size({"width": 1440, "height": 900})
    busy.get_by_label("Chart").get_by_role("tab", name="Latency").click()
    expect(plot.locator(".dots")).to_have_count(2)
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] - 2, "y": box["height"] * 0.05})
    expect(busy.locator(".detail")).to_have_attribute("aria-label", "Record 100")
    busy.keyboard.press("Escape")
    expect(busy.locator(".ticks")).to_be_visible()
    busy.locator(".rows .row").first.click()
    for width, height_of_window in ((390, 844), (1440, 450)):
        busy.set_viewport_size({"width": width, "height": height_of_window})
        expect(charts).to_be_hidden()
    busy.set_viewport_size({"width": 1440, "height": 900})
    busy.keyboard.press("Escape")
    expect(busy.locator(".ticks")).to_be_visible()
    assert heights["record"] < 45
    assert (heights["high"], height()) == (heights["list"], heights["list"])


def test_endpoints_tell_how_often_and_how_fast(busy: Page) -> None:
    busy.get_by_role("link", name="Endpoints").click()
    row = busy.locator(".groups tbody tr")
    expect(row).to_have_count(1)
    for part, text in {"count": "100", "errors": "10 %", "p50": "50 ms", "p95": "95 ms", "p99": "99 ms"}.items():
        expect(row.locator(f".{part}")).to_have_text(text)
    busy.get_by_role("button", name="p95").click()
    expect(busy).to_have_url(re.compile("sort=p95"))
    expect(busy.locator("th.p95")).to_have_attribute("aria-sort", "descending")
    row.get_by_role("link").first.click()
    expect(busy.locator(".foot")).to_contain_text("100 shown")
    expect(busy.locator(".chip")).to_have_count(3)


@pytest.mark.parametrize(
    ("view", "name", "others", "shown"), [("Users", "ann", "d1, d3", 50), ("Devices", "d2", "bob", 25)]
)
def test_users_and_devices_lead_to_their_records(busy: Page, view: str, name: str, others: str, shown: int) -> None:
    busy.get_by_role("link", name=view).click()
    row = busy.locator(".groups tbody tr", has=busy.get_by_role("link", name=name, exact=True))
    expect(row.locator(".count")).to_have_text(str(shown))
    expect(row.locator(".others")).to_have_text(re.compile("|".join([others, ", ".join(reversed(others.split(", ")))])))
    row.get_by_role("link").first.click()
    expect(busy.locator(".foot")).to_contain_text(f"{shown} shown")


_LABELS = """() => {
    const place = (one) => { const box = one.getBoundingClientRect(); return [box.left, box.right]; };
    return {
        labels: [...document.querySelectorAll('.ticks span')].map((one) => [one.textContent, ...place(one)]),
        breaks: [...document.querySelectorAll('.cut rect')].map(place),
        plot: place(document.querySelector('.canvas svg')),
    };
}"""


@pytest.mark.parametrize("chart", ["Requests", *wide("Latency")])
@pytest.mark.parametrize("minutes", [2, *wide(9)])
def test_each_part_of_the_time_axis_has_its_own_label(page: Page, inbox: Any, chart: str, minutes: int) -> None:
    """A label begins where its part does or within it: none belongs to a break."""
    begin = datetime(2026, 11, 22, 3, 40, 5, tzinfo=timezone.utc)
    traffic = [begin + timedelta(seconds=at) for at in range(60 * minutes)]
    pause = traffic[-1] + timedelta(seconds=200)
    late = [pause, pause + timedelta(seconds=201)]
    inbox.post([shop.event(time=time) for time in (*traffic, *late)])
    page.get_by_role("tab", name=chart, exact=True).click()
    expect(page.locator(".cut")).to_have_count(2)
    found = page.evaluate(_LABELS)
    edges = [found["plot"][0], *(edge for one in found["breaks"] for edge in one), found["plot"][1]]
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        assert any(left - 6 <= start <= right + 6 for _, start, _ in found["labels"]), (found, left)
    for text, start, end in found["labels"]:
        assert not any(left + 6 < start < right - 6 for left, right in found["breaks"]), (found, text)
        assert end <= found["plot"][1] + 6
    # A bar is of some seconds, and labeled with its first one.
    told = [datetime.fromisoformat(f"2026-11-22T{text}+00:00") for text, *_ in found["labels"][-2:]]
    assert all(0 <= (time - one).total_seconds() <= 5 for time, one in zip(late, told, strict=True)), told
    expect(page.locator(".ticks span").first).to_have_text(re.compile(r"^11/22 03:4"))


def test_what_a_chart_says_after_a_drag_is_of_the_new_chart(busy: Page) -> None:
    """It tells what is now under the pointer, without a frame around the plot."""
    plot = busy.locator(".plot svg")
    box = drag_second_quarter(busy, plot)
    expect(plot).to_have_attribute("aria-label", re.compile(r"^2[3-7] records over time"))
    said = busy.locator(".axis b").all_inner_texts()
    bars = plot.locator("rect[class^='f']")
    expect(bars).not_to_have_count(0)
    at = box["x"] + box["width"] * 0.5
    under = [
        one
        for one in bars.evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(one => [one.left, one.right])"
        )
        if one[0] <= at <= one[1]
    ]
    assert len(said) == len(under) <= 1, (said, under)
    assert plot.evaluate("one => getComputedStyle(one).outlineStyle") == "none"
    plot.press("ArrowLeft")
    assert plot.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
