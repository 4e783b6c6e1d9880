"""Detects an application that has taken over the connection of a request, for instance for a WebSocket.

Such an application writes to the socket itself, and must keep the server from writing a second response. There are two
ways: it returns a special object of the server, such as `ALREADY_HANDLED`, or raises `StopIteration`.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from io import BytesIO, StringIO

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DATA: tuple[Any, ...] = (
    *((), [], {}, {}.keys(), {}.values(), {}.items(), OrderedDict(), set(), frozenset(), range(0), deque()),
    *("", b"", bytearray(), memoryview(b"")),
)

# The `__iter__` of types that hold data and of their iterators, so that it calls no code of the application. Subclasses
# inherit it, unless they have their own.
_ITERATIONS = frozenset(type(each).__iter__ for data in _DATA for each in (data, iter(data)))


def is_final(result: Any, started: bool) -> bool:
    """Whether the server must get the result of the application itself, and not a wrapper.

    There are two cases: an object that cannot be iterated, such as gunicorn's `ALREADY_HANDLED`; and, if
    `start_response` was not called, an object whose iteration cannot call it: data such as a list or a `deque`, an
    iterator over data, and the `ALREADY_HANDLED` of the module that defines its type.

    Anything else may still call `start_response`, so it is not final: a generator, `map`, or an object of the
    application's own class, even if the application means it as a sentinel. PEP 3333 allows such a class to be the
    application itself.
    """
    kind = type(result)
    if not (hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")):
        return True
    return not started and (_is_data(kind) or _is_sentinel(result))


def is_faulty(result: Any, answering: bool) -> bool:
    """Whether the server will fail on a final result, because a response has begun. It accepts a bare `object()`.

    answering: whether `start_response` was called with a status other than an interim one.
    """
    return answering and type(result) is not object and not hasattr(type(result), "__iter__")


def is_file(result: Any, file_wrapper: Any) -> bool:
    """Whether a result is a file that the server sends, from its `wsgi.file_wrapper`.

    If that is a function, the result is the file itself (uWSGI) or an object that refers to it (mod_wsgi).
    """
    if isinstance(file_wrapper, type):
        return isinstance(result, file_wrapper)
    return file_wrapper is not None and (hasattr(result, "read") or hasattr(result, "filelike"))


def is_end(error: BaseException, environ: Mapping[str, Any], answering: bool) -> bool:
    """Whether an exception of the application is not an error, but the end of a connection that it has taken over.

    Under gunicorn, that is `StopIteration`. Under the server of Werkzeug, it is a bare `ConnectionError`, which the
    server treats as a disconnected client; it counts only if the client requested another protocol and no response has
    begun.
    """
    if type(error) is StopIteration:
        return True
    return type(error) is ConnectionError and not error.args and not answering and "HTTP_UPGRADE" in environ


def _is_data(kind: type) -> bool:
    """Whether iterating an object of a type runs no code of the application."""
    if getattr(kind, "__iter__", None) in _ITERATIONS or kind is BytesIO or kind is StringIO:
        return True
    return kind.__module__ == "array" and kind.__name__ in ("array", "arrayiterator")  # by name: the import takes time


def _is_sentinel(result: Any) -> bool:
    """Whether a result is the `ALREADY_HANDLED` of the module of its type. That of old eventlet can be iterated."""
    module = sys.modules.get(type(result).__module__)
    return getattr(module, "ALREADY_HANDLED", None) is result
