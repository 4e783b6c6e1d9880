"""Line formats: masks JSON on each line (NDJSON), and server-sent events, such as `data: {"token": "abc"}`."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.json import mask_json, mask_string

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_DATA = "data:"
_END = re.compile(r"\r\n|\n|\r")


def mask_ndjson(text: str, policy: Policy, *, cut: bool) -> tuple[str, int]:
    """Mask NDJSON; return it and how many values were masked. Raises `MaskingError`.

    cut: the end is missing, so the last line is left out.
    """
    lines = text.split("\n")
    if cut:
        lines = lines[:-1]
    # RFC 7464 puts a control character in front of each line. The lines are masked together, as one array.
    bodies = {at: body for at, line in enumerate(lines) if (body := line.lstrip("\x1e\ufeff")).strip()}
    masked, count = mask_json("[" + ",\n".join(bodies.values()) + "]", policy)
    if not count:
        return "\n".join(lines), 0
    replaced = masked[1:-1].split(",\n")
    if len(replaced) != len(bodies):
        raise MaskingError("unparsable")  # a document with several lines
    for (at, body), line in zip(bodies.items(), replaced, strict=True):
        lines[at] = lines[at][: len(lines[at]) - len(body)] + line
    return "\n".join(lines), count


def mask_sse(text: str, policy: Policy, *, cut: bool) -> tuple[str, int]:
    """Mask a stream of server-sent events; return it and how many values were masked.

    The `data` lines of an event are masked together. cut: the end is missing, so the last event is left out.
    """
    ends = _END.findall(text)
    lines = _END.split(text)
    if cut:
        lines = lines[: max((at for at, line in enumerate(lines) if not line.strip()), default=0)]
        ends = ends[: max(0, len(lines) - 1)]
    total, begin = 0, 0
    for at in [*(at for at, line in enumerate(lines) if not line.strip()), len(lines)]:
        if begin < at:
            total += _mask_event(lines, range(begin, at), policy)
        begin = at + 1
    return "".join(line + end for line, end in zip_longest(lines, ends, fillvalue="")), total


def _mask_event(lines: list[str], event: range, policy: Policy) -> int:
    """Mask the lines of one event in place: its `data` lines together, and the others together."""
    total = 0
    policy.budget.spend(4)
    data = [at for at in event if lines[at].startswith(_DATA)]
    others = [at for at in event if not lines[at].startswith(_DATA)]
    for places in (data, others):
        if not places:
            continue
        # One space behind the colon is not part of the data, and would make a line look indented.
        fronts = [
            (f"{_DATA} " if lines[at].startswith(f"{_DATA} ") else _DATA) if places is data else "" for at in places
        ]
        masked, count = mask_string(
            "\n".join(lines[at][len(front) :] for at, front in zip(places, fronts, strict=True)), policy
        )
        if count:
            texts = masked.split("\n", len(places) - 1)
            texts += [""] * (len(places) - len(texts))
            for at, front, line in zip(places, fronts, texts, strict=True):
                lines[at] = front + line
        total += count
    return total
