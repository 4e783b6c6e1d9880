"""Loading modules beside forks: a child forked meanwhile would inherit their import locks, locked for ever."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# Modules that are loaded before a patch; eventlet exchanges modules for patched copies while it is loaded itself.
_BEFORE_PATCH = ("gevent.events", "eventlet", "eventlet.green.thread")

_lock = threading.Lock()
_forking: int | None = None  # the thread that holds it for a fork


@contextmanager
def loading() -> Iterator[None]:
    """Load modules in a thread beside others: forks wait for the end, and so do gevent and eventlet before they patch.

    They replace what the import system uses, which would no longer recognize the thread that holds one of its locks:
    the import would never end. They load a module before they patch, and whoever loads it meanwhile waits; if it is
    loaded, gevent tells its subscribers.
    """
    with _lock:
        sys.meta_path.insert(0, _Finder)
        try:
            subscribers = getattr(sys.modules.get("gevent.events"), "subscribers", None)
            if isinstance(subscribers, list) and _wait not in subscribers:
                subscribers.append(_wait)
            yield
        finally:
            sys.meta_path.remove(_Finder)


class _Finder:
    """Finds these modules, and makes their loading wait."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find the module as always. It waits when it is loaded: here, the import system holds a lock of its own."""
        spec = PathFinder.find_spec(name, path, target) if name in _BEFORE_PATCH else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def wait_and_load(module: ModuleType) -> None:
            _wait()
            load(module)

        spec.loader.exec_module = wait_and_load  # type: ignore[method-assign]
        return spec


def _wait(event: object = None) -> None:
    """Wait until nobody loads modules; bounded, because it may be the same thread."""
    lock = _lock
    if lock.acquire(timeout=5.0):
        lock.release()


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
