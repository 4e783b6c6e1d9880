"""Pythons other than the one that runs the tests, and what they need to run an application that is recorded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import urllib3

import drhttp

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
HERE = ".".join(map(str, sys.version_info[:2]))


def copy_packages(folder: Path) -> Path:
    """Copy drhttp and urllib3 into a folder, which any supported Python can have on its path. Returns the folder."""
    for package in (drhttp, urllib3):
        source = Path(package.__file__ or "").parent
        assert not [*source.rglob("*.so")], f"{source} is compiled for the Python of the tests, and for no other"
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__", "inbox"))
    return folder


def executable(version: str) -> str | None:
    """The path of that Python, or None where it is not installed."""
    if version == HERE:
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:  # a shim of pyenv is found for a version that is not active, and fails
        return None
    run = subprocess.run(
        [found, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or None


def installed(versions: Sequence[str] = VERSIONS) -> list[str]:
    """Those of the versions that are installed here."""
    return [version for version in versions if executable(version)]


def embedded(library: Path) -> str:
    """The version of Python that a shared library is linked with, for instance "3.11"."""
    found = re.search(rb"libpython(3\.\d+)", library.read_bytes())
    assert found, f"{library} is not linked with a Python"
    return found[1].decode()


def missing(reason: str) -> NoReturn:
    """Skip a test that needs what is not here; in continuous integration, fail it."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)
