"""A real server for every test here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running import SERVERS, Running
from support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Each of the servers in turn."""
    errors = tmp_path_factory.mktemp("server") / "stderr"
    with Receiver() as receiver:
        running = Running(request.param, receiver, errors)
        yield running
        running.stop()
