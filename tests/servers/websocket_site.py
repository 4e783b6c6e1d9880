"""WebSockets by flask-sock and by simple-websocket alone, bare and recorded, under whichever server loads this."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import Any

from flask import Flask
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

import drhttp

logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")


def talk(socket: Server) -> None:
    """Echo until the client leaves, or asks to be left."""
    while (message := socket.receive()) != "leave":
        socket.send(f"echo {message}" if isinstance(message, str) else b"echo " + message)
    socket.close(1000, "bye")


flask_app = Flask(__name__)
Sock(flask_app).route("/flask-sock")(talk)


def accept(environ: dict[str, Any]) -> str:
    """Serve one WebSocket; returns the kind of server."""
    socket = Server.accept(environ)
    with suppress(ConnectionClosed):
        talk(socket)
    return str(socket.mode)


def simple_websocket(environ: dict[str, Any], start_response: Any) -> Any:
    """End as each server wants it: Werkzeug's knows no way, and its answer mostly finds the socket closed."""
    return end(accept(environ), "200 OK", start_response)


def with_status(environ: dict[str, Any], start_response: Any) -> Any:
    """The same, and pass the status to `start_response`."""
    mode = accept(environ)
    if mode != "werkzeug":
        start_response("101 Switching Protocols", [("Upgrade", "websocket")])
    return end(mode, "101 Switching Protocols", start_response)


def end(mode: str, status: str, start_response: Any) -> Any:
    if mode == "gunicorn":
        raise StopIteration
    if mode == "werkzeug":
        start_response(status, [])
    return []


def already_handled(environ: dict[str, Any], start_response: Any) -> Any:
    """End with the object by which gunicorn's asynchronous workers know that nothing is left to be answered."""
    from gunicorn.workers.base_async import ALREADY_HANDLED

    accept(environ)
    return ALREADY_HANDLED


APPS = {
    "flask-sock": flask_app.wsgi_app,
    "simple-websocket": simple_websocket,
    "with-status": with_status,
    "already-handled": already_handled,
}


def bare(environ: dict[str, Any], start_response: Any) -> Any:
    return APPS[environ["PATH_INFO"].strip("/")](environ, start_response)


recorded = drhttp.WSGIMiddleware(bare, os.environ["RECEIVER"], exit_timeout=20.0, flush_interval=0.05)


def application(environ: dict[str, Any], start_response: Any) -> Any:
    return (recorded if environ["QUERY_STRING"].startswith("recorded") else bare)(environ, start_response)
