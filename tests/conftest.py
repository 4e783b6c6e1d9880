"""What all tests share."""

from __future__ import annotations

import importlib.util
import signal
from typing import TYPE_CHECKING

import pytest
from receiver import Receiver

import drhttp
from drhttp import _recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

# The session without frameworks runs everything that needs none of them; the other session runs all.
_NEEDS = {
    "test_django.py": "django",
    "test_django_servers.py": "django",
    "test_flask.py": "flask",
    "test_examples.py": "flask",
    "test_demo.py": "flask",
    "test_readme.py": "django",
    "inbox": "starlette",
}
collect_ignore = [place for place, package in _NEEDS.items() if importlib.util.find_spec(package) is None]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is for what a shell starts in the background, and for all that comes from there; but tests press Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with Receiver() as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_process_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with no recorder, no count and no variable of ours, and leaves no thread behind."""
    for name in ("DRHTTP_DSN", "DRHTTP_ENABLED", "DRHTTP_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    yield
    drhttp.close(timeout=1.0)
    _recorder._recorders.clear()
    _recorder.forget_failures()
