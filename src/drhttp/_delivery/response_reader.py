"""Reads an HTTP response from a socket before a deadline, and raises if the connection ends in the middle."""

from __future__ import annotations

import re
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from drhttp._delivery.deadline import PostDeadline

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*(:.*)")  # the name of a header field, and the rest of its line
_LENGTH = re.compile(r"[0-9]{1,18}")
_BLANK = (b"\r\n", b"\n")
# The fields that say where a response ends, and those of which the transport makes use.
_FIELDS = frozenset((b"connection", b"content-length", b"transfer-encoding", b"date", b"retry-after"))
_MOST_LINES = 19  # of one name in a header section; `http.client` refuses more than 100 in all
_LONGEST_LINE = 16 * 1024  # bytes that are kept of a line; `http.client` refuses lines of more than 64 KiB


class Response(HTTPResponse):
    """A response whose lines have to be complete, and whose body ends where RFC 9112 says.

    `http.client` takes the end of the connection for the end of a line and of the header section. This class raises
    `ConnectionResetError` instead. Only the fields that say where it ends, `Date` and `Retry-After` are kept. It raises
    `OSError` if the length of a 2xx response is invalid. It skips all interim responses (1xx other than 101), as RFC
    9110 section 15.2 requires; `http.client` skips only 100.
    """

    def __init__(self, sock: socket.socket, deadline: PostDeadline, *args: Any, **kwargs: Any) -> None:
        reader: Any = _Reader(sock, deadline)
        super().__init__(reader, *args, **kwargs)

    def begin(self) -> None:
        """Read the status line and the header section of the final response."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # otherwise `begin` returns at once
            super().begin()
        self._find_end()
        if self.status == 101:
            self.will_close = True  # the request did not ask for another protocol
        lines: Any = self.fp
        lines.in_head = False

    def _find_end(self) -> None:
        """Find out where the body ends, by RFC 9112 section 6.3.

        `http.client` ignores lengths that are invalid, and codings that are a list.
        """
        codings = [each for each in self._members("Transfer-Encoding") if each not in ("", "identity")]
        lengths = self._members("Content-Length")
        self.chunked, self.length = False, None
        if 100 <= self.status < 200 or self.status in (204, 304):
            self.length = 0
        elif codings:
            self.chunked, self.chunk_left = codings[-1] == "chunked", None
        elif all(map(_LENGTH.fullmatch, lengths)) and len(set(map(int, lengths))) <= 1:
            self.length = int(lengths[0]) if lengths else None
        elif 200 <= self.status < 300:
            raise OSError("the Content-Length of the response is invalid")
        else:  # the status counts without the body, and the connection is closed
            del self.headers["Content-Length"]
            self.length = 0
            self.will_close = True
            return
        options = self._members("Connection")
        closes = "close" in options if self.version == 11 else "keep-alive" not in options
        self.will_close = closes or (self.length is None and not self.chunked)

    def _members(self, name: str) -> list[str]:
        """The members of a header field that is a list, in lower case."""
        return [each.strip().lower() for value in self.headers.get_all(name, []) for each in value.split(",")]


class _Lines(BufferedReader):
    """A reader that raises `ConnectionResetError` if the connection ends in the middle of a line.

    Of a header section it returns only the fields that matter here: `http.client` refuses more than 100 fields, and
    ignores all that follow an invalid line, but a response counts whatever else its header section holds. Of a line
    that is too long, only the beginning is returned.

    in_head: whether a header section is being read; there, the end of the connection in place of a line is an error
    too. The trailer section of a chunked body may be missing (RFC 9112 section 8: the last chunk completes the body).
    """

    in_head = True
    _in_fields = False  # whether the status line of the current header section has been read
    _name: bytes | None = None  # of the last field, if it matters

    def __init__(self, raw: RawIOBase) -> None:
        super().__init__(raw)
        self._returned: dict[bytes, int] = {}  # lines of the current header section, by name

    def readline(self, size: int | None = -1, /) -> bytes:  # `http.client` asks for as much as it allows
        line = self._next_line()
        if not self.in_head:
            return line
        if not self._in_fields:
            self._in_fields = line not in _BLANK
            self._name, self._returned = None, dict.fromkeys(_FIELDS, 0)
            return line
        while line not in _BLANK:
            field = self._field(line)
            if field is not None:
                return field
            line = self._next_line()
        self._in_fields = False
        return line

    def _next_line(self) -> bytes:
        """Read a line, of which no more than the beginning is kept."""
        line = super().readline(_LONGEST_LINE)
        rest = line
        while not rest.endswith(b"\n"):
            if len(rest) < _LONGEST_LINE and (line or self.in_head):
                raise ConnectionResetError("the connection ended in the middle of the response")
            if not rest:
                return line
            rest = super().readline(_LONGEST_LINE)
        return line if rest is line else line + b"\r\n"

    def _field(self, line: bytes) -> bytes | None:
        """A line of a header section as the parser understands it; `None` if it does not matter here."""
        line = line.rstrip(b"\r\n").replace(b"\r", b" ")  # RFC 9112 section 2.2: a CR alone is a space
        if not line.startswith((b" ", b"\t")):  # otherwise it continues the field before
            field = _FIELD.match(line)
            name = field[1].lower() if field is not None else b""
            self._name = name if name in _FIELDS else None
            line = b"".join(field.groups()) if field is not None else b""  # without spaces before the colon
        if self._name is None or self._returned[self._name] == _MOST_LINES:
            return None
        self._returned[self._name] += 1
        return line + b"\r\n"


class _Reader(RawIOBase):
    """A file object that reads from a socket until the deadline. It has `makefile`, as `http.client` expects."""

    def __init__(self, sock: socket.socket, deadline: PostDeadline) -> None:
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
