"""Both sides and the party between them; and a table of what was measured, at the end of the run."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .party import Party
from .side import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_COLUMNS = ("bare p50", "bare p99", "recorded p50", "recorded p99")


@pytest.fixture
def party() -> Iterator[Party]:
    """A receiver that takes everything, so far."""
    with Party() as running:
        yield running


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """The application without a recorder."""
    with Side(tmp_path_factory.mktemp("bare"), None) as side:
        side.record(10)
        yield side


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Side]]:
    """Starts recorded applications."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(Side(tmp_path, *arguments, **options))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[dict[str, Any]], None]:
    """Takes figures for the table."""
    return lambda figures: record_property("figures", figures)


@pytest.fixture
def absent() -> Callable[[str], None]:
    """A party that the test needs is not here: that fails in continuous integration, and is said elsewhere."""

    def say(what: str) -> None:
        if "CI" in os.environ:
            pytest.fail(f"{what}, and continuous integration has to have it")
        pytest.skip(what)

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a fault."""
    rows = []
    for each in terminalreporter.getreports("passed"):
        for name, figures in getattr(each, "user_properties", ()):
            if name == "figures" and each.when == "call":
                rows.append((each.nodeid.rpartition("::")[2], figures))
    if not rows:
        return
    terminalreporter.section("requests while the receiver is in trouble, milliseconds; memory, MiB")
    terminalreporter.write_line(f"{'':60}" + "".join(f"{column:>14}" for column in _COLUMNS) + f"{'grown':>10}")
    for test, figures in sorted(rows):
        cells = [f"{1000 * figures[column]:14.2f}" if column in figures else f"{'':14}" for column in _COLUMNS]
        grown = f"{figures['grown'] / 2**20:10.1f}" if "grown" in figures else ""
        terminalreporter.write_line(f"{test:60}" + "".join(cells) + grown)
