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


def test_once() -> None:
    """With `--once` it ends with status 0 and a plain sentence, after a line for every request, and writes no error."""
    command = [sys.executable, "-m", "demo", "--once"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    counted = re.search(
        r"^All (\d+) requests, of every kind, arrived in the inbox exactly once\.$", done.stdout, re.MULTILINE
    )
    assert counted
    lines = re.findall(r"^\d\d:\d\d:\d\d\.\d{3} +[0-9a-f]{8} ", done.stdout, re.MULTILINE)
    assert len(lines) == int(counted[1])


def test_stays_until_ctrl_c() -> None:
    """Without `--once` it says how to go on, and Ctrl-C ends it and all that it started without a traceback."""
    command = [sys.executable, "-u", "-m", "demo"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("  stop  ") and "exactly once" in "".join(said):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, rest.strip()) == (0, "Stopped.")
    ports = set(map(int, re.findall(r"http://(?:local@)?127\.0\.0\.1:(\d+)/", "".join(said))))
    assert len(ports) == 3
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
