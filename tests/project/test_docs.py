"""What the pages about tests, assistants and OpenAPI show works when it is copied."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from importlib.metadata import metadata
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from drhttp.testing import Inbox, Recorded

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("testing", "mcp", "openapi")
SHOP = """
import flask

def create_app():
    app = flask.Flask(__name__)

    @app.post("/orders")
    def order():
        assert flask.request.get_json()["item"] == 7
        return {"id": 1}, 201, {"x-drhttp-user": "ann"}

    return app
"""


def text(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(name), re.MULTILINE | re.DOTALL)


def run(*command: str, folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRHTTP_")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_test_passes(tmp_path: Path) -> None:
    """The first piece of Python in docs/testing.md is a test file that passes, beside an app of Flask."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_orders.py").write_text(blocks("testing", "python")[0])
    run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)


def test_the_script_runs(tmp_path: Path) -> None:
    """The other one works in a script, with a function that sends a request."""
    fetching = """
        import contextlib, urllib.request
        def fetch_prices():
            with contextlib.suppress(OSError):
                urllib.request.urlopen("http://127.0.0.1:9/prices", timeout=5)
    """
    run("-c", textwrap.dedent(fetching) + blocks("testing", "python")[1], folder=tmp_path)


def test_every_piece_of_python_is_run() -> None:
    """None is left out by the tests above."""
    assert [len(blocks(name, "python")) for name in PAGES] == [2, 0, 0]


@pytest.mark.parametrize(("title", "kind"), [("The inbox", Inbox), ("A record", Recorded)])
def test_the_documented_members_exist(title: str, kind: type) -> None:
    """Every name in the tables is one of the class, and every public one is in the tables."""
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## )", text("testing"), re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    there = {name for name in [*dir(kind), *kind.__annotations__] if name[0] != "_"}
    assert named <= there
    assert there - named <= {"close", "n", "id"}


def test_the_configuration_starts_the_server(tmp_path: Path) -> None:
    """The JSON in docs/mcp.md names a command that speaks MCP, with the tools of the table."""
    (block,) = blocks("mcp", "json")
    (server,) = json.loads(block)["mcpServers"].values()
    assert server["command"] == "drhttp"
    arguments = ["-m", "drhttp", *server["args"], "--file", str(tmp_path / "inbox.db")]

    async def names() -> set[str]:
        async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(names()) == set(re.findall(r"^\| `(\w+)` \|", text("mcp"), re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_and_extras_exist(name: str) -> None:
    """Each `drhttp ...` is one that the command line knows, and each extra one that can be installed."""
    lines = [line for block in blocks(name, "sh") for line in block.splitlines()]
    for line in [line for line in lines if line.startswith("drhttp ")]:
        command = [sys.executable, "-m", *shlex.split(line), "--help"]
        assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0, line
    extras = {
        extra for line in lines for names in re.findall(r"drhttp\[([a-z,]+)\]", line) for extra in names.split(",")
    }
    assert extras
    assert extras <= set(metadata("drhttp").get_all("Provides-Extra") or ())


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """To pages that exist, and to headings in them."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]+)#?([^)]*)\)", text(name)):
        assert (DOCS / target).exists()
        heads = re.findall(r"^#+ (.+)$", (DOCS / target).read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
        assert not anchor or anchor in slugs
