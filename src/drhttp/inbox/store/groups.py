"""Users and devices of the SQLite file."""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from drhttp.inbox.query.nodes import All, Node, Present
from drhttp.inbox.store.aggregates import PARTS, Group, Groups, latest, tally
from drhttp.inbox.store.blocks import UNKNOWN
from drhttp.inbox.store.blocks.builder import offset_type
from drhttp.inbox.store.blocks.reading import Block, Reading
from drhttp.inbox.store.rollup import middle


@dataclass(frozen=True, slots=True)
class _Piece:
    """The matching records of a group in one block. starts: ascending, from `begin`. others: places in `names`."""

    begin: int
    durations: Sequence[int]
    starts: Sequence[int]
    others: Sequence[int]
    names: Sequence[str]


def groups(db: sqlite3.Connection, node: Node, column: str, other: str, limit: int, seconds: float) -> Groups:
    """Group the matching records by user or device. Call within a transaction."""
    found: dict[str, Group] = {}
    pieces: defaultdict[str, list[_Piece]] = defaultdict(list)
    reading = Reading(db, node, seconds)
    present = All((node, Present(column)))
    columns = f"r.{column}, r.{other}, r.started, r.duration, r.error, r.status"
    for part in reading:
        if isinstance(part, Block) and part.cells:
            names = json.loads(reading.names(part, other))
            for row in _chosen(reading, part, column):
                _add(found, pieces, part, names, row)
        elif not isinstance(part, Block):
            tally(reading.rows(part, columns, node=present), found)
    kept, start, end = latest(found, limit)
    for one in kept:
        for piece in pieces[one.name]:
            _fill(one, piece, start, end)
        _count(one, pieces[one.name])
    return Groups(groups=kept, total=len(found), start=start, end=end, scanned_to=reading.reached)


Row = tuple[str, int, int, int, Sequence[int], Sequence[int], Sequence[int]]
"""Name, count, errors, client errors, durations, starts and others."""


def _chosen(reading: Reading, block: Block, kind: str) -> Iterator[Row]:
    """Yield the members of a block, with those of their records that are in the matching cells."""
    members, *blobs = reading.members(block, kind)
    cells, durations = array("h", blobs[0]), array("h", blobs[1])
    starts, others = array(offset_type(block.width), blobs[2]), array("h", blobs[3])
    failures = {} if block.whole else reading.failures(block)
    hits = [] if block.whole else [cell in failures for cell in cells]
    end = 0
    for name, count, errors, client_errors in json.loads(members):
        here = slice(end, end + count)
        end += count
        arrays = durations[here], starts[here], others[here]
        if block.whole:
            yield name, count, errors, client_errors, *arrays
            continue
        counted = Counter(compress(cells[here], hits[here]))
        if counted:
            failed = [(failures[cell], times) for cell, times in counted.items()]
            sums = [sum(each[at] * times for each, times in failed) for at in (0, 1)]
            kept = [list(compress(each, hits[here])) for each in arrays]
            yield name, counted.total(), sums[0], sums[1], kept[0], kept[1], kept[2]


def _add(
    found: dict[str, Group], pieces: defaultdict[str, list[_Piece]], block: Block, names: Sequence[str], row: Row
) -> None:
    name, count, errors, client_errors, durations, starts, others = row
    one = found.get(name)
    if one is None:
        one = found[name] = Group(name)
    one.count += count
    one.errors += errors
    one.client_errors += client_errors
    one.first, one.last = min(one.first, block.begin + starts[0]), max(one.last, block.begin + starts[-1])
    pieces[name].append(_Piece(block.begin, durations, starts, others, names))


def _fill(one: Group, piece: _Piece, start: int, end: int) -> None:
    """Add a piece to the timeline of a group."""
    width, since = end - start, piece.begin - start
    first, last = ((piece.starts[at] + since) * PARTS // width for at in (0, -1))
    low = 0
    for part in range(first, last):
        # Records of this part are those before the first microsecond of the next one.
        high = bisect_left(piece.starts, -(-(part + 1) * width // PARTS) - since)
        one.timeline[part] += high - low
        low = high
    one.timeline[last] += len(piece.starts) - low


def _count(one: Group, pieces: Sequence[_Piece]) -> None:
    """Count durations and counterparts of all pieces of a group."""
    durations = array("h")
    for piece in pieces:
        durations.extend(piece.durations)
        for code, times in Counter(piece.others).items():
            if code != UNKNOWN:
                one.others[piece.names[code]] += times
    for place, times in Counter(durations).items():
        if place != UNKNOWN:
            one.durations[middle(place)] += times
