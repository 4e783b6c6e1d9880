"""Everything about forks: values that a child starts without, the hooks, and the lock between forks and imports.

A child that is forked while another thread loads modules inherits the import locks, and nobody releases them.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._guard import forget_failures, guarded
from drhttp._process.registry import recorders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# Modules that are imported before a patch. eventlet replaces modules with patched copies during its own import.
_BEFORE_PATCH = ("gevent.events", "eventlet", "eventlet.green.thread")

_loading_lock = threading.Lock()
_forking_thread: int | None = None  # the thread that holds the lock for a fork
_registered = False


Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """A value that belongs to one process. A forked child starts without it, and so cannot use that of its parent.

    The process id decides, because uWSGI forks without calling the fork hooks.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[int, Value] = {}  # by process id; there is never more than one for long

    def get(self, getpid: Callable[[], int] = os.getpid) -> Value | None:
        """The value of this process; `None` if it has none yet."""
        return self._values.get(getpid())

    def setdefault(self, value: Value) -> Value:
        """Set the value of this process unless it has one, and return what it has then."""
        return self._values.setdefault(os.getpid(), value)

    def clear(self) -> None:
        """Remove the value of this process."""
        self._values.pop(os.getpid(), None)

    def forget_other_processes(self) -> None:
        """Remove what a child inherited from its parent."""
        for pid in set(self._values) - {os.getpid()}:
            self._values.pop(pid, None)


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
        subscribers = _subscribers()
        if isinstance(subscribers, list) and _wait_for_loading not in subscribers:
            subscribers.append(_wait_for_loading)
        yield
    finally:
        sys.meta_path.remove(_Finder)


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

    In the first fork of a process that has recorded, load what delivers: a child may end too soon to load that itself.
    """
    global _forking_thread  # noqa: PLW0603 - the hooks of a fork have nothing else in common
    # Bounded, because under gevent the holder may be a greenlet of this same thread.
    if _loading_lock.acquire(timeout=5.0):
        _forking_thread = threading.get_ident()
        guarded(_load_delivery)


def _load_delivery() -> None:
    """Load what the worker would load with the first batch. The lock for loading is held.

    Only where the application has loaded `urllib3` itself: a process that loads `ssl` before it forks cannot be patched
    by gevent afterwards, as gunicorn's workers are.
    """
    if "urllib3" in sys.modules and "drhttp._delivery.record_exporter" not in sys.modules:
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
