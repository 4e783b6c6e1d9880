"""The command: `python -m benchmarks`. README.md in this folder says what it measures and how."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import profiles, table
from benchmarks.receiver import ReceiverProcess
from benchmarks.workloads import WORKLOADS, Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workloads import Figures, Workload


def measured(workloads: Sequence[Workload], rounds: int) -> dict[Workload, list[dict[str, Figures]]]:
    """All rounds of all workloads, the rounds outermost: what disturbs the machine for a while spoils one of them."""
    found: dict[Workload, list[dict[str, Figures]]] = {workload: [] for workload in workloads}
    with ReceiverProcess() as receiver:
        bench = Bench(receiver)
        for number in range(rounds):
            for workload in workloads:
                print(f"round {number + 1} of {rounds}: {workload.name}", file=sys.stderr)
                found[workload].append(workload.pair(bench))
    return found


def compile_package() -> None:
    """Let every interpreter find the modules compiled, as they are where pip has installed them."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found = find_spec("drhttp")
    if found is None or not found.submodule_search_locations:
        sys.exit("drhttp is not installed; run `nox -s bench`")
    places = [*found.submodule_search_locations, str(Path(__file__).parent)]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *places], check=True)


def possible(workloads: Sequence[Workload]) -> list[Workload]:
    """Those that can be run here; of the others it is said why not."""
    for workload in workloads:
        if reason := workload.missing():
            print(f"skipped: {workload.name}: {reason}", file=sys.stderr)
    return [workload for workload in workloads if not workload.missing()]


def report(found: dict[Workload, list[dict[str, Figures]]], *, markdown: bool) -> None:
    """The table, and below it what became of the records."""
    print((table.markdown if markdown else table.plain)(found))
    arrived, requests = table.arrived(found)
    print(f"\n{arrived:,} of {requests:,} records arrived.", *table.losses(found), sep="\n")


def written(found: dict[Workload, list[dict[str, Figures]]]) -> str:
    """All figures of all rounds as JSON."""
    machine = {"python": platform.python_version(), "system": platform.platform(), "machine": platform.machine()}
    rounds = {workload.name: each for workload, each in found.items()}
    return json.dumps({"machine": machine, "rounds": rounds}, indent=1)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures what recording costs.")
    parser.add_argument("--rounds", type=int, default=3, help="how often to measure each side, in turn")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--markdown", action="store_true", help="print the table in the format of README.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds to FILE")
    parser.add_argument("--profile", choices=profiles.NAMES, metavar="NAME", help="print where a workload spends time")
    return parser.parse_args()


def main() -> None:
    """Measure, and print."""
    options = arguments()
    compile_package()
    if options.profile:
        profiles.show(options.profile)
        return
    chosen = [workload for workload in WORKLOADS if not options.only or workload.name in options.only]
    found = measured(possible(chosen), options.rounds)
    report(found, markdown=options.markdown)
    if options.json:
        options.json.write_text(written(found), encoding="utf-8")


if __name__ == "__main__":
    main()
