"""The end of a process: delivering what still waits, also where `atexit` hooks do not run.

`exit_timeout`, whose default is in `_config.py`, limits how long that takes, and `_delivery/deadline.py` keeps to it.
"""

from __future__ import annotations

import atexit
import os
import sys

from drhttp._process.registry import recorders

_LAST = -100  # the priority of the finalizer: it runs after all others, because those may still record requests
_finalizer_pid: int | None = None  # the process in which the finalizer is registered


def register_exit_hook() -> None:
    """Have `close_at_exit` called at the end of this process, once, however often this is called."""
    atexit.unregister(close_at_exit)  # so that there is one, also in a child that was forked between these lines
    atexit.register(close_at_exit)
    _register_finalizer()


def close_at_exit() -> None:
    """Deliver the records that still wait. All recorders share the longest `exit_timeout` among them."""
    try:
        for recorder in recorders:
            recorder.abort_all()
            recorder.begin_close(recorder.config.exit_timeout)
        states = recorders.states()
        for state in states:
            state.begin_close(state.exit_timeout)
        for state in states:
            state.finish_close()
    except KeyboardInterrupt:
        return  # the user who presses Ctrl-C does not want to wait


def _register_finalizer() -> None:
    """Register `close_at_exit` with `multiprocessing` too: the processes that it starts skip the `atexit` hooks."""
    global _finalizer_pid  # noqa: PLW0603 - hooks belong to the process
    util = sys.modules.get("multiprocessing.util")  # a process that multiprocessing has started has loaded it
    if util is None or _finalizer_pid == os.getpid():
        return
    if sys.modules["multiprocessing.process"].parent_process() is not None:
        _finalizer_pid = os.getpid()
        util.Finalize(None, close_at_exit, exitpriority=_LAST)
