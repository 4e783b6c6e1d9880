"""The pytest plugin: a test asserts what an application records."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.wsgi_calls import Server, environ

import drhttp
import drhttp.testing


def shop(environ, start_response):
    """Fails for one path, and answers any other."""
    if environ["PATH_INFO"] == "/broken":
        raise KeyError("price")
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("201 Created", [("Content-Type", "application/json"), ("x-drhttp-user", "ann")])
    return [b'{"id": 7}']


def ask(app, *given, **more):
    server = Server()
    server.send(server.call(app, environ(*given, **more)))
    server.close()


def test_what_an_application_records_can_be_asserted(drhttp_inbox):
    """Without a DSN of its own: the fixture sets the variable. What the recorder masks is masked."""
    app = drhttp.WSGIMiddleware(shop)
    body = b'{"item": 7, "password": "hunter2"}'
    ask(app, "POST", "/orders", body, CONTENT_TYPE="application/json", QUERY_STRING="a=1&b=2")

    (record,) = drhttp_inbox.wait()
    assert (record.method, record.path, record.query, record.status) == ("POST", "/orders", {"a": "1", "b": "2"}, 201)
    assert (record.user, record.direction, record.exception) == ("ann", "in", None)
    assert record.request.json() == {"item": 7, "password": "[redacted]"}
    assert record.request.header("content-type") == "application/json"
    assert (record.response.json(), record.response.text) == ({"id": 7}, '{"id": 7}')
    assert str(record) == f"POST {record.url} 201"


def test_records_are_found_by_the_query_language_of_the_inbox(drhttp_inbox):
    """`records("status:5xx")` finds what the page finds; a wrong query is told."""
    app = drhttp.WSGIMiddleware(shop, dsn=drhttp_inbox.dsn)
    ask(app, "GET", "/fine")
    with pytest.raises(KeyError):
        ask(app, "GET", "/broken")

    assert len(drhttp_inbox.wait(2)) == 2
    (failed,) = drhttp_inbox.records("status:5xx")
    assert (failed.path, failed.exception) == ("/broken", "KeyError: 'price'")
    assert drhttp_inbox.records("path:/elsewhere") == []
    with pytest.raises(Exception, match="colour"):
        drhttp_inbox.records("colour:red")


def test_what_does_not_come_fails_and_says_what_came(drhttp_inbox):
    """The message names the query and what there is."""
    ask(drhttp.WSGIMiddleware(shop, dsn=drhttp_inbox.dsn), "GET", "/fine")

    assert len(drhttp_inbox.wait(1)) == 1
    with pytest.raises(
        AssertionError, match=r"(?s)2 records that match 'path:/fine'.*there are 1.*GET http.*/fine 201"
    ):
        drhttp_inbox.wait(2, "path:/fine", timeout=0.3)


def test_records_can_be_cleared(drhttp_inbox):
    """Those that this process has recorded so far, too."""
    app = drhttp.WSGIMiddleware(shop, dsn=drhttp_inbox.dsn)
    ask(app, "GET", "/before")
    drhttp_inbox.clear()
    ask(app, "GET", "/after")

    assert [record.path for record in drhttp_inbox.wait()] == ["/after"]


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_inbox_of_its_own(drhttp_inbox, turn):
    """Nothing of another test is in it."""
    assert drhttp_inbox.records() == []
    ask(drhttp.WSGIMiddleware(shop, dsn=drhttp_inbox.dsn), "GET", f"/{turn}")
    assert [record.path for record in drhttp_inbox.wait()] == [f"/{turn}"]


def test_outbound_requests_are_under_the_request_that_caused_them(drhttp_inbox, echo):
    """`calls` has them, and `dir:out` finds them."""
    import http.client

    def app(environ, start_response):
        connection = http.client.HTTPConnection("127.0.0.1", echo.port)
        connection.request("GET", "/stock")
        connection.getresponse().read()
        connection.close()
        start_response("200 OK", [])
        return [b""]

    ask(drhttp.WSGIMiddleware(app, dsn=drhttp_inbox.dsn, outbound=True), "GET", "/order")

    assert drhttp_inbox.wait(1, "dir:out path:/stock")
    (order,) = drhttp_inbox.wait(1, "dir:in")
    assert [(call.direction, call.path) for call in order.calls] == [("out", "/stock")]


def test_without_pytest_a_context_does_the_same():
    """For unittest and scripts."""
    with drhttp.testing.inbox() as inbox:
        ask(drhttp.WSGIMiddleware(shop, dsn=inbox.dsn), "GET", "/")
        assert len(inbox.wait()) == 1
        assert isinstance(inbox, drhttp.testing.Inbox)
        assert isinstance(inbox.wait()[0], drhttp.testing.Recorded)
    with pytest.raises(AttributeError, match="Recorder"):
        _ = drhttp.testing.Recorder


APP = """
import drhttp
from wsgiref.util import setup_testing_defaults

def app(environ, start_response):
    start_response("200 OK", [])
    return [b""]

environ = {}
setup_testing_defaults(environ)
app = drhttp.WSGIMiddleware(app)
app(environ, lambda *given: None)
assert drhttp.flush(timeout=60)
"""
TEST = """
import os, subprocess, sys

def test_a_program(drhttp_inbox):
    assert os.environ["DRHTTP_DSN"] == drhttp_inbox.dsn
    subprocess.run([sys.executable, "app.py"], check=True)
    assert len(drhttp_inbox.wait()) == 1
"""


def run_pytest(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**os.environ, **environment}, timeout=120, check=False
    )


def test_pytest_finds_the_fixture_by_itself(tmp_path):
    """In a project without a conftest, and for an application in a process of its own; warnings are errors."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "test_it.py").write_text(TEST)

    done = run_pytest(tmp_path, "-W", "error")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.wide
def test_a_program_may_import_drhttp_before_it_starts_pytest(tmp_path):
    """Pytest would warn about a package with a plugin that it cannot rewrite, which stops it if warnings are errors."""
    (tmp_path / "test_it.py").write_text("def test_other(): pass\n")
    program = "import drhttp, pytest, sys\nsys.exit(pytest.main(['-q', '-W', 'error', '-p', 'no:cacheprovider']))"

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_without_the_inbox_it_says_what_to_install(tmp_path):
    """One sentence, and only for tests that use the fixture."""
    (tmp_path / "uvicorn.py").write_text('raise ModuleNotFoundError("No module", name="uvicorn")\n')
    (tmp_path / "test_it.py").write_text("def test_uses(drhttp_inbox): pass\n\ndef test_other(): pass\n")

    done = run_pytest(tmp_path, PYTHONPATH=str(tmp_path))

    assert "1 passed, 1 error" in done.stdout
    assert 'The fixture drhttp_inbox needs the inbox: pip install "drhttp[inbox]"' in done.stdout
    assert "Traceback" not in done.stdout
