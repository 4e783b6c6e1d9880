"""The connections that a program and its child processes have served, as Linux lists them in ``/proc``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_LISTENING = "0A"
_TABLES = ("net/tcp", "net/tcp6")


def has_served(pid: int) -> bool | None:
    """Return whether there is, or lately was, a connection to a port of the program. None: unknown."""
    if not (_PROC / str(pid) / "net/tcp").is_file():
        return None
    sockets = {inode for each in _family(pid) for inode in _sockets(each)}
    rows = list(_rows(pid))
    ports = {local for local, _, state, inode in rows if state == _LISTENING and inode in sockets}
    return any(state != _LISTENING and {local, remote} & ports for local, remote, state, _ in rows)


def _family(pid: int) -> set[int]:
    """Return a process and all below it."""
    parents: dict[int, int] = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The name of a program, in parentheses, may contain spaces and parentheses itself.
            parents[int(folder.name)] = int(
                (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1]
            )
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for link in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                kind, _, inode = str(link.readlink()).partition(":")
                if kind == "socket":
                    yield inode.strip("[]")


def _rows(pid: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield local port, remote port, state and inode of each TCP socket."""
    for table in _TABLES:
        with suppress(OSError):
            for line in (_PROC / str(pid) / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                yield fields[1].rpartition(":")[2], fields[2].rpartition(":")[2], fields[3], fields[9]
