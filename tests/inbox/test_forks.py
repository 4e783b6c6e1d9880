"""What the other tests rely on: a command in a fork says what it says in a Python of its own."""

from __future__ import annotations

import json
import os
import signal

import pytest

pytestmark = pytest.mark.wide

WORDS = [
    (["ls"], 0), (["show", "ab", "--json"], 0), (["export"], 0), (["import", "in.har"], 1), (["clear", "path:/no"], 0),
    (["show", "none"], 1), (["ls", "stauts:1"], 2), (["ls", "-n", "x"], 2),
]  # fmt: skip


def test_a_fork_is_a_process_as_any_other(start, forks, tmp_path, monkeypatch, event):
    """The same bytes and exit status, in the folder and with the variables of the test."""
    inbox = start()
    inbox.post([event(transaction_id="ab", user_id="ü")])
    (tmp_path / "in.har").write_text(json.dumps({"log": {"entries": [{}]}}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRHTTP_INBOX_FILE", str(inbox.file))
    for words, status in WORDS:
        one, other = inbox.commands.run(words), forks.run(words)

        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
        assert (one.returncode, bool(one.stdout + one.stderr)) == (status, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_fork_ends_by_the_same_signals(start, fork, number):
    """With the same exit status, and nothing of it remains."""
    found = []
    for run in (start, fork):
        inbox = run()
        found.append(inbox.stop(number))
        with pytest.raises(ProcessLookupError):
            os.kill(inbox.process.pid, 0)
    assert found[0] == found[1]
