"""Bodies of lines: JSON in each (NDJSON), and streams of events (`text/event-stream`)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from drhttp._redact.json import mask_json, mask_string
from drhttp._redact.rules import Refusal

if TYPE_CHECKING:
    from drhttp._redact.rules import Rules

_DATA = "data:"


def mask_lines(text: str, rules: Rules, *, cut: bool) -> tuple[str, int]:
    """NDJSON, masked, and how many values that were; without the last line if it was cut. Raises `Refusal`."""
    lines = text.split("\n")
    if cut:
        lines = lines[:-1]
    # RFC 7464 puts a control character in front of each line. Together they make one document, which is read at once.
    bodies = {at: body for at, line in enumerate(lines) if (body := line.lstrip("\x1e\ufeff")).strip()}
    masked, count = mask_json("[" + ",\n".join(bodies.values()) + "]", rules)
    if not count:
        return "\n".join(lines), 0
    replaced = masked[1:-1].split(",\n")
    if len(replaced) != len(bodies):
        raise Refusal("unparsable")  # a document that goes over several lines
    for (at, body), line in zip(bodies.items(), replaced, strict=True):
        lines[at] = lines[at][: len(lines[at]) - len(body)] + line
    return "\n".join(lines), count


def mask_events(text: str, rules: Rules, *, cut: bool) -> tuple[str, int]:
    """A stream of events, masked, and how many values that were; without the last event if it was cut.

    The lines of one event's data make one text.
    """
    lines = text.split("\n")
    if cut:
        lines = lines[: max((at for at, line in enumerate(lines) if not line.strip()), default=0)]
    masked, total = [], 0
    for is_data, group in groupby(lines, lambda line: line.startswith(_DATA)):
        some = list(group)
        data = "\n".join(line[len(_DATA) :] if is_data else line for line in some)
        body, count = mask_string(data, rules)
        total += count
        front = _DATA if is_data else ""
        masked += [front + line for line in body.split("\n")] if count else some
    return "\n".join(masked), total
