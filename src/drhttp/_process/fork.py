"""Everything about forks: the hooks, what a child forgets, and the lock that keeps forks and imports apart.

A child that is forked while another thread loads modules inherits the import locks, and nobody releases them.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from drhttp._guard import forget_failures, guarded
from drhttp._process.registry import recorders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# Modules that are imported before a patch. eventlet replaces modules with patched copies during its own import.
_BEFORE_PATCH = ("gevent.events", "eventlet", "eventlet.green.thread")

_loading_lock = threading.Lock()
_forking_thread: int | None = None  # the thread that holds the lock for a fork
_registered = False


@contextmanager
def loading() -> Iterator[None]:
    """Hold back forks, and the patches of gevent and eventlet, while this thread loads modules.

    A patch replaces what the import system uses to recognize the thread that holds one of its locks; an import under
    way would then never end. Both libraries import a certain module before they patch: that import waits here. Where
    the module is loaded already, gevent notifies its subscribers, of which `_wait_for_loading` is one.
    """
    with _loading_lock, _holding_back_patches():
        yield


@contextmanager
def _holding_back_patches() -> Iterator[None]:
    """Hold back the patches of gevent and eventlet as long as this thread has the lock for loading."""
    sys.meta_path.insert(0, _Finder)
    try:
        subscribers = getattr(sys.modules.get("gevent.events"), "subscribers", None)
        if isinstance(subscribers, list) and _wait_for_loading not in subscribers:
            subscribers.append(_wait_for_loading)
        yield
    finally:
        sys.meta_path.remove(_Finder)


class _Finder:
    """An import hook that makes the modules of `_BEFORE_PATCH` wait until no thread is in `loading`."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module in the usual way. The wait comes when it is executed: here, the import system holds a lock."""
        spec = PathFinder.find_spec(name, path, target) if name in _BEFORE_PATCH else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def wait_and_load(module: ModuleType) -> None:
            _wait_for_loading()
            load(module)

        spec.loader.exec_module = wait_and_load  # type: ignore[method-assign]
        return spec


def _wait_for_loading(event: object = None) -> None:
    """Wait until no thread loads modules, but no longer than five seconds: it may be this same thread."""
    lock = _loading_lock
    if lock.acquire(timeout=5.0):
        lock.release()


def register_fork_hooks() -> None:
    """Register what has to happen around a fork, once in the life of a process and of those forked from it."""
    global _registered  # noqa: PLW0603 - hooks belong to the process, and cannot be unregistered
    if not _registered and hasattr(os, "register_at_fork"):
        _registered = True
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
        )


def _before_fork() -> None:
    """Wait until no thread loads modules, and let none begin until the fork is done.

    In the first fork of a process that has recorded, load what delivers: a child may end too soon to load it itself.
    """
    global _forking_thread  # noqa: PLW0603 - the hooks of a fork have nothing else in common
    # Bounded, because under gevent the holder may be a greenlet of this same thread.
    if _loading_lock.acquire(timeout=5.0):
        _forking_thread = threading.get_ident()
        guarded(_load_delivery)


def _load_delivery() -> None:
    """Load what the worker would load with the first batch. The lock for loading is held."""
    if "drhttp._delivery.record_exporter" not in sys.modules:
        with _holding_back_patches():
            import drhttp._delivery.record_exporter  # noqa: F401 - it loads all that delivers


def _after_fork_in_parent() -> None:
    """Allow threads to load modules again."""
    global _forking_thread  # noqa: PLW0603
    if _forking_thread == threading.get_ident():
        _forking_thread = None
        _loading_lock.release()


def _after_fork_in_child() -> None:
    """Forget what belongs to the parent: the thread that held the lock, the failures, the recorders' state."""
    global _loading_lock, _forking_thread
    _loading_lock, _forking_thread = threading.Lock(), None
    forget_failures()
    for recorder in recorders:
        recorder.forget()
    recorders.forget_other_processes()
