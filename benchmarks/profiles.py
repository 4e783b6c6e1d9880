"""Where the time goes: py-spy samples a workload, and the samples are counted by thread.

Of a request, one sees the request path and the worker; of the import, the modules that take longest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import imports
from benchmarks.in_process import PLANS
from benchmarks.receiver import ReceiverProcess

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = (*PLANS, "import")

_RATE = 500  # looks a second
_MOST = 25  # lines of each list
_PATHS = {"request path": "__call__ (drhttp/wsgi.py", "worker": "run (drhttp/_delivery/background_loop.py"}
_SECONDS = 30


def show(name: str) -> None:
    """Print where the time of a workload goes."""
    if name == "import":
        for milliseconds, module in imports.costliest():
            print(f"{milliseconds:8.2f} ms  {module}")
        return
    stacks = _looked_at(name)
    for path, sign in _PATHS.items():
        _print(path, [(frames, count) for frames, count in stacks if any(sign in frame for frame in frames)])


def _looked_at(name: str) -> list[tuple[list[str], int]]:
    """The stacks that were seen, outermost frame first, and how often each was; the collapsed ones stay in a file."""
    target = Path(tempfile.gettempdir(), f"drhttp-{name}.collapsed")
    with ReceiverProcess() as receiver:
        command = [
            "py-spy",
            "record",
            "--rate",
            str(_RATE),
            "--nonblocking",
            "--format",
            "raw",
            "--output",
            str(target),
        ]
        program = [sys.executable, "-m", "benchmarks.in_process", name, "recorded"]
        settings = {**os.environ, "DRHTTP_DSN": receiver.dsn("profile")}
        subprocess.run([*command, "--", *program], check=True, env=settings, stdout=subprocess.DEVNULL)
    print(f"collapsed stacks, for any flame graph: {target}\n")
    pairs = (line.rpartition(" ") for line in target.read_text(encoding="utf-8").splitlines())
    return [(stack.split(";"), int(count)) for stack, _, count in pairs]


def _print(path: str, stacks: Iterable[tuple[list[str], int]]) -> None:
    alone: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for frames, count in stacks:
        alone[frames[-1]] += count
        for frame in {frame.rpartition(":")[0] + ")" for frame in frames}:
            within[frame] += count
    total = alone.total() or 1
    print(f"{path}: {total} looks")
    for title, found in (("by line, itself", alone), ("by function, with all that it calls", within)):
        print(f"  {title}:")
        for frame, count in found.most_common(_MOST):
            print(f"    {count / total:6.1%}  {frame}")
    print()
