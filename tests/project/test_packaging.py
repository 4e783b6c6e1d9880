"""The built wheel: what is in it, what it asks for, and that it can be imported with nothing else around."""

from __future__ import annotations

import email
import email.message
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import drhttp

ROOT = Path(__file__).resolve().parents[2]
PROBE = ROOT / "tests" / "support" / "import_probe.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from the sources as they are."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_every_module_is_in_the_wheel(names: set[str]) -> None:
    """The wheel holds every file of the package, `py.typed` among them."""
    source = ROOT / "src"
    package = {
        path.relative_to(source).as_posix()
        for path in (source / "drhttp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "drhttp/py.typed" in package
    assert {name for name in names if name.startswith("drhttp/")} == package


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    """Tests, examples and the demonstration stay out of users' site-packages."""
    assert {name.partition("/")[0] for name in names} == {"drhttp", f"drhttp-{drhttp.__version__}.dist-info"}


def test_one_dependency(metadata: email.message.Message) -> None:
    """Installed without extras, drhttp brings urllib3 and nothing else; it has the extras that are documented."""
    required = metadata.get_all("Requires-Dist", [])
    assert [each for each in required if "extra ==" not in each] == ["urllib3<3,>=2.0"]
    extras = {"clickhouse", "django", "flask", "formats", "inbox", "mcp", "openapi", "speed"}
    assert set(metadata.get_all("Provides-Extra", [])) == extras


def test_version(metadata: email.message.Message) -> None:
    """The wheel and the package name the same version."""
    assert metadata["Version"] == drhttp.__version__


def test_import_is_light(wheel: Path) -> None:
    """`import drhttp` needs the standard library alone, loads nothing heavy of it, and starts and registers nothing."""
    # Isolated and without site-packages: what is on the path is the wheel alone, which Python can import as it is.
    program = (
        f"import runpy, sys; sys.path.insert(0, {str(wheel)!r}); runpy.run_path({str(PROBE)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-ISc", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
