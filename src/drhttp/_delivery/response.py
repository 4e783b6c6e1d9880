"""Reads an HTTP response from a socket before a deadline, and raises if the connection ends in the middle."""

from __future__ import annotations

import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket


class Deadline:
    """The time limit of the current POST.

    cut: whether the connection broke while the request was being sent.
    """

    def __init__(self) -> None:
        self._end = 0.0
        self.cut = False

    def begin(self, seconds: float) -> None:
        """Start a POST that may take that many seconds."""
        self._end = time.monotonic() + seconds
        self.cut = False

    def remaining_seconds(self) -> float:
        """Seconds until the deadline. Raises `TimeoutError` when it has passed."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        return remaining


class Response(HTTPResponse):
    """A response whose lines have to be complete.

    `http.client` takes the end of the connection for the end of a line and of the header section. This class raises
    `ConnectionResetError` instead. It skips all interim responses (1xx other than 101), as RFC 9110 section 15.2
    requires; `http.client` skips only 100.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, *args: Any, **kwargs: Any) -> None:
        reader: Any = _Reader(sock, deadline)
        super().__init__(reader, *args, **kwargs)

    def begin(self) -> None:
        """Read the status line and the header section of the final response."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # otherwise `begin` returns at once
            super().begin()
        if self.status == 101:
            self.will_close = True  # the request did not ask for another protocol
        lines: Any = self.fp
        lines.in_head = False


class _Lines(BufferedReader):
    """A reader that raises `ConnectionResetError` if the connection ends in the middle of a line.

    in_head: whether a header section is being read; there, the end of the connection in place of a line is an error
    too. The trailer section of a chunked body may be missing (RFC 9112 section 8: the last chunk completes the body).
    """

    in_head = True

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (len(line) != size if line else self.in_head):
            raise ConnectionResetError("the connection ended in the middle of the response")
        return line


class _Reader(RawIOBase):
    """A file object that reads from a socket until the deadline. It has `makefile`, as `http.client` expects."""

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
