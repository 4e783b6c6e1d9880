"""Run by a Python that has nothing but drhttp: prints what `import drhttp` did that it must not do, or nothing.

A program, not a test: the tests and the wheel's own check run it in interpreters of their own.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading

HEAVY = {"asgiref", "django", "flask", "http.client", "socket", "sqlite3", "ssl", "starlette", "urllib3", "uvicorn"}


def main() -> int:
    assert logging.root  # loaded before the count, because it has an exit hook of its own
    hooks = atexit._ncallbacks()  # type: ignore[attr-defined]
    import drhttp

    assert drhttp.WSGIMiddleware
    faults = [f"loads {name}" for name in sorted(HEAVY & set(sys.modules))]
    faults += [f"starts {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()]
    if atexit._ncallbacks() != hooks:  # type: ignore[attr-defined]
        faults.append("registers an exit hook")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
