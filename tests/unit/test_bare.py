"""Without any extra: these tests run only where no framework is installed, as in `nox -s bare-3.12`."""

from __future__ import annotations

from importlib.metadata import requires, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

import drhttp
from drhttp.__main__ import main
from drhttp.inbox.database_file import prepare
from drhttp.inbox.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("package", ["asgiref", "django", "flask", "isal", "starlette", "uvicorn"])
def test_no_extra_is_installed(package: str) -> None:
    """Otherwise the tests beside this one would say nothing about a bare installation."""
    assert find_spec(package) is None


def test_what_is_installed_needs_urllib3_alone() -> None:
    """The installed package says what it needs, and names its own version."""
    needed = [each for each in requires("drhttp") or [] if "extra ==" not in each]
    assert needed == ["urllib3<3,>=2.0"]
    assert version("drhttp") == drhttp.__version__


def test_the_inbox_names_the_extra_that_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The core alone has no server, and one sentence says what to install; what reads the file works without one."""
    prepare(tmp_path / "inbox.db")
    SqliteStore(tmp_path / "inbox.db").close()
    file = f"--file={tmp_path / 'inbox.db'}"
    assert main(["inbox", file]) == 1
    assert (
        capsys.readouterr().err == 'drhttp: The inbox requires uvicorn. Install it with: pip install "drhttp[inbox]"\n'
    )
    assert main(["inbox", "ls", file]) == 0


def test_the_django_middleware_names_the_extra_that_it_needs() -> None:
    """Asking for it without Django says what to install."""
    with pytest.raises(ImportError, match=r"pip install 'drhttp\[django\]'"):
        _ = drhttp.DjangoUserMiddleware
