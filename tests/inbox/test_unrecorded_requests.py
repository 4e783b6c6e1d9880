"""What `drhttp inbox run` says when a program serves requests that nobody records."""

from __future__ import annotations

import queue
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from drhttp.inbox.instance_lock import RunningInbox
from drhttp.inbox.listening_sockets import has_served
from drhttp.inbox.unrecorded_requests import _framework, watch

SERVER = """
from wsgiref.simple_server import make_server
import drhttp, os, sys

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]

if "wrapped" in sys.argv:
    app = drhttp.WSGIMiddleware(app, dsn=os.environ["DRHTTP_DSN"])
with make_server("127.0.0.1", 0, app) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""
WAIT = 30  # seconds in which what is expected has to come


@contextmanager
def serving(inbox, *words):
    """A program below another one, as a reloader starts it."""
    wrapper = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    command = [sys.executable, "-c", wrapper, "-c", SERVER, *words]
    environ = {"DRHTTP_DSN": f"http://local@127.0.0.1:{inbox.port}/", "PATH": "/usr/bin"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as process:
        port = int(process.stdout.readline())
        try:
            yield process, port
        finally:
            subprocess.run(["pkill", "-P", str(process.pid)], check=False)
            process.kill()


def ask(port):
    with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        assert answer.read() == b"hi"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells of connections")
def test_a_program_has_served_once_somebody_connected(inbox):
    """Also when a child process listens, and after the connection is over."""
    with serving(inbox) as (process, port):
        assert has_served(process.pid) is False
        ask(port)
        assert has_served(process.pid) is True
    assert has_served(2**22 + 1) is None


def test_requests_that_nobody_records_are_told_with_the_missing_line(inbox):
    """Once, and only after a request."""
    said = queue.Queue()
    with serving(inbox) as (process, port):
        watch(process, ["flask", "run"], RunningInbox(inbox.port, inbox.token), said.put, patience=0.0)
        ask(port)
        text = said.get(timeout=WAIT)
        assert "none was recorded: it is not wrapped" in text
        assert "app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app)" in text


def test_nothing_is_said_of_a_program_that_is_recorded(inbox):
    """Its record arrived before the patience was over."""
    said = queue.Queue()
    with serving(inbox, "wrapped") as (process, port):
        watch(process, ["flask", "run"], RunningInbox(inbox.port, inbox.token), said.put, patience=3.0)
        ask(port)
        with pytest.raises(queue.Empty):
            said.get(timeout=5.0)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["flask", "run"], "flask"),
        (["python", "-m", "flask", "run"], "flask"),
        (["python", "shop/manage.py", "runserver"], "django"),
        (["/venv/bin/uvicorn", "shop:app"], "asgi"),
        (["fastapi", "dev"], "asgi"),
        (["gunicorn", "shop:app"], "wsgi"),
    ],
)
def test_the_line_fits_the_program(words, kind):
    """As far as its command line tells."""
    assert _framework(words) == kind
