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
         "asyncio", "multiprocessing", "concurrent.futures", "drhttp._transport", "drhttp._delivery", "drhttp.inbox"}
loaded = sorted(heavy & set(sys.modules))
ours = [name for name in hooks if name and name.startswith("drhttp")]
assert not loaded, loaded
assert not ours, ours
assert threading.active_count() == 1, threading.enumerate()
assert len(os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else "0123") <= 4
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
