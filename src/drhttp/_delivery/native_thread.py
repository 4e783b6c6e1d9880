"""Threads of the operating system, also where gevent has replaced threads by greenlets.

A greenlet only runs while the thread that started it runs an event loop. A thread that began before the patch, or one
of gevent's thread pool, may never do that.
"""

from __future__ import annotations

import os
import sys
import threading
import time  # noqa: F401 - `original` looks it up
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def original(module: str, name: str) -> Any:
    """The attribute of a module as it was before gevent replaced it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(sys.modules[module], name) if monkey is None else monkey.get_original(module, name)


def greenlets_stall() -> bool:
    """Whether gevent has replaced threads, and a greenlet that is started by this thread may never run.

    Only of the main thread is it certain that it runs an event loop.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return False
    # On Linux, the main thread has the number of the process. After a fork, the attribute may have that of the parent.
    return threading.get_native_id() not in (os.getpid(), threading.main_thread().native_id)


class NativeThread:
    """A daemon thread of the operating system that gevent knows nothing of.

    work: the function to run, which gets the thread as its argument.
    """

    def __init__(self, work: Callable[[NativeThread], object]) -> None:
        self._work = work
        self.ident: int | None = None

    def start(self) -> None:
        """Start it. Raises `RuntimeError` if the interpreter refuses."""
        self.ident = original("_thread", "start_new_thread")(self._work, (self,))
