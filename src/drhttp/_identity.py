"""Who asked, from which device: header fields of an answer that are for the recorder, not for the client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DRHTTP_HEADER_USER = "x-drhttp-user"
DRHTTP_HEADER_DEVICE = "x-drhttp-device"
HEADER_SKIP = "x-drhttp-skip"

_NAMES = frozenset((DRHTTP_HEADER_USER, DRHTTP_HEADER_DEVICE, HEADER_SKIP))
_LENGTHS = frozenset(map(len, _NAMES))


@dataclass(frozen=True, slots=True)
class Identity:
    """What the header fields for the recorder said, and the others. skip: the answer asks not to be recorded."""

    user: str | None
    device: str | None
    skip: bool
    others: list[tuple[str, str]]


def identity(headers: Sequence[tuple[str, str]]) -> Identity | None:
    """The identification among the headers of an answer, in any case; `None` when there is none."""
    found: dict[str, str] = {}
    for name, value in headers:
        # The lengths alone rule out nearly every field, without making a text.
        if len(name) in _LENGTHS and name.lower() in _NAMES:
            found[name.lower()] = str(value)
    if not found:
        return None
    others = [pair for pair in headers if pair[0].lower() not in found]
    skip = found.get(HEADER_SKIP, "0").strip().lower() not in ("", "0", "false")
    return Identity(found.get(DRHTTP_HEADER_USER) or None, found.get(DRHTTP_HEADER_DEVICE) or None, skip, others)
