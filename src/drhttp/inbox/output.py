"""Writes to standard output and standard error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from drhttp.inbox.errors import InboxError


def print_lines(lines: Iterable[str]) -> int:
    """Print lines and return exit status 0."""
    return write(f"{line}\n" for line in lines)


def write(pieces: Iterable[str]) -> int:
    """Write pieces of text to standard output and return exit status 0."""
    emit(pieces)
    return 0


def save(pieces: Iterable[str], file: Path | None) -> int:
    """Write pieces of text to a file, or to standard output if it is None. Raises `InboxError`."""
    if file is None:
        return write(pieces)
    try:
        # 0600: the file contains other people's requests.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(pieces)
    except OSError as problem:
        raise InboxError(f"Cannot write {file}: {problem.strerror or problem}.") from problem
    return 0


def emit(pieces: Iterable[str]) -> bool:
    """Write pieces of text. Returns False if the reader closed the pipe."""
    _settle(sys.stdout)
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # `drhttp inbox ls | head`: flushing the rest of the buffer at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def fail(sentence: str, status: int = 1) -> int:
    """Print an error to standard error and return the exit status."""
    _settle(sys.stderr)
    print(f"drhttp: {sentence}", file=sys.stderr)
    return status


def _settle(stream: TextIO) -> None:
    """Replace characters that the stream cannot encode with a question mark."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
