"""Flask and Django under WSGI, behind adapters, inside of a recorded ASGI application."""

from __future__ import annotations

from typing import Any

import pytest
from a2wsgi import WSGIMiddleware as A2WSGI
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, Response, request
from starlette.applications import Starlette
from starlette.routing import Mount
from support.asgi_calls import LAST_PART, NOWHERE, Recorded, asked, scope

import drhttp

FORM = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"32")]
BODY = b'{"pinx": "98765secret", "ok": 1}'

adapters = pytest.mark.parametrize("adapter", [A2WSGI, WsgiToAsgi], ids=["a2wsgi", "asgiref"])
inner = pytest.mark.parametrize("inner", [True, False], ids=["both recorded", "recorded outside"])


def build(adapter: Any, inner: bool) -> Any:
    """A recorded application of Flask."""
    flask = Flask(__name__)

    @flask.post("/mark")
    def mark() -> Any:
        request.environ["drhttp.sensitive"] = ["pinx"]
        return request.get_json()

    @flask.post("/mark-late")
    def mark_late() -> Any:
        environ, data = request.environ, request.get_data()

        def blocks() -> Any:
            yield data
            environ["drhttp.sensitive"] = ["pinx"]

        return Response(blocks(), content_type="application/json")

    @flask.get("/skip")
    def skip() -> Any:
        request.environ["drhttp.skip"] = True
        return "never"

    @flask.get("/orders/<int:number>")
    def order(number: int) -> Any:
        return str(number)

    @flask.get("/fail")
    def fail() -> Any:
        raise ZeroDivisionError("by zero")

    if inner:
        flask.wsgi_app = drhttp.WSGIMiddleware(flask.wsgi_app, NOWHERE)  # type: ignore[method-assign, arg-type]
    return adapter(flask)


@adapters
@inner
@pytest.mark.parametrize("path", ["/mark", "/mark-late"])
def test_sensitive_names(adapter: Any, inner: bool, path: str) -> None:
    """What a view of Flask marks in its environ is masked, in the request and in the response."""
    recorded = Recorded(build(adapter, inner))
    server = recorded.serve(scope("POST", path, FORM), [asked(BODY)])
    assert b"98765secret" in server.body
    for body in (recorded.record.request.body.content, recorded.record.response.body.content):
        assert b"98765secret" not in body
        assert b"ok" in body


@adapters
@inner
def test_a_request_that_is_not_to_be_recorded(adapter: Any, inner: bool) -> None:
    """A view of Flask keeps its request out by a flag in its environ."""
    recorded = Recorded(build(adapter, inner))
    assert recorded.serve(scope(path="/skip")).body == b"never"
    assert recorded.records == []


@adapters
@inner
@pytest.mark.parametrize("mount", ["", "/shop/{tenant}"])
def test_routes(adapter: Any, inner: bool, mount: str) -> None:
    """The route is the rule of Flask, behind the template of a mount."""
    app = build(adapter, inner)
    recorded = Recorded(Starlette(routes=[Mount(mount, app)]) if mount else app)
    assert recorded.serve(scope(path=f"{mount.replace('{tenant}', 'acme')}/orders/7")).body == b"7"
    assert recorded.record.route == f"{mount}/orders/{{number}}"


@adapters
@inner
def test_an_exception_of_which_flask_makes_a_page(adapter: Any, inner: bool) -> None:
    """The exception that Flask turned into a response is in the record, with its place."""
    recorded = Recorded(build(adapter, inner))
    assert recorded.serve(scope(path="/fail"), [LAST_PART]).sent[0]["status"] == 500
    exception = recorded.record.exception
    assert exception is not None
    assert (exception.type, exception.message, exception.module) == ("ZeroDivisionError", "by zero", __name__)
