"""What the README shows works when it is copied: its code is run, its commands are parsed, its table is compared."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import fields
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drhttp._config import Config

if TYPE_CHECKING:
    from support.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INBOX_DSN = "http://local@127.0.0.1:8399/"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def snippet(mark: str) -> str:
    """The one piece of Python that contains `mark`."""
    (found,) = (block for block in blocks("python") if mark in block)
    return found


DJANGO_SETTINGS = """
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
"""

DJANGO_PROJECT = """
from django.conf import settings
settings.configure(
    MIDDLEWARE=MIDDLEWARE, ROOT_URLCONF=__name__, SECRET_KEY="test", USE_TZ=True, ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
from django.http import HttpResponse
from django.urls import path
def log_in(request):
    request.session["_auth_user_id"] = "7"
    return HttpResponse("hello")
urlpatterns = [path("login", log_in), path("", lambda request: HttpResponse("hello"))]
"""

PLAIN_APP = """
import drhttp
def app(environ, start_response):
    start_response("404 Not Found" if environ["PATH_INFO"] == "/missing" else "200 OK", [("X-Kind", "plain")])
    return [b"hello"]
"""

FLASK_APP = """
from flask import request
from flask_httpauth import HTTPBasicAuth
auth = HTTPBasicAuth()
@app.get("/")
def hello():
    return "hello"
"""


def ask(app: str, *paths: str, device: str = "", headers: str = "{}") -> str:
    """A program that asks `app` for paths like one browser, and delivers what was recorded."""
    return f"""
from werkzeug.test import Client
browser = Client({app})
if {device!r}:
    browser.set_cookie("device", {device!r})
for path in {paths!r}:
    answer = browser.get(path, headers={headers})
    assert answer.data == b"hello", answer.data
    assert "x-drhttp-user" not in answer.headers and "x-drhttp-device" not in answer.headers, answer.headers
    answer.close()
assert drhttp.flush(timeout=10)
"""


def run(receiver: Receiver, *parts: str) -> str:
    """Run a program in a process of its own; what the README sends to the inbox goes to `receiver`."""
    program = "\n".join(parts).replace(INBOX_DSN, receiver.dsn)
    environment = {**os.environ, "DRHTTP_DSN": receiver.dsn}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def paths(records: list[dict[str, Any]]) -> list[str]:
    return [re.sub(r"^https?://[^/]+", "", record["request"]["uri"]) for record in records]


def test_django(receiver: Receiver) -> None:
    """The lines for `wsgi.py` record a Django project."""
    run(receiver, DJANGO_SETTINGS, DJANGO_PROJECT, snippet("get_wsgi_application"), ask("application", "/"))
    assert paths(receiver.records) == ["/"]


def test_django_user(receiver: Receiver) -> None:
    """The line for `MIDDLEWARE` names the user, also of a request whose view does not ask for the user."""
    settings = DJANGO_SETTINGS + snippet("MIDDLEWARE")
    run(receiver, settings, DJANGO_PROJECT, snippet("get_wsgi_application"), ask("application", "/login", "/"))
    assert [record.get("user_id") for record in receiver.records] == ["7", "7"]


def test_flask(receiver: Receiver) -> None:
    """The lines for Flask record a Flask app."""
    run(receiver, snippet("Flask(__name__)"), FLASK_APP, ask("app", "/"))
    assert paths(receiver.records) == ["/"]


FASTAPI_APP = """
@app.get("/")
def hello():
    return "hello"
from fastapi.testclient import TestClient
with TestClient(app) as client:
    assert client.get("/").json() == "hello"
"""


def test_fastapi(receiver: Receiver) -> None:
    """The line for FastAPI records an app, all of it by the end of the lifespan."""
    silence = "import warnings\nwarnings.simplefilter('ignore')\n"  # of the test client
    (line,) = re.findall(r"\*\*FastAPI\*\* and Starlette: `(.+?)`", README)
    run(receiver, silence, "import drhttp, fastapi\napp = fastapi.FastAPI()", line, FASTAPI_APP)
    assert paths(receiver.records) == ["/"]


def test_start_in_a_minute(tmp_path: Path) -> None:
    """The command that starts an inbox beside a Flask app works, and the app's lines record to that inbox."""
    (command,) = (line for block in blocks("sh") for line in block.splitlines() if line.startswith("drhttp inbox run"))
    assert command == "drhttp inbox run -- flask run"
    route = '@app.get("/")\ndef hello():\n    return "hello"\n'
    (tmp_path / "app.py").write_text(snippet("Flask(__name__)") + route, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRHTTP_")}
    environment |= {"DRHTTP_INBOX_FILE": str(tmp_path / "inbox.db"), "DRHTTP_FLUSH_INTERVAL": "0.2"}
    environment |= {"FLASK_RUN_PORT": "0", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    program = [sys.executable, "-m", *shlex.split(command)]
    output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(program, cwd=tmp_path, env=environment, **output) as process:
        assert process.stdout
        try:
            said = [next(line for line in process.stdout if "Running on http" in line)]
            (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", said[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
                assert response.read() == b"hello"
            assert _recorded_paths(environment, tmp_path, 1) == ["/"]
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def _recorded_paths(environment: dict[str, str], folder: Path, expected: int) -> list[str]:
    """The paths that `drhttp ls` lists, as soon as there are `expected`, or after 30 seconds."""
    command = [sys.executable, "-m", "drhttp", "ls", "--json"]
    deadline = time.monotonic() + 30
    while True:
        listed = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=60, check=True
        ).stdout
        found = [json.loads(line)["path"] for line in listed.splitlines()]
        if len(found) >= expected or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_flask_identification(receiver: Receiver) -> None:
    """The function for Flask names user and device in the record, and not to the client."""
    asking = ask("app", "/", device="d1", headers='{"Authorization": "Basic YW5uYTpzZXNhbWU="}')
    run(receiver, snippet("Flask(__name__)"), FLASK_APP, snippet("after_request"), asking)
    (record,) = receiver.records
    assert (record["user_id"], record["metadata"]["device"]) == ("anna", "d1")


def test_any_wsgi_app(receiver: Receiver) -> None:
    """The line for any WSGI app records it."""
    (line,) = re.findall(r"`(app = drhttp\.WSGIMiddleware\(app, dsn=[^`]+)`", README)
    run(receiver, PLAIN_APP, line, ask("app", "/one", "/two"))
    assert paths(receiver.records) == ["/one", "/two"]


def test_options(receiver: Receiver) -> None:
    """The example of options does what its names say."""
    run(receiver, PLAIN_APP, snippet("before_send"), ask("app", "/health/db", "/one", "/missing"))
    assert paths(receiver.records) == ["/missing"]


def test_job(receiver: Receiver) -> None:
    """The lines for jobs deliver, print the counts, and stop."""
    wrapped = PLAIN_APP + "app = drhttp.WSGIMiddleware(app)\n"
    printed = run(receiver, wrapped, ask("app", "/one"), snippet("drhttp.stats()"))
    assert "recorded=1" in printed
    assert "sent=1" in printed


def test_every_snippet_is_run() -> None:
    """No Python code in the README is left out by the tests above."""
    assert len(blocks("python")) == 6


def test_commands() -> None:
    """Every `drhttp ...` command that the README names is one that the command line knows."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = {text for text in [*lines, *re.findall(r"`(drhttp [^`]+)`", README)] if text.startswith("drhttp ")}
    assert "drhttp show ID" in commands
    for command in sorted(commands):
        ours, _, _ = command.partition(" -- ")  # what follows is another program's command
        arguments = [sys.executable, "-m", *shlex.split(ours), "--help"]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        assert (command, done.returncode, done.stderr) == (command, 0, "")


def test_extras() -> None:
    """Every extra that the README installs exists."""
    named = re.findall(r"pip install \"drhttp\[([a-z,]+)\]\"", README)
    assert named
    assert {extra for names in named for extra in names.split(",")} <= set(metadata("drhttp").get_all("Provides-Extra"))


def documented_options() -> dict[str, Any]:
    rows = re.findall(r"^\| `(\w+): [^=`]+ = ([^`]+)` \|", README, re.MULTILINE)
    return {name: ast.literal_eval(default) for name, default in rows}


def test_every_option_is_documented() -> None:
    """The table names every option there is, and no other."""
    assert set(documented_options()) == {field.name for field in fields(Config)} - {"sources"} | {"enabled"}


@pytest.mark.parametrize("name", sorted(set(documented_options()) - {"dsn", "enabled"}))
def test_documented_default(name: str) -> None:
    """The default in the table is the one that holds."""
    dsn = "https://key@api.drhttp.com/"  # one that is loopback has a default of its own
    config = Config.load(dsn, {}, {})
    assert config is not None
    documented = Config.load(dsn, {name: documented_options()[name]}, {})
    assert getattr(config, name) == getattr(documented, name)


def test_links_lead_somewhere() -> None:
    """Every relative link in the README leads to a file or folder."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert "CHANGELOG.md" in targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_it_is_short() -> None:
    """The README fits in 120 lines."""
    assert len(README.splitlines()) <= 120
