"""M19: what the command line says while an inbox runs, asked over its API, and what it says of the file alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from drhttp.__main__ import main
from drhttp.inbox import har


def varied(event):
    return [
        event(transaction_id="aa", request__uri="http://shop.test/a?page=1&token=x", user_id="ü", response=None),
        event(transaction_id="ab", request__uri="http://shop.test/health", response__status=500),
        event(transaction_id="b/c d", request__uri="/b", metadata={"exception": {"type": "E", "message": "m"}}),
        event(transaction_id="out", direction="Outgoing", span={"id": "s", "parent_id": "p"}, trace_id="t",
              request__headers={"a": "caf\xe9 \xff", "authorization": "Bearer x1"}, request__body="AP8=",
              request__transfer_encoding="base64", metadata={"duration_ms": 0.001, "ttfb_ms": 99999.999}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def with_records(fork_for_module, event):
    """An inbox with these records, for tests that change none of them."""
    running = fork_for_module()
    running.post(varied(event))
    return running


@pytest.fixture(scope="module")
def stopped_inbox(fork_for_module, tmp_path_factory):
    """An inbox that has ended."""
    ended = fork_for_module(file=tmp_path_factory.mktemp("stopped") / "inbox.db")
    ended.stop()
    return ended


WORDS = [
    ("ls",), ("ls", "--json"), ("ls", "-n", "2"), ("ls", "--json", "--unsafe-include-secrets", "path:/a OR path:/b"),
    ("show", "aa"), ("show", "aa", "--json"), ("show", "b/c d", "--json"), ("show", "out"),
    ("show", "out", "--json", "--unsafe-include-secrets"), ("export",), ("export", "--as", "jsonl", "-n", "3"),
    ("export", "user:ü", "--unsafe-include-secrets"),
]  # fmt: skip
FAILURES = [("show", "zz"), ("show", "a"), ("ls", "stauts:1"), ("export", "(")]


@pytest.mark.timeout(300)
def test_m19_a_running_inbox_says_what_its_file_says(inbox, event):
    """M19: over the API and from the file the same command prints the same bytes and ends with the same status."""
    inbox.post(varied(event))
    running = [inbox.command(*words) for words in (*WORDS, *FAILURES)]
    inbox.stop()
    resting = [inbox.command(*words) for words in (*WORDS, *FAILURES)]

    for words, one, other in zip((*WORDS, *FAILURES), running, resting, strict=True):
        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr), words
        assert one.returncode == (0 if words in WORDS else 1 if words[0] == "show" else 2)
        assert bool(one.stdout) == (words in WORDS)
        assert one.stderr.count("\n") == (words in FAILURES)


def test_m19_what_programs_read_is_stable(inbox, event):
    """M19: the members of `--json` are those that docs/inbox-api.md lists; further ones may come, none may go."""
    inbox.post(varied(event))
    line = set(json.loads(inbox.command("ls", "--json").stdout.splitlines()[0]))
    shown = inbox.show("ab")

    assert line >= {
        "id", "time", "received", "protocol", "direction", "method", "url", "path", "query", "route", "status",
        "duration_ms", "ttfb_ms", "user", "device", "client", "trace_id", "span_id", "parent_id", "aborted",
        "exception", "request_size", "response_size",
    }  # fmt: skip
    assert set(shown) >= (line - {"request_size", "response_size"}) | {"request", "response", "extra"}
    assert set(shown["request"]) >= {
        "headers", "body_base64", "body_text", "size", "parsed", "truncated", "omitted", "redacted", "decoded", "read",
    }  # fmt: skip
    assert json.loads(inbox.command("clear", "path:/a", "--json").stdout) == {"deleted": 1}


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["-path:/health", "status:5xx"], []),
        (["-path:/health"], ["/a", "/b", "/orders/7"]),
        (["status:201", "-user:alice", "--json"], []),
        (["-host:shop.test"], ["/b"]),
        (["-has:note", "path:/a"], ["/a"]),
        (["-(path:/a OR path:/b)"], ["/health", "/orders/7"]),
        (["path:/a*", "-n", "5", "-status:500"], ["/a"]),
        (["-n", "1", "dir:in"], ["/b"]),
        (["--", "-health"], ["/a", "/b", "/orders/7"]),
    ],
)
def test_m19_a_term_with_a_minus_is_no_option(with_records, words, paths):
    """M19: `-path:/health` takes away what matches, wherever it stands, also where an option begins so."""
    completed = with_records.command("ls", "--json", *words) if "--" not in words else _before(with_records, words)

    assert completed.returncode == 0, completed.stderr
    assert sorted(json.loads(line)["path"] for line in completed.stdout.splitlines()) == paths


def _before(inbox, words):
    command = [sys.executable, "-m", "drhttp", "inbox", "ls", "--json", "--file", str(inbox.file), *words]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8")


def test_m19_a_term_that_cannot_be_read_is_told(inbox, capsys):
    """With exit status 2, as a query, and a real option that does not exist as an option."""
    assert main(["inbox", "ls", "-stauts:1", "--file", str(inbox.file)]) == 2
    assert "did you mean status?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["inbox", "ls", "--jsno", "--file", str(inbox.file)])
    assert ended.value.code == 2


def test_m19_commands_have_a_short_form(inbox, event):
    """M19: `drhttp ls` is `drhttp inbox ls`."""
    inbox.post(varied(event))
    for words in (["ls", "--json", "-path:/health"], ["show", "ab"], ["export"], ["clear", "--yes", "--json"]):
        command = [sys.executable, "-m", "drhttp", *words, "--file", str(inbox.file)]
        completed = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
        assert (completed.returncode, bool(completed.stdout), completed.stderr) == (0, True, "")


def test_m19_tail_hears_of_records_from_the_inbox(inbox, event):
    """M19: what comes while it looks on, and it says when the inbox ends."""
    inbox.post([event(request__uri="http://x/a/0")])
    command = [sys.executable, "-m", "drhttp", "tail", "--json", "--file", str(inbox.file), "path:/a/*"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert json.loads(process.stdout.readline())["path"] == "/a/0"
        inbox.post([event(request__uri="http://x/b/1"), event(request__uri="http://x/a/1")])
        assert json.loads(process.stdout.readline())["path"] == "/a/1"
        inbox.stop()
        rest = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is not responding" in rest[1]


@pytest.mark.parametrize("runs", [True, False])
def test_m13_a_file_is_imported(inbox, event, tmp_path, runs):
    """M13: `drhttp inbox import FILE`, over the API or into the file; a second time it adds nothing."""
    inbox.post(varied(event))
    file = tmp_path / "out.har"
    inbox.command("export", "--output", str(file), "--unsafe-include-secrets")
    before = inbox.command("export", "--as", "jsonl", "--unsafe-include-secrets").stdout
    inbox.command("clear", "--yes")
    if not runs:
        inbox.stop()

    completed = inbox.command("import", str(file))
    assert (completed.returncode, completed.stdout, completed.stderr) == (
        0,
        "4 imported, 0 already present, 0 rejected\n",
        "",
    )
    again = json.loads(inbox.command("import", str(file), "--json").stdout)
    assert again == {"imported": 0, "known": 4, "refused": 0, "remarks": []}
    after = inbox.command("export", "--as", "jsonl", "--unsafe-include-secrets").stdout
    for one, other in zip(before.splitlines(), after.splitlines(), strict=True):
        assert without_origin(one) == without_origin(other)
        assert json.loads(other)["protocol"] == "har"


def without_origin(line):
    """All but the number, and what tells that a record was imported."""
    left_out = {"n", "received", "protocol", "imported", "hidden"}
    record = {name: value for name, value in json.loads(line).items() if name not in left_out}
    record["extra"].pop("har", None)
    return record


def test_m13_an_import_makes_the_file(tmp_path, capsys):
    """Where nothing was recorded yet; only its owner can read it."""
    log = {"log": {"entries": [{"request": {"method": "GET", "url": "http://x/"}}, {}, 7]}}
    source, file = tmp_path / "in.har", tmp_path / "new" / "inbox.db"
    source.write_text(json.dumps(log))

    assert main(["import", str(source), "--file", str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == "1 imported, 0 already present, 2 rejected\n"
    assert captured.err == "drhttp: Entry 1: it has no request.\ndrhttp: Entry 2: it has no request.\n"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"nonsense", "The file is not valid JSON"),
        (b"{}", 'This is not a HAR file: "log.entries" is missing or not a list.'),
        (b"[" * 100_000, "The JSON is nested more than 64 levels deep."),
        (None, "in.har: No such file or directory."),
        (har.MAX_FILE_SIZE + 1, "is larger than 64 MiB."),
    ],
)
@pytest.mark.parametrize("runs", [True, False])
def test_m13_what_is_no_har_is_told_in_a_sentence(shared_inbox, stopped_inbox, tmp_path, content, sentence, runs):
    """M13: exit status 1, and nothing of a traceback."""
    source = tmp_path / "in.har"
    if isinstance(content, int):
        with source.open("wb") as file:
            os.truncate(file.fileno(), content)
    elif content is not None:
        source.write_bytes(content)

    completed = (shared_inbox if runs else stopped_inbox).command("import", str(source))
    assert (completed.returncode, completed.stdout, completed.stderr.count("\n")) == (1, "", 1)
    assert completed.stderr.startswith("drhttp: ")
    assert sentence in completed.stderr
