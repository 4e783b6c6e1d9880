"""Hooks in the transports of httpx, with HTTP/1.1 and HTTP/2.

The library itself is not imported: the hooks are made of its module when the application has imported it.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.call import Call
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.selection import begin, recorder_here

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from types import ModuleType

    from drhttp._outbound.hook import Live


class _Body:
    """A stream of a request or a response, whose parts are noted as they pass."""

    def __init__(self, stream: Any, call: Call, *, response: bool) -> None:
        self.stream = stream
        self._call = call
        self._response = response
        self._note = call.response_body.note if response else call.request_body.note

    def passed(self, part: Any) -> None:
        """The next part has passed."""
        if not self._call.done:
            guarded(self._note, part)

    def finished(self) -> None:
        """All parts have passed."""
        if self._response:
            guarded(self._call.end)

    def failed(self, error: BaseException) -> None:
        """The stream raised."""
        if self._response:
            guarded(self._call.failed, error)

    def closed(self) -> None:
        """The caller has closed the stream, or forgotten it."""
        if self._response and not self._call.done:
            guarded(self._call.closed)


class _Parts:
    """The parts of a stream. It is an iterator of its own, so that it closes nothing that the original would not."""

    __slots__ = ("_body", "_parts")

    def __init__(self, body: _Body) -> None:
        self._body = body
        self._parts = iter(body.stream)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> Any:
        try:
            part = next(self._parts)
        except StopIteration:
            self._body.finished()
            raise
        except BaseException as error:
            self._body.failed(error)
            raise
        self._body.passed(part)
        return part


class _AsyncParts:
    """The same, asynchronous."""

    __slots__ = ("_body", "_parts")

    def __init__(self, body: _Body) -> None:
        self._body = body
        self._parts = aiter(body.stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> Any:
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:
            self._body.finished()
            raise
        except BaseException as error:
            self._body.failed(error)
            raise
        self._body.passed(part)
        return part


class _SyncMethods:
    """What a stream of httpx does, by way of a body."""

    _body: _Body

    def __iter__(self) -> Iterator[bytes]:
        return _Parts(self._body)

    def close(self) -> None:
        try:
            self._body.stream.close()
        finally:
            self._body.closed()


class _AsyncMethods:
    """What an asynchronous stream of httpx does, by way of a body."""

    _body: _Body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncParts(self._body)

    async def aclose(self) -> None:
        try:
            await self._body.stream.aclose()
        finally:
            self._body.closed()


def _stream_class(base: type, methods: type) -> type:
    """A class of streams, which httpx recognizes by its base class."""

    def init(self: Any, body: _Body) -> None:
        self._body = body

    def forgotten(self: Any) -> None:
        self._body.closed()

    return type("RecordedStream", (methods, base), {"__init__": init, "__del__": forgotten})


class _Streams:
    """Puts streams around those of requests and responses."""

    def __init__(self, base: type, methods: type, in_memory: Any) -> None:
        self._class = _stream_class(base, methods)
        self._in_memory = in_memory

    def begin(self, request: Any) -> tuple[Call | None, Any]:
        """Begin a call. Returns it, and the request to send: a copy if its body has to be watched."""
        url = request.url
        host, target = url.raw_host.decode("ascii"), url.raw_path.decode("ascii")
        call = begin(Call, request.method, url.scheme, host, url.port, target)
        if call is None:
            return None, request
        call.request_headers = request.headers.raw
        stream = request.stream
        if isinstance(stream, self._in_memory):
            for part in stream:
                call.request_body.note(part)
            return call, request
        watched = object.__new__(type(request))
        vars(watched).update(vars(request))
        watched.stream = self._class(_Body(stream, call, response=False))
        return call, watched

    def respond(self, call: Call, response: Any) -> None:
        """Watch the body of a response."""
        call.responded(response.status_code, response.headers.raw)
        if call.status == 101:
            call.end()
        else:
            response.stream = self._class(_Body(response.stream, call, response=True))


def _hooks(module: ModuleType) -> list[Hook]:
    in_memory = _bytes_stream(module)
    streams = _Streams(module.SyncByteStream, _SyncMethods, in_memory)
    async_streams = _Streams(module.AsyncByteStream, _AsyncMethods, in_memory)
    return [
        Hook(module.HTTPTransport, "handle_request", partial(_wrap, streams), (None, None)),
        Hook(module.AsyncHTTPTransport, "handle_async_request", partial(_wrap_async, async_streams), (None, None)),
    ]


def _wrap(streams: _Streams, original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        call, request = _begin(streams, request, live)
        if call is None:
            return original(self, request)
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
        call, request = _begin(streams, request, live)
        if call is None:
            return await original(self, request)
        try:
            response = await original(self, request)
        except BaseException as error:
            guarded(call.failed, error)
            raise
        guarded(streams.respond, call, response)
        return response

    return handle_async_request


def _begin(streams: _Streams, request: Any, live: Live) -> tuple[Call | None, Any]:
    begun = guarded(streams.begin, request) if live and recorder_here() is not None else None
    return begun or (None, request)


def _bytes_stream(module: ModuleType) -> Any:
    """The class of bodies in memory, which may be looked at without being read."""
    return type(module.Request("GET", "http://localhost/", content=b"").stream)


client = Client("httpx._transports.default", _hooks)
