"""Patterns of the SQL operator LIKE, which are the same in SQLite and in ClickHouse. The escape is a backslash."""

from __future__ import annotations

from collections.abc import Iterable


def like(pattern: Iterable[Iterable[str | None]]) -> str:
    """Return the pattern for runs of characters with anything between them. `None` is any one character."""
    return "%".join("".join("_" if char is None else escaped(char) for char in run) for run in pattern)


def escaped(text: str) -> str:
    """Return a text in which every character means itself."""
    return "".join(f"\\{char}" if char in "%_\\" else char for char in text)
