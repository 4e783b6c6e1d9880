"""The middleware for the other interface, around an application of each framework."""

from __future__ import annotations

from typing import Any

import pytest
from a2wsgi import ASGIMiddleware, WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar
from quart import Quart
from starlette.applications import Starlette
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import drhttp

FLASK, FASTAPI = Flask("flask"), FastAPI()

# Made by the tests, as handlers of Django need settings only when they are made; their classes need none.
WSGI = [
    FLASK,
    FLASK.wsgi_app,
    ProxyFix(FLASK),
    DispatcherMiddleware(FLASK, {}),
    object.__new__(WSGIHandler),
]
ASGI = [
    FASTAPI,
    Starlette(),
    Quart("quart"),
    Quart("quart").asgi_app,
    Litestar([]),
    WsgiToAsgi(FLASK),
    WSGIMiddleware(FLASK),
    ProtocolTypeRouter({}),
    URLRouter([]),
    object.__new__(ASGIHandler),
]


def name(app: Any) -> str:
    """The name for a test."""
    return getattr(app, "__name__", type(app).__name__)  # type: ignore[no-any-return]


@pytest.mark.parametrize("app", WSGI, ids=name)
def test_wsgi(app: Any) -> None:
    """A WSGI application belongs into `WSGIMiddleware`; the other one says so."""
    drhttp.WSGIMiddleware(app, "")
    with pytest.raises(drhttp.ConfigError, match=r"drhttp\.WSGIMiddleware"):
        drhttp.ASGIMiddleware(app, "")


@pytest.mark.parametrize("app", ASGI, ids=name)
def test_asgi(app: Any) -> None:
    """An ASGI application belongs into `ASGIMiddleware`; the other one says so."""
    drhttp.ASGIMiddleware(app, "")
    with pytest.raises(drhttp.ConfigError, match=r"drhttp\.ASGIMiddleware"):
        drhttp.WSGIMiddleware(app, "")


def test_an_adapter() -> None:
    """An ASGI application behind an adapter is one of WSGI."""
    drhttp.WSGIMiddleware(ASGIMiddleware(FASTAPI), "")  # type: ignore[arg-type]
