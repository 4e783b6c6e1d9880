"""Flask's and Django's test clients: no server, no end of a process, and many applications in one."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hosting import HERE, PATIENCE
from support.load import TESTS, paths

if TYPE_CHECKING:
    from pathlib import Path

    from support.receiver import Receiver

HEAD = """
import sys, threading, logging
sys.path[:0] = sys.argv[2:4]
logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")
import drhttp
"""
PROGRAMS = {
    "flask": """
import flask
def create_app():
    app = flask.Flask("shop")
    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, sys.argv[1], exit_timeout=20.0)
    @app.post("/<int:number>")
    def show(number):
        return flask.request.data
    return app
for first in range(0, 1000, 100):  # an application for each test, as test suites have it
    app = create_app()
    for number in range(first, first + 100):
        with app.test_client() as client:
            assert client.post(f"/{number}", data=b"body").data == b"body"
""",
    "django": """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
def show(request, number):
    return HttpResponse(request.body)
urlpatterns = [path("<int:number>", show)]
settings.configure(DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__")
django.setup()
from django.core.wsgi import get_wsgi_application
from django.test import Client
from werkzeug.test import Client as Visitor
for number in range(100):  # Django's own client calls no WSGI application: nothing is recorded
    assert Client().post(f"/{number}", b"body", content_type="text/plain").content == b"body"
visitor = Visitor(drhttp.WSGIMiddleware(get_wsgi_application(), sys.argv[1], exit_timeout=20.0))
for number in range(1000):
    assert visitor.post(f"/{number}", data=b"body").data == b"body"
""",
}
END = """
assert [thread.name for thread in threading.enumerate()].count("drhttp") <= 1
print(drhttp.stats().recorded)
"""


@pytest.mark.parametrize("framework", PROGRAMS)
def test_clients(framework: str, receiver: Receiver, tmp_path: Path) -> None:
    """C2: a thousand requests from test clients have one thread, one record each, and nothing to say."""
    pytest.importorskip(framework)
    program = tmp_path / "program.py"
    program.write_text(HEAD + PROGRAMS[framework] + END)
    done = subprocess.run(
        [sys.executable, program, receiver.dsn, TESTS, HERE],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000\n", "")
    assert Counter(paths(receiver.records)) == Counter(f"/{number}" for number in range(1000))
