"""Decides whether an outgoing request is recorded, by which recorder, and under which request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from drhttp._capture import link
from drhttp._capture.sampling import chance
from drhttp._outbound.address import without_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._outbound.call import Call
    from drhttp._process.recorder import Recorder

C = TypeVar("C", bound="Call")

#: Returns the recorder of calls that belong to no request; `None` if there is none.
root_recorder: Callable[[], Recorder | None] = lambda: None  # noqa: E731 - replaced by the installation


def begin(kind: type[C], method: str, address: Any) -> C | None:
    """Begin the record of a request; `None` if it is not to be recorded.

    kind: the class of the call. address: as that class wants it.
    """
    if not link.watching:
        return None
    parent = link.variable.get()
    recorder = root_recorder() if parent is None else parent.recorder
    options = None if recorder is None else recorder.outbound_options
    if recorder is None or options is None:
        return None
    if options.excludes is not None and options.excludes(without_query(kind.uri_of(address))):
        return None
    if parent is None and options.sample_rate < 1.0 and chance() >= options.sample_rate:
        return None
    return kind(recorder, options, parent, method, address)


def recorder_here() -> Recorder | None:
    """The recorder of the requests that code in this context makes; `None` if they are not recorded."""
    if not link.watching:
        return None
    parent = link.variable.get()
    return root_recorder() if parent is None else parent.recorder


def set_root_recorder(find: Callable[[], Recorder | None]) -> None:
    """Set the function that finds the recorder of calls that belong to no request."""
    global root_recorder  # noqa: PLW0603 - belongs to the process
    root_recorder = find
