"""Processes that `multiprocessing` starts: they end without what `atexit` knows, and have a register of their own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LAST = -100  # after all others: they may still record
_registered_in: int | None = None  # that process


def at_end_of_child(function: Callable[[], None]) -> None:
    """Call that at the end of this process, if `multiprocessing` has started it."""
    global _registered_in  # noqa: PLW0603 - of the process
    util = sys.modules.get("multiprocessing.util")  # such a process has loaded it
    if util is None or _registered_in == os.getpid():
        return
    if sys.modules["multiprocessing.process"].parent_process() is not None:
        _registered_in = os.getpid()
        util.Finalize(None, function, exitpriority=_LAST)
