"""Commands that are copied from the page, run by real shells and programs against a real server."""

from __future__ import annotations

import ast
import base64
import gzip
import random
import shutil
import socketserver
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.effort import share

from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.snippet import KINDS, MAX_BODY, snippet

NASTY = [
    "'; touch owned; '", "$(touch owned)", "`touch owned`", "\\", "'\\''", '"', "$HOME", "!!", "%s%n", "-X",
    "@/etc/passwd", "a\nb", "\ttab", "é", "日本", "*", "~", "#", "&&", "|cat", "<x>", "{a,b}", "[1-3]", "\x7f", "",
    "=1", ":=2", ":=@/etc/passwd", "\\=", "\\\\:x", "a\\;b", "a;", ";", "==", "\x1b[2J", "\u202e", "\\x41", "a: b",
]  # fmt: skip
BODIES = [
    *(text.encode() for text in NASTY),
    b"\x00\xff\n",
    bytes(range(256)),
    b"@file",
    b"a=b&c=d",
    b"\r\n",
    b"--raw",
    b"x" * 5000,
]
PARTS = [
    "a",
    "..",
    ".",
    "",
    "b'c",
    "%27%00",
    "$x",
    "{1}",
    "[2]",
    "~",
    "a;b",
    "%41",
    "%2f",
    "\\",
    '"',
    "<>",
    "a:b",
    "^|`",
]
QUERIES = [
    None,
    "",
    "a=b&c='d'",
    "x=$(touch%20owned)",
    "[1-3]={a,b}",
    "a=1&a=2",
    "?",
    "q=%7E",
    "é=1",
    "a#b",
    "x=%2F+%20",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "HEAD", "M-SEARCH", "purge"]


class WireHandler(socketserver.StreamRequestHandler):
    """Remembers one request as it was on the wire, and responds.

    It reads the socket itself: Werkzeug's server, and so pytest-httpserver, joins header fields of the same name.
    """

    def handle(self):
        method, target, _ = self.rfile.readline().decode("latin-1").rstrip("\r\n").split(" ")
        pairs = []
        for line in iter(self.rfile.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
            pairs.append((name.lower(), value.strip(" \t")))
        headers = dict(pairs)
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join(self.chunks())
        else:
            body = self.rfile.read(int(headers.get("content-length", 0)))
        self.server.seen.append((method, target, pairs, body))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def chunks(self):
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


class WireServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


@pytest.fixture
def server():
    with WireServer(("127.0.0.1", 0), WireHandler) as running:
        running.seen = []
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def header(dice):
    value = dice.choice([one for one in NASTY if "\n" not in one]).strip()
    return dice.choice([value.encode().decode("latin-1"), value.encode().decode("latin-1"), "caf\xe9 \xff", "plain"])


def recorded(dice, port, place=0):
    """A request that a recorder might have told. Its own number tells it among the others."""
    path = "/" + "/".join([str(place), *(dice.choice(PARTS) for _ in range(3))])
    if dice.random() < 0.03:
        path = "*"
    method = dice.choice(METHODS)
    headers = [(f"x-{one}", header(dice)) for one in range(3)]
    headers += [("x-1", "again"), ("user-agent", "old/1")] if dice.random() < 0.3 else []
    headers += [("accept", "text/html"), ("Cookie", "a=1; b=2")] if dice.random() < 0.3 else []
    headers += [("accept-encoding", "gzip, deflate, br, zstd")] if dice.random() < 0.3 else []
    headers.append(("x-number", str(place)))
    body = dice.choice(BODIES) if method not in {"GET", "OPTIONS", "HEAD"} else None
    if body and dice.random() < 0.8:
        headers.append(("content-type", dice.choice(["application/json", "text/plain; charset=utf-8"])))
    summary = Summary(
        id="i", project="p", protocol="events", started=0, received=0, method=method, scheme="http",
        host=f"127.0.0.1:{port}", path=path, query=dice.choice(QUERIES),
    )  # fmt: skip
    return Exchange(summary=summary, request=Message(headers=tuple(headers), body=body))


def wire(exchange):
    """What must arrive: a character beyond ASCII cannot stand in a request line, and is one that was decoded."""
    target = exchange.summary.target
    encoded = "".join(char if char.isascii() else "".join(f"%{byte:02X}" for byte in char.encode()) for char in target)
    pairs = [(name.lower(), value) for name, value in exchange.request.headers]
    return exchange.summary.method, encoded, sorted(pairs), exchange.request.body or b""


def arrived(server):
    """What did, by number, without what every client makes for itself."""
    found = {}
    for method, target, pairs, body in server.seen:
        kept = [pair for pair in pairs if pair[0] not in {"host", "content-length", "connection", "transfer-encoding"}]
        found[dict(pairs)["x-number"]] = (method, target, sorted(kept), body)
    return found


def assert_same(exchanges, server, *, in_order=True):
    found = arrived(server)
    assert len(found) == len(server.seen) == len(exchanges)
    for exchange in exchanges:
        number = dict(exchange.request.headers)["x-number"]
        assert found[number] == wire(exchange)
    if in_order:
        for _, _, pairs, _ in server.seen:
            sent = exchanges[int(dict(pairs)["x-number"])].request.headers
            assert [pair for pair in pairs if pair in sent] == [(name.lower(), value) for name, value in sent]


needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="there is no curl or no bash"
)


def lowered(exchange):
    """Names of fields in lower case, so that they can be compared."""
    headers = tuple((name.lower(), value) for name, value in exchange.request.headers)
    return Exchange(summary=exchange.summary, request=Message(headers=headers, body=exchange.request.body))


@needs_curl
@pytest.mark.timeout(300)
def test_m12_curl_in_a_real_shell_sends_what_was_recorded(server, tmp_path):
    """M12, S19: method, path, query, headers and body byte for byte for many requests, and nothing in them is run."""
    dice = random.Random(3)
    exchanges = [lowered(recorded(dice, server.server_address[1], place)) for place in range(share(1000))]
    snippets = [snippet(exchange, "curl", reveal=True) for exchange in exchanges]
    assert [one.remarks for one in snippets if not one.complete] == []
    work = tmp_path / "work"
    work.mkdir()
    scripts = [tmp_path / f"script-{half}" for half in range(2)]
    for half, script in enumerate(scripts):
        script.write_text("set -e\n" + "\n".join(one.text for one in snippets[half::2]), encoding="utf-8")
    started = [
        subprocess.Popen(["bash", str(script)], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for script in scripts
    ]
    for process in started:
        errors = process.communicate(timeout=250)[1]
        assert process.returncode == 0, errors[-2000:]

    assert list(work.iterdir()) == []
    assert_same(exchanges, server)


class GzipHandler(socketserver.StreamRequestHandler):
    """Answers in gzip, as a server does that was asked for it."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        body = gzip.compress(b"readable")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


@needs_curl
def test_curl_shows_a_response_that_is_compressed():
    """The recorded request may have asked for a coding, which a terminal cannot show."""
    with WireServer(("127.0.0.1", 0), GzipHandler) as running:
        threading.Thread(target=running.serve_forever, args=(0.05,)).start()
        one = recorded(random.Random(3), running.server_address[1])
        message = Message(headers=(("accept-encoding", "gzip, deflate"), ("accept", "*/*")))
        text = snippet(replace(one, request=message), "curl", reveal=True).text
        done = subprocess.run(["bash", "-c", text], capture_output=True, check=False, timeout=60)
        running.shutdown()
    assert (done.returncode, done.stdout) == (0, b"readable")


@pytest.mark.timeout(300)
def test_m12_python_sends_what_was_recorded(server, tmp_path):
    """M12, S19: many requests with what comes with Python, in one interpreter after the other."""
    dice = random.Random(5)
    exchanges = [lowered(recorded(dice, server.server_address[1], place)) for place in range(share(1000))]
    snippets = [snippet(exchange, "python", reveal=True) for exchange in exchanges]
    assert [one.remarks for one in snippets if not one.complete] == []
    program = tmp_path / "program.py"
    program.write_text("\n".join(one.text for one in snippets), encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run(
        [sys.executable, "-W", "error", str(program)], cwd=work, capture_output=True, timeout=250, check=True
    )

    assert list(work.iterdir()) == []
    assert_same(exchanges, server)


@pytest.mark.timeout(300)
def test_m12_httpie_sends_what_was_recorded(server, tmp_path):
    """M12, S19: what HTTPie cannot send is told, and whatever is called complete arrives byte for byte."""
    pytest.importorskip("httpie", reason="HTTPie is not installed")
    program = Path(sys.executable).with_name("http")
    dice = random.Random(7)
    exchanges, found = [], []
    while len(exchanges) < share(30):
        exchange = lowered(recorded(dice, server.server_address[1], len(exchanges)))
        one = snippet(exchange, "httpie", reveal=True)
        if one.complete:
            exchanges.append(exchange)
            found.append(one.text)
        else:
            assert all(remark.startswith("HTTPie ") for remark in one.remarks)
    assert len({exchange.request.body for exchange in exchanges}) > len(exchanges) // 4
    script = tmp_path / "script"
    script.write_text("set -e\n" + "\n".join(found), encoding="utf-8")
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    environ = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(home), "PYTHONUTF8": "1"}
    command = ["bash", str(script)]
    ended = subprocess.run(
        command, cwd=work, env=environ, capture_output=True, stdin=subprocess.DEVNULL, timeout=250, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]

    assert list(work.iterdir()) == []
    assert_same(exchanges, server, in_order=False)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("kind", ["curl", "httpie"])
def test_s19_every_word_reaches_the_program_as_it_is(tmp_path, kind):
    """Whatever was captured is an argument, and never a command: told by a program that prints its arguments."""
    name = {"curl": "curl", "httpie": "http"}[kind]
    stub = tmp_path / name
    stub.write_text(f"#!{sys.executable}\nimport os, sys\nsys.stdout.write(repr(list(map(os.fsencode, sys.argv))))\n")
    stub.chmod(0o755)
    dice = random.Random(9)
    for _ in range(40):
        exchange = recorded(dice, 1)
        text = snippet(exchange, kind, reveal=True).text
        environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONUTF8": "1"}
        ended = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=environ, capture_output=True, check=True)
        words = ast.literal_eval(ended.stdout.decode())
        assert exchange.summary.method.encode() in words or "--head" in text
        if kind == "curl":
            pairs = exchange.request.headers
            fields = [f"{header_name}: {value}" if value else f"{header_name};" for header_name, value in pairs]
            assert {field.encode("latin-1") for field in fields} <= set(words)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_not_sent_is_said():
    """A body that is not whole, masked or too large leaves the command incomplete, and it says why."""
    dice = random.Random(1)
    exchange = recorded(dice, 1)
    summary = replace(exchange.summary, method="POST")
    for message, remark in (
        (Message(body=b"x", truncated=True), "The body was not recorded in full."),
        (Message(body=b"x", redacted=1), "The recorder masked values in the body."),
        (Message(body=b'{"password":"[redacted]"}'), "The recorder masked values in the body."),
        (Message(headers=(("authorization", "Bearer [redacted]"),)), "The recorder masked header values."),
        (
            Message(body=b"x" * (MAX_BODY + 1)),
            "The body was left out because it is larger than 100,000 bytes. Download it instead.",
        ),
    ):
        written = snippet(Exchange(summary=summary, request=message), "curl", reveal=True)
        assert (written.complete, written.remarks) == (False, (remark,))
    hidden = Exchange(summary=summary, request=Message(), extra={"masked": {"uri": 1}})
    written = snippet(hidden, "curl", reveal=True)
    assert written.remarks == ("The recorder masked values in the URL.",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_says_in_a_comment_that_values_are_masked(kind):
    """Those of the recorder, and those that are hidden on display; the command itself is the same."""
    summary = replace(recorded(random.Random(1), 1).summary, method="POST", path="/a", query=None)
    message = Message(headers=(("authorization", "Bearer [redacted]"), ("cookie", "sid=abc")), body=b'{"pin":"123456"}')
    exchange = Exchange(summary=summary, request=message)
    first, second, *command = snippet(exchange, kind, reveal=False).text.splitlines()
    assert first == "# The recorder masked header values. Replace each mask by a value before you run this."
    assert second.startswith("# 2 values are hidden here as [hidden here, arrived in clear].")
    assert not any(line.startswith("#") for line in command)
    first, *command = snippet(exchange, kind, reveal=True).text.splitlines()
    assert first.startswith("# The recorder masked header values.")
    assert not any(line.startswith("#") for line in command)
    plain = Exchange(summary=summary, request=Message(headers=(("accept", "*/*"),)))
    assert "#" not in snippet(plain, kind, reveal=False).text


def test_a_command_shows_nothing_that_steers_a_terminal():
    """What is pasted is seen first: control characters and marks that reorder travel as escapes or base64."""
    summary = recorded(random.Random(2), 1).summary
    message = Message(
        headers=(("x", "\x1b[2J"), ("y", "\u202e".encode().decode("latin-1"))), body=b"\x9b\xe2\x80\xae\x1b"
    )
    for kind in ("curl", "python"):
        text = snippet(Exchange(summary=summary, request=message), kind, reveal=True).text
        assert all(char.isprintable() or char == "\n" for char in text)
    assert (
        base64.b64encode(message.body).decode()
        in snippet(Exchange(summary=summary, request=message), "curl", reveal=True).text
    )
