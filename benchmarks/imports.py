"""How long an interpreter takes to start, and to start and import the recorder: fresh ones, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

PROGRAMS = {"bare": "pass", "recorded": "import drhttp"}
_TURNS = 20  # a round


def started(side: str) -> float:
    """Milliseconds of one interpreter from its start to its end."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", PROGRAMS[side]], check=True)
    return (time.perf_counter() - begin) * 1000


def pair() -> dict[str, float]:
    """The medians of both sides, in turn so that both see the same machine."""
    times: dict[str, list[float]] = {side: [] for side in PROGRAMS}
    for _ in range(_TURNS):
        for side, found in times.items():
            found.append(started(side))
    return {side: statistics.median(found) for side, found in times.items()}


def costliest(most: int = 25) -> list[tuple[float, str]]:
    """The modules that take longest to import, without what they import themselves: milliseconds and name."""
    command = [sys.executable, "-X", "importtime", "-c", PROGRAMS["recorded"]]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    rows = [line.removeprefix("import time:").split("|") for line in text.splitlines() if "|" in line]
    found = [(int(own) / 1000, name.strip()) for own, _, name in rows if own.strip().isdigit()]
    return sorted(found, reverse=True)[:most]
