"""Writing to standard output and standard error, whoever reads there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO


def print_lines(lines: Iterable[str]) -> int:
    """Print them; the exit status of a command that did."""
    return write(f"{line}\n" for line in lines)


def write(pieces: Iterable[str]) -> int:
    """The same for pieces of any length."""
    emit(pieces)
    return 0


def emit(pieces: Iterable[str]) -> bool:
    """Write them; false when nobody reads any more."""
    _settle(sys.stdout)
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # `drhttp inbox ls | head`: what is left in the buffer must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def fail(sentence: str, status: int = 1) -> int:
    """Say on standard error why it did not work; the exit status."""
    _settle(sys.stderr)
    print(f"drhttp: {sentence}", file=sys.stderr)
    return status


def _settle(stream: TextIO) -> None:
    """A terminal that cannot write a character shows a question mark instead of a traceback."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
