"""Hooks in urllib3 for what fails before `http.client` takes over: TLS and proxies.

The library itself is not imported: the hooks are made of its module when the application has imported it.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.call import Call
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.http_client import connection_hooks
from drhttp._outbound.selection import begin, recorder_here
from drhttp._outbound.transmission import CALL, Transmission, remove, transmission

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from drhttp._outbound.call import Fields
    from drhttp._outbound.hook import Live

# Method, target and header fields of the request for which a tunnel is opened.
_tunnelled: ContextVar[tuple[str, str, Any] | None] = ContextVar("drhttp.tunnelled", default=None)


def _hooks(module: ModuleType) -> list[Hook]:
    import http.client  # not at the top, because it is slow to load

    pool = module.HTTPConnectionPool
    base = next((each for each in module.HTTPConnection.__mro__ if each.__module__ == "http.client"), None)
    if base is None:
        raise AttributeError("its connections are not those of http.client")
    hooks = [
        Hook(pool, "_make_request", _wrap_make_request, (None, None, "GET", "/")),
        Hook(pool, "urlopen", _wrap_urlopen, (None, "GET", "/")),
        Hook(module.HTTPSConnectionPool, "_prepare_proxy", _wrap_prepare_proxy, (None, None)),
    ]
    if base is not http.client.HTTPConnection:  # which was reloaded since urllib3 was imported
        hooks += connection_hooks(base, http.client)
    return hooks


def _wrap_make_request(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def make_request(self: Any, conn: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        # On a connection that is open, nothing fails before the hooks of `http.client` see the request.
        watch = live and getattr(conn, "sock", None) is None and recorder_here() is not None
        sent = guarded(_begin, self, conn, method, url, live) if watch else None
        if sent is None:
            return original(self, conn, method, url, *args, **kwargs)
        try:
            response = original(self, conn, method, url, *args, **kwargs)
        except BaseException as error:
            guarded(_failed, conn, sent, error, kwargs.get("headers"))
            raise
        if sent.fresh:
            guarded(_discard, conn, sent)
        return response

    return make_request


def _wrap_urlopen(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def urlopen(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        if not live or getattr(self, "proxy", None) is None or recorder_here() is None:
            return original(self, method, url, *args, **kwargs)
        headers = kwargs.get("headers", args[1] if len(args) > 1 else None)
        token = _tunnelled.set((str(method), str(url), headers))
        try:
            return original(self, method, url, *args, **kwargs)
        finally:
            _tunnelled.reset(token)

    return urlopen


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


def _begin(pool: Any, connection: Any, method: str, url: str, live: Live) -> Transmission | None:
    """Put a call on the connection, which the hooks of `http.client` take over."""
    sent = begin(Transmission, str(method), pool.scheme, pool.host, pool.port, str(url))
    if sent is None:
        return None
    before = transmission(connection)
    if before is not None:
        before.end(aborted=True)  # nobody has asked for the response
    sent.live = live
    connection.__dict__[CALL] = sent
    return sent


def _begin_tunnelled(pool: Any) -> Call | None:
    request = _tunnelled.get()
    if request is None:
        return None
    method, url, headers = request
    call = begin(Call, method, pool.scheme, pool.host, pool.port, url)
    if call is not None:
        call.request_headers = _fields(headers)
    return call


def _failed(connection: Any, sent: Transmission, error: BaseException, headers: Any) -> None:
    """The request failed. If nobody has seen that, it was before its request line, or between two steps."""
    if connection.__dict__.get(CALL) is not sent:
        return
    remove(connection, sent)
    if not sent.head:
        sent.request_headers = _fields(headers)
    sent.failed(error)


def _discard(connection: Any, sent: Transmission) -> None:
    """This connection does not send by `http.client`, so that nothing is known of the response."""
    remove(connection, sent)
    sent.discard()


def _fields(headers: Any) -> Fields:
    return [(_text(name), _text(value)) for name, value in headers.items()] if headers else ()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


client = Client("urllib3.connectionpool", _hooks)
