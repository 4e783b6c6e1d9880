"""A plugin for pytest that records the outgoing requests of a test suite which knows nothing of it.

    python -m pytest -p recording_plugin

It prints how many were recorded, so that a comparison of nothing is not taken for a success.
"""

from __future__ import annotations

import drhttp

_seen: list[str] = []


def pytest_configure() -> None:
    """Begin before any test module is imported."""
    drhttp.record_outbound("http://key@127.0.0.1:9/", before_send=_drop, exit_timeout=0.1)


def pytest_terminal_summary(terminalreporter) -> None:
    """Tell what was recorded, and whether our own code failed."""
    drhttp.flush(10.0)
    stats = drhttp.stats()
    terminalreporter.write_line(f"drhttp: {len(_seen)} recorded, {stats.failures} failures")


def _drop(record: drhttp.Record) -> None:
    _seen.append(record.request.method)
