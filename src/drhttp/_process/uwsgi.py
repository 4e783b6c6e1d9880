"""uWSGI: whether it runs this interpreter, whether it runs threads, and which results it sends as one block.

Without threads, those that Python has started stand still between two requests.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from typing import Any

_THREADS_BY_DEFAULT = (2, 0, 27)  # the first version that runs threads regardless of its options
# With any of these, threads run. The last three bring event loops in Python, which release the GIL while they wait.
_THREAD_OPTIONS = ("enable-threads", "threads", "gevent", "asyncio", "tornado")
_BUFFER_OPTIONS = ("wsgi-accept-buffer", "wsgi-accept-buffers")  # two names of one option


def missing_option() -> str | None:
    """The uWSGI option that is needed to run threads; `None` if it is set or not needed, or this is not uWSGI."""
    uwsgi = _uwsgi()
    if uwsgi is None or uwsgi.version_info[:3] >= _THREADS_BY_DEFAULT:
        return None
    return None if any(name in uwsgi.opt for name in _THREAD_OPTIONS) else "--enable-threads"


def first_process() -> bool:
    """Whether this is the master, or the first worker process."""
    uwsgi = _uwsgi()
    return uwsgi is None or uwsgi.worker_id() <= 1


def in_uwsgi() -> bool:
    """Whether uWSGI runs this interpreter. It puts no `SERVER_SOFTWARE` into the environ."""
    return _uwsgi() is not None


def is_one_block(result: Any) -> bool:
    """Whether uWSGI sends the result of an application as one block, instead of iterating it.

    It recognizes `bytes` by their type, and with `--wsgi-accept-buffer` every object with a buffer.
    """
    uwsgi = _uwsgi()
    if uwsgi is None:
        return False
    return isinstance(result, bytes) or (any(name in uwsgi.opt for name in _BUFFER_OPTIONS) and _has_buffer(result))


def _has_buffer(result: Any) -> bool:
    try:
        memoryview(result).release()
    except TypeError:
        return False
    return True


def _uwsgi() -> Any:
    """The module `uwsgi`, which exists only in an interpreter that uWSGI runs."""
    module = sys.modules.get("uwsgi")
    return module if hasattr(module, "opt") else None  # any package may have a module of that name
