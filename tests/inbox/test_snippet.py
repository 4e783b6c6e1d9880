"""Commands that are copied from the page, run by real shells and programs against a real server."""

from __future__ import annotations

import ast
import http.server
import random
import shutil
import subprocess
import sys
import threading

import pytest

from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.snippet import LARGEST, snippet

NASTY = [
    "'; touch owned; '", "$(touch owned)", "`touch owned`", "\\", "'\\''", '"', "$HOME", "!!", "%s%n", "-X",
    "@/etc/passwd", "a\nb", "\ttab", "é", "日本", "*", "~", "#", "&&", "|cat", "<x>", "{a,b}", "[1-3]", "\x7f", "",
]  # fmt: skip
BODIES = [
    *(text.encode() for text in NASTY),
    b"\x00\xff\n",
    bytes(range(256)),
    b"@file",
    b"a=b&c=d",
    b"\r\n",
    b"x" * 5000,
]
QUERIES = [None, "a=b&c='d'", "x=$(touch%20owned)", "[1-3]={a,b}"]


class Server(http.server.BaseHTTPRequestHandler):
    """Remembers requests as they were on the wire."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        pairs = [(name.lower(), value) for name, value in self.headers.items()]
        self.server.seen.append((self.command, self.path, pairs, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_PROPFIND = answer

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    running.seen = []
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def recorded(dice, port):
    method = dice.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    path = "/" + "/".join(dice.choice(["a", "..", "b'c", "%27%00", "$x", "{1}", "[2]", "~", "a;b"]) for _ in range(3))
    headers = [(f"x-{place}", header(dice)) for place in range(3)]
    body = dice.choice(BODIES) if method not in {"GET", "OPTIONS", "DELETE"} else None
    if body:
        headers.append(("content-type", dice.choice(["application/json", "text/plain; charset=utf-8"])))
    summary = Summary(
        id="i", project="p", protocol="events", started=0, received=0, method=method, scheme="http",
        host=f"127.0.0.1:{port}", path=path, query=dice.choice(QUERIES),
    )  # fmt: skip
    return Exchange(summary=summary, request=Message(headers=tuple(headers), body=body))


def header(dice):
    value = dice.choice([one for one in NASTY if "\n" not in one and "\x7f" not in one]).strip()
    return value.encode().decode("latin-1")


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="there is no curl or no bash")
def test_s19_curl_in_a_real_shell_sends_what_was_recorded(server, tmp_path):
    """M12: method, path, query, headers and body byte for byte, and nothing in them is run."""
    dice = random.Random(3)
    exchanges = [recorded(dice, server.server_port) for _ in range(150)]
    for exchange in exchanges:
        text = snippet(exchange, "curl", reveal=True).text
        ended = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, timeout=30, check=False)
        assert ended.returncode == 0, (text, ended.stderr)

    assert list(tmp_path.iterdir()) == []
    for exchange, (method, target, pairs, body) in zip(exchanges, server.seen, strict=True):
        assert (method, target, body) == (
            exchange.summary.method,
            exchange.summary.target,
            exchange.request.body or b"",
        )
        sent = [pair for pair in pairs if pair[0] not in {"host", "content-length"}]
        assert sent == list(exchange.request.headers)


def test_s19_python_sends_what_was_recorded(server, tmp_path):
    """M12: with what comes with Python."""
    dice = random.Random(5)
    exchanges = [recorded(dice, server.server_port) for _ in range(40)]
    program = "\n".join(snippet(exchange, "python", reveal=True).text for exchange in exchanges)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=60, check=True)

    assert list(tmp_path.iterdir()) == []
    for exchange, (method, target, pairs, body) in zip(exchanges, server.seen, strict=True):
        assert (method, target, body) == (
            exchange.summary.method,
            exchange.summary.target,
            exchange.request.body or b"",
        )
        assert set(exchange.request.headers) <= set(pairs)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("kind", ["curl", "httpie"])
def test_s19_every_word_reaches_the_program_as_it_is(tmp_path, kind):
    """Whatever was captured is an argument, and never a command: told by a program that prints its arguments."""
    name = {"curl": "curl", "httpie": "http"}[kind]
    stub = tmp_path / name
    stub.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.write(repr(sys.argv[1:]))\n")
    stub.chmod(0o755)
    dice = random.Random(9)
    for _ in range(60):
        exchange = recorded(dice, 1)
        text = snippet(exchange, kind, reveal=True).text
        environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONUTF8": "1"}
        ended = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=environ, capture_output=True, check=True)
        words = ast.literal_eval(ended.stdout.decode())
        assert exchange.summary.url in words
        assert exchange.summary.method in words
        for header_name, value in exchange.request.headers:
            shown = value.encode("latin-1").decode() if value else ""
            mark = ": " if kind == "curl" else ":"
            assert (f"{header_name}{mark}{shown}" if value else f"{header_name};") in words
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_not_sent_is_said():
    """A body that is not whole, masked or too large leaves the command incomplete, and it says why."""
    dice = random.Random(1)
    exchange = recorded(dice, 1)
    for message, remark in (
        (Message(body=b"x", truncated=True), "The body was not recorded whole."),
        (Message(body=b"x", redacted=1), "The recorder masked values in the body."),
        (Message(body=b"x" * (LARGEST + 1)), "The body is larger than 100,000 bytes and left out; download it."),
    ):
        told = snippet(Exchange(summary=exchange.summary, request=message), "curl", reveal=True)
        assert (told.complete, told.remarks) == (False, (remark,))
