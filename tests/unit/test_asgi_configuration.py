"""Mistakes in the configuration of an ASGI application, at start-up and while it serves."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support.asgi_calls import END, Server, part, run, scope, start

import drhttp


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a greeting, and name a user."""
    await send(start(200, (b"x-drhttp-user", b"ann")))
    await send(part(b"hello", more=True))
    await send(END)


class Late:
    """An application that builds its middleware with each call, as Starlette does with the first one."""

    def __init__(self, **options: Any) -> None:
        self._options = options

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        await drhttp.ASGIMiddleware(hello, **self._options)(scope, receive, send)


@pytest.mark.parametrize("options", [{"dsn": "nonsense"}, {"batch_size": 0}, {"excludes": ["/health"]}])
def test_while_the_application_serves(options: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The requests pass, without the identification headers, and the mistake is logged once."""

    async def main() -> None:
        for _ in range(3):
            server = Server()
            await server.serve(app, scope())
            assert (server.body, server.headers) == (b"hello", [])

    app = Late(**options)
    caplog.set_level(logging.ERROR, "drhttp")
    run(main())
    (entry,) = caplog.records
    assert (entry.name, entry.levelname) == ("drhttp", "ERROR")
    with pytest.raises(drhttp.ConfigError) as raised:
        drhttp.ASGIMiddleware(hello, **options)
    assert str(raised.value) in entry.getMessage()


def test_exposed_identification(caplog: pytest.LogCaptureFixture) -> None:
    """The identification headers stay if they were to stay."""

    async def main() -> None:
        await server.serve(Late(dsn="nonsense", expose_identity=True), scope())

    caplog.set_level(logging.CRITICAL, "drhttp")
    server = Server()
    run(main())
    assert server.headers == [(b"x-drhttp-user", b"ann")]


def test_in_an_event_loop_that_serves_nothing() -> None:
    """A running event loop alone is no reason not to raise: uvicorn imports applications in one."""

    async def main() -> None:
        with pytest.raises(drhttp.ConfigError):
            drhttp.ASGIMiddleware(hello, "nonsense")

    run(main())
