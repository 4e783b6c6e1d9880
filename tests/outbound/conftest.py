"""What the tests of outgoing requests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.seen_records import NOWHERE, SeenRecords

import drhttp
from drhttp._outbound import selection

from .wire_server import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Recording(SeenRecords):
    """Outgoing requests, recorded from now on, and seen in the worker. A context manager."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._outbound = drhttp.record_outbound(**{"dsn": NOWHERE, "before_send": self.see, **options})

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Record no further requests."""
        self._outbound.stop()

    @property
    def recorder(self) -> Any:
        """The recorder of the calls."""
        return selection.root_recorder()


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Outgoing requests, recorded during the test."""
    with Recording() as made:
        yield made


@pytest.fixture
def server() -> Iterator[WireServer]:
    """A server that keeps what it is sent."""
    with WireServer() as made:
        yield made
