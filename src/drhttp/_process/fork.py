"""Everything about forks: values that a child starts without, and the hooks."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._delivery.late_patching import patch_under_way
from drhttp._guard import forget_failures, guarded
from drhttp._process import background_import
from drhttp._process.registry import recorders

if TYPE_CHECKING:
    from collections.abc import Callable

_forking_thread: int | None = None  # the thread that holds the lock of background imports for a fork
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
    if background_import.acquire():
        _forking_thread = threading.get_ident()
        guarded(_load_delivery)


def _load_delivery() -> None:
    """Load what the worker would load with the first batch. The lock of background imports is held.

    Only where the application has loaded `urllib3` itself: a process that loads `ssl` before it forks cannot be patched
    by gevent afterwards, as gunicorn's workers are.
    """
    if "urllib3" in sys.modules and "drhttp._delivery.record_exporter" not in sys.modules:
        with background_import.holding_back_patches():
            if not patch_under_way():
                import drhttp._delivery.record_exporter  # noqa: F401 - it loads all that delivers


def _after_fork_in_parent() -> None:
    """Allow threads to load modules again."""
    global _forking_thread  # noqa: PLW0603
    if _forking_thread == threading.get_ident():
        _forking_thread = None
        background_import.release()


def _after_fork_in_child() -> None:
    """Forget what belongs to the parent: the thread that held the lock, the failures, the recorders' state."""
    global _forking_thread  # noqa: PLW0603
    _forking_thread = None
    background_import.renew()
    forget_failures()
    for recorder in recorders:
        recorder.forget()
    recorders.forget_other_processes()
