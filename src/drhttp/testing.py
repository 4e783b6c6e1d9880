"""A pytest plugin with the fixture `drhttp_inbox`: an inbox in memory, to assert what an application records.

Without pytest, `with drhttp.testing.inbox() as inbox:` does the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from drhttp.inbox.embedded import EmbeddedInbox as Inbox
    from drhttp.inbox.recorded import Recorded

__all__ = ["Inbox", "Recorded", "drhttp_inbox", "inbox"]

_MISSING = 'The fixture drhttp_inbox needs the inbox: pip install "drhttp[inbox]"'
_FLUSH_INTERVAL = "0.1"  # seconds; applications in other processes would deliver after two


@pytest.fixture
def drhttp_inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """An inbox in memory. `DRHTTP_DSN` is set to its DSN, so an application that is built in the test records to it."""
    try:
        from drhttp.inbox.embedded import EmbeddedInbox
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "drhttp":
            raise
        pytest.fail(_MISSING, pytrace=False)
    with EmbeddedInbox() as running:
        monkeypatch.setenv("DRHTTP_DSN", running.dsn)
        if "DRHTTP_FLUSH_INTERVAL" not in os.environ:
            monkeypatch.setenv("DRHTTP_FLUSH_INTERVAL", _FLUSH_INTERVAL)
        yield running


@contextmanager
def inbox() -> Iterator[Inbox]:
    """Run an inbox in memory."""
    from drhttp.inbox.embedded import EmbeddedInbox

    with EmbeddedInbox() as running:
        yield running


def __getattr__(name: str) -> Any:
    # Not at the start of pytest: they load the inbox.
    if name == "Inbox":
        from drhttp.inbox.embedded import EmbeddedInbox

        return EmbeddedInbox
    if name == "Recorded":
        from drhttp.inbox.recorded import Recorded

        return Recorded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
