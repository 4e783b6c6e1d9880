"""Loading modules beside forks: a child forked meanwhile would inherit their import locks, locked for ever."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_forking: int | None = None  # the thread that holds it for a fork


def loading() -> threading.Lock:
    """To be held while modules are loaded in a thread beside others; forks wait for it."""
    return _lock


def before_fork() -> None:
    """Wait until nobody loads modules, and keep it so."""
    global _forking  # noqa: PLW0603 - the hooks of a fork have nothing else in common
    # Bounded, because under gevent the holder may be a greenlet of this same thread.
    if _lock.acquire(timeout=5.0):
        _forking = threading.get_ident()


def after_fork() -> None:
    """In the parent: go on."""
    global _forking  # noqa: PLW0603
    if _forking == threading.get_ident():
        _forking = None
        _lock.release()


def after_fork_in_child() -> None:
    """In the child: whoever held the lock does not exist here."""
    global _lock, _forking
    _lock, _forking = threading.Lock(), None
