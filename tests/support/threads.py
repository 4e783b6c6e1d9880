"""The threads of recorders, and how long a test waits for them."""

from __future__ import annotations

import threading

PATIENCE = 30.0  # seconds until something that should happen is given up


def workers() -> list[threading.Thread]:
    """The background threads of this process's recorders."""
    return [thread for thread in threading.enumerate() if thread.name == "drhttp"]


def ended(threads: list[threading.Thread]) -> bool:
    """Whether all of them end, without a flush or a close."""
    for thread in threads:
        thread.join(PATIENCE)
    return not any(thread.is_alive() for thread in threads)
