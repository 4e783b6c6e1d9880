"""Log lines about failures name the type and the place, never the message."""

from __future__ import annotations

import logging
import re

import pytest

import drhttp
from drhttp import _guard
from drhttp._rate_limiter import RateLimiter
from privacy.corpus import MARK, Case, sentinel
from privacy.wiring import application, serve


@pytest.fixture(autouse=True)
def _fresh_throttle(monkeypatch):
    """Reset the rate limit of log lines."""
    monkeypatch.setattr(_guard, "_log_limiter", RateLimiter())


def failing(text):
    """Raise an exception with a secret, from another one that holds it too."""
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(f"cannot use {text}") from error


def test_the_guard_tells_type_and_place():
    """The innermost frame comes first, as file and line; deep recursions are shortened."""
    with pytest.raises(ValueError, match="cannot use") as caught:
        failing("x")
    location = _guard.error_location(caught.value)
    assert re.fullmatch(r"ValueError at \S+test_logs\.py:\d+ < \S+test_logs\.py:\d+", location)

    def deeper(depth):
        return failing("x") if depth == 0 else deeper(depth - 1)

    with pytest.raises(ValueError, match="cannot use") as caught:
        deeper(50)
    assert _guard.error_location(caught.value).count(" < ") == 9
    assert _guard.error_location(None) == "None"


def test_the_guard_keeps_secrets(caplog):
    """A secret in the message of an exception, or of its cause, is in no part of the log."""
    with caplog.at_level(logging.DEBUG):
        assert _guard.guarded(failing, sentinel()) is None
    (line,) = caplog.records
    assert "failing: ValueError at" in line.getMessage()
    assert line.exc_info is None
    assert MARK not in caplog.text


def test_the_worker_keeps_secrets(receiver, caplog):
    """What ends a step of the worker, such as `SystemExit` in a callback, is logged without its message."""
    cases = [Case("x", query=f"q={sentinel()}")]

    def leave(record):
        raise SystemExit(f"no: {sentinel()} {record}")

    with caplog.at_level(logging.DEBUG):
        serve(drhttp.WSGIMiddleware(application(cases), dsn=receiver.dsn, before_send=leave), cases)
        drhttp.close(5.0)
    (line,) = [each for each in caplog.records if "error in the delivery thread" in each.getMessage()]
    assert re.search(r"SystemExit at \S+test_logs\.py:\d+", line.getMessage())
    assert line.exc_info is None
    assert MARK not in caplog.text
    assert MARK not in repr(drhttp.stats())


@pytest.mark.parametrize("bad", ["headers", "environ"])
def test_a_request_that_cannot_be_recorded(receiver, caplog, bad):
    """Whatever odd values an application passes, no part of them is logged."""

    class Odd(str):
        __slots__ = ()

        def lower(self):
            raise ValueError(f"no: {self}")

    def app(environ, start_response):
        if bad == "environ":
            environ["drhttp.sensitive"] = 5
        start_response("200 OK", [(Odd(sentinel()), sentinel())] if bad == "headers" else [])
        return [sentinel().encode()]

    with caplog.at_level(logging.DEBUG):
        wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn)
        assert list(wrapped({"REQUEST_METHOD": "GET"}, lambda *_: None))
        drhttp.flush(5.0)
    assert MARK not in caplog.text
    assert "Traceback" not in caplog.text
