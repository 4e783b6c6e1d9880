"""The demonstration: it ends well when everything arrived, says so when not, and stops cleanly."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from demo.__main__ import judge

ROOT = Path(__file__).resolve().parents[2]
RECORD = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} +[0-9a-f]{8} .*$", re.MULTILINE)


@pytest.mark.wide
def test_stays_until_ctrl_c() -> None:
    """It prints a line for every request, a plain sentence and how to go on; Ctrl-C ends all of it without an error.

    What `--once` does besides is what the session `demo` runs.
    """
    command = [sys.executable, "-u", "-m", "demo"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        assert process.stderr
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("  stop  ") and "exactly once" in said:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert (process.wait(100), process.stderr.read()) == (0, "")
    assert RECORD.sub("", rest).strip() == "Stopped."
    counted = re.search(r"^All (\d+) requests, of every kind, arrived in the inbox exactly once\.$", said, re.MULTILINE)
    assert counted
    assert len(RECORD.findall(said + rest)) == int(counted[1])
    ports = set(map(int, re.findall(r"http://(?:local@)?127\.0\.0\.1:(\d+)/", said)))
    assert len(ports) == 4
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing, doubled or unknown is named, and fails the demonstration."""
    sent = {"flask-01": "GET /a", "flask-02": "GET /b", "flask-03": "GET /c"}
    assert judge(sent, Counter(sent.keys())) == 0
    assert "All 3 requests" in capsys.readouterr().out
    assert judge(sent, Counter({"flask-01": 1, "flask-02": 2, "django-09": 1})) == 1
    printed = capsys.readouterr().out
    assert "flask-01" not in printed
    assert "flask-02: GET /b, arrived 2 times" in printed
    assert "flask-03: GET /c, arrived 0 times" in printed
    assert "django-09: never sent, arrived 1 time" in printed
