"""Importing the package, and having it without a DSN, does nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Hooks that the standard library sets when it is loaded are not ours; what counts is where a hook's function is from.
WATCH = """
import atexit, logging, os, random, sys, threading
hooks = []
def watched(original):
    def register(*args, **kwargs):
        hooks.extend(getattr(each, "__module__", "") for each in (*args[:1], *kwargs.values()))
        return original(*args, **kwargs)
    return register
atexit.register = watched(atexit.register)
os.register_at_fork = watched(os.register_at_fork)
"""
REPORT = """
heavy = {"urllib3", "ssl", "requests", "httpx", "django", "flask", "starlette", "uvicorn", "sqlite3", "http.client",
         "asyncio", "multiprocessing", "concurrent.futures", "drhttp._delivery.transport",
         "drhttp._delivery.record_exporter", "drhttp.inbox"}
loaded = sorted(heavy & set(sys.modules))
ours = [name for name in hooks if name and name.startswith("drhttp")]
assert not loaded, loaded
assert not ours, ours
assert threading.active_count() == 1, threading.enumerate()
assert len(os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else "0123") <= 4
"""
LIGHT = """
import sys
before = set(sys.modules)
import drhttp
slow = {"argparse", "contextlib", "dataclasses", "datetime", "email", "enum", "fnmatch", "inspect", "json", "logging",
        "random", "re", "threading", "traceback", "typing", "urllib.parse", "uuid", "drhttp._config", "drhttp._record",
        "drhttp._process.recorder"}
loaded = sorted(slow & (set(sys.modules) - before))
assert not loaded, loaded
"""
SILENT = """
import drhttp
from drhttp._guard import guarded
guarded(int, "no number")
import logging
assert [type(each) for each in logging.getLogger("drhttp").handlers] == [logging.NullHandler]
drhttp.WSGIMiddleware(print)
drhttp.WSGIMiddleware(print, dsn="http://key@127.0.0.1:9/")
assert [type(each) for each in logging.getLogger("drhttp").handlers] == [logging.NullHandler]
"""
HEARD = """
import logging, sys
logging.getLogger("drhttp").addHandler(logging.StreamHandler(sys.stdout))
logging.getLogger("drhttp").setLevel(logging.INFO)
import drhttp
drhttp.WSGIMiddleware(print)
from drhttp._guard import guarded
guarded(int, "no number")
"""
DISABLED = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"unchanged"]
for options in {options}:
    wrapped = drhttp.WSGIMiddleware(app, **options)
    answer = wrapped({{"REQUEST_METHOD": "GET"}}, lambda status, headers: None)
    assert answer == [b"unchanged"]
assert drhttp.flush() is True
drhttp.close()
assert drhttp.stats() == drhttp.Stats()
"""


def run(program: str, **environ: str) -> None:
    """Run a program in an interpreter of its own; it answers by its exit status."""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env={**os.environ, **environ})


def test_import_is_inert():
    """`import drhttp` loads no HTTP library, no TLS, no framework and no database, starts no thread, sets no hook."""
    run(f"{WATCH}\nimport drhttp\n{REPORT}")


def test_import_is_light():
    """`import drhttp` loads nothing of the standard library that is slow to load: it costs a few milliseconds."""
    run(LIGHT)


def test_logging_is_silent_where_nobody_has_set_it_up():
    """What is logged goes nowhere, whatever comes first; not to stderr either, where `logging` puts it by default."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", SILENT], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_logging_is_heard_where_it_is_set_up():
    """The logger `drhttp` may be set up before the package is imported, and says what there is to say."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", HEARD], check=True, capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first == "drhttp is off: it is disabled, or no DSN is set"
    assert second.startswith("could not record part of a request (1 times so far): int: ValueError at ")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ("[{}]", {}),
        ("[{'dsn': ''}]", {"DRHTTP_DSN": "http://key@127.0.0.1:9/"}),
        ("[{'dsn': 'http://key@127.0.0.1:9/', 'enabled': False}]", {}),
        ("[{'dsn': 'http://key@127.0.0.1:9/'}]", {"DRHTTP_DISABLED": "1"}),
        ("[{'dsn': 'http://key@127.0.0.1:9/'}]", {"DRHTTP_ENABLED": "off"}),
    ],
)
def test_disabled_means_that_nothing_exists(options, environ):
    """Without a DSN, or disabled, the application is called as it is: no thread, no hook, no socket, no record."""
    run(f"{WATCH}\nimport drhttp\n{DISABLED.format(options=options)}\n{REPORT}", **environ)


def test_an_enabled_middleware_waits_for_its_first_record():
    """Building the middleware alone starts nothing and loads nothing either."""
    run(f"{WATCH}\nimport drhttp\ndrhttp.WSGIMiddleware(print, dsn='https://key@127.0.0.1:9/')\n{REPORT}")
