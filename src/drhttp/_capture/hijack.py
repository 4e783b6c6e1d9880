"""How an application ends a request whose connection it has taken over, for instance for a WebSocket.

It writes to the socket itself and must keep the server from writing a second answer. Servers know two signs for that:
an object that they compare with one of their own, or `StopIteration`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Types whose iteration cannot call `start_response`.
_CONTAINERS = frozenset((bytes, bytearray, str, list, tuple, set, frozenset, dict))


def is_final(result: Any, started: bool) -> bool:
    """Whether a server must get this very result of an application, because iterating it answers nothing.

    That is an object that cannot be iterated, such as gunicorn's `ALREADY_HANDLED`; or, as long as `start_response` was
    not called, one that cannot call it either. A generator that will call it in its first `next` is not final.
    """
    kind = type(result)
    if not (hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")):
        return True
    return not started and (kind in _CONTAINERS or _is_sentinel(result))


def is_faulty(result: Any, answering: bool) -> bool:
    """Whether a server will fail on a final result, because an answer has begun: a bare `object()` is a sign to it.

    answering: whether `start_response` was called with a status other than an interim one.
    """
    return answering and type(result) is not object and not hasattr(type(result), "__iter__")


def is_end(error: BaseException, environ: Mapping[str, Any], answering: bool) -> bool:
    """Whether an exception of an application is no error but the end of a connection taken over.

    `StopIteration` is that under gunicorn. Under Werkzeug's server it is a bare `ConnectionError`, which that server
    takes for a client that has left; it counts only where the client asked for another protocol and no answer began.
    """
    if type(error) is StopIteration:
        return True
    return type(error) is ConnectionError and not error.args and not answering and "HTTP_UPGRADE" in environ


def _is_sentinel(result: Any) -> bool:
    """Whether it is the `ALREADY_HANDLED` of the module that defines its type; that of old eventlet can be iterated."""
    module = sys.modules.get(type(result).__module__)
    return getattr(module, "ALREADY_HANDLED", None) is result
