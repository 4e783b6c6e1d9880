"""ClickHouse as the embedded engine of chdb, in this process or behind a small HTTP server that stands in for one."""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
sys.path.append(str(TESTS.parent / "inbox"))
collect_ignore_glob = [] if importlib.util.find_spec("chdb") else ["*"]
pytest_plugins: list[str] = []
_PLACES = itertools.count()


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """Keep the embedded engine of this process while the tests run."""
    from drhttp.inbox.store.clickhouse.engine import connect, parse_address

    with connect(parse_address("chdb://memory/kept"), create=True) as kept:
        yield kept


@pytest.fixture(scope="session")
def shim() -> Iterator[str]:
    """The address of the embedded engine in another process, over HTTP."""
    from clickhouse_shim import running

    with running() as port:
        yield f"clickhouse://127.0.0.1:{port}"


@pytest.fixture(scope="module", params=["chdb", "http"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(kind: str, request: pytest.FixtureRequest) -> str:
    """What ``--store`` gets, without the database."""
    if kind == "http":
        return str(request.getfixturevalue("shim"))
    request.getfixturevalue("engine")
    return "chdb://memory"


@pytest.fixture
def place(server: str) -> str:
    """A new database."""
    return f"{server}/{new_name()}"


def new_name() -> str:
    return f"t{os.getpid()}_{next(_PLACES)}"


@pytest.fixture
def open_store(place: str) -> Iterator[Callable[[], Any]]:
    """Open the store of a receiver."""
    from drhttp.inbox.store.clickhouse.engine import connect, parse_address
    from drhttp.inbox.store.clickhouse.store import ClickHouseStore

    address = parse_address(place)
    yield lambda: ClickHouseStore(connect(address, create=True))
    with connect(address, create=True) as engine:
        engine.command(f"DROP DATABASE {address.database} SYNC")


@pytest.fixture
def open_reader(place: str) -> Callable[[], Any]:
    """Open a reader beside it."""
    from drhttp.inbox.store.clickhouse.engine import connect, parse_address
    from drhttp.inbox.store.clickhouse.reader import ClickHouseReader

    return lambda: ClickHouseReader(connect(parse_address(place)))


@pytest.fixture(name="event", scope="session")
def event_fixture() -> Callable[..., dict[str, Any]]:
    from tests.inbox.conftest import event

    return event
