"""Random identifiers of records, traces and spans. One system call makes many, because it takes microseconds."""

from __future__ import annotations

import os

_DIGITS = 80  # hexadecimal, for one record: 32 of its id, 32 of a trace, 16 of a span
_RECORDS = 64  # for which one system call is made


class RandomDigits:
    """A supply of random hexadecimal digits. A forked process does not use what its parent has left.

    Threads may share it: each piece is taken out of a list, which no two threads can do.
    """

    __slots__ = ("_pid", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._pid = 0

    def take(self) -> str:
        """Return 80 digits."""
        pid = os.getpid()
        if pid != self._pid:
            self._pieces, self._pid = [], pid
        pieces = self._pieces
        try:
            return pieces.pop()
        except IndexError:
            digits = os.urandom(_DIGITS // 2 * _RECORDS).hex()
            pieces += [digits[at : at + _DIGITS] for at in range(_DIGITS, len(digits), _DIGITS)]
            return digits[:_DIGITS]


def uuid4(digits: str) -> str:
    """Build a version 4 UUID (RFC 9562 section 5.4) from 32 random hexadecimal digits."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
