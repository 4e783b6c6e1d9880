"""Surroundings of escapes: in a long text with few of them, only these parts are searched again once decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

_LONG = 4000  # characters of a text that is worth dividing
_LARGEST_SHARE = 3  # one part in three of the text
_BEFORE, _BEHIND = 600, 300  # characters: a name with its value, or a token, begins and ends within these


def surroundings(text: str, escape: re.Pattern[str]) -> list[str] | None:
    """Return the parts of a long text around its escapes; `None` if it is short, or if they are a large part of it."""
    if len(text) < _LONG:
        return None
    spans: list[tuple[int, int]] = []
    left, end = len(text) // _LARGEST_SHARE, 0
    for match in escape.finditer(text):
        begin = max(end, match.start() - _BEFORE)
        end_here = match.end() + _BEHIND
        left -= end_here - begin
        if left < 0:
            return None
        if spans and begin == end:
            spans[-1] = (spans[-1][0], end_here)
        else:
            spans.append((begin, end_here))
        end = end_here
    return [text[begin:end] for begin, end in spans]
