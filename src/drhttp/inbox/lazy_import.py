"""Modules that a running inbox loads when they are needed, because they take long to import."""

from __future__ import annotations

from importlib import import_module
from threading import Lock

_lock = Lock()


def load(name: str) -> None:
    """Import a module. Threads take turns, because two that import parts of a package in different orders deadlock."""
    with _lock:
        import_module(name)
