"""Hooks in urllib3 for what fails before `http.client` takes over: TLS and proxies.

Both happen when a pool opens a connection, and only then does a hook do anything. The methods that open one do not know
the request, but the method of the pool that has called them does.

The library itself is not imported: the hooks are made of its module when the application has imported it.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from drhttp._guard import guarded
from drhttp._outbound.call import Call
from drhttp._outbound.deduplication import attach, call_of, detach
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.http_client import connection_hooks
from drhttp._outbound.selection import begin, recorder_here
from drhttp._outbound.transmission import Transmission

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from drhttp._outbound.call import Fields
    from drhttp._outbound.hook import Live

_FARTHEST = 10  # frames, some of which may be those of others that have replaced the same methods


class _PoolRequest(NamedTuple):
    """The request for which a pool opens a connection."""

    method: str
    target: str
    headers: Fields


def _hooks(module: ModuleType) -> list[Hook]:
    import http.client  # not at the top, because it is slow to load

    base = next((each for each in module.HTTPConnection.__mro__ if each.__module__ == "http.client"), None)
    if base is None:
        raise AttributeError("its connections are not those of http.client")
    pool = module.HTTPSConnectionPool
    hooks = [
        Hook(pool, "_validate_conn", _wrap_validate_conn, (None, None)),
        Hook(pool, "_prepare_proxy", _wrap_prepare_proxy, (None, None)),
    ]
    if base is not http.client.HTTPConnection:  # which was reloaded since urllib3 was imported
        hooks += connection_hooks(base, http.client)
    return hooks


def _wrap_validate_conn(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def validate_conn(self: Any, conn: Any) -> Any:
        # On a connection that is open, nothing fails before the hooks of `http.client` see the request.
        opens = live and getattr(conn, "sock", None) is None and recorder_here() is not None
        sent = guarded(_begin, self, conn, live) if opens else None
        if sent is None:
            return original(self, conn)
        sent.receiving = True
        try:
            result = original(self, conn)
        except BaseException as error:
            guarded(_failed, conn, sent, error)
            raise
        sent.receiving = False
        return result

    return validate_conn


def _wrap_prepare_proxy(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def prepare_proxy(self: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
        call = guarded(_begin_tunnelled, self) if live else None
        try:
            result = original(self, conn, *args, **kwargs)
        except BaseException as error:
            if call is not None:
                guarded(call.failed, error)
            raise
        if call is not None:
            call.discard()  # the request itself begins now
        return result

    return prepare_proxy


def _begin(pool: Any, connection: Any, live: Live) -> Transmission | None:
    """Put a call on the connection, which the hooks of `http.client` take over."""
    request = _request_of(pool, "_make_request")
    if request is None:
        return None
    sent = begin(Transmission, request.method, (pool.scheme, pool.host, pool.port, request.target))
    if sent is None:
        return None
    before = call_of(connection)
    if before is not None:
        before.closed()  # nobody has asked for the response
    sent.request_headers = request.headers
    attach(connection, sent, live)
    return sent


def _begin_tunnelled(pool: Any) -> Call | None:
    request = _request_of(pool, "urlopen")
    if request is None:
        return None
    call = begin(Call, request.method, (pool.scheme, pool.host, pool.port, request.target))
    if call is not None:
        call.request_headers = request.headers
    return call


def _request_of(pool: Any, function: str) -> _PoolRequest | None:
    """The arguments of a method of the pool that is under way; `None` if it is not found."""
    frame = inspect.currentframe()
    for _ in range(_FARTHEST):
        frame = None if frame is None else frame.f_back
        if frame is not None and frame.f_code.co_name == function:
            arguments = frame.f_locals
            if arguments.get("self") is pool and "method" in arguments and "url" in arguments:
                headers = arguments.get("headers")
                return _PoolRequest(str(arguments["method"]), str(arguments["url"]), _fields(headers))
    return None


def _failed(connection: Any, sent: Transmission, error: BaseException) -> None:
    """The connection could not be opened."""
    detach(connection, sent)
    sent.failed(error)


def _fields(headers: Any) -> Fields:
    return [(_text(name), _text(value)) for name, value in headers.items()] if headers else ()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


client = Client("urllib3.connectionpool", _hooks)
