"""Everything that is checked, as one command: `nox`. CONTRIBUTING.md says what each session is for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PROJECT)
ABOUT_SOURCES = ["test_architecture.py", "test_packaging.py", "privacy/test_page.py"]  # tests that look at the checkout

WORKERS = "4"  # processes that share the tests, which wait for servers more than they compute

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typing", "wheel", "servers", "faults", "browser", "tests"]

os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")  # test what is installed here, do not install more
os.environ.setdefault("UV_HTTP_TIMEOUT", "120")  # seconds; a slow index is no reason to fail


def _open_pyenv() -> None:
    """Let pyenv's shims run every supported version, not only the active ones."""
    if "PYENV_VERSION" in os.environ or not shutil.which("pyenv"):
        return
    listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False).stdout.split()
    supported = [version for version in listed if ".".join(version.split(".")[:2]) in SUPPORTED]
    if supported:
        os.environ["PYENV_VERSION"] = ":".join(supported)


def _runs(version: str) -> bool:
    """Whether that Python is here and starts: a shim may exist for a version that does not."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return True
    python = shutil.which(f"python{version}")
    return python is not None and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _but(*names: str) -> list[str]:
    return [f"--ignore=tests/{name}" for name in names]


def _group(name: str) -> list[str]:
    return nox.project.dependency_groups(PROJECT, name)


_open_pyenv()
FOUND = [version for version in SUPPORTED if _runs(version)]
if not FOUND:
    sys.exit(f"None of the supported Pythons ({', '.join(SUPPORTED)}) is here.")
NEWEST = FOUND[-1]
DEBIAN = "3.11" if "3.11" in FOUND else NEWEST  # of its mod_wsgi, and of the figures that are told
APART = ["servers", "faults", "inbox/ui"]  # folders of tests that have a session of their own


@nox.session(python=NEWEST)
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    session.install(*_group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=NEWEST)
def typing(session: nox.Session) -> None:
    """Mypy in strict mode over the package."""
    session.install("-e", ".", *_group("typing"))
    session.run("mypy")


@nox.session(python=FOUND)
@nox.parametrize("dependencies", [nox.param(each, id=each) for each in ("bare", "frameworks")])
def tests(session: nox.Session, dependencies: str) -> None:
    """The test suite, without any web framework and with all of them; what knows of none is run without."""
    extra, apart = (_group("frameworks"), [*APART, "privacy"]) if dependencies == "frameworks" else ([], APART)
    session.install("-e", ".", *_group("tests"), *extra)
    session.run("pytest", "-n", WORKERS, "--dist=worksteal", *_but(*apart), *session.posargs)


@nox.session(python=DEBIAN)
def servers(session: nox.Session) -> None:
    """Every server: real processes, 1,000 requests each, every record exactly once, nothing in the log."""
    session.install("-e", ".[inbox]", *_group("tests"), *_group("frameworks"), *_group("servers"))
    # It brings apache's program, but not its service.
    _debian(session, "libapache2-mod-wsgi-py3", "/usr/lib/apache2/modules/mod_wsgi.so")
    session.run("pytest", "tests/servers", "-n", WORKERS, "--dist=worksteal", *session.posargs)


def _debian(session: nox.Session, packages: str, program: str) -> None:
    """Have a program or a file of Debian's, if it can be had; the tests that need it say what they do without it."""
    if shutil.which(program) or shutil.which(program, path="/usr/sbin") or Path(program).exists():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.warn(f"{program} is not here, and only root can install it, with apt-get")
        return
    session.run("apt-get", "update", "--quiet", external=True)
    session.run("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages.split(), external=True)


@nox.session(python=DEBIAN)
def faults(session: nox.Session) -> None:
    """Every fault between the application and the receiver, made by real parties."""
    _debian(session, "nginx-light", "nginx")
    _debian(session, "gcc libc6-dev", "cc")
    session.install("-e", ".[inbox]", *_group("tests"), *_group("frameworks"))
    session.run("pytest", "tests/faults", "-n", WORKERS, "--dist=worksteal", *session.posargs)


@nox.session(python=DEBIAN)
def browser(session: nox.Session) -> None:
    """The inbox's page in Debian's chromium: what it shows, what it withstands, and whom it shuts out."""
    _install_browser(session)
    session.run("pytest", "tests/inbox/ui", "-n", "2", "--dist=worksteal", *session.posargs)


@nox.session(python=DEBIAN, default=False)
def screenshots(session: nox.Session) -> None:
    """The inbox's page as pictures, light and dark, wide and narrow, in screenshots/."""
    _install_browser(session)
    session.run("pytest", "tests/inbox/ui/screenshots.py", *session.posargs)


def _install_browser(session: nox.Session) -> None:
    _debian(session, "chromium", "chromium")
    session.install("-e", ".[inbox]", *_group("tests"), *_group("browser"))


@nox.session(python=DEBIAN, default=False)
def soak(session: nox.Session) -> None:
    """Ten minutes at full speed with faults that come and go; `nox -s soak -- --minutes 1` for a shorter look."""
    session.install("-e", ".[inbox]", *_group("tests"))
    session.run("python", "-m", "benchmarks.soak", *session.posargs)


@nox.session(python=DEBIAN, default=False)
def bench(session: nox.Session) -> None:
    """What recording costs, beside the bare application in the same run; benchmarks/README.md has the table."""
    session.install("-e", ".[flask]", *_group("bench"))
    if not shutil.which("wrk"):
        _install_wrk(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=DEBIAN, default=False)
def inbox(session: nox.Session) -> None:
    """How much the inbox takes, how fast its page answers: `nox -s inbox -- page`, `ingest`, `retention`, `live`."""
    _install_browser(session)
    session.run("python", "-m", "benchmarks.inbox", *(session.posargs or ["ingest"]))


def _install_wrk(session: nox.Session) -> None:
    """The load generator comes from Debian; without it the workloads under a server are left out, and it is said."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.warn("wrk is not here, and only root can install it with apt-get: no figures under gunicorn")
        return
    session.run("apt-get", "install", "--yes", "--no-install-recommends", "wrk", external=True)


@nox.session(python=NEWEST, default=False)
def build(session: nox.Session) -> None:
    """The source archive, and from that the wheel, in dist/."""
    session.install("build", *PROJECT["build-system"]["requires"])
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation", silent=True)


@nox.session(python=NEWEST, reuse_venv=False, requires=["build"])
def wheel(session: nox.Session) -> None:
    """The built wheel: first alone with its one dependency, then under tests, with the sources out of reach."""
    (built,) = Path("dist").resolve().glob("*.whl")
    away = Path(session.create_tmp()).resolve()
    for folder in ("tests", "benchmarks"):  # the hostile bodies of a benchmark are those of a test
        shutil.copytree(folder, away / folder)
    shutil.copy("pyproject.toml", away)
    session.install(str(built))
    with session.chdir(away):
        session.run("python", "tests/import_probe.py")
        session.install(f"{built}[inbox]", *_group("tests"))
        session.run("pytest", "-n", WORKERS, "--dist=worksteal", *_but(*ABOUT_SOURCES, *APART))


@nox.session(python=NEWEST)
def coverage(session: nox.Session) -> None:
    """Branch coverage of the whole suite."""
    session.install("-e", ".", *_group("tests"), *_group("frameworks"))
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *_but("inbox/ui"), *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=NEWEST)
def demo(session: nox.Session) -> None:
    """The demonstration, once through, with its own verdict."""
    session.install("-e", ".[inbox,django,flask]", *_group("demo"))
    session.run("python", "-m", "demo", *(session.posargs or ["--once"]))
