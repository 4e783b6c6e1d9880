"""A pytest plugin that puts the recorder around every application that a test suite of Starlette, asgiref, Werkzeug or
Flask hands to its test client, and says at the end how many requests were recorded.

    WRAPPED=starlette pytest -p wrapping
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import drhttp

if TYPE_CHECKING:
    from collections.abc import Callable

# Records are built and masked, and go no further.
OPTIONS: Any = {"dsn": "http://key@127.0.0.1:9/", "before_send": lambda record: None, "queue_size": 1_000_000}


def wrapped_asgi(app: Any) -> Any:
    """Wrap an application, unless it is of ASGI 2."""
    from asgiref.compatibility import is_double_callable

    return app if is_double_callable(app) else drhttp.ASGIMiddleware(app, **OPTIONS)


def around_first(function: Callable[..., Any], wrap: Callable[[Any], Any], position: int) -> Callable[..., Any]:
    """A function that wraps the argument at a position, or the one with its name, and calls the function."""
    name = function.__code__.co_varnames[position]

    def calling(*args: Any, **kwargs: Any) -> Any:
        if name in kwargs:
            kwargs[name] = wrap(kwargs[name])
        elif len(args) > position:
            args = (*args[:position], wrap(args[position]), *args[position + 1 :])
        return function(*args, **kwargs)

    return calling


def pytest_configure() -> None:
    """Wrap before the tests import anything."""
    suite = os.environ["WRAPPED"]
    if suite == "starlette":
        client = import_module("starlette.testclient").TestClient
        client.__init__ = around_first(client.__init__, wrapped_asgi, 1)
    elif suite == "asgiref":
        communicator = import_module("asgiref.testing").ApplicationCommunicator
        communicator.__init__ = around_first(communicator.__init__, wrapped_asgi, 1)
    else:
        module = import_module("werkzeug.test")
        module.run_wsgi_app = around_first(module.run_wsgi_app, lambda app: drhttp.WSGIMiddleware(app, **OPTIONS), 0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many requests were recorded, and how often the recorder failed."""
    drhttp.flush(60.0)
    stats = drhttp.stats()
    terminalreporter.write_line(f"recorded: {stats.recorded}, failures: {stats.failures}")
