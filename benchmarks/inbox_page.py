"""The inbox's page in Chromium: how long it takes from what a person does to what that person sees.

Times are taken within the page, from the event to the frame after which the result is in the document.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.inbox_traffic import Inbox, event

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
ROUNDS = 5
NEEDLE = "a needle in the haystack"
FILTERS = {
    "status": ("status:5xx", ".status-cell", "^500"),
    "path glob": ("path:/api/items/77*", ".path", "^/api/items/77"),
    "users": ("user:150 OR user:151", ".user", "^15[01]$"),
    "user, nobody": ("user:nobody", None, None),
    "duration and method": ("dur:>50 method:POST", ".method-cell", "POST"),
    "text in all bodies": ("res.body:price", ".path", "^/api/"),
    "text in one record": ('"needle in the"', ".path", "^/needle"),
    "text that is absent": ("nothing-of-that", None, None),
}
"""What is typed, and what all rows must hold then and where; None when there must be none."""
_FIRST = """
const look = () => document.querySelector(%s) ? (window.shown = performance.now()) : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
_TYPED = """
async ({cell, held, text}) => {
  const field = document.querySelector('[aria-label=Query]');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const wanted = held && new RegExp(held);
  const fits = (row) => wanted && wanted.test(row.querySelector(cell)?.textContent.trim());
  const began = performance.now();
  let first = 0;
  set.call(field, text);
  field.dispatchEvent(new Event('input', {bubbles: true}));
  for (;;) {
    await new Promise(requestAnimationFrame);
    const rows = [...document.querySelectorAll('.rows .row')];
    const passed = performance.now() - began;
    if (!first && (rows.length ? rows.every(fits) : passed > 20)) first = passed;
    const busy = document.querySelector('.list')?.getAttribute('aria-busy') === 'true';
    if (first && !busy && (wanted ? rows.length && rows.every(fits) : !rows.length)) return [first, passed];
    if (passed > 20000) return [first || NaN, NaN];
  }
}
"""


def answers(inbox: Inbox) -> None:
    """M4: the first list, filters, the endpoints, and rows in the document."""
    _plant(inbox)
    with _chromium() as browser:
        print(f"{inbox.ask('/info')['records']:,} records; from what is done to what is seen, in Chromium")
        _told("first list", [_opened(browser, inbox, "/", ".rows .row") for _ in range(ROUNDS)])
        _told(
            "endpoints page", [_opened(browser, inbox, "/?view=endpoints", ".groups tbody tr") for _ in range(ROUNDS)]
        )
        page = _page(browser, inbox)
        for name, (text, cell, held) in FILTERS.items():
            pairs = [_typed(page, text, cell, held) for _ in range(ROUNDS)]
            _told(f"filter: {name}", [first for first, _ in pairs], [whole for _, whole in pairs])
        print(f"rows in the document: at most {_scrolled(page)}")


def arrivals(inbox: Inbox, count: int) -> None:
    """M3: from the POST to the row."""
    dice = random.Random(3)
    with _chromium() as browser:
        page = _page(browser, inbox)
        page.locator(".state.live").wait_for()
        times = []
        for number in range(count):
            record = event(dice, ago=0.01)
            record["request"]["uri"] = f"http://shop.test/live/{number}"
            time.sleep(dice.random() * 0.2)
            began = time.time()
            _post(inbox, [record])
            seen = page.evaluate(_SEEN, f"/live/{number}")
            times.append(seen / 1000 - began)
        times.sort()
        median, high = statistics.median(times) * 1000, times[int(len(times) * 0.95)] * 1000
        print(
            f"POST to row: median {median:.0f} ms, p95 {high:.0f} ms, worst {times[-1] * 1000:.0f} ms ({count} records)"
        )


_SEEN = """
async (path) => {
  for (;;) {
    const row = document.querySelector('.rows .row');
    if (row?.textContent.includes(path)) return performance.timeOrigin + performance.now();
    await new Promise(requestAnimationFrame);
  }
}
"""


@contextmanager
def _chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _plant(inbox: Inbox) -> None:
    """One record in the midst of the others that is unlike them."""
    dice = random.Random(9)
    record = event(dice)
    record["request"]["uri"] = "http://shop.test/needle"
    record["response"]["body"] = {"found": f"Here is {NEEDLE}."}
    _post(inbox, [record])


def _post(inbox: Inbox, events: list[dict[str, Any]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", inbox.port)
    headers = {"Content-Type": "application/json", "X-Moesif-Application-Id": "local"}
    connection.request("POST", "/moesif/v1/events/batch", json.dumps(events), headers)
    assert connection.getresponse().status == 201
    connection.close()


def _page(browser: Browser, inbox: Inbox) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://127.0.0.1:{inbox.port}/#token={inbox.token}")
    page.locator(".rows .row").first.wait_for()
    return page


def _opened(browser: Browser, inbox: Inbox, address: str, wanted: str) -> float:
    """Seconds from the navigation to the first row."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_FIRST % json.dumps(wanted))
    page.goto(f"http://127.0.0.1:{inbox.port}{address}#token={inbox.token}")
    page.locator(wanted).first.wait_for()
    page.wait_for_timeout(200)
    shown = float(page.evaluate("window.shown"))
    context.close()
    return shown / 1000


def _typed(page: Page, text: str, cell: str | None, held: str | None) -> tuple[float, float]:
    """Seconds from the last letter to the first answer, and to the whole one."""
    page.get_by_label("Query", exact=True).fill("")
    page.locator(".rows .row").first.wait_for()
    page.wait_for_timeout(1_500)
    first, whole = page.evaluate(_TYPED, {"text": text, "cell": cell, "held": held})
    return first / 1000, whole / 1000


def _scrolled(page: Page) -> int:
    page.get_by_label("Query", exact=True).fill("")
    most = 0
    for _ in range(100):
        page.locator(".list").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        page.wait_for_timeout(30)
        most = max(most, page.locator(".rows .row").count())
    return most


def _told(name: str, times: list[float], whole: list[float] | None = None) -> None:
    summary = f"median {statistics.median(times) * 1000:6.0f} ms, worst {max(times) * 1000:6.0f} ms"
    if whole is not None:
        summary += f"; all looked at: median {statistics.median(whole) * 1000:6.0f} ms"
    print(f"{name:30} {summary}")
