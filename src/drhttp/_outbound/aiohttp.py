"""Hooks in the client of aiohttp, from version 3.12 on.

The innermost middleware of each request sees it once for each attempt on the wire. The body of a response is noted as
it is fed to its stream, already decoded, whichever method the caller reads it by. The library itself is not imported:
the hooks are made of its module when the application has imported it.
"""

from __future__ import annotations

import sys
import weakref
from functools import wraps
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.address import absolute_uri
from drhttp._outbound.call import Call
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.selection import begin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

    from drhttp._outbound.hook import Live

_DECODED = ("gzip", "deflate", "br", "zstd")  # the content codings that aiohttp undoes


class AiohttpCall(Call):
    """A call that stands among the callbacks for the end of its response stream, by which the hooks of that find it."""

    __slots__ = ("_response",)

    @staticmethod
    def uri_of(address: Any) -> str:
        """The absolute URI of a `yarl.URL`, which never changes."""
        return absolute_uri(address.scheme, address.raw_host or "", address.port, address.raw_path_qs)

    def receive(self, response: Any) -> None:
        """Note the body of a response as it comes."""
        self._response = weakref.ref(response)
        stream = response.content
        for block in getattr(stream, "_buffer", ()):  # what has come together with the headers
            self.response_body.note(block)
        stream.on_eof(self)

    def __call__(self) -> None:
        """The response has ended."""
        guarded(self.end)

    def broken(self, error: BaseException) -> None:
        """The stream has broken, or the caller has closed the response or forgotten it."""
        response = self._response()
        if response is None or response.closed or str(error) == "Connection closed":
            self.closed()
        else:
            self.failed(error)

    def __del__(self) -> None:
        if not getattr(self, "done", True):  # which is missing if `__init__` has failed
            guarded(self.closed)


def _hooks(module: ModuleType) -> list[Hook]:
    stream = sys.modules["aiohttp.streams"].StreamReader
    return [
        Hook(module.ClientSession, "_request", _wrap_request, (None, "GET", "/"), "middlewares"),
        Hook(stream, "feed_data", _wrap_feed_data, (None, b"")),
        Hook(stream, "set_exception", _wrap_set_exception, (None, ValueError())),
    ]


def _wrap_request(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    async def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        if live:
            guarded(_add_middleware, self, kwargs)
        return await original(self, *args, **kwargs)

    return request


def _add_middleware(session: Any, kwargs: dict[str, Any]) -> None:
    """Add the middleware that records, as the innermost."""
    chosen = kwargs.get("middlewares")
    decompress = kwargs.get("auto_decompress")
    decodes = session.auto_decompress if decompress is None else decompress

    async def record(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        call = guarded(_begin, request)
        if call is None:
            return await handler(request)
        try:
            response = await handler(request)
        except BaseException as error:
            guarded(_failed, call, request, error)
            raise
        guarded(_responded, call, request, response, decodes)
        return response

    kwargs["middlewares"] = (*(session._middlewares if chosen is None else chosen), record)


def _begin(request: Any) -> AiohttpCall | None:
    call = begin(AiohttpCall, request.method, request.url)
    if call is not None:
        try:
            call.request_headers = list(request.headers.items())  # should it fail before they are sent
            request.write_bytes = _watched_write(request, call)
        except BaseException:
            call.discard()
            raise
    return call


def _watched_write(request: Any, call: Call) -> Callable[..., Awaitable[None]]:
    """The method `write_bytes` of one request, which writes the body once the connection is there: notes what passes.

    A middleware may send one request several times at once. Then it is that of the last attempt.
    """
    write_body = getattr(request.write_bytes, "write_body", request.write_bytes)

    def write_bytes(writer: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
        body = guarded(_in_memory, request, write_body)
        if body is None:
            return _write_watched(write_body, request, call, writer, *args, **kwargs)
        if not call.request_body.size:
            guarded(call.request_body.note, body)
        written: Awaitable[None] = write_body(writer, *args, **kwargs)
        return written

    write_bytes.write_body = write_body  # type: ignore[attr-defined]
    return write_bytes


def _in_memory(request: Any, write_body: Any) -> bytes | None:
    """The body of a request if aiohttp sends it as a whole, in one piece, now."""
    payload, headers = request.body, request.headers
    body = getattr(payload, "_value", None)
    if (
        type(body) is bytes
        and type(payload).__module__ == "aiohttp.payload"
        and write_body.__module__ == "aiohttp.client_reqrep"
        and headers.get("Content-Length") == str(len(body))
        and "Content-Encoding" not in headers
        and "Expect" not in headers
    ):
        return body
    return None


async def _write_watched(
    write_body: Callable[..., Awaitable[None]], request: Any, call: Call, writer: Any, *args: Any, **kwargs: Any
) -> None:
    """Write the body of a request, and note each block that is written."""
    write = writer.write
    if getattr(writer, "_compress", None) is not None:
        call.decoded = (request.headers.get("Content-Encoding"), call.decoded[1])

    async def noted_write(chunk: Any, *args: Any, **kwargs: Any) -> Any:
        guarded(call.request_body.note, chunk)
        return await write(chunk, *args, **kwargs)

    writer.write = noted_write
    try:
        await write_body(writer, *args, **kwargs)
    finally:
        vars(writer).pop("write", None)


def _responded(call: AiohttpCall, request: Any, response: Any, decodes: bool) -> None:
    _unwatch(request)
    call.request_headers = list(request.headers.items())
    call.responded(response.status, response.raw_headers)
    coding = response.headers.get("Content-Encoding", "").lower()
    if decodes and coding in _DECODED:
        call.decoded = (call.decoded[0], coding)
    if response.status == 101:
        call.end()
    else:
        call.receive(response)


def _failed(call: Call, request: Any, error: BaseException) -> None:
    _unwatch(request)
    call.request_headers = list(request.headers.items())
    call.failed(error)


def _unwatch(request: Any) -> None:
    vars(request).pop("write_bytes", None)


def _wrap_feed_data(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def feed_data(self: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        for callback in self._eof_callbacks if live else ():
            if type(callback) is AiohttpCall:
                guarded(callback.response_body.note, data)
        return original(self, data, *args, **kwargs)

    return feed_data


def _wrap_set_exception(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def set_exception(self: Any, exc: Any, *args: Any, **kwargs: Any) -> Any:
        for callback in self._eof_callbacks if live else ():
            if type(callback) is AiohttpCall:
                guarded(callback.broken, exc)
        return original(self, exc, *args, **kwargs)

    return set_exception


client = Client("aiohttp.client", _hooks)
