"""The recording of an ASGI request by context variable.

Frameworks copy the scope, and adapters to WSGI make a new environ, without the mark of the middleware.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any


class Nesting:
    """Says whether the request that this context belongs to is being recorded.

    A small object, because each task and timer that is born in a request keeps its copy of the context, for ever.
    flags: set by `set_flag`.
    """

    __slots__ = ("done", "flags")

    def __init__(self) -> None:
        self.done = False
        self.flags: dict[str, Any] = {}


#: Set as long as an ASGI application handles a request that is recorded.
nesting: ContextVar[Nesting | None] = ContextVar("drhttp.nesting", default=None)


def is_recorded_outside() -> bool:
    """Whether an ASGI middleware around this application records the request."""
    outer = nesting.get()
    return outer is not None and not outer.done


def set_flag(request: MutableMapping[str, Any], name: str, value: object) -> None:
    """Set a flag in the environ or the scope of a request, and for an ASGI middleware around this application."""
    request[name] = value
    outer = nesting.get()
    if outer is not None and not outer.done:
        outer.flags[name] = value
