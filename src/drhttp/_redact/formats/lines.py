"""Lines of a text: where the line of a name begins, and where the lines below it end that are indented deeper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._redact.work_budget import Spend

_LEAD = re.compile(r"""[ \t]*(?:(?:[-*#>;]|//|export|set)[ \t]*)?[*_~]{0,3}["']?""")
_INDENTED = re.compile(r"([ \t]*)([^\r\n]*)(?:\r\n?|\n|\Z)")
_LONGEST_LEAD = 40  # characters in front of a name that begins a line


def line_start(text: str, start: int) -> int | None:
    """Return where the line begins, if only bullets and quotes precede the position; `None` otherwise."""
    newest = max(0, start - _LONGEST_LEAD)
    line = max(text.rfind("\n", newest, start), text.rfind("\r", newest, start)) + 1
    if line == 0 and newest > 0:
        return None
    lead = _LEAD.match(text, line, start)
    return line if lead is not None and lead.end() == start else None


def end_of_block(text: str, at: int, indent: int, spend: Spend) -> int:
    """Return where the lines with deeper indentation end. spend: called with the work done."""
    lines = 0
    end = filled = at
    while end < len(text):
        line = _INDENTED.match(text, end)
        if line is None:
            break
        depth = len(line[1])
        if line[2] and (depth < indent or (depth == indent and line[2][:2] != "- ")):
            break
        filled, end = (line.end(2) if line[2] else filled), line.end()
        lines += 1
        if not lines % 8:
            spend(6)
    return filled
