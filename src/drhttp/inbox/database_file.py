"""Where the file lies, and that only its owner can read it: it holds other people's requests."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from drhttp.inbox.errors import PlaceError


def default_file(environ: Mapping[str, str], project: Path) -> Path:
    """The file of a project directory: ``DRHTTP_INBOX_FILE``, else one below the user's state directory."""
    chosen = environ.get("DRHTTP_INBOX_FILE")
    if chosen:
        return Path(chosen).expanduser()
    state = Path(environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    folder = project.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.") or "root"
    # Two projects may have the same name; the digest keeps their traffic apart.
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return state / "drhttp" / f"{name}-{digest}" / "inbox.db"


def prepare(file: Path) -> None:
    """Make the file (0600) and its missing directories (0700), or check and close the file that is there."""
    try:
        _make_directories(file.parent)
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            check(file)
            file.chmod(0o600)
    except OSError as problem:
        raise PlaceError(f"Cannot use {file}: {problem.strerror or problem}.") from problem


def prepare_folder(file: Path) -> None:
    """Make the missing directories (0700) only."""
    try:
        _make_directories(file.parent)
    except OSError as problem:
        raise PlaceError(f"Cannot use {file.parent}: {problem.strerror or problem}.") from problem


def check(file: Path) -> None:
    """Refuse what somebody else may have laid there: a link, a device, another user's file."""
    try:
        found = file.lstat()
    except FileNotFoundError:
        raise PlaceError(f"No inbox file at {file} yet. Run `drhttp inbox` to create it.") from None
    except OSError as problem:
        raise PlaceError(f"Cannot use {file}: {problem.strerror or problem}.") from problem
    if stat.S_ISLNK(found.st_mode):
        raise PlaceError(f"{file} is a symbolic link. Pass the path of the file itself.")
    if not stat.S_ISREG(found.st_mode):
        raise PlaceError(f"{file} is not a regular file.")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise PlaceError(f"{file} belongs to another user.")


def _make_directories(folder: Path) -> None:
    # mkdir(parents=True) would give the parents the mode of the umask.
    if not folder.exists():
        _make_directories(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
