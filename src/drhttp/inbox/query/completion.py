"""Completion of a partial query."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from drhttp.inbox.query.fields import FIELDS

MAX_COMPLETIONS = 20
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9._-]*):(.*)", re.DOTALL)
_CLOSING = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_STORED = {"status", "method", "path", "host", "user", "device", "route", "type", "client", "exception", "tag"}

Values = Callable[[str, str, int], list[tuple[str, int]]]
"""Type of a function that returns the most frequent values of a column that contain a string, with counts."""


@dataclass(frozen=True, slots=True)
class Completion:
    insert: str
    label: str
    detail: str


def complete(text: str, cursor: int, values: Values) -> tuple[int, int, list[Completion]]:
    """Return the start and end of the word at the cursor, and its completions."""
    start, end = _bounds(text, cursor)
    word = text[start:cursor]
    named = _NAMED.fullmatch(word)
    if named and named[1].lower() in FIELDS:
        return start, end, _values(named[1].lower(), named[2].lstrip('"'), values)
    return start, end, _names(word.lower())


def _bounds(text: str, cursor: int) -> tuple[int, int]:
    """Return the start and end of the word at the cursor; a quoted value belongs to its word as a whole."""
    start, quoted = 0, False
    for at, char in enumerate(text[:cursor]):
        if char == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif not quoted and (char.isspace() or char in "()" or (char == "-" and at == start)):
            start = at + 1
    if quoted and (closing := _CLOSING.match(text, cursor)):
        return start, closing.end()
    end = cursor
    while end < len(text) and not text[end].isspace() and text[end] not in '()"':
        end += 1
    return start, end


def _names(word: str) -> list[Completion]:
    first = [name for name in FIELDS if name.startswith(word)]
    others = [name for name in FIELDS if word in name and name not in first] if word else []
    return [Completion(f"{name}:", name, FIELDS[name].detail) for name in [*first, *others]]


def _values(name: str, part: str, values: Values) -> list[Completion]:
    field = FIELDS[name]
    listed = [Completion(f"{name}:{value}", value, "") for value in field.values if value.startswith(part.lower())]
    column = field.column
    found = values(column, part, MAX_COMPLETIONS) if name in _STORED else []
    seen = {one.label.lower() for one in listed}
    listed += [
        Completion(f"{name}:{spelled(value)}", value, f"{count:,} record{'s' if count != 1 else ''}")
        for value, count in found
        if value.lower() not in seen
    ]
    return listed[:MAX_COMPLETIONS]


def spelled(value: str) -> str:
    """Quote a value for a query if necessary."""
    if value and re.fullmatch(r"[^\s\"()*?\\]+", value) and value.lower() not in {"none", "any"}:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
