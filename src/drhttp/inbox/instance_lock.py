"""Ensures one running inbox per file: it holds a lock file that also contains its port and token."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from drhttp.inbox.errors import DatabaseFileError

fcntl: ModuleType | None
try:
    import fcntl
except ModuleNotFoundError:
    # Without flock, as on Windows, users must not start a second inbox on the same file.
    fcntl = None


@dataclass(frozen=True, slots=True)
class RunningInbox:
    """Port and token of a running inbox."""

    port: int
    token: str

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/#token={self.token}"

    @property
    def dsn(self) -> str:
        return f"http://local@127.0.0.1:{self.port}/"


class InstanceLock:
    """The lock of the running inbox of a file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def publish(self, running: RunningInbox) -> None:
        """Write port and token to the lock file. Errors, such as a full disk, are ignored."""
        published = json.dumps({"port": running.port, "token": running.token, "pid": os.getpid()}).encode()
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, published)

    def release(self) -> None:
        """Empty the lock file."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)


@contextlib.contextmanager
def acquire_lock(file: Path) -> Iterator[InstanceLock | RunningInbox]:
    """Acquire the lock, or return the running inbox that holds it."""
    descriptor = _open(file)
    try:
        if not _locked(descriptor):
            yield _published(file)
            return
        one = InstanceLock(descriptor)
        try:
            yield one
        finally:
            one.release()
    finally:
        os.close(descriptor)


def find_running_inbox(file: Path) -> RunningInbox | None:
    """Return the running inbox of a file, or None."""
    if not place(file).is_file():
        return None
    with acquire_lock(file) as found:
        return found if isinstance(found, RunningInbox) else None


def place(file: Path) -> Path:
    """Return the path of the lock file."""
    return file.with_name(f"{file.name}.running")


def _open(file: Path) -> int:
    path = place(file)
    try:
        # It contains the token: mode 0600, and no symbolic links.
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as problem:
        raise DatabaseFileError(f"Cannot use {path}: {problem.strerror or problem}.") from problem


def _locked(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _published(file: Path) -> RunningInbox:
    try:
        published: dict[str, Any] = json.loads(place(file).read_bytes())
        return RunningInbox(int(published["port"]), str(published["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise DatabaseFileError(f"Another inbox is starting or stopping on {file}. Try again.") from None
