"""The histogram of the SQLite file."""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterator

from drhttp.inbox.query.nodes import All, Between, Node, reads_payload
from drhttp.inbox.store.aggregates import Histogram, grid, span
from drhttp.inbox.store.aggregates import histogram as counted
from drhttp.inbox.store.blocks.reading import Block, Gap, Reading
from drhttp.inbox.store.scan import Scan

READ_AGAIN = 8
"""Blocks that are read record by record because their bars are too wide. If there are more, the bars become wider."""
Row = tuple[int, int | None, int]


def histogram(
    db: sqlite3.Connection, node: Node, start: int | None, end: int | None, buckets: int, seconds: float
) -> Histogram:
    """Return a histogram with at most `buckets` bars. Call within a transaction."""
    within = All((node, Between("started", start, None if end is None else end - 1)))
    if reads_payload(node):  # reading payloads twice would be too slow
        scan = Scan(db, "r.started, r.status, 1", within, seconds=seconds)
        rows: list[Row] = list(scan)
        low, width, bars = grid(*span((row[0] for row in rows), start, end), buckets)
        reached = None if scan.complete else scan.reached
    else:
        reading = Reading(db, within, seconds)
        read, ends = _ends(reading)
        low, width, bars = grid(*span(ends, start, end), buckets)
        wide = sorted(part.width for part in read if isinstance(part, Block) and width % part.width)
        if len(wide) > READ_AGAIN:
            low, width, bars = grid(*span(ends, start, end), buckets, wide[-1 - READ_AGAIN])
        reached = reading.reached
        rows = list(_rows(reading, read, low, width))
    counts = counted(rows, low, width, bars)
    total = sum(map(sum, counts))
    return Histogram(start=low, end=low + width * bars, width=width, counts=counts, total=total, scanned_to=reached)


def _ends(reading: Reading) -> tuple[list[Block | Gap], list[int | None]]:
    """Return the parts that hold what matches, as far as there was time, and first and last starts of these."""
    read: list[Block | Gap] = []
    ends: list[int | None] = []
    for part in reading:
        if isinstance(part, Block):
            found: list[int | None] = list(reading.ends(part))
        else:
            rows = reading.rows(part, "min(r.started), max(r.started)", group="")
            found = [end for row in rows for end in row]
        if any(end is not None for end in found):
            cut = isinstance(part, Gap) and reading.reached is not None
            read.append(Gap((reading.reached or 0, part.span[1])) if cut else part)
            ends += found
    return read, ends


def _rows(reading: Reading, read: list[Block | Gap], low: int, width: int) -> Iterator[Row]:
    columns = f"r.started - (r.started - {low}) % {width}, r.status / 100 * 100, count(*)"
    bars: defaultdict[tuple[int, int | None], int] = defaultdict(int)
    for part in read:
        if isinstance(part, Gap) or width % part.width:
            yield from reading.rows(part, columns, group="GROUP BY 1, 2", bounded=False)
            continue
        for status, times in reading.times(part):
            pairs = array("H", times)
            for place, count in zip(pairs[::2], pairs[1::2], strict=True):
                bars[(part.begin + place * part.width - low) // width, status] += count
    yield from ((low + bar * width, status, count) for (bar, status), count in bars.items())
