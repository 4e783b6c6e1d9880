"""The applications that are measured, bare and recorded. They do next to nothing, so that what is added shows."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

from benchmarks.payloads import JSON, SMALL, bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BLOCKS, BLOCK = 200, 1024  # of the streamed answer: how many, and bytes of each
FLUSH_INTERVAL = 2.0  # seconds: what is the default for a receiver on another machine


def answering(kind: str, size: int) -> WSGIApplication:
    """Reads what is posted, and answers with as much."""
    answers = itertools.cycle([(body, str(len(body))) for body in bodies(kind, size, 2)])

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        body, length = next(answers)
        headers = [
            ("Content-Type", kind),
            ("Content-Length", length),
            ("Cache-Control", "no-store"),
            ("Vary", "Accept"),
        ]
        start_response("200 OK", headers)
        return [body]

    return app


def streaming() -> WSGIApplication:
    """Answers in blocks, one at a time."""
    text = b"".join(bodies(JSON, SMALL, 3))
    blocks = [text[at : at + BLOCK] for at in range(0, len(text) - BLOCK, 64)][:BLOCKS]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        yield from blocks

    return app


def flask_app() -> Any:
    """A Flask application that reads JSON and answers with JSON: the work that every such application has."""
    from flask import Flask, jsonify, request

    app = Flask("benchmarks")

    @app.post("/<path:path>")
    def order(path: str) -> Any:
        received = request.get_json()
        return jsonify(path=path, order=received)

    return app


def bare_flask() -> Any:
    """For gunicorn: the application as it is."""
    return flask_app()


def recorded_flask() -> Any:
    """For gunicorn: the same, recorded."""
    app = flask_app()
    app.wsgi_app = recorded(app.wsgi_app)
    return app


def starlette_app() -> Any:
    """An application of Starlette that does the same as the one of Flask."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def order(request: Any) -> JSONResponse:
        return JSONResponse({"path": request.path_params["path"], "order": await request.json()})

    return Starlette(routes=[Route("/{path:path}", order, methods=["POST"])])


def bare_starlette() -> Any:
    """For uvicorn: the application as it is."""
    return starlette_app()


def recorded_starlette() -> Any:
    """For uvicorn: the same, recorded."""
    import drhttp  # not at the top: the bare side must not pay for it

    return drhttp.ASGIMiddleware(starlette_app(), flush_interval=FLUSH_INTERVAL)


def recorded(app: WSGIApplication, **options: Any) -> WSGIApplication:
    """The recorder before an application; the DSN comes from the environment."""
    import drhttp  # not at the top: the bare side must not pay for it

    return drhttp.WSGIMiddleware(app, **{"flush_interval": FLUSH_INTERVAL, **options})


def on_side(side: str, app: WSGIApplication, **options: Any) -> WSGIApplication:
    """The application of one side of a comparison."""
    return recorded(app, **options) if side == "recorded" else app


def flusher(side: str) -> Callable[[], object]:
    """What waits until everything that was recorded has been delivered; nothing on the bare side."""
    if side != "recorded":
        return os.getpid  # something that costs next to nothing
    import drhttp

    return drhttp.flush
