"""Bounded captures of bodies: they keep the first bytes of a body, and count all of them."""

from __future__ import annotations

import time

#: Methods whose requests have a body, also if no header field declares it.
WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


class Tap:
    """The first bytes of one body, up to `limit`, and the number of all its bytes.

    Blocks are kept by reference. Only the block that crosses the limit is copied: a reference would keep all of it.
    first_byte_at: by the performance counter. full: further bytes are only counted. kept: bytes that are kept, once no
    more are. empty: an empty block passed. invalid: the name of the type of a block that is not bytes, of which servers
    raise.
    """

    __slots__ = ("_chunks", "_limit", "empty", "first_byte_at", "full", "invalid", "kept", "size")

    def __init__(self, limit: int) -> None:
        self._chunks: list[bytes] = []
        self._limit = limit
        self.size = self.kept = 0
        self.first_byte_at: float | None = None
        self.empty = self.full = False
        self.invalid: str | None = None

    def note(self, chunk: bytes) -> None:
        """Add the next bytes of the body."""
        data: bytes | memoryview = chunk
        if type(chunk) is not bytes:
            try:
                data = memoryview(chunk)
                if data.nbytes != len(data):  # its items are not bytes
                    data = data.cast("B")
            except TypeError:
                self.invalid = type(chunk).__name__
                return
        if not len(data):
            self.empty = True
            return
        before = self.size
        if not before:
            self.first_byte_at = time.perf_counter()
        self.size = after = before + len(data)
        if not self.full:
            kept = data if after <= self._limit else data[: self._limit - before]
            # The owner of a bytearray or memoryview may change it later. Only what is kept is copied.
            self._chunks.append(kept if type(kept) is bytes else bytes(kept))
            self.full = after >= self._limit

    def content(self) -> bytes:
        """The bytes that are kept."""
        chunks = self._chunks
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def settle(self) -> None:
        """Keep no further bytes, and join those that are kept: they may wait in the queue for long."""
        chunks = self._chunks
        if len(chunks) != 1:
            self._chunks = chunks = [b"".join(chunks)]
        self.kept = len(chunks[0])
        self.full = True


class RequestBodyCapture(Tap):
    """The part of a request body that the application read.

    A stream that can seek may be read twice; each byte is captured once. exhausted: whether the application has read
    the stream to its end.
    """

    __slots__ = ("_position", "exhausted")

    def __init__(self, limit: int) -> None:
        Tap.__init__(self, limit)
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

    def on_part(self, data: bytes, last: bool) -> None:
        """The application received the next part, perhaps the last one and perhaps an empty one."""
        self.exhausted = self.exhausted or last
        if data:
            self.note(data)

    def on_seek(self, position: int) -> None:
        """The application moved to another position of the stream."""
        self._position = position
