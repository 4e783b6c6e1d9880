"""The files of the page: small, pinned, licensed, and nothing in them that its policy would stop."""

from __future__ import annotations

import hashlib
import re
import zlib
from pathlib import Path

import pytest

import drhttp.inbox

UI = Path(drhttp.inbox.__file__).parent / "ui"
# htm 3.1.1, preact/standalone.module.js, which holds a Preact 10.
VENDORED = {
    "htm-preact.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
    "htm.LICENSE": "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f",
    "preact.LICENSE": "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4",
}
OWN = sorted(path for path in UI.iterdir() if path.suffix in {".js", ".html", ".css", ".svg"})


def test_what_is_vendored_is_what_was_published() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (UI / "vendor").iterdir()}
    assert found == VENDORED


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_inline_code_no_other_origin_no_way_around_text(path: Path) -> None:
    text = (
        path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1:8399/#token=…", "")
    )
    assert not re.search(r"https?://|\bon[a-z]+=[\"']|<style|innerHTML|insertAdjacentHTML|document\.write", text)
    assert not re.search(r"\beval\(|new Function|srcdoc|style=\"|dangerously|document\.cookie", text)


def test_every_file_is_served_as_what_it_is(start) -> None:
    """A browser runs no script and uses no style of another media type."""
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    inbox = start("--quiet")
    for path in [*OWN, *(UI / "vendor").iterdir()]:
        status, headers, body = inbox.request("GET", f"/ui/{path.relative_to(UI).as_posix()}")
        assert (status, body) == (200, path.read_bytes())
        assert headers["Content-Type"].split(";")[0] == types.get(path.suffix, "text/plain")
    for name in ("", "..", "../app.py", "%2e%2e/app.py", "vendor", "nothing.js", "app.js/"):
        assert inbox.request("GET", f"/ui/{name}")[0] == 404


def test_a_browser_keeps_the_files_until_there_is_a_new_version(start) -> None:
    """What the page refers to is named by its content; other names and what is recorded are never kept."""
    inbox = start("--quiet")
    page = inbox.request("GET", "/")
    addresses = re.findall(r'="(/ui/[^"]+)"', page[2].decode())
    (version,) = {address.split("/")[2] for address in addresses}
    assert re.fullmatch(r"[0-9a-f]{12}", version)
    for address in addresses:
        name = address.removeprefix(f"/ui/{version}/")
        status, headers, body = inbox.request("GET", address)
        assert (status, body) == (200, (UI / name).read_bytes())
        assert "immutable" in headers["Cache-Control"]
        assert "trusted-types" in headers["Content-Security-Policy"]
        assert inbox.request("GET", f"/ui/{name}")[1]["Cache-Control"] == "no-store"
    assert page[1]["Cache-Control"] == "no-store"
    assert inbox.request("GET", f"/ui/{'0' * 12}/app.js")[0] == 404


def test_every_module_is_asked_for_at_once() -> None:
    """A browser learns of modules that import each other one by one, each a round trip later."""
    preloaded = re.findall(r'<link rel="modulepreload" href="/ui/([^"]+)">', (UI / "index.html").read_text("utf-8"))
    modules = {path.relative_to(UI).as_posix() for path in UI.rglob("*.js")}
    assert sorted(preloaded) == sorted(modules - {"app.js"})


def test_the_wheel_grows_by_little() -> None:
    files = [path for path in UI.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert sum(len(zlib.compress(path.read_bytes(), 6)) for path in files) < 200_000
