"""Links the requests that an application makes to the request that it serves: one context variable.

A middleware calls `enter` when it begins to serve a request, and `leave` of the result when that is over:

    entered = link.enter(recorder, traceparent)
    ...
    entered.leave()  # unless it is `None`

Tasks, thread pools and timers that are born in a request keep their copy of its context for ever. So the variable holds
ids and the recorder, but nothing of the request.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from drhttp._process.recorder import Recorder
    from drhttp._record import Trace


class Link:
    """The request that the code in a context belongs to.

    recorder: records the requests that the code makes; `None` if they are not recorded. over: the request has ended;
    what it has left behind, such as tasks, still belongs to it.
    """

    __slots__ = ("_ids", "_traceparent", "over", "recorder")

    def __init__(self, recorder: Recorder | None, traceparent: str | None = None) -> None:
        self.recorder = recorder
        self.over = False
        self._traceparent = traceparent
        self._ids = b"" if recorder is None else os.urandom(24)

    def trace(self) -> Trace:
        """The position of the request in its trace. It is the same with every call."""
        from drhttp._capture.trace import continue_trace  # not at the top, because it is slow to load

        ids = self._ids.hex()
        return continue_trace(self._traceparent, ids[:32], ids[32:])


class Entry:
    """What `leave` needs to know. link: of the request that was entered."""

    __slots__ = ("_previous", "link")

    def __init__(self, link: Link, previous: Link | None) -> None:
        self.link = link
        self._previous = previous

    def leave(self) -> None:
        """The request is over: restore the previous link, if this is still the context of the request.

        Without a token of the context variable, because some servers close a response in another context.
        """
        self.link.over = True
        previous, self._previous = self._previous, None
        if variable.get() is self.link:
            variable.set(None if previous is None or previous.over else previous)


#: Whether outgoing requests are watched at all. If they are not, nothing has to be linked.
watching = False

#: The link of each context; `None` outside of requests.
variable: ContextVar[Link | None] = ContextVar("drhttp.link", default=None)


def current() -> Link | None:
    """The link of this context; `None` outside of requests."""
    return variable.get()


def enter(recorder: Recorder | None, traceparent: str | None) -> Entry | None:
    """A request begins in this context. `None` if nobody watches outgoing requests.

    recorder: records the requests that the application makes meanwhile; `None` if they are not recorded. traceparent:
    the header field of the request.
    """
    if not watching:
        return None
    link = Link(recorder, traceparent)
    entry = Entry(link, variable.get())
    variable.set(link)
    return entry


def forget_ended() -> None:
    """What begins in this context belongs to no request that has ended."""
    ended = variable.get()
    if ended is not None and ended.over:
        variable.set(None)


def watch(on: bool) -> None:
    """Set whether outgoing requests are watched."""
    global watching  # noqa: PLW0603 - belongs to the process
    watching = on
