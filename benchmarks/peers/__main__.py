"""The command: `python -m benchmarks.peers`. README.md in the folder above says what it compares and how."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import servers
from benchmarks.__main__ import compile_package
from benchmarks.peers import table
from benchmarks.peers.recorders import NAMES, RECORDERS
from benchmarks.peers.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.peers.table import Rounds

_BESIDE = ("Flask", "gunicorn", "opentelemetry-sdk", "isal")  # whose versions matter, too


def measure(found: Rounds, workloads: Sequence[str], rounds: int) -> Iterator[Rounds]:
    """Add rounds to those that were found, and show them after each workload: a run that is cut short keeps the rest.

    In each round every recorder is measured in turn, and each round begins with another one.
    """
    for number in range(rounds):
        for workload in workloads:
            first = len(found.setdefault(workload, [])) * 3 % len(NAMES)
            figures = {}
            for name in (*NAMES[first:], *NAMES[:first]):
                print(f"round {number + 1} of {rounds}: {workload}: {name}", file=sys.stderr)
                figures[name] = WORKLOADS[workload](name)
            found[workload].append(figures)
            yield found


def versions() -> str:
    """What was compared on what."""
    lines = [f"CPython {platform.python_version()}, {platform.platform()}"]
    for package in (*dict.fromkeys(recorder.package for recorder in RECORDERS.values()), *_BESIDE):
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} is not installed")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Compares recorders.")
    parser.add_argument("--rounds", type=int, default=3, help="how often to measure each recorder, in turn")
    parser.add_argument("--only", action="append", choices=WORKLOADS, metavar="NAME", help=", ".join(WORKLOADS))
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="add the rounds to those in FILE, and print the table of all"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, and print."""
    options = arguments()
    compile_package()
    chosen = [name for name in WORKLOADS if not options.only or name in options.only]
    if (reason := servers.missing()) and chosen != ["small"]:
        sys.exit(reason)
    found: Rounds = {}
    if options.json and options.json.exists():
        found = json.loads(options.json.read_text(encoding="utf-8"))
    for so_far in measure(found, chosen, options.rounds):
        if options.json:
            options.json.write_text(json.dumps(so_far, indent=1), encoding="utf-8")
    found = {workload: found[workload] for workload in WORKLOADS if workload in found}
    print(versions(), "", table.markdown(found), "", *table.remarks(found), sep="\n")


if __name__ == "__main__":
    main()
