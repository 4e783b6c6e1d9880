"""Hooks in the transports of httpx, with HTTP/1.1 and HTTP/2.

The library itself is not imported: the hooks are made of its module when the application has imported it.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.address import absolute_uri
from drhttp._outbound.call import Call
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.selection import begin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from types import ModuleType

    from drhttp._outbound.hook import Live


class HttpxCall(Call):
    """A call whose address is a `httpx.URL`, which never changes."""

    __slots__ = ()

    @staticmethod
    def uri_of(address: Any) -> str:
        """The absolute URI of an address."""
        host, target = address.raw_host.decode("ascii"), address.raw_path.decode("ascii")
        return absolute_uri(address.scheme, host, address.port, target)


class _Stream:
    """A stream of a request or a response, whose parts are noted as they pass. The call ends with that of a response.

    httpx recognizes its streams by their base class, so a class of them is made of this one and of that.
    """

    _response = False  # until `__init__` is done, which may fail

    def __init__(self, stream: Any, call: Call, *, response: bool) -> None:
        self._stream = stream
        self._call = call
        self._note = call.response_body.note if response else call.request_body.note
        self._response = response

    def _failed(self, error: BaseException) -> None:
        if self._response:
            guarded(self._call.failed, error)

    def _closed(self) -> None:
        """The caller has closed the stream, or forgotten it."""
        if self._response and not self._call.done:
            guarded(self._call.closed)

    __del__ = _closed


class _SyncStream(_Stream):
    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._stream)
        while True:
            try:
                part = next(parts)
            except StopIteration:
                break
            except BaseException as error:
                self._failed(error)
                raise
            if not self._call.done:
                guarded(self._note, part)
            yield part
        if self._response:
            guarded(self._call.end)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._closed()


class _AsyncStream(_Stream):
    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncParts(self)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._closed()


class _AsyncParts:
    """The parts of an asynchronous stream. This is no generator, because the event loop would have to close it."""

    __slots__ = ("_parts", "_stream")

    def __init__(self, stream: _AsyncStream) -> None:
        self._stream = stream
        self._parts = aiter(stream._stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> Any:
        stream = self._stream
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:
            if stream._response:
                guarded(stream._call.end)
            raise
        except BaseException as error:
            stream._failed(error)
            raise
        if not stream._call.done:
            guarded(stream._note, part)
        return part


class _Streams:
    """Puts streams around those of requests and responses."""

    def __init__(self, base: type, methods: type, in_memory: Any) -> None:
        self._class = type("RecordedStream", (methods, base), {})
        self._in_memory = in_memory

    def begin(self, request: Any) -> tuple[Call, Any] | None:
        """Begin a call. Returns it, and the request to send: a copy if its body has to be watched."""
        call = begin(HttpxCall, request.method, request.url)
        if call is None:
            return None
        try:
            return call, self._watched(request, call)
        except BaseException:
            call.discard()
            raise

    def _watched(self, request: Any, call: Call) -> Any:
        call.request_headers = request.headers.raw
        stream = request.stream
        if isinstance(stream, self._in_memory):
            for part in stream:
                call.request_body.note(part)
            return request
        watched = object.__new__(type(request))
        vars(watched).update(vars(request))
        watched.stream = self._class(stream, call, response=False)
        return watched

    def respond(self, call: Call, response: Any) -> None:
        """Watch the body of a response."""
        call.responded(response.status_code, response.headers.raw)
        if call.status == 101:
            call.end()
        else:
            response.stream = self._class(response.stream, call, response=True)


def _hooks(module: ModuleType) -> list[Hook]:
    in_memory = _bytes_stream(module)
    streams = _Streams(module.SyncByteStream, _SyncStream, in_memory)
    async_streams = _Streams(module.AsyncByteStream, _AsyncStream, in_memory)
    return [
        Hook(module.HTTPTransport, "handle_request", partial(_wrap, streams), (None, None)),
        Hook(module.AsyncHTTPTransport, "handle_async_request", partial(_wrap_async, async_streams), (None, None)),
    ]


def _wrap(streams: _Streams, original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        begun = guarded(streams.begin, request) if live else None
        if begun is None:
            return original(self, request)
        call, request = begun
        try:
            response = original(self, request)
        except BaseException as error:
            guarded(call.failed, error)
            raise
        guarded(streams.respond, call, response)
        return response

    return handle_request


def _wrap_async(
    streams: _Streams, original: Callable[..., Awaitable[Any]], live: Live
) -> Callable[..., Awaitable[Any]]:
    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        begun = guarded(streams.begin, request) if live else None
        if begun is None:
            return await original(self, request)
        call, request = begun
        try:
            response = await original(self, request)
        except BaseException as error:
            guarded(call.failed, error)
            raise
        guarded(streams.respond, call, response)
        return response

    return handle_async_request


def _bytes_stream(module: ModuleType) -> Any:
    """The class of bodies in memory, which may be looked at without being read."""
    return type(module.Request("GET", "http://localhost/", content=b"").stream)


client = Client("httpx._transports.default", _hooks)
