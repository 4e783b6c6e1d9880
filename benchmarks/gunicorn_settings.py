"""Settings of gunicorn: each worker tells at its end how many requests it has served."""

from __future__ import annotations

import os
from typing import Any

graceful_timeout = 30


def worker_exit(server: Any, worker: Any) -> None:
    """Append the number to a file, in one write."""
    with open(os.environ["BENCH_SERVED"], "a", encoding="ascii") as file:
        file.write(f"{worker.nr}\n")
