"""Imports in the background, and what must not happen meanwhile: forks, and patches of gevent and eventlet.

A child that is forked while another thread imports inherits the locks of the import system, and nobody releases them.
A patch replaces what the import system uses to recognize the thread that holds one of its locks: an import that is
under way would never end.
"""

from __future__ import annotations

import copy
import sys
import threading
from contextlib import contextmanager, suppress
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any

from drhttp._delivery.late_patching import original, patch_under_way, suitable
from drhttp._guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_TIMEOUT = 5.0  # seconds until a waiter goes on without the lock, because its holder may wait for it
_POLL = 0.001  # seconds between two tries to get the lock

# The modules that are imported right before a patch: gevent's by its first function that patches, and the last one by
# `eventlet.monkey_patch`. `eventlet` itself replaces modules with patched copies while it is imported.
_BEFORE_PATCH = ("gevent.events", "eventlet", "eventlet.green.thread")

# Nobody ever blocks on it: under gevent, that would keep the greenlet that holds it from running.
_lock = original("_thread", "allocate_lock")()
_holder: int | None = None  # native identifier of the thread that holds it
_held_back: set[str] = set()  # modules of `_BEFORE_PATCH` that other threads are about to import


@contextmanager
def background_import() -> Iterator[None]:
    """Hold back forks and patches while this thread imports. If gevent is already patching, wait until it is done."""
    end = monotonic() + _TIMEOUT
    while True:
        locked = acquire(end)
        try:
            with holding_back_patches():
                if not guarded(patch_under_way) or monotonic() >= end:
                    yield
                    return
        finally:
            if locked:
                release()
        _pause()  # without the lock, because the patch may wait for it


def acquire(end: float | None = None) -> bool:
    """Wait until no other thread imports in the background, and let none begin to.

    end: until when to wait, by the monotonic clock; five seconds from now by default. Returns `False` if the time runs
    out, or if this same thread holds the lock, so that to wait would be in vain.
    """
    global _holder  # noqa: PLW0603 - there is one import system in a process
    end = monotonic() + _TIMEOUT if end is None else end
    while not _lock.acquire(blocking=False):
        if monotonic() >= end or (_own() and not _greenlets_run()):
            return False
        _pause()
    _holder = threading.get_native_id()
    return True


def release() -> None:
    """Let other threads import in the background again, fork and patch."""
    global _holder  # noqa: PLW0603
    _holder = None
    _lock.release()


def renew() -> None:
    """In a forked child: forget who holds the lock, because that thread does not exist here."""
    global _lock, _holder
    _lock, _holder = original("_thread", "allocate_lock")(), None


@contextmanager
def holding_back_patches() -> Iterator[None]:
    """Hold back patches that have not begun, as long as this thread holds the lock.

    gevent and eventlet import a certain module before they patch: that import waits. Where the module is imported
    already, gevent notifies its subscribers, of which `_on_event` is one.
    """
    sys.meta_path.insert(0, _Finder)
    try:
        subscribers = _subscribers()
        if isinstance(subscribers, list) and _on_event not in subscribers:
            subscribers.append(_on_event)
        yield
    finally:
        with suppress(ValueError):  # somebody else has removed it
            sys.meta_path.remove(_Finder)


def _subscribers() -> object:
    """The functions that gevent calls before it patches; `None` if its module is not imported, or is held back."""
    events = sys.modules.get("gevent.events")
    if events is not None and not hasattr(events, "subscribers") and "gevent.events" not in _held_back:
        # Another thread is importing it, and may patch as soon as that is done. This waits for it.
        events = guarded(import_module, "gevent.events")
    return getattr(events, "subscribers", None)


class _Finder:
    """An import hook that holds the modules of `_BEFORE_PATCH` back while another thread imports in the background."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module as the other import hooks do. The wait comes when the module is executed.

        Here, the import system holds a lock that all imports need for a moment; then, it only holds that of the module.
        """
        return guarded(_held_back_spec, name, path, target) if name in _BEFORE_PATCH else None


def _held_back_spec(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    spec = _found_by_others(name, path, target)
    if spec is None or not hasattr(spec.loader, "exec_module"):
        return None
    spec.loader = loader = copy.copy(spec.loader)  # there may be one for all modules of a zip archive
    loader.exec_module = _waiting(name, loader.exec_module)  # type: ignore[union-attr, method-assign]
    return spec


def _found_by_others(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find_spec = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if finder is _Finder or find_spec is None else find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def _waiting(name: str, execute: Callable[[ModuleType], Any]) -> Callable[[ModuleType], None]:
    def wait_and_execute(module: ModuleType) -> None:
        _held_back.add(name)
        try:
            _wait_for_import()
        finally:
            _held_back.discard(name)
        execute(module)

    return wait_and_execute


def _on_event(event: object) -> None:
    """Hold gevent back before it patches. Other libraries notify the same subscribers of events of their own."""
    if type(event).__module__ == "gevent.events":
        _wait_for_import()


def _wait_for_import() -> None:
    """Wait until no other thread imports in the background, but not for ever.

    The thread sleeps for real: in the middle of a patch, gevent's own `sleep` would make an event loop.
    """
    end, sleep = monotonic() + _TIMEOUT, original("time", "sleep")
    while _lock.locked() and not _own() and monotonic() < end:
        sleep(_POLL)


def _own() -> bool:
    """Whether this thread, or another greenlet of it, holds the lock."""
    return _holder == threading.get_native_id()


def _greenlets_run() -> bool:
    return suitable("time", "sleep") is not original("time", "sleep")


def _pause() -> None:
    suitable("time", "sleep")(_POLL)
