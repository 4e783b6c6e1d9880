"""Parses events so that a body that is JSON stays as it arrived, with its white space and its numbers.

A parser of JSON forgets how a value was written. So the members of an event, its request and its response are gone
through here, and only what they hold is left to `json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from drhttp.inbox.bounded_json import MAX_DEPTH, check_depth

_KEY = re.compile(r'[ \t\r\n]*"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
_NEXT_ITEM = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_SIDES = ("request", "response")
_SIGNS = (",", "}")
_decode = json.JSONDecoder().raw_decode
# What `raw_decode` calls; the types of the standard library do not list it.
_scan: Callable[[str, int], tuple[object, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


class JsonText(str):
    """A JSON object or array as it arrived."""

    __slots__ = ()


def loads(text: str) -> object:
    """Parse an event or an array of events. Raises as `json.loads`."""
    at = _space(text, 0)
    found = _array(text, at) if text[at : at + 1] == "[" else _event(text, at, MAX_DEPTH)
    # What is written otherwise than senders do, or is no JSON, is left to `json` as a whole.
    return found[0] if found is not None and _space(text, found[1]) == len(text) else json.loads(text)


def raw_decode(text: str, at: int) -> tuple[object, int]:
    """Parse an item of an array at an offset, and return it with its end. Raises as `json.JSONDecoder.raw_decode`."""
    return _event(text, at, MAX_DEPTH - 1) or _decode(text, at)


def _array(text: str, at: int) -> tuple[list[object], int] | None:
    found: list[object] = []
    at = _space(text, at + 1)
    while True:
        event = _event(text, at, MAX_DEPTH - 1)
        if event is None:
            return None
        found.append(event[0])
        sign = _NEXT_ITEM.match(text, event[1])
        if sign is None:
            return None
        at = sign.end()
        if sign[1] == "]":
            return found, at


def _event(text: str, at: int, levels: int) -> tuple[dict[str, object], int] | None:
    """Parse an object. levels: how deep it may be nested. `None` if only `json` can tell what it is."""
    return _object(text, at, levels, in_side=False) if text[at : at + 1] == "{" else None


def _object(text: str, at: int, levels: int, *, in_side: bool) -> tuple[dict[str, object], int] | None:
    members: dict[str, object] = {}
    sign = ","
    while sign == ",":
        key = _KEY.match(text, at + 1)
        if key is None:
            return None
        name, start = key[1], key.end()
        if name in _SIDES and not in_side and text.startswith("{", start):
            side = _object(text, start, levels - 1, in_side=True)
            if side is None:
                return None
            members[name], at = side
        else:
            try:
                members[name], at = _scan(text, start)
            except StopIteration:  # there is no value
                return None
            if in_side and name == "body" and text.startswith(("{", "["), start):
                check_depth(members[name], levels - 1)
                members[name] = JsonText(text[start:at])
        sign = text[at : at + 1]
        if sign not in _SIGNS:
            at = _space(text, at)
            sign = text[at : at + 1]
    return (members, at + 1) if sign == "}" else None


def _space(text: str, at: int) -> int:
    """Return the end of the white space at an offset."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
