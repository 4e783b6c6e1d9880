"""The importer of Chromium's own DevTools, as that Chromium serves it to whoever debugs it from afar."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from inbox.test_har import hostile, log

pytestmark = pytest.mark.wide

CHROMIUM = "/usr/bin/chromium"
IMPORT = """async (text) => {
    const har = await import('/devtools/models/har/har.js');
    const root = new har.HARFormat.HARRoot(JSON.parse(text));
    const requests = har.Importer.Importer.requestsFromHARLog(root.log);
    return Promise.all(requests.map(async (request) => {
        const content = await request.requestContentData();
        const body = content.error ? null : content.isTextContent ? content.text : content.base64;
        return [request.requestMethod, request.url(), request.statusCode, body, await request.requestFormData()];
    }));
}"""


@pytest.fixture
def devtools(chromium, tmp_path):
    """Where a second Chromium serves its DevTools."""
    command = [
        CHROMIUM,
        "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--remote-debugging-port=0",
        "about:blank",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        port_file = tmp_path / "DevToolsActivePort"
        deadline = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().count("\n")) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text().splitlines()[0]}"
        process.terminate()


def test_m13_chromium_opens_it(chromium, devtools):
    """M13: its own importer takes every entry of a HAR with hostile records, with bodies without their coding."""
    whole = log(*hostile())
    page = chromium.new_page()
    try:
        page.goto(f"{devtools}/devtools/models/har/har.js")
        found = page.evaluate(IMPORT, json.dumps(whole))
    finally:
        page.close()

    entries = whole["log"]["entries"]
    wanted = [(one["request"]["method"], one["request"]["url"], one["response"]["status"]) for one in entries]
    assert [tuple(one[:3]) for one in found] == wanted
    assert (found[0][3], found[0][4]) == ("größer", '{"a":"é"}')
    assert found[1][3] == "hello"
    assert found[2][4] == "asked"
    assert found[5][3] == "iVBORw0KGgr/"
