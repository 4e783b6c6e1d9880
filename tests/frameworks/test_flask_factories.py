"""Factories that make many Flask applications: their recorders end with them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import flask
from support.load import paths
from support.threads import PATIENCE, collect_garbage, ended, workers

import drhttp

if TYPE_CHECKING:
    from support.receiver import Receiver


def test_fifty_flask_factories(receiver: Receiver) -> None:
    """Flask applications, which are cycles, and whose callbacks hold them, are collected with their recorders."""
    seen = []

    def create_app(number: int) -> Any:
        app = flask.Flask(__name__)
        app.config["NUMBER"] = number

        @app.route("/<name>")
        def view(name: str) -> str:
            return f"{name} of {app.config['NUMBER']}"

        def before_send(record: drhttp.Record) -> drhttp.Record:
            seen.append(app.config["NUMBER"])
            return record

        app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, receiver.dsn, before_send=before_send, flush_interval=60.0)
        return app

    references = []
    for number in range(50):
        app = create_app(number)
        references.append(weakref.ref(app))
        assert app.test_client().get(f"/a{number}").text == f"a{number} of {number}"
        assert app.test_client().get(f"/b{number}").text == f"b{number} of {number}"
    threads = workers()
    del app
    collect_garbage()
    # The records that wait hold what their callback holds. Once they are delivered, nothing does.
    assert drhttp.flush(PATIENCE)
    collect_garbage()
    assert [reference() for reference in references] == [None] * 50
    assert ended(threads)
    assert sorted(path.rpartition("/")[2] for path in paths(receiver.records)) == sorted(
        f"{kind}{number}" for kind in "ab" for number in range(50)
    )
    assert sorted(seen) == sorted([*range(50)] * 2)
    assert drhttp.stats().sent == 100
    assert not drhttp.stats().dropped
