"""The comparison as a table: a line for each recorder, what it adds to the bare application of the same round."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.peers.recorders import BARE, RECORDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.peers.workloads import Figures

    Rounds = dict[str, list[dict[str, Figures]]]  # of each workload: for each round, the figures of each recorder


@dataclass(frozen=True)
class Column:
    """A figure of a workload. kind: as in `benchmarks.workloads.Row`. scale: what one unit is of the figure."""

    title: str
    workload: str
    figure: str
    kind: str = "added"
    scale: float = 1.0

    def compared(self, name: str, each: dict[str, Figures]) -> float:
        """What a recorder is to the bare application in one round; of the bare application itself, the figure."""
        bare, value = (each[side][self.figure] / self.scale for side in (BARE, name))
        if name == BARE:
            return value
        return value - bare if self.kind == "added" else value / bare * (100 if self.kind == "share" else 1)

    def cell(self, name: str, rounds: Sequence[dict[str, Figures]]) -> str:
        """The median, and the lowest and the highest."""
        values = [self.compared(name, each) for each in rounds]
        mark = {"added": "", "share": " %", "multiple": " times"}[self.kind] if name != BARE else ""
        low, middle, high = map(_number, (min(values), statistics.median(values), max(values)))
        return f"{middle}{mark} ({low} to {high})"


COLUMNS = (
    Column("in process: call, p50, µs", "small", "p50"),
    Column("in process: CPU, µs", "small", "cpu"),
    Column("sync: requests/s", "sync", "rate", "share"),
    Column("sync: worker CPU, µs", "sync", "cpu"),
    Column("gthread: requests/s", "gthread", "rate", "share"),
    Column("gthread: worker CPU, µs", "gthread", "cpu"),
    Column("gthread: p99, ms", "gthread", "p99", "multiple", scale=1000.0),
)


def lines(rounds: Rounds) -> list[tuple[str, ...]]:
    """The head and the lines, of the workloads that there are."""
    columns = [column for column in COLUMNS if rounds.get(column.workload)]
    head = ("recorder", "bodies", *(column.title for column in columns), f"arrived: {', '.join(rounds)}")
    return [head, *(_line(name, columns, rounds) for name in (BARE, *RECORDERS))]


def markdown(rounds: Rounds) -> str:
    """The table as it stands in README.md."""
    head, *rest = lines(rounds)
    rule = ("---", "---", *["---:"] * (len(head) - 2))
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rest))


def remarks(rounds: Rounds) -> list[str]:
    """What the table does not say: records that came twice or were reported as dropped, errors, slow ends."""
    return [
        f"{workload}: {name}: {remark}"
        for workload, each in rounds.items()
        for name in RECORDERS
        for remark in _remarks([one[name] for one in each])
    ]


def _remarks(figures: Sequence[Figures]) -> Iterable[str]:
    arrived, requests = (int(sum(one[key] for one in figures)) for key in ("records", "requests"))
    if arrived != requests:
        dropped = int(sum(one["dropped"] for one in figures))
        yield f"{arrived:,} of {requests:,} records arrived; it reported {dropped:,} as dropped"
    if twice := int(sum(one["twice"] for one in figures)):
        yield f"{twice:,} records came twice"
    if errors := int(sum(one.get("errors", 0) for one in figures)):
        yield f"wrk counted {errors:,} errors"
    if (stop := max(one.get("stop", 0) for one in figures)) > 5:
        yield f"the server took up to {stop:.0f} s to end"


def _line(name: str, columns: Sequence[Column], rounds: Rounds) -> tuple[str, ...]:
    cells = [column.cell(name, rounds[column.workload]) for column in columns]
    if name == BARE:
        return (BARE, "", *cells, "")
    arrived = " / ".join(_arrived([each[name] for each in of_one]) for of_one in rounds.values())
    return (f"{name} {RECORDERS[name].version}", RECORDERS[name].bodies, *cells, f"{arrived} %")


def _arrived(figures: Sequence[Figures]) -> str:
    """Per cent of the requests whose records came in; never rounded up to all of them."""
    share = sum(one["records"] for one in figures) / sum(one["requests"] for one in figures) * 100
    return "100" if share == 100 else f"{min(share, 99.9):.1f}"


def _number(value: float) -> str:
    """Three digits that count; more before the point, where there are more."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
