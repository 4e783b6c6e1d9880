"""What all tests share."""

from __future__ import annotations

import importlib.util
import signal
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.receiver import Receiver, own_address

import drhttp
from drhttp._guard import forget_failures
from drhttp._process import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

# What needs a framework is left out where it is not installed, and what is about having none where one is.
_NEEDS = {
    "frameworks/test_asgi_frameworks.py": "fastapi",
    "frameworks/test_django.py": "django",
    "frameworks/test_django_servers.py": "django",
    "frameworks/test_flask.py": "flask",
    "frameworks/test_interfaces.py": "fastapi",
    "frameworks/test_late_configuration.py": "fastapi",
    "frameworks/test_late_imports.py": "fastapi",
    "frameworks/test_wsgi_inside_asgi.py": "fastapi",
    "frameworks/test_flask_factories.py": "flask",
    "project/test_examples.py": "flask",
    "project/test_demo.py": "flask",
    "project/test_docs.py": "mcp",
    "project/test_readme.py": "django",
    "inbox": "starlette",
    "inbox/test_mcp.py": "mcp",
    "inbox/test_openapi.py": "openapi_spec_validator",
    "outbound": "aiohttp",
    "peers": "apitally",
}
_missing = {package for package in _NEEDS.values() if importlib.util.find_spec(package) is None}
collect_ignore = [place for place, package in _NEEDS.items() if package in _missing]
if _missing != set(_NEEDS.values()):
    collect_ignore.append("unit/test_bare.py")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is for what a shell starts in the background, and for all that comes from there; but tests press Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin of drhttp where the command line leaves it out."""
    if not config.pluginmanager.hasplugin("drhttp"):
        import drhttp.testing

        config.pluginmanager.register(drhttp.testing, "drhttp-late")


def pytest_report_header() -> str:
    """Whether the sources are tested or an installed wheel."""
    return f"drhttp {drhttp.__version__} from {Path(drhttp.__file__).parent}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test whose name holds an address in memory: processes that share the tests could not agree on it.

    Begin with the long tests, every other one a short one: each process gets two at first.
    """
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} has another name in each process; give it an id")
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    items[:] = [item for pair in zip_longest(long, short) for item in pair if item is not None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with Receiver(host=own_address()) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_process_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with no recorder, no count and no variable of ours, and leaves no thread behind."""
    for name in ("DRHTTP_DSN", "DRHTTP_ENABLED", "DRHTTP_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    yield
    drhttp.close(timeout=1.0)
    registry.recorders.clear()
    forget_failures()
