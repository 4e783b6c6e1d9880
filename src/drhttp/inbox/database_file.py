"""Location and permissions of the SQLite file, which only its owner may read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from drhttp.inbox.errors import DatabaseFileError


def default_file(environ: Mapping[str, str], project: Path) -> Path:
    """Return the file for a project directory: ``DRHTTP_INBOX_FILE``, or one in the user's state directory."""
    chosen = environ.get("DRHTTP_INBOX_FILE")
    if chosen:
        return Path(chosen).expanduser()
    state = Path(environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    folder = project.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.") or "root"
    # The digest separates projects whose directories have the same name.
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return state / "drhttp" / f"{name}-{digest}" / "inbox.db"


def prepare(file: Path) -> None:
    """Create the file (0600) and missing directories (0700), or check an existing file. Raises `DatabaseFileError`."""
    try:
        _make_directories(file.parent)
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            check(file)
            file.chmod(0o600)
    except OSError as problem:
        raise DatabaseFileError(f"Cannot use {file}: {problem.strerror or problem}.") from problem


def prepare_folder(file: Path) -> None:
    """Create missing directories (0700) without the file."""
    try:
        _make_directories(file.parent)
    except OSError as problem:
        raise DatabaseFileError(f"Cannot use {file.parent}: {problem.strerror or problem}.") from problem


def check(file: Path) -> None:
    """Raise `DatabaseFileError` for a symbolic link, a special file, or another user's file."""
    try:
        found = file.lstat()
    except FileNotFoundError:
        raise DatabaseFileError(f"No inbox file at {file} yet. Run `drhttp inbox` to create it.") from None
    except OSError as problem:
        raise DatabaseFileError(f"Cannot use {file}: {problem.strerror or problem}.") from problem
    if stat.S_ISLNK(found.st_mode):
        raise DatabaseFileError(f"{file} is a symbolic link. Pass the path of the file itself.")
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseFileError(f"{file} is not a regular file.")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise DatabaseFileError(f"{file} belongs to another user.")


def _make_directories(folder: Path) -> None:
    # mkdir(parents=True) creates parents with the default mode.
    if not folder.exists():
        _make_directories(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
