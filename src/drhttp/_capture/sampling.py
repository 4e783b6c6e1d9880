"""The draw that decides which requests belong to the sample."""

from __future__ import annotations

import os


def chance() -> float:
    """A random number from 0 to 1. Not from `random`, because an application may have seeded it."""
    return int.from_bytes(os.urandom(7), "big") / 2**56
