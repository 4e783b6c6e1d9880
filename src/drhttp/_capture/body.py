"""Bounded captures of bodies: they keep the first bytes and count all of them, and pass them on unchanged."""

from __future__ import annotations

import time
from functools import partial

from drhttp._guard import guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    class Watcher(Protocol):
        """What an output tap notifies of the response."""

        @property
        def tap(self) -> Tap | None:
            """The capture of the body; `None` if the request is not recorded."""

        def finish(self, complete: bool, error: BaseException | None = None) -> None:
            """The response has ended. This may be called several times."""


_WITHOUT_LIMIT = ((-1,), (None,))  # arguments of read() that mean: until the end


class Tap:
    """The first bytes of one body, up to `limit`, and the number of all its bytes.

    Blocks are kept by reference. Only the block that crosses the limit is copied: a reference would keep all of it.
    first_byte_at: by the performance counter. full: further bytes are only counted. empty: an empty block passed.
    """

    __slots__ = ("_chunks", "_limit", "empty", "first_byte_at", "full", "size")

    def __init__(self, limit: int) -> None:
        self._chunks: list[bytes] = []
        self._limit = limit
        self.size = 0
        self.first_byte_at: float | None = None
        self.empty = self.full = False

    def note(self, chunk: bytes) -> None:
        """Add the next bytes of the body."""
        # The owner of a bytearray or memoryview may change it later. Anything that is not bytes raises here.
        data = chunk if type(chunk) is bytes else bytes(memoryview(chunk))
        if not data:
            self.empty = True
            return
        before = self.size
        if not before:
            self.first_byte_at = time.perf_counter()
        self.size = after = before + len(data)
        if not self.full:
            self._chunks.append(data if after <= self._limit else data[: self._limit - before])
            self.full = after >= self._limit

    def content(self) -> bytes:
        """The bytes that are kept."""
        chunks = self._chunks
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def settle(self) -> None:
        """Keep no further bytes, and join those that are kept: they may wait in the queue for long."""
        self._chunks = [self.content()]
        self.full = True


class RequestBodyCapture(Tap):
    """The part of a request body that the application read.

    A stream that can seek may be read twice; each byte is captured once. exhausted: whether the application has read
    the stream to its end.
    """

    __slots__ = ("_position", "exhausted")

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._position = 0
        self.exhausted = False

    def on_read(self, data: bytes, to_the_end: bool = False) -> None:
        """The application read the next bytes, perhaps all that remained."""
        self.exhausted = self.exhausted or to_the_end or not data
        start, self._position = self._position, self._position + len(data)
        if start == self.size:
            self.note(data)
        elif start < self.size < self._position:
            self.note(data[self.size - start :])

    def on_seek(self, position: int) -> None:
        """The application moved to another position of the stream."""
        self._position = position


class InputTap:
    """Wraps the input stream of a request (`wsgi.input`, PEP 3333). Only the application reads from it.

    It has the same attributes as the stream. The bytes go to a separate object, because that one waits in the queue and
    must not keep the stream alive.
    """

    __slots__ = ("_capture", "_stream")

    def __init__(self, stream: Any, capture: RequestBodyCapture) -> None:
        # An environ that is used again may still contain the tap of the last request.
        self._stream: Any = stream._stream if isinstance(stream, InputTap) else stream
        self._capture = capture

    def read(self, *args: Any, **kwargs: Any) -> Any:
        """Read from the stream with the same arguments."""
        data = self._stream.read(*args, **kwargs)
        if data or args != (0,):
            guarded(self._capture.on_read, data, not (args or kwargs) or args in _WITHOUT_LIMIT)
        return data

    def readline(self, *args: Any, **kwargs: Any) -> Any:
        """Read a line from the stream with the same arguments."""
        line = self._stream.readline(*args, **kwargs)
        if line or args != (0,):
            guarded(self._capture.on_read, line)
        return line

    def readlines(self, *args: Any, **kwargs: Any) -> Any:
        """Read lines from the stream with the same arguments."""
        lines = self._stream.readlines(*args, **kwargs)
        guarded(lambda: self._capture.on_read(b"".join(lines), not args))
        return lines

    def __iter__(self) -> Iterator[Any]:
        iterator = iter(self._stream)
        return self if iterator is self._stream else self._lines(iterator)

    def __next__(self) -> Any:
        try:
            line = next(self._stream)
        except StopIteration:
            guarded(self._capture.on_read, b"")
            raise
        guarded(self._capture.on_read, line)
        return line

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._stream, name)
        special = _SPECIAL.get(name)
        return attribute if special is None else partial(special, self._capture, attribute)

    def _lines(self, iterator: Iterator[Any]) -> Iterator[Any]:
        for line in iterator:
            guarded(self._capture.on_read, line)
            yield line
        guarded(self._capture.on_read, b"")


class ManagedInputTap(InputTap):
    """An input tap for a stream that is a context manager. Python looks for `__enter__` on the type."""

    __slots__ = ()

    def __enter__(self) -> InputTap:
        self._stream.__enter__()
        return self

    def __exit__(self, *exc: object) -> Any:
        return self._stream.__exit__(*exc)


def tapped(stream: Any, capture: RequestBodyCapture) -> InputTap:
    """Wrap a stream in a tap."""
    return (ManagedInputTap if hasattr(type(stream), "__enter__") else InputTap)(stream, capture)


def _read_into(capture: RequestBodyCapture, readinto: Callable[[Any], Any], buffer: Any) -> Any:
    count = readinto(buffer)
    guarded(lambda: capture.on_read(bytes(memoryview(buffer).cast("B")[: count or 0])))
    return count


def _read_some(capture: RequestBodyCapture, read1: Callable[..., Any], *args: Any) -> Any:
    data = read1(*args)
    if data or args != (0,):
        guarded(capture.on_read, data)
    return data


def _read_all(capture: RequestBodyCapture, readall: Callable[[], Any]) -> Any:
    data = readall()
    guarded(capture.on_read, data, True)
    return data


def _seek(capture: RequestBodyCapture, seek: Callable[..., Any], *args: Any) -> Any:
    position = seek(*args)
    # A custom stream may return nothing. Then the position counts from the start, as it nearly always does.
    guarded(lambda: capture.on_seek(args[0] if position is None else position))
    return position


# Methods beyond those of PEP 3333 that read from the stream or move its position.
_SPECIAL: dict[str, Callable[..., Any]] = {
    "read1": _read_some,
    "readall": _read_all,
    "readinto": _read_into,
    "readinto1": _read_into,
    "seek": _seek,
}


class Blocks:
    """The iterator over the blocks of a response.

    owner: an object to keep alive as long as the iterator is in use.
    """

    __slots__ = ("_next", "_owner", "_tap", "_watcher")

    def __init__(self, blocks: Iterator[bytes], watcher: Watcher, owner: object) -> None:
        self._next = blocks.__next__
        self._watcher, self._tap = watcher, watcher.tap
        self._owner = owner

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = self._next()
        except StopIteration:
            guarded(self._watcher.finish, True)
            raise
        except BaseException as error:
            guarded(self._watcher.finish, False, error)
            raise
        tap = self._tap
        if tap is not None and tap.full and type(chunk) is bytes:
            tap.size += len(chunk)  # only counted, and without a call, which would double the cost of a long stream
        elif tap is not None:
            guarded(tap.note, chunk)
        return chunk


class OutputTap:
    """Wraps the iterable that an application returned. Each `next` takes one block, and `close` is called once.

    It is a class and not a generator, because a generator that is closed before its first `next` runs none of its code;
    the `close` of the application would not be called.
    """

    __slots__ = ("__weakref__", "_blocks", "_closed", "_iterable", "_watcher")

    def __init__(self, iterable: Iterable[bytes], watcher: Watcher) -> None:
        self._iterable = iterable
        self._watcher = watcher
        self._blocks: Blocks | None = None
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            return Blocks(iter(self._iterable), self._watcher, self)
        except BaseException as error:
            guarded(self._watcher.finish, False, error)
            raise

    def __next__(self) -> bytes:
        # Some servers call `next` without calling `iter` first.
        if self._blocks is None:
            self._blocks = Blocks(iter(self._iterable), self._watcher, None)
        return next(self._blocks)

    def close(self) -> None:
        """Close the iterable of the application, as PEP 3333 requires. Its exceptions are not caught."""
        if self._closed:
            return
        self._closed = True
        try:
            if (close := getattr(self._iterable, "close", None)) is not None:
                close()
        except BaseException as error:
            guarded(self._watcher.finish, False, error)
            raise
        guarded(self._watcher.finish, False)

    def __del__(self) -> None:
        guarded(self._abandoned)

    def _abandoned(self) -> None:
        self._watcher.finish(False)  # the server neither read it to the end nor closed it


class SizedOutputTap(OutputTap):
    """An output tap for an iterable with a length, which servers use to set `Content-Length`."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]
