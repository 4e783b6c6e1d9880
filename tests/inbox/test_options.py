"""What may be chosen when an inbox is started, and what it then keeps to."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from drhttp.__main__ import main
from drhttp.inbox.database_file import prepare
from drhttp.inbox.store.backends import on_disk

TOKEN = "a1" * 16
PAGE = "http://localhost:3000"


def other_address():
    """An address of this machine that is not loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which way it would go
        except OSError:
            return None
        return probe.getsockname()[0]


def test_s1_another_address_needs_a_token_of_ones_own(tmp_path, monkeypatch, capsys):
    """S1: without one nothing is started."""
    pytest.importorskip("uvicorn")
    monkeypatch.delenv("DRHTTP_INBOX_TOKEN", raising=False)
    file = tmp_path / "inbox.db"

    assert main(["inbox", "--host", "0.0.0.0", "--port", "0", "--file", str(file)]) == 1
    assert capsys.readouterr().err.startswith("drhttp: To listen on 0.0.0.0, set DRHTTP_INBOX_TOKEN")
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", TOKEN)
    assert main(["inbox", "--host", "192.0.2.1", "--port", "0", "--file", str(file)]) == 1
    assert "192.0.2.1 is not an address of this machine" in capsys.readouterr().err
    assert main(["inbox", "--host", "no such name", "--port", "0", "--file", str(file)]) == 1


@pytest.mark.parametrize("everywhere", [False, True])
def test_s1_another_address_is_listened_on_when_asked(start, monkeypatch, everywhere):
    """S1: beside loopback, with a warning; answers go to the names that were allowed only."""
    address = other_address()
    if address is None:
        pytest.skip("this machine has no address but those of loopback")
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", TOKEN)
    host = "0.0.0.0" if everywhere else address
    inbox = start("--host", host, "--quiet")

    with socket.create_connection((address, inbox.port), timeout=20) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {address}:{inbox.port}\r\nConnection: close\r\n\r\n".encode())
        status = connection.recv(100).split()[1]
    assert status == (b"421" if everywhere else b"200")
    assert inbox.api("GET", "/info")[0] == 200
    assert inbox.stop() == (0, inbox_warning(host))


def inbox_warning(host):
    return (
        f"drhttp: warning: the inbox also listens on {host}. Anyone who can reach this address can send records, "
        "and with the token read them all. To accept other host names, pass --allow-host.\n"
    )


def test_s1_without_it_only_loopback_is_listened_on(start):
    """S1: a connection to another address of the machine is refused; so it is with --host localhost."""
    address = other_address()
    if address is None:
        pytest.skip("this machine has no address but those of loopback")
    inbox = start("--host", "localhost", "--quiet")

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, inbox.port), timeout=20)
    assert inbox.stop() == (0, "")


def test_s6_pages_of_an_allowed_origin_may_send_records(start, event):
    """S6: of this one only, with the preflight that browsers make; and they may still read nothing."""
    inbox = start("--allow-browser-origin", PAGE)
    wanted = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "x-moesif-application-id"}

    status, headers, _ = inbox.request("OPTIONS", "/moesif/v1/events/batch", Origin=PAGE, **wanted)
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (204, PAGE, "Origin")
    assert "x-moesif-application-id" in headers["Access-Control-Allow-Headers"]
    assert inbox.post([event()], Origin=PAGE, Sec_Fetch_Site="same-site") == 201
    for origin in ("http://localhost:3001", "https://localhost:3000", "null", f"{PAGE}.evil.test"):
        assert inbox.post([event()], Origin=origin) == 403
        headers = inbox.request("OPTIONS", "/moesif/v1/events/batch", Origin=origin, **wanted)[1]
        assert "Access-Control-Allow-Origin" not in headers
    assert inbox.post([event()], Sec_Fetch_Site="same-site") == 403
    status, headers, _ = inbox.request("GET", "/api/v1/records", Origin=PAGE, Authorization=f"Bearer {inbox.token}")
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, None)
    assert inbox.api("GET", "/info")[1]["records"] == 1


@pytest.mark.parametrize("origin", ["localhost:3000", "http://x/", "http://x/path", "ftp://x", "*", "null"])
def test_s6_what_is_no_origin_is_refused(origin, capsys):
    """S6: an origin is a scheme, a host and a port; there is no wildcard."""
    with pytest.raises(SystemExit) as ended:
        main(["inbox", "--allow-browser-origin", origin])
    assert ended.value.code == 2
    assert "invalid origin value" in capsys.readouterr().err


def test_an_inbox_in_memory_leaves_nothing_on_disk(start, event, tmp_path):
    """`--memory`: the page, the API and the command line see the records; the disk never does."""
    file = tmp_path / "state" / "inbox.db"
    inbox = start("--memory", file=file)
    assert "  file  none (records are kept in memory)" in inbox.welcome
    for number in range(20):
        batch = [event(transaction_id=f"{number}-{place}", user_id="unmistakable") for place in range(50)]
        assert inbox.post(batch) == 201
    assert inbox.api("GET", "/info")[1]["records"] == 1000
    assert inbox.api("GET", "/info")[1]["file"] is None
    assert len(inbox.ls()) == 1000
    assert inbox.show("7-7")["user"] == "unmistakable"
    assert json.loads(inbox.command("clear", "id:7-7", "--json").stdout) == {"deleted": 1}
    assert inbox.api("GET", "/endpoints")[1]["total"] == 999

    assert [path.name for path in file.parent.iterdir()] == ["inbox.db.running"]
    assert b"unmistakable" not in file.with_name("inbox.db.running").read_bytes()
    opened = os.listdir(f"/proc/{inbox.process.pid}/fd") if os.path.isdir("/proc") else []
    targets = [os.readlink(f"/proc/{inbox.process.pid}/fd/{number}") for number in opened]
    assert [target for target in targets if target.startswith("/") and "inbox" in target] in (
        [],
        [str(file.with_name("inbox.db.running"))],
    )
    assert inbox.stop()[0] == 0
    assert inbox.command("ls").returncode == 1
    assert [path.name for path in file.parent.iterdir()] == ["inbox.db.running"]


def test_an_inbox_in_memory_is_written_while_it_is_read(start, event):
    """Readers do not lock the writer out, nor the other way round."""
    inbox = start("--memory", "--quiet")
    inbox.post([event() for _ in range(1000)])
    done, wrong = threading.Event(), []

    def read():
        while not done.is_set():
            paths = ("/records?q=nothing", "/endpoints?q=status:201", "/histogram")
            wrong.extend(path for path in paths if inbox.api("GET", path)[0] != 200)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        statuses = {inbox.post([event() for _ in range(100)]) for _ in range(40)}
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert (statuses, wrong) == ({201}, [])
    assert inbox.api("GET", "/info")[1]["records"] == 5000


def test_an_inbox_in_memory_keeps_to_its_limits(start, event, capsys):
    """The oldest go; and no more may be asked for than SQLite holds."""
    inbox = start("--memory", "--keep", "100", "--quiet")
    for _ in range(5):
        inbox.post([event() for _ in range(100)])
    deadline = time.monotonic() + 30
    while inbox.api("GET", "/info")[1]["records"] > 300 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert inbox.api("GET", "/info")[1]["records"] <= 300
    assert main(["inbox", "--memory", "--keep-bytes", "2000", "--file", str(inbox.file.with_name("x.db"))]) == 1
    assert "cannot exceed 1,000 MiB" in capsys.readouterr().err


def send_until_it_dies(inbox, event, lane, acknowledged, taken):
    """Post small batches and note what was acknowledged."""
    for number in range(10_000):
        names = [f"{lane}-{number}-{place}" for place in range(7)]
        try:
            status = inbox.post([event(transaction_id=name) for name in names])
        except OSError:
            return
        if status == 201:
            acknowledged.update(names)
            taken.release()


@pytest.mark.parametrize("sync", ["full", "normal"])
def test_m16_what_was_acknowledged_survives_a_kill(start, event, sync):
    """M16: with `--sync full` zero acknowledged records are lost on kill -9, however often; a process alone that is
    killed costs none with the default either, which a power cut may.
    """
    acknowledged: set[str] = set()
    for round_ in range(3):
        inbox, taken = start("--sync", sync, "--quiet"), threading.Semaphore(0)
        lanes = [
            threading.Thread(target=send_until_it_dies, args=(inbox, event, f"{round_}-{lane}", acknowledged, taken))
            for lane in range(3)
        ]
        for lane in lanes:
            lane.start()
        for _ in range(30):
            assert taken.acquire(timeout=60)
        os.kill(inbox.process.pid, signal.SIGKILL)
        for lane in lanes:
            lane.join()
        inbox.kill()
    with closing(sqlite3.connect(inbox.file)) as db:
        stored = {row[0] for row in db.execute("SELECT id FROM record")}
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(acknowledged) >= 3 * 30 * 7
    assert acknowledged <= stored


@pytest.mark.parametrize(("synced", "level"), [(True, 2), (False, 1)])
def test_m16_sqlite_is_told_to_wait_for_the_disk(tmp_path, synced, level):
    """M16: a power cut cannot be made here; SQLite promises to survive it at level 2 of PRAGMA synchronous."""
    file = tmp_path / "inbox.db"
    prepare(file)
    open_store, _ = on_disk(file, synced=synced)
    with closing(open_store()) as store:
        assert store._value("PRAGMA synchronous") == level
        assert store._value("PRAGMA journal_mode") == "wal"


def test_the_page_is_opened_in_the_browser(tmp_path):
    """`--open`: the browser that the environment names gets the page's address, with its token."""
    pytest.importorskip("uvicorn")
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    browser.chmod(0o755)
    command = [sys.executable, "-m", "drhttp", "inbox", "--open", "--port", "0", "--file", str(tmp_path / "inbox.db")]
    environ = {**os.environ, "BROWSER": str(browser)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            lines = [process.stdout.readline() for _ in range(2)]
            deadline = time.monotonic() + 60
            while not opened.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            process.terminate()
    assert opened.read_text() == lines[1].split()[1]
    assert "#token=" in opened.read_text()


@pytest.mark.parametrize("url", ["http://a:99999/", "http://a:0/", "http://[::1", "http://", "http://:80/", "ftp://a/"])
def test_an_address_for_replays_that_is_none_is_refused_at_the_start(tmp_path, capsys, url):
    """And not at the first replay."""
    with pytest.raises(SystemExit) as stopped:
        main(["inbox", "--replay-to", url, "--file", str(tmp_path / "inbox.db")])

    assert stopped.value.code == 2
    assert f"argument --replay-to: invalid URL value: '{url}'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_options_that_a_running_inbox_does_not_take_are_named(inbox):
    """So nobody believes that they hold; what does not differ from what runs is not named."""
    completed = inbox.command("--keep", "5", "--replay-to", "http://127.0.0.1:1", "--port", "1")
    same = inbox.command("--keep", "10000", "--port", str(inbox.port), "--quiet")

    assert (completed.returncode, same.returncode, same.stderr) == (0, 0, "")
    assert "were ignored: --keep, --replay-to, --port." in completed.stderr
    assert completed.stderr.count("\n") == 1
    assert completed.stdout == same.stdout
