"""The published clients deliver to the inbox as they are."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SENDERS = Path(__file__).with_name("senders")


def missing(reason):
    """On a developer's machine a program may be absent; continuous integration may not pass without it."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


def need(package):
    if importlib.util.find_spec(package) is None:
        missing(f"{package} is not installed")


@contextlib.contextmanager
def running(*command, **options):
    """A sender that ends with its standard input."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        yield process
        process.stdin.close()
        assert process.wait(30) == 0, process.stderr.read()


def install(folder, requirement):
    """Put a package, without what it needs, into a folder of its own, or skip when that cannot be done here."""
    if importlib.util.find_spec("pip"):
        tool = [sys.executable, "-m", "pip"]
    elif shutil.which("uv"):
        tool = ["uv", "pip"]
    else:
        missing("neither pip nor uv is here")
    command = [*tool, "install", "--quiet", "--no-deps", "--target", str(folder), requirement]
    if subprocess.run(command, capture_output=True, check=False, timeout=100).returncode:
        missing(f"{requirement} cannot be installed here")
    return folder


def shown(inbox, count):
    """Wait until so many records are printed, and answer them by their paths."""
    for _ in range(count):
        assert inbox.line()
    return {line["path"]: inbox.show(line["id"]) for line in inbox.ls()}


def bodies(record):
    request, response = record["request"], record["response"]
    return request["body_text"], response and (response["body_text"] or response["body_base64"])


def header(side, name):
    return [value for key, value in side["headers"] if key.lower() == name]


def test_moesifwsgi_delivers(inbox):
    """The reference middleware for WSGI: bodies parsed and not, times without a zone, nulls everywhere."""
    need("moesifwsgi")
    sender = str(SENDERS / "with_moesifwsgi.py")
    with running(sys.executable, sender, f"http://127.0.0.1:{inbox.port}/moesif"):
        found = shown(inbox, 4)

    assert {path: record["status"] for path, record in found.items()} == {
        "/json": 200,
        "/text": 404,
        "/binary": 200,
        "/empty": 204,
    }
    assert bodies(found["/json"]) == ('{"a": "\\u00e9"}', '{"ok": [1, null]}')
    assert bodies(found["/text"]) == (None, "größer")
    assert bodies(found["/binary"]) == ("a=1&b=2", base64.b64encode(bytes(range(256))).decode())
    assert found["/text"]["query"] == "q=1&q=2"
    assert header(found["/json"]["request"], "x-note") == ["caf\xc3\xa9"]
    assert {record["user"] for record in found.values()} == {"alice"}
    assert {record["client"] for record in found.values()} == {"10.1.2.3"}
    assert found["/json"]["extra"]["metadata"] == {"foo": "bar"}


def test_moesifapi_delivers(inbox):
    """The reference API client: single events and batches, times with an offset."""
    need("moesifapi")
    sender = str(SENDERS / "with_moesifapi.py")
    subprocess.run([sys.executable, sender, f"http://127.0.0.1:{inbox.port}/moesif"], check=True)

    found = shown(inbox, 3)

    assert sorted(found) == ["/first", "/second", "/single"]
    assert {record["time"] for record in found.values()} == {"2026-11-22T16:00:00.123Z"}
    assert bodies(found["/single"]) == (None, '{"ok": true}')


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here")
def test_moesif_nodejs_delivers(inbox, tmp_path):
    """The reference middleware for Node: parsed JSON without an encoding, header arrays and numbers."""
    command = ["npm", "install", "--silent", "--no-save", "--prefix", str(tmp_path), "moesif-nodejs@3.11.0"]
    if subprocess.run(command, capture_output=True, check=False, timeout=100).returncode:
        missing("moesif-nodejs cannot be installed here")
    environ = {**os.environ, "NODE_PATH": str(tmp_path / "node_modules")}
    sender = str(SENDERS / "with_moesif_nodejs.js")
    with running("node", sender, f"http://127.0.0.1:{inbox.port}/moesif", env=environ):
        found = shown(inbox, 3)

    assert {path: record["status"] for path, record in found.items()} == {"/json": 200, "/binary": 200, "/text": 404}
    assert bodies(found["/json"]) == (None, '{"ok":[1,null]}')
    assert bodies(found["/text"]) == (None, "größer")
    assert bodies(found["/binary"]) == (None, "AP/+AQ==")
    assert header(found["/json"]["response"], "set-cookie") == ["a=1", "b=2"]
    assert header(found["/json"]["response"], "x-count") == ["7"]
    assert {record["user"] for record in found.values()} == {"alice"}


def test_the_client_0_2_0_delivers(inbox, tmp_path):
    """One record a request: local times, bodies as text, missing responses, the device among the headers."""
    need("requests")
    environ = {**os.environ, "PYTHONPATH": str(install(tmp_path / "packages", "drhttp==0.2.0"))}
    subprocess.run([sys.executable, str(SENDERS / "with_020.py"), str(inbox.port)], check=True, env=environ)

    found = shown(inbox, 4)

    assert {path: record["status"] for path, record in found.items()} == {
        "/json": 200,
        "/binary": 200,
        "/empty": 204,
        "/fails": 500,
    }
    assert bodies(found["/json"]) == ('{"a": 1}', '{"ok": true}')
    assert (found["/json"]["user"], found["/json"]["device"]) == ("alice", "ipad")
    assert found["/json"]["url"] == "http://shop.test/json?q=1"
    assert found["/binary"]["response"]["omitted"] == "not UTF-8"
    assert found["/empty"]["response"] is None
    assert found["/fails"]["response"] is None


def test_the_recorder_delivers(inbox):
    """Our own middleware, in both protocols."""
    program = (
        "import drhttp, sys\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2'), ('x-drhttp-user', 'alice')])\n"
        "    return [bytes(range(256))]\n"
        "from werkzeug.test import Client\n"
        "for protocol in ('events', 'record'):\n"
        "    wrapped = drhttp.WSGIMiddleware(app, dsn=sys.argv[1], protocol=protocol)\n"
        "    Client(wrapped).get('/' + protocol).close()\n"
        "assert drhttp.flush(10)\n"
    )
    if importlib.util.find_spec("werkzeug") is None:
        pytest.skip("werkzeug is not installed")
    subprocess.run([sys.executable, "-c", program, f"http://local@127.0.0.1:{inbox.port}/below"], check=True)

    found = shown(inbox, 2)

    for protocol in ("events", "record"):
        record = found[f"/{protocol}"]
        assert (record["status"], record["user"], record["protocol"]) == (200, "alice", protocol)
        assert base64.b64decode(record["response"]["body_base64"]) == bytes(range(256))
    assert len(header(found["/events"]["response"], "set-cookie")) == 2
