"""An HTTP response read from a socket before a deadline, which fails if the connection ends in the middle of it."""

from __future__ import annotations

import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket


class Deadline:
    """The moment when the POST under way has to be over. cut: whether the connection broke while it was being sent."""

    def __init__(self) -> None:
        self._end = 0.0
        self.cut = False

    def begin(self, seconds: float) -> None:
        """A POST begins, and may take that long."""
        self._end = time.monotonic() + seconds
        self.cut = False

    def remaining_seconds(self) -> float:
        """Seconds until then; raises `TimeoutError` when there are none."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        return remaining


class Response(HTTPResponse):
    """A response of which every line has to be whole.

    `http.client` takes the end of the connection for the end of the line, and of the header section; here, it raises
    `ConnectionResetError`. Interim responses (1xx other than 101) are skipped, as RFC 9110 section 15.2 requires of
    every client; `http.client` skips 100 alone.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, *args: Any, **kwargs: Any) -> None:
        reader: Any = _Reader(sock, deadline)
        super().__init__(reader, *args, **kwargs)

    def begin(self) -> None:
        """Read the status line and the header section of the final response."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # or `begin` would take it for done
            super().begin()
        if self.status == 101:
            self.will_close = True  # whatever is spoken from here on, nobody has asked for it
        lines: Any = self.fp
        lines.in_head = False


class _Lines(BufferedReader):
    """Raises `ConnectionResetError` for a line that the end of the connection has cut.

    in_head: whether a header section is being read, in which the end of the connection in place of a line is an error
    too. The trailer section of a chunked body may be missing (RFC 9112 section 8: the last chunk completes it).
    """

    in_head = True

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (len(line) != size if line else self.in_head):
            raise ConnectionResetError("the connection ended in the middle of the answer")
        return line


class _Reader(RawIOBase):
    """What comes from a socket until the deadline, made into a file as sockets are."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def makefile(self, *_: Any) -> BufferedReader:
        return _Lines(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.remaining_seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
