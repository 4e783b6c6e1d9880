from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from drhttp.__main__ import main
from drhttp._version import __version__
from drhttp.inbox.database_file import prepare
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.store.sqlite import SqliteStore


@pytest.fixture
def file(tmp_path, event, monkeypatch):
    """A file with three records."""
    path = tmp_path / "inbox.db"
    monkeypatch.setenv("DRHTTP_INBOX_FILE", str(path))
    prepare(path)
    store = SqliteStore(path)
    events = [event(transaction_id=f"{name}-id", request__uri=f"http://shop.test/{name}") for name in ("aa", "ab", "b")]
    store.write(decode_batch(events, Arrival("local", 0)))
    store.close()
    return path


def test_the_inbox_says_where_it_is(start):
    """Address, page with its token, DSN to paste, file and how to stop, each on a line that is there at once."""
    inbox = start()

    assert inbox.welcome == [
        f"The inbox is listening on http://127.0.0.1:{inbox.port}/",
        f"  page  http://127.0.0.1:{inbox.port}/#token={inbox.token}",
        f"  DSN   http://local@127.0.0.1:{inbox.port}/",
        f"  file  {inbox.file}",
        "  keeps up to 10,000 records, 256 MiB, 7 days",
        "  stop  Ctrl-C",
        "",
        inbox.welcome[-1],
    ]
    assert inbox.welcome[-1].split() == ["time", "id", "method", "path", "status", "ms", "user", "device"]


def test_a_line_is_printed_for_each_record(start, event):
    """In a pipe too it comes at once, without colors."""
    inbox = start()
    for path in ("/one", "/two"):
        inbox.post([event(request__uri=f"http://x{path}")])
        line = inbox.line()
        assert path in line
        assert "\x1b" not in line


def test_a_quiet_inbox_prints_no_records(start, event):
    """But still says where it is."""
    inbox = start("--quiet")
    inbox.post([event()])

    assert inbox.stop() == (0, "")
    assert inbox.welcome[-1] == "  stop  Ctrl-C"


def test_a_terminal_gets_colours(tmp_path):
    """Status and time are coloured where somebody looks."""
    pytest.importorskip("uvicorn")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "drhttp", "inbox", "--port", "0", "--file", str(tmp_path / "other.db")]
    with subprocess.Popen(command, stdout=follower, env={**os.environ, "TERM": "xterm", "NO_COLOR": ""}) as process:
        os.close(follower)
        seen = b""
        while b"device" not in seen:
            seen += os.read(leader, 1000)
        process.terminate()
    os.close(leader)

    assert b"\x1b[2mtime" in seen


def test_a_busy_port_is_told_in_one_sentence(inbox, tmp_path, capsys):
    """Exit status 1, and nothing of a traceback."""
    assert main(["inbox", "--port", str(inbox.port), "--file", str(tmp_path / "other.db")]) == 1
    assert capsys.readouterr().err.startswith(f"drhttp: Port {inbox.port} is in use.")


@pytest.mark.parametrize(
    "options", [["--port", "x"], ["--port", "70000"], ["--keep", "0"], ["ls", "-n", "-1"], ["show"]]
)
def test_a_wrong_option_is_told(options, capsys):
    """Exit status 2, and what was wrong."""
    with pytest.raises(SystemExit) as stopped:
        main(["inbox", *options])

    assert stopped.value.code == 2
    assert "invalid" in capsys.readouterr().err or options == ["show"]


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_server_it_says_what_to_install(tmp_path, missing):
    """One sentence and exit status 1, whichever part is missing."""
    (tmp_path / f"{missing}.py").write_text(f'raise ModuleNotFoundError("No module", name="{missing}")\n')
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    command = [sys.executable, "-m", "drhttp", "inbox", "--port", "0", "--file", str(tmp_path / "i.db")]
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)

    assert ended.returncode == 1
    assert 'pip install "drhttp[inbox]"' in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_ls_prints_the_newest_last(file, capsys):
    """Under a heading, next to the prompt."""
    assert main(["inbox", "ls", "-n", "2"]) == 0

    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["time", "id"]
    assert [line.split()[4] for line in lines] == ["/ab", "/b"]


def test_ls_for_programs_is_an_object_a_line(file, capsys):
    """In the same order."""
    assert main(["inbox", "ls", "--json"]) == 0

    assert [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()] == ["/aa", "/ab", "/b"]


def test_show_takes_the_beginning_of_an_id(file, capsys):
    """As text or as one object."""
    assert main(["inbox", "show", "b"]) == 0
    assert capsys.readouterr().out.startswith("POST http://shop.test/b\n")
    assert main(["inbox", "show", "b-id", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["request"]["body_text"] == '{"a":[1,null]}'


@pytest.mark.parametrize(("identity", "sentence"), [("zz", "No record ID in"), ("a", "More than one record ID")])
def test_show_says_when_it_cannot(file, capsys, identity, sentence):
    """Exit status 1 and one sentence on stderr."""
    assert main(["inbox", "show", identity]) == 1

    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err.startswith(f"drhttp: {sentence}")


@pytest.mark.parametrize("place", [("--file", "{}", "ls"), ("ls", "--file", "{}")])
def test_the_file_may_be_named_before_or_after_the_command(file, capsys, monkeypatch, place):
    """Both places mean the same."""
    monkeypatch.delenv("DRHTTP_INBOX_FILE")

    assert main(["inbox", *(word.format(file) for word in place)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_without_a_file_ls_says_how_to_get_one(tmp_path, capsys):
    """Nothing is made by looking."""
    assert main(["inbox", "ls", "--file", str(tmp_path / "none.db")]) == 1
    assert "No inbox file at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_pager_that_ends_early_is_no_error(file, event):
    """`drhttp inbox ls | head -1` says nothing on stderr."""
    store = SqliteStore(file)
    store.write(decode_batch([event() for _ in range(3000)], Arrival("local", 0)))
    store.close()
    command = [sys.executable, "-m", "drhttp", "inbox", "ls", "-n", "3000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (0, b"")


def test_a_terminal_without_unicode_gets_question_marks(file, event):
    """A stream that cannot write a character is no reason for a traceback."""
    store = SqliteStore(file)
    store.write(decode_batch([event(user_id="日本")], Arrival("local", 0)))
    store.close()
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(
        [sys.executable, "-m", "drhttp", "inbox", "ls"], capture_output=True, env=environ, check=False
    )

    assert ended.returncode == 0
    assert b"??" in ended.stdout


def test_the_version_is_told(capsys):
    """`drhttp --version` names the installed one."""
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert (stopped.value.code, capsys.readouterr().out) == (0, f"drhttp {__version__}\n")


def test_the_command_line_loads_nothing_heavy():
    """Neither a server nor a database is imported to print the help."""
    code = "import sys, drhttp.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"starlette", "uvicorn", "sqlite3", "urllib3"} & set(loaded)


def test_a_second_start_finds_the_first(start):
    """One inbox a project: the page and DSN of the one that runs are printed, and nothing else is started."""
    inbox = start()
    again = inbox.command("--port", "0")

    assert again.returncode == 0
    assert again.stdout.splitlines() == [
        f"The inbox is already listening on http://127.0.0.1:{inbox.port}/",
        f"  page  http://127.0.0.1:{inbox.port}/#token={inbox.token}",
        f"  DSN   http://local@127.0.0.1:{inbox.port}/",
        f"  file  {inbox.file}",
    ]


def test_after_a_kill_the_inbox_starts_again(start, event):
    """What a killed inbox left beside the file is no obstacle."""
    first = start()
    first.post([event()])
    first.kill()

    assert start().api("GET", "/info")[1]["records"] == 1


PROGRAM = """
import os, sys, drhttp
from werkzeug.test import Client
app = drhttp.WSGIMiddleware(lambda environ, start: (start("200 OK", []), [b"hi"])[1])
Client(app).get("/from-the-program")
assert drhttp.flush(timeout=20)
sys.exit(7)
"""


def test_run_starts_a_program_that_is_recorded(tmp_path):
    """DRHTTP_DSN is set for it, its exit status is ours, and what it did is in the file afterwards."""
    pytest.importorskip("uvicorn")
    file = str(tmp_path / "inbox.db")
    command = [sys.executable, "-W", "error", "-m", "drhttp", "inbox", "--port", "0", "--file", file, "run", "--"]
    ended = subprocess.run([*command, sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (7, "")
    assert "#token=" in ended.stdout
    completed = subprocess.run(
        [*command[:6], "ls", "--json", "--file", file], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [json.loads(line)["path"] for line in completed] == ["/from-the-program"]


def test_run_uses_the_inbox_that_runs(start):
    """And leaves it running."""
    inbox = start()
    command = [sys.executable, "-m", "drhttp", "inbox", "--file", str(inbox.file), "run", "--"]
    ended = subprocess.run([*command, sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (7, "")
    assert inbox.api("GET", "/records?q=path:/from-the-program")[1]["records"]


@pytest.mark.parametrize(("words", "status"), [((), 2), (("--", "no-such-program-here"), 1)])
def test_run_says_when_it_cannot(tmp_path, capsys, words, status):
    """A sentence, and nothing left behind that runs."""
    pytest.importorskip("uvicorn")
    assert main(["inbox", "--port", "0", "--file", str(tmp_path / "i.db"), "run", *words]) == status
    assert capsys.readouterr().err.startswith("drhttp: ")


@pytest.mark.parametrize(
    ("query", "paths"), [("path:/a*", ["/aa", "/ab"]), ("path:/aa OR path:/b", ["/aa", "/b"]), ("NOT path:/a*", ["/b"])]
)
def test_ls_takes_the_query_of_the_page(file, capsys, query, paths):
    """In one word or in several."""
    for words in ([query], query.split()):
        assert main(["inbox", "ls", "--json", *words]) == 0
        assert [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()] == paths


@pytest.mark.parametrize("command", ["ls", "tail", "export", "clear"])
def test_a_query_that_cannot_be_read_is_told(file, capsys, command):
    """Exit status 2, and what may have been meant."""
    assert main(["inbox", command, "stauts:500"]) == 2
    assert capsys.readouterr().err == 'drhttp: Unknown field "stauts"; did you mean status?\n'


def test_tail_prints_records_as_they_come(inbox, event):
    """The last ones, then every new one that matches, until Ctrl-C."""
    inbox.post([event(request__uri="http://x/a/0"), event(request__uri="http://x/b/0")])
    command = [sys.executable, "-m", "drhttp", "inbox", "tail", "--json", "--file", str(inbox.file), "path:/a/*"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert json.loads(process.stdout.readline())["path"] == "/a/0"
        inbox.post([event(request__uri="http://x/b/1"), event(request__uri="http://x/a/1")])
        assert json.loads(process.stdout.readline())["path"] == "/a/1"
        process.send_signal(2)
        rest = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, ("", ""))


def test_export_writes_har_and_json_lines(file, capsys, tmp_path):
    """To standard output, or to a file that only its owner can read."""
    assert main(["inbox", "export", "path:/a*"]) == 0
    log = json.loads(capsys.readouterr().out)["log"]
    assert (log["version"], log["pages"], len(log["entries"])) == ("1.2", [], 2)
    assert main(["inbox", "export", "--as", "jsonl", "-n", "1", "--output", str(tmp_path / "out")]) == 0
    assert [json.loads(line)["path"] for line in (tmp_path / "out").read_text().splitlines()] == ["/aa"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert main(["inbox", "export", "--output", str(tmp_path / "no" / "out")]) == 1


def test_clear_deletes_what_matches(file, capsys):
    """Without a query only with --yes."""
    assert main(["inbox", "clear"]) == 2
    capsys.readouterr()
    assert main(["inbox", "clear", "path:/a*", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": 2}
    assert main(["inbox", "clear", "--yes"]) == 0
    assert capsys.readouterr().out == "1 deleted\n"
