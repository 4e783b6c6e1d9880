"""Truncated JSON: completes a document whose end is missing: `{"a": 1, "b": {"c": 2, "d` becomes `{"a": 1, "b": {"c":
2}}`.
"""

from __future__ import annotations

import re

from drhttp._json_document import NO_BRACKETS, brackets_and_quotes, split_strings

_PLACE = re.compile(r"[,{}\[\]](?=[^,{}\[\]]*\Z)")  # the last comma or bracket
_CLOSERS = {"{": "}", "[": "]"}
_DEEPEST = 60  # levels; deeper documents are read token by token


def close_brackets(text: str) -> str | None:
    """Return the document without its last member, whose name or value may be incomplete, and with closed brackets.

    `None` if the brackets do not allow that.
    """
    if '\\"' not in text and "\\\\" not in text:  # then each quote begins or ends a string
        end = _end_of_last_member(text)
        brackets = brackets_and_quotes(text[:end])
        if b'"' not in brackets:
            return _close(text, end, brackets)
    return _close_by_parts(text)


def _end_of_last_member(text: str) -> int:
    """Return where the last member ends that is certainly complete, or where the last bracket opens; 0 without one."""
    end = text.rfind('"') if text.count('"') % 2 else len(text)
    while end > 0:
        behind = text.rfind('"', 0, end) + 1  # the last string in front
        place = _PLACE.search(text[behind:end])
        if place is not None:
            return behind + (place.start() if place[0] == "," else place.end())
        end = text.rfind('"', 0, behind - 1) if behind else 0
    return 0


def _close(text: str, end: int, brackets: bytes) -> str | None:
    opened = _opened(brackets)
    return None if opened is None else text[:end] + "".join(_CLOSERS[each] for each in reversed(opened))


def _close_by_parts(text: str) -> str | None:
    """Do the same for a text with escaped quotes, or with brackets in strings."""
    parts = split_strings(text)
    between = parts[::2]  # outside of strings; the last one is behind the last string, or before the truncated one
    end = len(text) - (len(parts[-1]) + 1 if len(parts) % 2 == 0 else 0)
    while between:
        place = _PLACE.search(between[-1])
        if place is not None:
            end -= len(between[-1]) - (place.start() if place[0] == "," else place.end())
            between[-1] = between[-1][: place.end()]
            return _close(text, end, "".join(between).encode("utf-8", "replace").translate(None, NO_BRACKETS))
        end -= len(between.pop())
        if between:
            end -= len(parts[2 * len(between) - 1]) + 2
    return None


def _opened(brackets: bytes) -> str | None:
    """Return the brackets that are open at the end, outermost first; `None` if they do not match, or are too many."""
    for _ in range(_DEEPEST):
        inner = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if inner == brackets:
            break
        brackets = inner
    opened = brackets.decode()
    return opened if 0 < len(opened) <= _DEEPEST and not opened.strip("{[") else None
