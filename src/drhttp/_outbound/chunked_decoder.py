"""Finds the data in a body with the transfer coding "chunked" (RFC 9112 section 7.1), as it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._outbound.captured_body import CapturedBody

_LONGEST_LINE = 65_536  # bytes, as in `http.client`


class ChunkedDecoder:
    """Captures the data of a chunked body.

    done: the body has ended, with its trailer section. broken: this is no chunked body, so that its end is unknown.
    """

    __slots__ = ("_body", "_in_trailer", "_left", "_line", "broken", "done")

    def __init__(self, body: CapturedBody) -> None:
        self._body = body
        self._left = 0  # bytes of data left in the current chunk
        self._line = b""  # the beginning of a line that has not ended yet
        self._in_trailer = False
        self.done = self.broken = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        position, end = 0, len(data)
        while position < end and not (self.done or self.broken):
            if self._left:
                after = min(end, position + self._left)
                self._body.note_part(data, position, after)
                self._left -= after - position
                position = after
            else:
                line_end = data.find(b"\n", position) + 1
                self._line += data[position : line_end or end]
                position = line_end or end
                if line_end:
                    line, self._line = self._line, b""
                    self._on_line(line.strip())
                elif len(self._line) > _LONGEST_LINE:
                    self.broken = True

    def _on_line(self, line: bytes) -> None:
        if self._in_trailer:
            self.done = not line
        elif line:  # an empty one ends the data of a chunk
            try:
                self._left = int(line.partition(b";")[0], 16)
            except ValueError:
                self.broken = True
            self._in_trailer = not self._left
