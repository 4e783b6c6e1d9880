"""One request is one call, although the hooks of urllib3 and those of `http.client` both see it.

The first that sees it puts the call into an attribute of the connection, and the other takes it over.

The attribute is `None` between two calls. It is not deleted, and the dictionary of the connection is never asked for:
either would cost the interpreter what it knows of the attributes, and each later access to one of them takes longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drhttp._outbound.call import Call
    from drhttp._outbound.hook import Live

ATTRIBUTE = "_drhttp_call"  # of a connection: its call


def call_of(connection: Any) -> Any:
    """Return the call of a connection; `None` if there is none, or if the hooks that saw it begin are gone."""
    call = getattr(connection, ATTRIBUTE, None)
    if call is None or call.live:
        return call
    detach(connection, call)
    return None


def attach(connection: Any, call: Call, live: Live) -> None:
    """Put a call on its connection, where the hooks of other libraries find it. live: of the hooks that see it."""
    call.live = live
    setattr(connection, ATTRIBUTE, call)


def detach(connection: Any, call: Call) -> None:
    """Remove a call from its connection, and discard it if the hooks that saw it begin are gone."""
    if getattr(connection, ATTRIBUTE, None) is call:
        setattr(connection, ATTRIBUTE, None)
        if not call.live:
            call.discard()
