"""What the tests of outgoing requests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.wsgi_calls import NOWHERE

import drhttp
from drhttp._outbound import beginning

from .wire_server import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp import Record


class Recording:
    """Outgoing requests, recorded from now on, and seen in the worker. A context manager."""

    def __init__(self, **options: Any) -> None:
        self._seen: list[Record] = []
        self._outbound = drhttp.record_outbound(**{"dsn": NOWHERE, "before_send": self._see, **options})

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
        return beginning.root_recorder()

    @property
    def records(self) -> list[Record]:
        """The records so far."""
        assert drhttp.flush(10.0)
        return list(self._seen)

    @property
    def record(self) -> Record:
        """The one record."""
        (only,) = self.records
        return only

    def _see(self, record: Record) -> None:
        self._seen.append(record)


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
