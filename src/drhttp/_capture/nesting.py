"""The recording of an ASGI request by context variable: an adapter to WSGI makes a new environ, without our mark."""

from __future__ import annotations

from contextvars import ContextVar


class Nesting:
    """Says whether the request that this context belongs to is being recorded.

    A small object, because each task and timer that is born in a request keeps its copy of the context, for ever.
    """

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False


#: Set as long as an ASGI application handles a request that is recorded.
nesting: ContextVar[Nesting | None] = ContextVar("drhttp.nesting", default=None)


def is_recorded_outside() -> bool:
    """Whether an ASGI middleware around this application records the request."""
    outer = nesting.get()
    return outer is not None and not outer.done
