"""Bounded taps: they keep the start of a body, and count the whole of it, while the bytes pass by unchanged."""

from __future__ import annotations

import time
from functools import partial

from drhttp._guard import guarded

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    class Watcher(Protocol):
        """What an output tap tells of the answer."""

        @property
        def tap(self) -> Tap | None:
            """What keeps the body; `None` when nobody wants it."""

        def finish(self, complete: bool, error: BaseException | None = None) -> None:
            """There will be no more; may be told several times."""


_WITHOUT_LIMIT = ((-1,), (None,))  # arguments of read() that mean: all there is


class Tap:
    """What is kept of one body: at most `limit` bytes of its start, and the count of all.

    Bytes objects are kept by reference; only the one that crosses the limit is cut: a reference would hold all of it.
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
        """Take note of the next bytes of the body."""
        # A bytearray or memoryview may be changed by its owner later. What is not bytes at all raises here.
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
        """The bytes kept."""
        chunks = self._chunks
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def settle(self) -> None:
        """Keep no more, and what is kept in one piece: it may wait for long."""
        self._chunks = [self.content()]
        self.full = True


class RequestBodyCapture(Tap):
    """What passed of the body of a request.

    A stream that can seek may be read twice: only the first time that each byte is read counts. exhausted: whether the
    application has come to the end of the stream.
    """

    __slots__ = ("_position", "exhausted")

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._position = 0
        self.exhausted = False

    def on_read(self, data: bytes, to_the_end: bool = False) -> None:
        """The application read the bytes that follow the last ones."""
        self.exhausted = self.exhausted or to_the_end or not data
        start, self._position = self._position, self._position + len(data)
        if start == self.size:
            self.note(data)
        elif start < self.size < self._position:
            self.note(data[self.size - start :])

    def on_seek(self, position: int) -> None:
        """The application goes on reading somewhere else."""
        self._position = position


class InputTap:
    """The input stream of a request (`wsgi.input`, PEP 3333): the application reads through it, nothing else does.

    It has exactly the attributes that the stream has. What it learns is kept apart from it, in a capture: that one may
    wait in a queue, and must not keep the stream alive.
    """

    __slots__ = ("_capture", "_stream")

    def __init__(self, stream: Any, capture: RequestBodyCapture) -> None:
        # In an environ that is used for another request, the tap of the last one may still stand.
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
    """The same for a stream that can stand in a `with` statement: Python looks for that on the type."""

    __slots__ = ()

    def __enter__(self) -> InputTap:
        self._stream.__enter__()
        return self

    def __exit__(self, *exc: object) -> Any:
        return self._stream.__exit__(*exc)


def tapped(stream: Any, capture: RequestBodyCapture) -> InputTap:
    """The stream with a tap before it."""
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
    # Streams written by hand may return nothing; then it is taken for a move from the start, as nearly all are.
    guarded(lambda: capture.on_seek(args[0] if position is None else position))
    return position


# The methods that a stream may have beyond those of PEP 3333, and that move its position.
_SPECIAL: dict[str, Callable[..., Any]] = {
    "read1": _read_some,
    "readall": _read_all,
    "readinto": _read_into,
    "readinto1": _read_into,
    "seek": _seek,
}


class Blocks:
    """The iterator over a response. `iter()` of it returns itself, so reading goes on where it stopped.

    owner: kept alive as long as somebody reads.
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
            tap.size += len(chunk)  # what is kept of a long stream is its start: a call for each block would cost twice
        elif tap is not None:
            guarded(tap.note, chunk)
        return chunk


class OutputTap:
    """The iterable that an application returned: one `next` in is one `next` out, and its `close` is called once.

    It is a class, not a generator: closing a generator before its first `next` runs none of its code, and the
    application's `close` would be lost.
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
        # A server that takes it for an iterator without asking for one.
        if self._blocks is None:
            self._blocks = Blocks(iter(self._iterable), self._watcher, None)
        return next(self._blocks)

    def close(self) -> None:
        """Close what the application returned, as PEP 3333 demands of whoever wraps it; exceptions pass."""
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
        self._watcher.finish(False)  # the server neither exhausted nor closed it


class SizedOutputTap(OutputTap):
    """The same for an iterable with a length: servers ask for it to set `Content-Length`."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]
