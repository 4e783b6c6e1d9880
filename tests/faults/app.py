"""An application that reports the state of its process. `recorded.py` is the same, recorded."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s: %(message)s")


def bare(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answers with what it was sent, backwards; at `/_state` with the state of the process."""
    body = environ["wsgi.input"].read()
    answer = body[::-1]  # not the same bytes, which would take memory once instead of twice
    if environ["PATH_INFO"] == "/_state":
        answer = json.dumps(state()).encode()
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(answer)))])
    return [answer]


def state() -> dict[str, Any]:
    """What /proc says, and what the recorder says if there is one."""
    return {
        "pid": os.getpid(),
        "rss": _rss(),
        "threads": len(os.listdir("/proc/self/task")),
        "names": sorted(each.name for each in threading.enumerate()),
        "descriptors": len(os.listdir("/proc/self/fd")) - 1,  # one is the look at them
        "sockets": sum(_is_socket(each) for each in os.listdir("/proc/self/fd")),
        "stats": asdict(sys.modules["drhttp"].stats()) if "drhttp" in sys.modules else None,
    }


def _rss() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _is_socket(descriptor: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    except OSError:
        return False
