"""By hand, because mitmproxy pins what it needs and wants an environment of its own:

python -m venv /tmp/mitm && /tmp/mitm/bin/pip install mitmproxy
MITMDUMP=/tmp/mitm/bin/mitmdump pytest tests/inbox/mitmproxy_opens.py
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from urllib.parse import urlsplit

from inbox.test_har import hostile, log

TELL = """
import base64, json
def response(flow):
    request, answer = flow.request, flow.response
    bodies = [base64.b64encode(one.raw_content or b"").decode() for one in (request, answer)]
    print("TOLD", json.dumps([request.method, request.path, answer.status_code, *bodies]))
"""


def test_m13_mitmproxy_opens_it(tmp_path):
    """M13: its own reader, over hostile records: every entry, with the bodies as they were before their coding."""
    file, script, exchanges = tmp_path / "out.har", tmp_path / "tell.py", hostile()
    file.write_text(json.dumps(log(*exchanges)), encoding="utf-8")
    script.write_text(TELL)
    command = [os.environ["MITMDUMP"], "--no-server", "--quiet", "--rfile", str(file), "--scripts", str(script)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    lines = [json.loads(line[5:]) for line in ended.stdout.splitlines() if line.startswith("TOLD ")]
    assert len(lines) == len(exchanges), ended.stderr + ended.stdout
    for (method, path, status, *_), entry in zip(lines, log(*exchanges)["log"]["entries"], strict=True):
        parts = urlsplit(entry["request"]["url"])
        assert path == parts.path + (f"?{parts.query}" if parts.query else "")
        assert (method, status) == (entry["request"]["method"], entry["response"]["status"])
    bodies = [tuple(map(base64.b64decode, line[3:])) for line in lines]
    assert bodies[0] == (b'{"a":"\xc3\xa9"}', "größer".encode())
    assert bodies[1][1] == b"hello"
    assert bodies[2][0] == b"asked"
    assert bodies[5][1] == b"\x89PNG\r\n\x1a\n\xff"
