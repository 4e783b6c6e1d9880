"""Who asked, and from which device: two header fields of the answer that are for the recorder, not for the client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DRHTTP_HEADER_USER = "x-drhttp-user"
DRHTTP_HEADER_DEVICE = "x-drhttp-device"

_LENGTHS = (len(DRHTTP_HEADER_USER), len(DRHTTP_HEADER_DEVICE))


@dataclass(frozen=True, slots=True)
class Identity:
    """What the identification headers of an answer said, and the other headers."""

    user: str | None
    device: str | None
    others: list[tuple[str, str]]


def identity(headers: Sequence[tuple[str, str]]) -> Identity | None:
    """The identification among the headers of an answer, in any case; `None` when there is none."""
    found = {}
    for name, value in headers:
        # The lengths alone rule out nearly every field, without making a text.
        if len(name) in _LENGTHS and name.lower() in (DRHTTP_HEADER_USER, DRHTTP_HEADER_DEVICE):
            found[name.lower()] = str(value)
    if not found:
        return None
    others = [pair for pair in headers if pair[0].lower() not in found]
    return Identity(found.get(DRHTTP_HEADER_USER) or None, found.get(DRHTTP_HEADER_DEVICE) or None, others)
