"""The welcome page: its code works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_code_records_a_flask_application_when_pasted(page: Page, inbox: Any, tmp_path: Path) -> None:
    """Pasted below `app = Flask(__name__)`, it records what `flask run` serves."""
    pytest.importorskip("flask")
    code = page.locator(".empty pre").inner_text()
    assert f'dsn="http://local@127.0.0.1:{inbox.port}/"' in code
    source = f"from flask import Flask\n\napp = Flask(__name__)\n{code}\n\n\n"
    source += '@app.get("/hello")\ndef hello():\n    return "hi"\n'
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "flask", "run", "--port=0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as served:
        assert served.stderr is not None
        try:
            address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in served.stderr)))[0]
            with urlopen(f"{address}/hello", timeout=10) as answer:
                assert answer.read() == b"hi"
            expect(page.locator(".rows .row")).to_contain_text("/hello")
        finally:
            served.terminate()
            served.stderr.read()


def test_the_dsn_stays_while_the_inbox_is_away(
    start: Callable[..., Any], visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known from before, and what could not be loaded meanwhile is loaded again."""
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", "0123456789abcdef0123456789abcdef")
    first = start("--quiet")
    page = visit(first).open()
    line = page.locator(".empty .line").first
    expect(line).to_contain_text(f"http://local@127.0.0.1:{first.port}/")
    first.stop()
    expect(page.locator(".banner")).to_be_visible()
    page.get_by_role("link", name="Devices").click()
    expect(page.locator(".problem").first).to_have_text("The inbox is not responding.")
    page.get_by_role("link", name="Requests", exact=True).click()
    expect(line).to_contain_text(f"http://local@127.0.0.1:{first.port}/")
    page.get_by_role("link", name="Devices").click()
    expect(page.locator(".problem").first).to_be_visible()
    start("--quiet", "--port", str(first.port), file=first.file)
    expect(page.locator(".problem")).to_have_count(0)
    page.get_by_role("link", name="Requests", exact=True).click()
    expect(line).to_contain_text(f"http://local@127.0.0.1:{first.port}/")
