"""The reader in front of a response of `http.client`: the body passes through it to the caller, and is captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.chunked_decoder import ChunkedDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._outbound.call import Call


class BodyReader:
    """Stands for `fp` of a response: each method does what that of the original does, and notes what was read.

    It never reads for itself. The call ends with the last byte of the body, or when the reader is closed or not used
    any more, as nothing else refers to the call then. Whatever has no method here, such as `raw` or `fileno`, is the
    original's.

    length: bytes of the body; `None` if its end is that of the connection, or of its last chunk. chunked: whether the
    body has that transfer coding.
    """

    __slots__ = ("__weakref__", "_call", "_chunks", "_left", "_reader")

    def __init__(self, reader: Any, call: Call, length: int | None, *, chunked: bool) -> None:
        self._reader = reader
        self._call = call
        self._left = length
        self._chunks = ChunkedDecoder(call.response_body) if chunked else None

    def __getattr__(self, name: str) -> Any:
        if name in BodyReader.__slots__:  # `__init__` has failed
            raise AttributeError(name)
        return getattr(self._reader, name)

    def read(self, size: int | None = -1) -> Any:
        """Read as the original does: fewer bytes than asked for are the last ones."""
        try:  # written out, because most bodies are read by this method
            data = self._reader.read(size)
        except BaseException as error:
            guarded(self._call.failed, error)
            raise
        if data is not None:  # which stands for "nothing yet", without blocking
            guarded(self._passed, data, size is None or size < 0 or len(data) < size)
        return data

    def read1(self, size: int = -1) -> Any:
        """Read as the original does: what has arrived."""
        data = self._watch(self._reader.read1, size)
        if data is not None:
            guarded(self._passed, data, not data and size != 0)
        return data

    def peek(self, size: int = 0) -> Any:
        """Look ahead as the original does: nothing passes, but it may show that nothing is left."""
        data = self._watch(self._reader.peek, size)
        if data == b"":
            guarded(self._passed, data, True)
        return data

    def readline(self, size: int | None = -1) -> Any:
        """Read as the original does."""
        line = self._watch(self._reader.readline, size)
        whole = line.endswith(b"\n") or (size is not None and 0 <= size <= len(line))
        guarded(self._passed, line, not whole)
        return line

    def readinto(self, buffer: Any) -> Any:
        """Read as the original does: fewer bytes than fit are the last ones."""
        count = self._watch(self._reader.readinto, buffer)
        if count is not None:
            guarded(self._passed_into, buffer, count, count < memoryview(buffer).nbytes)
        return count

    def readinto1(self, buffer: Any) -> Any:
        """Read as the original does: what has arrived."""
        count = self._watch(self._reader.readinto1, buffer)
        if count is not None:
            guarded(self._passed_into, buffer, count, not count and memoryview(buffer).nbytes > 0)
        return count

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read as the original does: all lines, or as many as have that many bytes together."""
        lines, size = [], 0
        for line in self:
            lines.append(line)
            size += len(line)
            if hint is not None and 0 < hint <= size:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line: bytes = self.readline()
        if not line:
            raise StopIteration
        return line

    def close(self) -> None:
        """Close the original. What was not read by now never passes: if no length is known, that may be nothing."""
        if not self._call.done:
            guarded(self._call.closed)
        self._reader.close()

    def _watch(self, read: Any, argument: Any) -> Any:
        try:
            return read(argument)
        except BaseException as error:
            guarded(self._call.failed, error)
            raise

    def _passed_into(self, buffer: Any, count: int, at_end: bool) -> None:
        data = memoryview(buffer).cast("B")[:count]
        self._passed(data if self._chunks is None else data.tobytes(), at_end)

    def _passed(self, data: Any, at_end: bool) -> None:
        """The caller got the next bytes. at_end: there are no more on this connection."""
        call = self._call
        if call.done:
            return
        if self._chunks is not None:
            self._chunks.feed(data)
            complete = self._chunks.done
        else:
            call.response_body.note(data)
            if self._left is not None:
                self._left -= len(data)
            complete = self._left is not None and self._left <= 0
        if complete:
            call.end()
        elif at_end:
            self._cut()

    def _cut(self) -> None:
        """The connection has ended. Without a length or chunks, so has the body."""
        if self._left is not None or (self._chunks is not None and not self._chunks.broken):
            expected = "" if self._left is None else f", {self._left} more expected"
            self._call.failure = ("http.client.IncompleteRead", f"{self._call.response_body.size} bytes read{expected}")
        self._call.end()
