"""Truncated JSON: completes a document whose end is missing: `{"a": 1, "b": {"c": 2, "d` becomes `{"a": 1, "b": {"c":
2}}`.
"""

from __future__ import annotations

import re

from drhttp._json_document import NO_BRACKETS, split_strings

_PLACE = re.compile(r"[,{}\[\]](?=[^,{}\[\]]*\Z)")  # the last comma or bracket
_CLOSERS = {"{": "}", "[": "]"}
_DEEPEST = 60  # levels; deeper documents are read token by token


def close_brackets(text: str) -> str | None:
    """Return the document without its last member, whose name or value may be incomplete, and with closed brackets.

    `None` if the brackets do not allow that.
    """
    parts = split_strings(text)
    between = parts[::2]  # outside of strings; the last one is behind the last string, or before the truncated one
    end = len(text) - (len(parts[-1]) + 1 if len(parts) % 2 == 0 else 0)
    while between:
        place = _PLACE.search(between[-1])
        if place is not None:
            end -= len(between[-1]) - (place.start() if place[0] == "," else place.end())
            between[-1] = between[-1][: place.end()]
            opened = _opened("".join(between))
            return None if opened is None else text[:end] + "".join(_CLOSERS[each] for each in reversed(opened))
        end -= len(between.pop())
        if between:
            end -= len(parts[2 * len(between) - 1]) + 2
    return None


def _opened(structure: str) -> str | None:
    """Return the brackets that are open at the end, outermost first; `None` if they do not match, or are too many."""
    brackets = structure.encode("utf-8", "replace").translate(None, NO_BRACKETS)
    for _ in range(_DEEPEST):
        inner = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if inner == brackets:
            break
        brackets = inner
    opened = brackets.decode()
    return opened if 0 < len(opened) <= _DEEPEST and not opened.strip("{[") else None
