"""The receiver, the bare and the recorded application; and a table of what was measured, at the end of the run."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .faulty_receiver import FaultyReceiver
from .served_app import BareApp, RecordedApp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_COLUMNS = ("bare p50", "bare p99", "recorded p50", "recorded p99")


@pytest.fixture
def receiver() -> Iterator[FaultyReceiver]:
    """A receiver that accepts everything until it is put into trouble."""
    with FaultyReceiver() as running:
        yield running


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareApp]:
    """The application without a recorder."""
    with BareApp(tmp_path_factory.mktemp("bare")) as running:
        running.request_many(10)
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., RecordedApp]]:
    """Starts recorded applications, and waits until they answer: no request whose time is taken waits for the start."""
    with ExitStack() as stack:

        def start(*arguments: Any, **options: Any) -> RecordedApp:
            app = stack.enter_context(RecordedApp(tmp_path, *arguments, **options))
            app.state()
            return app

        yield start


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[dict[str, Any]], None]:
    """Takes figures for the table."""
    return lambda figures: record_property("figures", figures)


@pytest.fixture
def unavailable() -> Callable[[str], None]:
    """Ends a test that lacks something: fails in continuous integration, and skips with the reason elsewhere."""

    def end(what: str) -> None:
        if "CI" in os.environ:
            pytest.fail(f"{what}, and continuous integration has to have it")
        pytest.skip(what)

    return end


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
