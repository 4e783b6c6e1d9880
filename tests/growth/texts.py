"""Texts and names of which hostile bodies are made."""

from __future__ import annotations

# Names of six letters, all different, each with a secret word inside that does not make it secret.
HINTED_NAMES = [
    f"{first}sid{second}{third}"
    for second in "BCDFGHKLMNPQRSTVWYZ"
    for third in "bcdfghklmnpqrstuvwyz0123456789"
    for first in "bcdfghklmnpqrtuvwyz"
]


def repeated(unit: str, size: int) -> str:
    """Repeat a unit as often as it fits into a size as a whole."""
    return unit * (size // len(unit))
