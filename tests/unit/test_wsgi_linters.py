"""The linters of the standard library and of Werkzeug find nothing, on either side of the recorder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from wsgiref.handlers import SimpleHandler
from wsgiref.validate import validator

import pytest
from support.wsgi_calls import Recorded, Server, environ
from werkzeug.middleware.lint import LintMiddleware

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEXT = ("Content-Type", "text/plain")


def listed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "5"), ("x-drhttp-user", "ada")])
    return [b"hello"]


def streamed(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [TEXT])
    yield b"he"
    yield b"llo"


def reading(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    stream = environ["wsgi.input"]
    body = [stream.read(1), *stream]
    start_response("200 OK", [TEXT])
    return iter([b"".join(body)])


def failing(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [TEXT])
    yield b"he"
    raise LookupError


@pytest.mark.parametrize("lint", [validator, LintMiddleware])
@pytest.mark.parametrize("app", [listed, streamed, reading])
def test_nothing_to_complain_about(lint: Any, app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """W1-W6: a linter outside of us sees a correct application, one inside a correct server; warnings are errors."""
    recorded = Recorded(lint(app))
    given = environ("POST", "/path", b"hello") if app is reading else environ()
    server = Server()
    assert server.serve(lint(recorded.app), given) == b"hello"
    server.result = None
    assert "x-drhttp-user" not in dict(server.headers)
    assert recorded.record.response.body.size == 5
    assert drhttp.stats().failures == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("lint", [validator, LintMiddleware])
@pytest.mark.parametrize("blocks", [0, 1])
def test_client_that_leaves(lint: Any, blocks: int, capsys: pytest.CaptureFixture[str]) -> None:
    """W1: the inner linter is closed when the outer one is: neither warns of an answer left open."""
    recorded, server = Recorded(lint(streamed)), Server()
    server.send(server.call(lint(recorded.app), environ()), blocks)
    server.close()
    server.result = None
    assert recorded.record.aborted is True
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("lint", [validator, LintMiddleware])
def test_application_that_fails(lint: Any) -> None:
    """W8: an exception passes both linters and us."""
    recorded = Recorded(lint(failing))
    with pytest.raises(LookupError):
        Server().serve(lint(recorded.app), environ())
    assert recorded.record.exception is not None


def test_validated_by_the_reference_server() -> None:
    """W2, W4: the handler of wsgiref sends the same bytes for a validated application with us and without."""

    def sent(app: Any) -> bytes:
        out = io.BytesIO()
        handler = SimpleHandler(io.BytesIO(b""), out, io.StringIO(), environ(), multithread=False)
        handler.http_version = "1.1"
        handler.origin_server = False
        handler.run(validator(app))
        return out.getvalue()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [TEXT])
        return [b"hello"]

    assert sent(Recorded(app).app) == sent(app)
