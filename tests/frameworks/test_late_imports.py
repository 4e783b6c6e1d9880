"""Frameworks that are imported after the first record."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import drhttp, logging
from wsgiref.util import setup_testing_defaults

logging.disable()
seen = []
options = {"dsn": "http://key@127.0.0.1:9/", "before_send": seen.append}

def ask(app, path):
    environ = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    result = app(environ, lambda *_: None)
    list(result)
    getattr(result, "close", lambda: None)()
    assert drhttp.flush()
    return seen.pop()

def first(environ, start_response):
    start_response("200 OK", [])
    return [b"first"]

recorded = drhttp.WSGIMiddleware(first, **options)
ask(recorded, "/")

from flask import Flask
from a2wsgi import WSGIMiddleware
from starlette.testclient import TestClient

flask = Flask("late")

@flask.get("/fail/<int:number>")
def fail(number):
    raise ZeroDivisionError("by zero")

print(ask(drhttp.WSGIMiddleware(flask, **options), "/fail/1").exception.type)
TestClient(drhttp.ASGIMiddleware(WSGIMiddleware(flask), **options)).get("/fail/1")
assert drhttp.flush()
print(seen[0].exception.type, seen[0].route)
"""


def test_a_framework_after_the_first_record() -> None:
    """A framework that is imported late tells of its exceptions as soon as a middleware is made for its application."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["ZeroDivisionError", "ZeroDivisionError /fail/{number}"]
