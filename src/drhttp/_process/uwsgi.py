"""What uWSGI lets threads do. Where it runs none, they start all the same, and stand still between two requests."""

from __future__ import annotations

import sys
from typing import Any

_ALWAYS = (2, 0, 27)  # the first version that runs threads whatever its options say
# Each of them lets threads run: the last ones bring loops in Python, which let go of the interpreter while they wait.
_ANY_OF = ("enable-threads", "threads", "gevent", "asyncio", "tornado")


def missing_option() -> str | None:
    """The option of uWSGI without which no thread runs; `None` if it is set, not needed, or this is not uWSGI."""
    uwsgi = _uwsgi()
    if uwsgi is None or uwsgi.version_info[:3] >= _ALWAYS or any(name in uwsgi.opt for name in _ANY_OF):
        return None
    return "--enable-threads"


def first_process() -> bool:
    """Whether this is the master, or the first of the processes that serve."""
    uwsgi = _uwsgi()
    return uwsgi is None or uwsgi.worker_id() <= 1


def _uwsgi() -> Any:
    """The module that uWSGI puts into the interpreters that it runs."""
    module = sys.modules.get("uwsgi")
    return module if hasattr(module, "opt") else None  # anybody may call a module so
