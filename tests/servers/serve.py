"""Serves the applications on one WSGI server until it is killed.

python serve.py SERVER SOCKET GATE TOLD DSN: the first three numbers are inherited file descriptors; the socket listens
already, so that nobody has to wait for the server or guess a port.
"""

from __future__ import annotations

import logging
import socket
import sys
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from apps import Gate, site


def wsgiref(app: Any, listening: socket.socket) -> None:
    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            return

    server = WSGIServer(listening.getsockname(), Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = listening.getsockname()
    server.setup_environ()
    server.set_app(app)
    server.serve_forever()


def waitress(app: Any, listening: socket.socket) -> None:
    from waitress import serve

    serve(app, sockets=[listening], threads=4)


def werkzeug(app: Any, listening: socket.socket) -> None:
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    host, port = listening.getsockname()
    make_server(host, port, app, threaded=True, fd=listening.fileno()).serve_forever()


def gunicorn(app: Any, listening: socket.socket, worker: str) -> None:
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings = {
                "bind": f"fd://{listening.fileno()}",
                "worker_class": worker,
                "threads": 4 if worker == "gthread" else 1,
                "graceful_timeout": 1,
                "loglevel": "critical",
            }
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    Application().run()


def main() -> None:
    name, descriptor, opens, events, dsn = sys.argv[1:]
    app = site(dsn, Gate(int(opens), int(events)))
    listening = socket.socket(fileno=int(descriptor))
    if name.startswith("gunicorn"):
        gunicorn(app, listening, name.partition("-")[2])
    else:
        {"wsgiref": wsgiref, "waitress": waitress, "werkzeug": werkzeug}[name](app, listening)


if __name__ == "__main__":
    main()
