"""A real Chromium that looks at a real inbox, and says at the end of each test whether anything was out of order."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# The shell is the same without windows, and starts in half the time; not every Debian has it.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), "")
AXE = "axe-core@4.14.1"
_CACHE = Path(__file__).parent / ".cache"
_WATCH = """addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI}) =>
    reportViolation(`${violatedDirective} ${blockedURI}`));"""


def without(reason: str) -> NoReturn:
    """Pass over a test for want of a program, but never where the tests decide about a release."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if importlib.util.find_spec("playwright") is None:
        without("playwright is not installed (pip install --group browser)")
    if not CHROMIUM:
        without("chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A browser of its own at the page of an inbox."""

    def __init__(self, context: BrowserContext, inbox: Any) -> None:
        self.inbox = inbox
        self.context = context
        self.origin = f"http://127.0.0.1:{inbox.port}"
        self.foreign: list[str] = []
        self.errors: list[str] = []
        # Previews run no script, so only the page reports; what is stopped in previews is stopped as it should be.
        context.expose_function("reportViolation", self._report)
        context.add_init_script(_WATCH)
        context.on("request", self._note)
        context.on("response", lambda response: self._own(response.url) or self.foreign.append(response.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _report(self, message: str) -> None:
        self.errors.append(message)

    def _own(self, url: str) -> bool:
        return url.startswith((self.origin, "blob:", "data:"))

    def _note(self, request: Any) -> None:
        # Chromium reports what it stops, too. In the preview of a hostile page much is stopped: that is what the
        # policy there is for, and no answer must come. The page itself must not even try.
        if not self._own(request.url) and (request.is_navigation_request() or request.frame.parent_frame is None):
            self.foreign.append(request.url)

    def open(self, address: str = "/", token: str | None = None) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.origin}{address}#token={token or self.inbox.token}")
        return page

    def check(self) -> None:
        """Nothing was asked of anyone else, nothing failed, nothing broke the policy, no cookie was set."""
        assert (self.foreign, self.errors, self.context.cookies()) == ([], [], [])


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Visits to an inbox, which are checked when the test is over."""
    made: list[Visit] = []

    def begin(inbox: Any, **options: Any) -> Visit:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        options.setdefault("timezone_id", "UTC")
        made.append(Visit(chromium.new_context(**options), inbox))
        return made[-1]

    yield begin
    for one in made:
        one.check()
        one.context.close()


@pytest.fixture
def page(visit: Callable[..., Visit], inbox: Any) -> Page:
    """The page of the inbox of the test, as a desktop shows it, once it is live."""
    opened = visit(inbox).open()
    opened.locator(".state.live").wait_for()
    return opened


def _fetch_axe() -> bytes:
    """Fetch the source of axe-core with npm."""
    if shutil.which("npm") is None:
        without("npm is not here to fetch axe-core")
    packed = subprocess.run(
        ["npm", "pack", "--silent", AXE], cwd=_CACHE, capture_output=True, text=True, check=False, timeout=60
    )
    if packed.returncode:
        without(f"npm could not fetch axe-core: {packed.stderr.strip()[-200:]}")
    with tarfile.open(_CACHE / packed.stdout.split()[-1]) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which npm fetches once."""
    source = _CACHE / f"{AXE}.js"
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:  # several processes run tests
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            source.write_bytes(_fetch_axe())
    return source.read_text("utf-8")
