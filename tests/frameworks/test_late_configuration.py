"""A mistake in the configuration that is found while uvicorn serves the application, or when it loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.programs import Program, ask

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import logging
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
import drhttp

logging.basicConfig()

@asynccontextmanager
async def lifespan(app):
    print("the lifespan of the application has begun", flush=True)
    yield

def greet(request):
    return PlainTextResponse("hello", headers={drhttp.DRHTTP_HEADER_USER: "ann"})

added = Starlette(routes=[Route("/", greet)], lifespan=lifespan)
added.add_middleware(drhttp.ASGIMiddleware, batch_size=7)

def factory():
    return drhttp.ASGIMiddleware(Starlette(routes=[Route("/", greet)]), batch_size=7)
"""
WRONG = {"DRHTTP_DSN": "http://thekey@"}
MISTAKE = "DRHTTP_DSN: 'http://***@' has no host"


@pytest.mark.parametrize("lifespan", ["auto", "on", "off"])
def test_a_middleware_that_is_built_late(lifespan: str, tmp_path: Path) -> None:
    """With `add_middleware`, the application serves and its lifespan runs; the mistake is logged once, without key."""
    (tmp_path / "site_of_test.py").write_text(APP)
    command = ["-m", "uvicorn", "--port", "0", "--lifespan", lifespan, "site_of_test:added"]
    with Program(*command, cwd=tmp_path, env=WRONG, warnings="default") as program:
        port = int(program.wait_for(r"running on http://127\.0\.0\.1:(\d+)")[1])
        for _ in range(3):
            response, body = ask(port, "/")
            assert (response.status, body, response.getheader("x-drhttp-user")) == (200, b"hello", None)
        program.stop()
    assert program.output.count(MISTAKE) == 1
    assert "thekey" not in program.output
    assert program.output.count("the lifespan of the application has begun") == (lifespan != "off")


@pytest.mark.parametrize("workers", [[], ["--reload"]], ids=["alone", "in the event loop"])
def test_a_middleware_that_is_built_with_the_application(workers: list[str], tmp_path: Path) -> None:
    """At start-up, the mistake is raised, even if uvicorn loads the application in its event loop."""
    (tmp_path / "site_of_test.py").write_text(APP)
    command = ["-m", "uvicorn", "--port", "0", *workers, "--factory", "site_of_test:factory"]
    with Program(*command, cwd=tmp_path, env=WRONG, warnings="default") as program:
        program.wait_for(f"drhttp.exceptions.ConfigError: {MISTAKE.replace('*', '[*]')}")
        program.stop()
    assert "nothing is recorded" not in program.output
