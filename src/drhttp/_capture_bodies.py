"""The option `capture_bodies`: which bodies are captured, by direction and by content type."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drhttp._record import Headers

_DIRECTIONS = ("request", "response")


@dataclass(frozen=True, slots=True)
class CaptureBodies:
    """Which bodies to capture, by direction: all, none, or those whose content type matches a pattern."""

    request: bool | tuple[str, ...] = True
    response: bool | tuple[str, ...] = True

    def takes(self, direction: str, headers: Headers) -> bool:
        """Whether to capture a body with these header fields. direction: "request" or "response"."""
        wanted = self.request if direction == "request" else self.response
        if isinstance(wanted, bool):
            return wanted
        content_type = next((value for name, value in headers if name == "content-type"), "")
        kind = content_type.partition(";")[0].strip().lower()
        return any(fnmatch.fnmatchcase(kind, pattern) for pattern in wanted)

    @classmethod
    def of(cls, value: Any) -> CaptureBodies:
        """Build from a value of the option `capture_bodies`. Raises `ValueError` or `TypeError`."""
        if isinstance(value, CaptureBodies):
            return value
        if isinstance(value, bool):
            return cls(value, value)
        if isinstance(value, str):
            if value not in _DIRECTIONS:
                raise ValueError
            return cls(value == "request", value == "response")
        if isinstance(value, Mapping):
            if not set(value) <= set(_DIRECTIONS):
                raise ValueError
            return cls(*(_wanted(value.get(direction, False)) for direction in _DIRECTIONS))
        types = _wanted(value)
        return cls(types, types)


def _wanted(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    types = tuple(value) if not isinstance(value, str | bytes) else ()
    if not types or not all(isinstance(each, str) and "/" in each for each in types):
        raise TypeError
    return tuple(each.lower() for each in types)
