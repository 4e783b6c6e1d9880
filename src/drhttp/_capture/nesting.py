"""The recording of an ASGI request by context variable.

Frameworks copy the scope, and adapters to WSGI make a new environ, without the mark of the middleware.
"""

from __future__ import annotations

from contextvars import ContextVar

from drhttp._capture.environ_flags import ROUTE, SENSITIVE, SKIP, add_names

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from drhttp._capture.exchange import Exchange

    Request = MutableMapping[str, Any]  # an environ or a scope

_MOST_REQUESTS = 10  # attached at a time; an application that calls others without end would attach ever more


class Nesting:
    """Says whether the request that this context belongs to is being recorded, and takes what it says about itself.

    A small object, because each task and timer that is born in a request keeps its copy of the context, for ever.
    exchange: set by the middleware if the request is part of the sample. flags: set by `set_flag`. requests: the
    environs and the copies of the scope in which the application may set flags until the response has ended.
    """

    __slots__ = ("done", "exchange", "flags", "requests")

    def __init__(self) -> None:
        self.done = False
        self.exchange: Exchange | None = None
        self.flags: dict[str, Any] = {}
        self.requests: tuple[Request, ...] = ()

    def attach(self, request: Request) -> None:
        """Read the flags of an environ or a copy of the scope, too, when the response has ended."""
        if self.done or self.exchange is None:
            return
        if len(self.requests) == _MOST_REQUESTS:
            _add_flags(self.flags, self.requests[0])
            self.requests = self.requests[1:]
        self.requests = (*self.requests, request)

    def handle(self, error: BaseException) -> None:
        """Note an exception of which a framework makes a response."""
        exchange = self.exchange
        if exchange is not None and not self.done:
            exchange.handle(error)

    def take_flags(self, scope: Request) -> tuple[dict[str, Any], Request]:
        """Return the flags in the scope and in all that was attached, and the innermost scope; forget the requests."""
        requests, self.requests, self.exchange = self.requests, (), None
        flags: dict[str, Any] = {}
        _add_flags(flags, scope)
        if not (requests or self.flags):  # as nearly always
            return flags, scope
        for each in (*requests, self.flags):
            _add_flags(flags, each)
        return flags, next((each for each in reversed(requests) if "type" in each), scope)


#: Set as long as an ASGI application handles a request that is recorded.
nesting: ContextVar[Nesting | None] = ContextVar("drhttp.nesting", default=None)


def recorded_outside() -> Nesting | None:
    """What an ASGI middleware around this application has set if it records the request; otherwise `None`."""
    outer = nesting.get()
    return None if outer is None or outer.done else outer


def set_flag(request: Request, name: str, value: object) -> None:
    """Set a flag in the environ or the scope of a request, and for an ASGI middleware around this application."""
    request[name] = value
    outer = recorded_outside()
    if outer is not None:
        _add_flags(outer.flags, {name: value})


def _add_flags(flags: dict[str, Any], found: Request) -> None:
    """Add the flags of one mapping. What is sensitive for one of them is sensitive for all; the last route counts."""
    if found.get(SKIP):
        flags[SKIP] = True
    names = found.get(SENSITIVE)
    if names is not None:
        flags[SENSITIVE] = add_names(flags.get(SENSITIVE), names)
    route = found.get(ROUTE)
    if route is not None:
        flags[ROUTE] = route
