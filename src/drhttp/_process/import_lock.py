"""The lock between what loads modules in the background, and what must not happen meanwhile: forks and patches.

A child that is forked while another thread loads modules inherits the import locks, and nobody releases them. gevent
and eventlet replace what the import system uses to recognize the thread that holds one of its locks: an import that is
under way would never end.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from time import monotonic, sleep  # so that gevent does not replace them here: its `sleep` makes an event loop
from typing import TYPE_CHECKING

from drhttp._guard import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

_TIMEOUT = 5.0  # seconds; it bounds each wait, because the thread that is waited for may be this same one

# Modules that are imported before a patch. eventlet replaces modules with patched copies during its own import.
_BEFORE_PATCH = ("gevent.events", "eventlet", "eventlet.green.thread")

_lock = threading.Lock()


def acquire() -> bool:
    """Wait until no thread is in `loading`, and let none enter it. Returns `False` if that takes too long."""
    return _lock.acquire(timeout=_TIMEOUT)


def release() -> None:
    """Let threads enter `loading` again."""
    _lock.release()


def renew() -> None:
    """In a forked child: forget who holds the lock, because that thread does not exist here."""
    global _lock  # noqa: PLW0603 - there is one import system in a process
    _lock = threading.Lock()


@contextmanager
def loading() -> Iterator[None]:
    """Hold back forks, and the patches of gevent and eventlet, while this thread loads modules.

    If gevent is already patching, wait until it is done.
    """
    end = monotonic() + _TIMEOUT
    while True:
        with _lock, holding_back_patches():
            if not guarded(patch_under_way) or monotonic() >= end:
                yield
                return
        sleep(0.001)  # without the lock, because the patch may wait for it


@contextmanager
def holding_back_patches() -> Iterator[None]:
    """Hold back patches that have not begun, as long as the lock is held.

    gevent and eventlet import a certain module before they patch: that import waits. Where the module is loaded
    already, gevent notifies its subscribers, of which `_wait` is one.
    """
    sys.meta_path.insert(0, _Finder)
    try:
        subscribers = _subscribers()
        if isinstance(subscribers, list) and _wait not in subscribers:
            subscribers.append(_wait)
        yield
    finally:
        sys.meta_path.remove(_Finder)


def patch_under_way() -> bool:
    """Whether another thread is in one of the functions by which gevent patches."""
    if "gevent.monkey" not in sys.modules:
        return False
    own = sys._getframe()
    return any(_patches(frame) for frame in sys._current_frames().values() if frame is not own)


def _patches(frame: FrameType | None) -> bool:
    """Whether this frame, or one of its callers, is that of `gevent.monkey.patch_all` or another such function."""
    while frame is not None:
        if frame.f_code.co_name.startswith("patch_") and frame.f_globals.get("__name__") == "gevent.monkey":
            return True
        frame = frame.f_back
    return False


def _subscribers() -> object:
    """The functions that gevent calls before it patches; `None` if its module is not loaded."""
    events = sys.modules.get("gevent.events")
    if events is not None and not hasattr(events, "subscribers"):
        # Another thread is loading it, and may patch as soon as that is done. This waits for it.
        events = guarded(import_module, "gevent.events")
    return getattr(events, "subscribers", None)


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
            _wait()
            load(module)

        spec.loader.exec_module = wait_and_load  # type: ignore[method-assign]
        return spec


def _wait(event: object = None) -> None:
    """Wait until no thread loads modules."""
    lock = _lock
    if lock.acquire(timeout=_TIMEOUT):
        lock.release()
