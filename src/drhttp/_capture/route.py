"""The template of a path, in one form: frameworks write parameters as `<int:id>`, `{id:int}` or `(?P<id>[0-9]+)`."""

from __future__ import annotations

import re
from functools import lru_cache

from drhttp._capture.route_pattern import plain

_LONGEST = 1000  # characters of a route
_ANGLE = re.compile(r"<(?:[^<>:]*:)?([^<>:]+)>")
_BRACES = re.compile(r"\{([^{}:]+):[^{}]*\}")
_GROUP = re.compile(r"\(\?P<([A-Za-z_][A-Za-z0-9_]*)>")
_ANCHORS = re.compile(r"\\[AZzb]|[\^$]")
_SLASHES = re.compile("/{2,}")


@lru_cache(maxsize=1024)
def template(route: str) -> str:
    """Write a route as `/orders/{id}`: with a slash in front, and with the names of its parameters in braces."""
    route = route[:_LONGEST]
    if "(" in route or "^" in route or "$" in route:
        text = plain(route)
        route = _ANCHORS.sub("", _named_groups(route)).replace("\\", "") if text is None else text
    route = _BRACES.sub(r"{\1}", _ANGLE.sub(r"{\1}", route))
    return _SLASHES.sub("/", f"/{route}")


def _named_groups(pattern: str) -> str:
    """Replace the named groups of an invalid regular expression, such as one cut off, by their names in braces."""
    parts = []
    while (found := _GROUP.search(pattern)) is not None:
        parts += [pattern[: found.start()], f"{{{found[1]}}}"]
        pattern = pattern[_end(pattern, found.end()) :]
    return "".join([*parts, pattern])


def _end(pattern: str, start: int) -> int:
    """The position behind the group that is open at `start`."""
    depth, position = 1, start
    while position < len(pattern) and depth:
        character = pattern[position]
        if character == "\\":
            position += 1
        depth += (character == "(") - (character == ")")
        position += 1
    return position
