"""The figures as a table: medians over the rounds, and how far the rounds lie apart."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.workloads import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workloads import Figures, Row, Workload

    Rounds = Sequence[dict[str, Figures]]

COLUMNS = ("workload", "unit", "bare", "recorded", "added", "spread", "reach", "aim")
_MARKS = {"added": "", "share": " %", "multiple": " times"}


def compared(row: Row, pair: dict[str, Figures]) -> float:
    """What the recorded side is to the bare one, in one round."""
    bare, recorded = (pair[side][row.figure] / row.scale for side in SIDES)
    if row.kind == "added":
        return recorded - bare
    return recorded / bare * (100 if row.kind == "share" else 1)


def cells(row: Row, rounds: Rounds) -> tuple[str, ...]:
    """One row of the table."""
    bare, recorded = (statistics.median(each[side][row.figure] / row.scale for each in rounds) for side in SIDES)
    results = [compared(row, each) for each in rounds]
    mark = _MARKS[row.kind]
    spread = f"{_number(min(results))} to {_number(max(results))}"
    added = f"{_number(statistics.median(results))}{mark}"
    return (row.title, row.unit, _number(bare), _number(recorded), added, spread, row.reach, row.aim)


def markdown(found: dict[Workload, Rounds]) -> str:
    """The table as it stands in README.md."""
    lines = [COLUMNS, ("---", "---", *["---:"] * 6)]
    lines += [cells(row, rounds) for workload, rounds in found.items() for row in workload.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(found: dict[Workload, Rounds]) -> str:
    """The table for a terminal."""
    lines = [COLUMNS, *(cells(row, rounds) for workload, rounds in found.items() for row in workload.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def losses(found: dict[Workload, Rounds]) -> list[str]:
    """A line for each workload that lost records or sent them twice, in all rounds."""
    lines = []
    for workload, rounds in found.items():
        sides = [each["recorded"] for each in rounds if "records" in each["recorded"]]
        requests, arrived, twice = (int(sum(side[name] for side in sides)) for name in ("requests", "records", "twice"))
        if requests != arrived or twice:
            lines.append(f"{workload.name}: {arrived} of {requests} records arrived, {twice} of them twice")
    return lines


def arrived(found: dict[Workload, Rounds]) -> tuple[int, int]:
    """Records that came in, and requests that were made."""
    sides = [each["recorded"] for rounds in found.values() for each in rounds if "records" in each["recorded"]]
    return int(sum(side["records"] for side in sides)), int(sum(side["requests"] for side in sides))


def _number(value: float) -> str:
    """Three digits that count; more before the point, where there are more."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
