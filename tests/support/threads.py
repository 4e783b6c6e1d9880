"""The threads of recorders, how long a test waits for them, and a garbage collection that no thread can prevent."""

from __future__ import annotations

import gc
import threading
import time

PATIENCE = 30.0  # seconds until something that should happen is given up


def workers() -> list[threading.Thread]:
    """The background threads of this process's recorders."""
    return [thread for thread in threading.enumerate() if thread.name == "drhttp"]


def ended(threads: list[threading.Thread]) -> bool:
    """Whether all of them end, without a flush or a close."""
    for thread in threads:
        thread.join(PATIENCE)
    return not any(thread.is_alive() for thread in threads)


def collect_garbage() -> None:
    """Collect all garbage. `gc.collect` does nothing while another thread collects, so it is called until it has."""
    collected: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            collected.append(threading.get_ident())

    gc.callbacks.append(note)
    try:
        gc.collect()
        while threading.get_ident() not in collected:
            time.sleep(0.001)
            gc.collect()
    finally:
        gc.callbacks.remove(note)
