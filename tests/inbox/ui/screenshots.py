"""Pictures of the page: not a test, but run by pytest for its fixtures. `nox -s screenshots`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shop

FOLDER = Path("screenshots")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pictures(visit: Callable[..., Any], inbox: Any, scheme: str, width: int) -> None:
    events = list(shop.hour(1500))
    for start in range(0, len(events), 500):
        inbox.post(events[start : start + 500])
    inbox.post(shop.story())
    order = inbox.api("GET", "/records?q=has:outbound")[1]["records"][0]["n"]
    sights = {
        "list": ("/", ".plot"),
        "detail": (f"/?n={order}", ".timeline"),
        "body": (f"/?n={order}&tab=request", ".tree"),
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
        page.locator(".state.live").wait_for()
        page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png")
