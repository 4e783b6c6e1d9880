"""Holds back answers of the API until a test lets them through, so that a test decides their order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Page, Route

_PATIENCE = 30.0  # seconds
_RENDERED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Held:
    """The answers to requests of one API path, as the inbox gave them when they were requested."""

    def __init__(self, page: Page, path: str) -> None:
        self._page = page
        self._released = False
        self._routes: list[tuple[Route, APIResponse]] = []
        page.route(lambda url: url.partition("/api/v1/")[2].partition("?")[0] == path, self._hold)

    def _hold(self, route: Route) -> None:
        if self._released:
            route.continue_()
            return
        response = route.fetch()
        if self._released:  # in the meantime
            route.fulfill(response=response)
        else:
            self._routes.append((route, response))

    def wait(self, count: int) -> None:
        """Wait until that many answers are held back. Raises `AssertionError` after half a minute."""
        end = time.monotonic() + _PATIENCE
        while len(self._routes) < count:
            assert time.monotonic() < end, f"{len(self._routes)} of {count} answers are held back"
            self._page.wait_for_timeout(10)

    def answer(self, index: int) -> None:
        """Let the answer to a held request through, and wait until the page has rendered it."""
        route, response = self._routes.pop(index)
        route.fulfill(response=response)
        self._page.evaluate(_RENDERED)

    def release(self) -> None:
        """Let all other answers through, and hold back no more."""
        self._released = True
        for route, response in self._routes:
            route.fulfill(response=response)
        self._routes.clear()
        self._page.evaluate(_RENDERED)
