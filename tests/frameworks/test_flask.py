"""Flask with the recorder inside, as the README says: `app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, ...)`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import weakref
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask
import pytest
from flask import Flask, abort, jsonify, request, send_file, session, stream_with_context
from flask_httpauth import HTTPBasicAuth
from support.programs import Program, ask
from support.threads import collect_garbage
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder

import drhttp

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.receiver import Receiver

    from drhttp.testing import Inbox

KEY = b"for tests"
PAYLOAD = b'{"event":  "paid"}'
FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}


class Teapot(Exception):
    """An exception of the application's own."""


def make_app(log: list[str], file: Path | None = None) -> Flask:  # noqa: C901 - views are no branches
    """An app of all the things that a recorder could break; log: what it did, in order."""
    app = Flask(__name__)
    app.secret_key = "for tests"
    auth = HTTPBasicAuth()
    auth.verify_password(lambda name, password: name if password == "sesame" else None)

    @app.post("/hook")
    def hook() -> Any:
        signature = hmac.new(KEY, request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, request.headers["X-Signature"]):
            abort(403)
        return jsonify(request.get_json())

    @app.post("/form")
    def form() -> Any:
        files = {name: each.read().decode() for name, each in request.files.items()}
        return {"form": request.form.to_dict(), "files": files, "from": request.remote_addr, "url": request.url}

    @app.post("/stream-in")
    def stream_in() -> Any:
        return {"pieces": [len(piece) for piece in iter(lambda: request.stream.read(7), b"")]}

    @app.get("/stream")
    def stream() -> Any:
        def lines() -> Any:
            for number in range(3):
                log.append(f"line {number}")
                yield f"{number} {request.args['word']}\n"

        response = flask.Response(stream_with_context(lines()))
        response.call_on_close(lambda: log.append("closed"))
        return response

    @app.get("/file")
    def whole_file() -> Any:
        assert file is not None
        return send_file(file)

    @app.get("/memory-file")
    def memory_file() -> Any:
        return send_file(io.BytesIO(b"content"), mimetype="text/plain")

    @app.get("/private")
    @auth.login_required
    def private() -> Any:
        return "private"

    @app.get("/count")
    def count() -> Any:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @app.get("/teapot")
    def teapot() -> Any:
        raise Teapot("short and stout")

    @app.get("/boom")
    def boom() -> Any:
        raise ZeroDivisionError("boom")

    @app.errorhandler(Teapot)
    def brew(error: Teapot) -> Any:
        return str(error), 418

    @app.errorhandler(404)
    def missing(error: Exception) -> Any:
        return "not here", 404

    app.before_request(lambda: log.append("before"))

    @app.after_request
    def after(response: flask.Response) -> flask.Response:
        log.append("after")
        response.headers[drhttp.DRHTTP_HEADER_USER] = auth.username()
        return response

    app.teardown_request(lambda error: log.append(f"teardown of the request, {error!r}"))
    app.teardown_appcontext(lambda error: log.append(f"teardown of the app, {error!r}"))
    return app


def recorded(app: Flask, receiver: Receiver) -> Flask:
    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn=receiver.dsn)  # type: ignore[method-assign]
    return app


def proxy_outside(app: Flask, receiver: Receiver) -> Flask:
    return only_proxy(recorded(app, receiver), receiver)


def proxy_inside(app: Flask, receiver: Receiver) -> Flask:
    return recorded(only_proxy(app, receiver), receiver)


def only_proxy(app: Flask, receiver: Receiver) -> Flask:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    return app


def answer(app: Flask, path: str, **options: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a client gets, but for the identification, which it gets only from the bare app."""
    response = app.test_client().open(path, **options)
    data = response.data
    response.close()
    headers = [field for field in response.headers if field[0] != drhttp.DRHTTP_HEADER_USER]
    return response.status_code, headers, data


@pytest.mark.parametrize("wrap", [recorded, proxy_outside, proxy_inside])
def test_raw_data_and_forms(wrap: Callable[[Flask, Receiver], Flask], receiver: Receiver) -> None:
    """F1: signatures over raw data, forms, files and streams work as without us, also with ProxyFix on either side."""
    app, plain = wrap(make_app([]), receiver), make_app([])
    if wrap is not recorded:
        plain = only_proxy(plain, receiver)
    signature = hmac.new(KEY, PAYLOAD, hashlib.sha256).hexdigest()
    hook = {"data": PAYLOAD, "headers": {"X-Signature": signature}, "content_type": "application/json"}
    assert answer(app, "/hook", method="POST", **hook) == answer(plain, "/hook", method="POST", **hook)
    assert answer(app, "/hook", method="POST", **hook)[0] == 200
    assert answer(app, "/hook", method="POST", **{**hook, "data": b"{}"})[0] == 403
    for path in ("/form", "/stream-in"):
        first = answer(app, path, method="POST", headers=FORWARDED, **fields())
        assert first == answer(plain, path, method="POST", headers=FORWARDED, **fields())
        assert first[0] == 200
    assert drhttp.flush()
    uris = [record["request"]["uri"] for record in receiver.records]
    base = "https://shop.example" if wrap is proxy_outside else "http://localhost"
    assert uris == ["http://localhost/hook"] * 3 + [f"{base}/form", f"{base}/stream-in"]
    assert drhttp.stats().failures == 0


def fields() -> dict[str, Any]:
    """A form with a file: its body, and its type."""
    data = (
        b'--cut\r\nContent-Disposition: form-data; name="word"\r\n\r\ntea\r\n'
        b'--cut\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\ncontent\r\n'
        b"--cut--\r\n"
    )
    return {"data": data, "content_type": "multipart/form-data; boundary=cut"}


def test_nothing_is_planted(receiver: Receiver) -> None:
    """F1: the application finds in its environ, before and after, no request object made by us."""
    app = make_app([])
    found = []
    inner = app.wsgi_app

    def between(environ: Any, start_response: Any) -> Any:
        found.append({key for key in environ if key.startswith(("werkzeug.request", "flask"))})
        return inner(environ, start_response)

    app.wsgi_app = drhttp.WSGIMiddleware(between, receiver.dsn)  # type: ignore[method-assign]
    for step in app(
        EnvironBuilder(path="/form", method="POST", **fields()).get_environ(), lambda *_: lambda data: None
    ):
        assert step

    def plain(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        found.append(environ)
        return (block for block in (b"a", b"b"))

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": io.BytesIO(b"a=1"), "CONTENT_LENGTH": "3"}
    result = drhttp.WSGIMiddleware(plain, receiver.dsn)(environ, lambda *_: lambda data: None)
    assert b"".join(result) == b"ab"
    assert found[0] == set()
    assert "werkzeug.request" not in found[1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stream?word=tea", 200),
        ("/file", 200),
        ("/memory-file", 200),
        ("/private", 401),
        ("/count", 200),
        ("/teapot", 418),
        ("/boom", 500),
        ("/nowhere", 404),
        ("/form", 405),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_answers(path: str, status: int, method: str, tmp_path: Path, receiver: Receiver) -> None:
    """W8, F1: answers, and the order of everything that the app does for them up to its teardown, are as without us."""
    file = tmp_path / "file.bin"
    file.write_bytes(b"0123456789" * 10_000)
    log: list[str] = []
    without: list[str] = []
    got = answer(recorded(make_app(log, file), receiver), path, method=method)
    expected = answer(make_app(without, file), path, method=method)
    assert got[0] == status
    assert _timeless(got) == _timeless(expected)
    assert log == without
    assert drhttp.flush()
    (record,) = receiver.records
    assert record["response"]["status"] == status
    assert not record["metadata"].get("aborted")


def _timeless(got: tuple[int, list[tuple[str, str]], bytes]) -> tuple[int, list[tuple[str, str]], bytes]:
    """The same without what changes from second to second."""
    status, headers, data = got
    changing = ("Date", "Set-Cookie", "WWW-Authenticate")
    return status, [(name, "" if name in changing else value) for name, value in headers], data


def test_steps_of_a_stream(receiver: Receiver) -> None:
    """F1: the context of a stream lives as long, and is torn down at the same moments, as without us."""
    assert steps_of_a_stream(lambda app: recorded(app, receiver)) == steps_of_a_stream(lambda app: app)
    assert drhttp.flush()
    assert len(receiver.records) == 1


def steps_of_a_stream(wrap: Callable[[Flask], Flask]) -> list[Any]:
    """What the app did up to each step of reading its answer."""
    log: list[str] = []
    app = wrap(make_app(log))
    result = app(EnvironBuilder(path="/stream?word=tea").get_environ(), lambda *_: lambda data: None)
    steps = [list(log), *((line, list(log)) for line in result)]
    result.close()  # type: ignore[attr-defined]
    assert log.count("closed") == 1
    return [*steps, log]


def test_exceptions_pass(receiver: Receiver) -> None:
    """W8: an exception that Flask lets through (as under test) passes unchanged, and is recorded as 500."""
    app = recorded(make_app([]), receiver)
    app.testing = True
    with pytest.raises(ZeroDivisionError, match="boom"):
        app.test_client().get("/boom")
    assert drhttp.flush()
    (record,) = receiver.records
    assert record["response"]["status"] == 500
    exception = record["metadata"]["exception"]
    assert (exception["type"], exception["message"], exception["module"]) == ("ZeroDivisionError", "boom", __name__)


def test_exceptions_of_which_flask_makes_a_page(receiver: Receiver) -> None:
    """An exception that Flask answers with status 500 is recorded with its place; one with status 418 is not."""
    client = recorded(make_app([]), receiver).test_client()
    for path, status in (("/boom", 500), ("/teapot", 418)):
        with client.get(path) as response:
            assert response.status_code == status
    assert drhttp.flush()
    failed, brewed = receiver.records
    exception = failed["metadata"]["exception"]
    assert (exception["type"], exception["message"], exception["module"]) == ("ZeroDivisionError", "boom", __name__)
    assert Path(__file__).read_text().splitlines()[exception["line"] - 1].strip() == 'raise ZeroDivisionError("boom")'
    assert "exception" not in brewed["metadata"]


def test_signals_are_forgotten_with_the_last_recorder(receiver: Receiver) -> None:
    """Flask's signal has one receiver of ours as long as there is a recorder, and none afterwards."""
    before = len(flask.got_request_exception.receivers)
    first, second = recorded(make_app([]), receiver), recorded(make_app([]), receiver)
    assert len(flask.got_request_exception.receivers) == before + 1
    for app in (first, second):
        app.wsgi_app = None  # type: ignore[assignment]
    collect_garbage()
    assert len(flask.got_request_exception.receivers) == before


def test_routes(drhttp_inbox: Inbox) -> None:
    """The route of a record is the rule that Flask has matched, with the path of the mount; without a match, none."""
    app = Flask(__name__)

    @app.get("/orders/<int:number>/<path:rest>")
    def order(number: int, rest: str) -> str:
        return rest

    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    client = app.test_client()
    client.get("/orders/7/a/b").close()
    client.get("/orders/7/a/b", environ_overrides={"SCRIPT_NAME": "/shop"}).close()
    client.get("/nowhere").close()
    routes = [record.route for record in drhttp_inbox.wait(3)]
    assert routes == ["/orders/{number}/{rest}", "/shop/orders/{number}/{rest}", None]


def test_flask_httpauth(drhttp_inbox: Inbox) -> None:
    """The user whom Flask-HTTPAuth knows is recorded, and the client does not see the header; nobody is nobody."""
    app = make_app([])
    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    client = app.test_client()
    for name in ("anna", "ben"):
        with client.get("/private", auth=(name, "sesame")) as response:
            assert (response.data, drhttp.DRHTTP_HEADER_USER in response.headers) == (b"private", False)
    assert drhttp.DRHTTP_HEADER_USER not in client.get("/count").headers
    assert [record.user for record in drhttp_inbox.wait(3)] == ["anna", "ben", None]


def test_flasks_test_client(receiver: Receiver) -> None:
    """F1: Flask's test client keeps contexts, cookies and sessions across the recorder."""
    app = recorded(make_app([]), receiver)
    with app.test_client() as client:
        assert client.get("/count?a=1").data == b"1"
        assert request.args["a"] == "1"
        assert session["count"] == 1
        with client.session_transaction() as stored:
            stored["count"] = 41
        assert client.get("/count").data == b"42"
        assert client.get("/stream?word=tea", buffered=True).data == b"0 tea\n1 tea\n2 tea\n"
    with app.test_request_context("/count"):
        assert app.preprocess_request() is None
    assert drhttp.flush()
    assert len(receiver.records) == 3


@pytest.mark.parametrize("path", ["/count", "/stream?word=tea", "/memory-file"])
def test_nothing_of_flask_is_kept(path: str, receiver: Receiver) -> None:
    """C4: request and answer are gone while the record still waits."""
    app = make_app([])
    kept: list[Any] = []

    @app.after_request
    def watch(response: flask.Response) -> flask.Response:
        kept.extend((weakref.ref(request._get_current_object()), weakref.ref(response)))  # type: ignore[attr-defined]
        return response

    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, receiver.dsn, flush_interval=60.0)  # type: ignore[method-assign]
    assert answer(app, path)[0] == 200
    collect_garbage()
    assert [reference() for reference in kept] == [None, None]
    assert drhttp.stats().queued == 1
    assert drhttp.flush()
    assert len(receiver.records) == 1


SERVED = """
import os
import sys
import drhttp
import version
from flask import Flask, request

app = Flask(__name__)
app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn=os.environ["RECEIVER"], flush_interval=0.1)
sys.stdout.write(f"version {version.VERSION}\\n")  # in one piece, as others write too

@app.post("/<path:path>")
def echo(path):
    return request.get_data(), {drhttp.DRHTTP_HEADER_USER: path}

@app.get("/boom")
def boom():
    raise ZeroDivisionError("boom")
"""


@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["plain", "debug"])
def test_flask_run(options: list[str], tmp_path: Path, receiver: Receiver) -> None:
    """F2: under `flask run` each request is recorded once, however often `--debug` has reloaded the code."""
    (tmp_path / "served.py").write_text(SERVED)
    version = tmp_path / "version.py"
    version.write_text("VERSION = 0\n")
    command = ["-m", "flask", "--app", "served", *options, "run", "--port", "0"]
    requested = []
    with Program(*command, cwd=tmp_path, env={"RECEIVER": receiver.dsn}) as server:
        for number in range(6 if options else 1):
            server.wait_for(rf"version {number}\n")
            port = int(server.wait_for(r"Running on http://127\.0\.0\.1:(\d+)").group(1))
            for each in ("a", "b"):
                requested.append(f"{number}{each}")
                response, body = ask(port, f"/{requested[-1]}", method="POST", body=b"tea")
                assert (response.status, body, response.getheader("x-drhttp-user")) == (200, b"tea", None)
            receiver.wait(len(requested))
            if options:
                version.write_text(f"VERSION = {number + 1}\n")
        if options:
            server.wait_for("version 6\n")
        assert "Traceback" not in server.output
        assert ask(port, "/boom")[0].status == 500
        records = receiver.wait(len(requested) + 1)
        assert server.output.count("Traceback") == 1
    assert Counter(record.get("user_id") for record in records) == Counter([*requested, None])
    bodies = {base64.b64decode(record["request"]["body"]) for record in records[:-1]}
    assert bodies == {b"tea"}
    assert records[-1]["response"]["status"] == 500
    # In debug mode the exception leaves the app, and the debugger, which stands outside, makes a page of it.
    assert records[-1]["metadata"]["exception"]["module"] == "served"
