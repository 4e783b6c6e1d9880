"""Keeps the POSTs of the delivery out of the records: they are requests that this process makes, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drhttp._capture import link

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")

_UNRECORDED = link.Link(None)


def unrecorded(function: Callable[..., R], *args: object) -> R:
    """Call `function(*args)`. Requests that it makes are not recorded."""
    token = link.variable.set(_UNRECORDED)
    try:
        return function(*args)
    finally:
        link.variable.reset(token)
