"""Bounded capture of a body that an HTTP client sends or receives."""

from __future__ import annotations


class CapturedBody:
    """The first bytes of one body, up to `limit`, and the number of all its bytes.

    Blocks are kept by reference. Only the block that crosses the limit is copied: a reference would keep all of it.
    size: bytes of the body that have passed. kept: how many of them are kept. more: the blocks after the first; `None`
    if there are none, as mostly.
    """

    __slots__ = ("_first", "_limit", "kept", "more", "size")

    def __init__(self, limit: int) -> None:
        self._first = b""
        self.more: list[bytes] | None = None
        self._limit = limit
        self.kept = 0
        self.size = 0

    def note(self, block: bytes) -> None:
        """Add the next bytes of the body. What is not `bytes` has to have them in a buffer, or is ignored."""
        if type(block) is not bytes:
            self._note_buffer(block)
            return
        length = len(block)
        self.size += length
        if length <= self._limit and not self.kept:
            self._first = block
            self.kept = length
        else:
            room = self._limit - self.kept
            if room > 0 and length:
                self._keep(block if length <= room else block[:room])

    def note_part(self, block: bytes, start: int, end: int) -> None:
        """Add the bytes of a block from one position to another. Only what is kept of them is copied."""
        self.size += end - start
        room = self._limit - self.kept
        if room > 0:
            self._keep(block[start : min(end, start + room)])

    def content(self) -> bytes:
        """The bytes that are kept."""
        return self._first if self.more is None else b"".join((self._first, *self.more))

    def settle(self) -> None:
        """Keep no further bytes, and join those that are kept: they may wait in the queue for long."""
        self._limit = 0
        if self.more is not None:
            self._first, self.more = self.content(), None

    def _note_buffer(self, block: bytes | bytearray | memoryview) -> None:
        try:
            buffer = memoryview(block)
        except TypeError:  # the client raises of it
            return
        self.size += buffer.nbytes
        room = self._limit - self.kept
        if room > 0 and buffer.nbytes:
            self._keep(bytes(buffer.cast("B")[:room]))  # copied, because the owner may change it later

    def _keep(self, part: bytes) -> None:
        if not self.kept:
            self._first = part
        elif self.more is None:
            self.more = [part]
        else:
            self.more.append(part)
        self.kept += len(part)
