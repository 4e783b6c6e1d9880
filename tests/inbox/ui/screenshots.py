"""Pictures of the page: not a test, but run by pytest for its fixtures. `nox -s screenshots`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import formats
import pytest
import shop

FOLDER = Path("screenshots")
SECRETS = ("tok_123", "s3cret", "hunter2", "abc.def")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_pictures(visit: Callable[..., Any], inbox: Any, scheme: str, width: int) -> None:
    events = [*shop.hour(400, datetime.now(timezone.utc) - timedelta(days=1, hours=3)), *shop.hour(1100)]
    for start in range(0, len(events), 500):
        inbox.post(events[start : start + 500])
    inbox.post(shop.story())
    inbox.api("PUT", "/views/Failing%20orders", {"query": "status:5xx path:/api/orders*"})
    order = inbox.api("GET", "/records?q=has:outbound")[1]["records"][0]["n"]
    inbox.post(formats.every_format())
    events, lines, upload, protobuf, grpc, signup, me, cart = range(order + 3, order + 11)
    sights = {
        "list": ("/", ".plot rect"),
        "sorted": ("/?order=-duration", ".rows .row"),
        "days": ("/?q=user:108&order=time", ".day"),
        "saved": ("/?saved=Failing%20orders", ".rows .row"),
        "unreadable": ("/?q=stauts:1", ".query-error"),
        "detail": (f"/?n={order}", ".timeline"),
        "body": (f"/?n={order}&tab=request", ".tree"),
        "detail-events": (f"/?n={events}", ".events"),
        "detail-lines": (f"/?n={lines}", ".lines"),
        "detail-upload": (f"/?n={upload}", ".part img"),
        "detail-protobuf": (f"/?n={protobuf}", ".tree"),
        "detail-grpc": (f"/?n={grpc}", ".failure"),
        "detail-validation": (f"/?n={signup}", ".failure"),
        "detail-token": (f"/?n={me}&tab=request", ".token"),
        "detail-page": (f"/?n={cart}", ".failure"),
        "detail-find": (f"/?n={order}&q=body:bank", ".find"),
        "endpoints": ("/?view=endpoints", ".groups"),
        "errors": ("/?view=errors", ".groups"),
        "users": ("/?view=users", ".groups"),
        "compare": (f"/?view=compare&left={order - 2}&right={order - 1}", ".changes"),
        "nothing": ("/?q=path:/nowhere", ".empty"),
    }
    page = visit(inbox, color_scheme=scheme, viewport={"width": width, "height": 900}).open()
    FOLDER.mkdir(exist_ok=True)
    for name, (address, awaited) in sights.items():
        page.goto(page.url.partition("?")[0].rstrip("/") + address)
        page.locator(awaited).first.wait_for()
        page.locator(".state.live, .state.refused").wait_for()
        page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png")


def test_picture_of_the_readme(visit: Callable[..., Any], inbox: Any) -> None:
    """The source of docs/inbox.png, which is this with fewer colors."""
    events = json.dumps([*shop.hour(900), *shop.story()])
    for secret in SECRETS:
        events = events.replace(secret, "[redacted]")  # as the recorder sends them
    inbox.post(json.loads(events))
    n = inbox.api("GET", "/records?q=has:outbound")[1]["records"][0]["n"]
    page = visit(inbox, reduced_motion="reduce", viewport={"width": 1400, "height": 800}).open(f"/?n={n}")
    page.locator(".timeline").wait_for()
    page.locator(".state.live").wait_for()
    page.locator(".under").first.wait_for()
    page.locator(".plot rect").first.wait_for()
    page.mouse.move(900, 20)
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / "readme.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_what_opens(visit: Callable[..., Any], inbox: Any, scheme: str) -> None:
    inbox.post([*shop.hour(900), *shop.story()])
    page = visit(inbox, color_scheme=scheme, reduced_motion="reduce").open()
    page.locator(".calls").first.click()
    page.locator(".under").first.wait_for()
    page.get_by_role("tab", name="Latency").click()
    page.locator(".dots").first.wait_for()
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / f"latency-1440-{scheme}.png")
    for key, name in (("?", "keys"), ("Inbox: export, import, clear", "inbox")):
        if len(key) == 1:
            page.keyboard.press(key)
        else:
            page.get_by_role("button", name=key).click()
        page.locator("dialog").wait_for()
        page.screenshot(path=FOLDER / f"{name}-1440-{scheme}.png")
        page.keyboard.press("Escape")
