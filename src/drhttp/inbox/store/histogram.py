"""The histogram of the SQLite file."""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from drhttp.inbox.query.nodes import All, Between, Node, reads_payload
from drhttp.inbox.store.aggregates import Histogram, grid, span
from drhttp.inbox.store.aggregates import histogram as counted
from drhttp.inbox.store.blocks.reading import Block, Gap, Reading
from drhttp.inbox.store.scan import Scan

READ_AGAIN = 8
"""Blocks that are read record by record because their bars are too wide. If there are more, the bars become wider."""
FEW = 100_000
"""Records that are read in one pass instead of two."""
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
        read, ends, rows = _ends(reading)
        low, width, bars = grid(*span(ends, start, end), buckets)
        wide = sorted(part.width for part in read if isinstance(part, Block) and width % part.width)
        if len(wide) > READ_AGAIN:
            low, width, bars = grid(*span(ends, start, end), buckets, wide[-1 - READ_AGAIN])
        reached = reading.reached
        rows += _rows(reading, read, low, width)
    counts = counted(rows, low, width, bars)
    total = sum(map(sum, counts))
    return Histogram(start=low, end=low + width * bars, width=width, counts=counts, total=total, scanned_to=reached)


def _ends(reading: Reading) -> tuple[list[Block | Gap], list[int | None], list[Row]]:
    """Return what is to be counted: parts, as far as there was time, first and last starts in these, and single rows.

    Of few matching records, rows are read at once; of more, only the first and the last start, for now.
    """
    parts: list[Block | Gap] = []
    ends: list[int | None] = []
    few: list[Row] = []
    left = FEW
    for part in reading:
        if isinstance(part, Block):
            found: list[int | None] = list(reading.ends(part))
        else:
            rows = list(islice(reading.rows(part, "r.started, r.status, 1"), left + 1))
            if len(rows) <= left:
                few += rows
                left -= len(rows)
                continue
            left = -1
            found = [end for row in reading.rows(part, "min(r.started), max(r.started)", group="") for end in row]
        if any(end is not None for end in found):
            cut = isinstance(part, Gap) and reading.reached is not None
            parts.append(Gap((reading.reached or 0, part.span[1])) if cut else part)
            ends += found
    return parts, [*ends, *(row[0] for row in few)], few


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
