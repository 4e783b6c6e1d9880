"""Detects an application that has taken over the connection of a request, for instance for a WebSocket.

Such an application writes to the socket itself, and must keep the server from writing a second response. There are two
ways: it returns a special object of the server, such as `ALREADY_HANDLED`, or raises `StopIteration`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Types whose iteration cannot call `start_response`.
_CONTAINERS = frozenset((bytes, bytearray, str, list, tuple, set, frozenset, dict))


def is_final(result: Any, started: bool) -> bool:
    """Whether the server must get the result of the application itself, and not a wrapper.

    There are two cases: an object that cannot be iterated, such as gunicorn's `ALREADY_HANDLED`; and, if
    `start_response` was not called, an object whose iteration cannot call it. A generator may still call it, so it is
    not final.
    """
    kind = type(result)
    if not (hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")):
        return True
    return not started and (kind in _CONTAINERS or _is_sentinel(result))


def is_faulty(result: Any, answering: bool) -> bool:
    """Whether the server will fail on a final result, because a response has begun. It accepts a bare `object()`.

    answering: whether `start_response` was called with a status other than an interim one.
    """
    return answering and type(result) is not object and not hasattr(type(result), "__iter__")


def is_end(error: BaseException, environ: Mapping[str, Any], answering: bool) -> bool:
    """Whether an exception of the application is not an error, but the end of a connection that it has taken over.

    Under gunicorn, that is `StopIteration`. Under the server of Werkzeug, it is a bare `ConnectionError`, which the
    server treats as a disconnected client; it counts only if the client requested another protocol and no response has
    begun.
    """
    if type(error) is StopIteration:
        return True
    return type(error) is ConnectionError and not error.args and not answering and "HTTP_UPGRADE" in environ


def _is_sentinel(result: Any) -> bool:
    """Whether a result is the `ALREADY_HANDLED` of the module of its type. That of old eventlet can be iterated."""
    module = sys.modules.get(type(result).__module__)
    return getattr(module, "ALREADY_HANDLED", None) is result
