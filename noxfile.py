"""What is checked, in sessions: `nox` runs those of the Python at hand. CONTRIBUTING.md says what each is for.

Sessions with the tag `test` are `make test`; those with the tag `others` are what `make test-all` adds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nox
import nox.command

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PROJECT)
HERE = ".".join(map(str, sys.version_info[:2]))  # the Python that runs nox: the one at hand

WORKERS = 4  # processes that share the tests, which wait for servers more than they compute
WHEELS = Path(os.environ.get("DRHTTP_WHEEL") or "dist")  # the folder of the wheel to test
# What goes over a real connection of urllib3, including what drhttp overrides there.
TRANSPORT = ("connection", "transport", "proxies")
# Each of the other folders has a session of its own.
WITH_FRAMEWORKS = ["frameworks", "inbox", "outbound", "privacy", "project", "unit/wire/test_gzip.py"]

# Test suites of frameworks, and what pytest needs to be told for each.
FRAMEWORKS = {
    "starlette": ["-p", "no:asyncio"],
    "asgiref": [],
    "werkzeug": ["-p", "no:asyncio", "--ignore=tests/test_serving.py"],  # it starts servers of its own
    "flask": ["-p", "no:asyncio"],
}
NARROW = ("-m", "not wide")  # `make test-all` tries the rest on the newest other Python, and with `page_wide`
CLIENTS = ("requests", "httpx", "urllib3", "aiohttp")  # of whose test suites tests/foreign/compare.py knows more
_VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.tags = ["test"]

os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")  # test what is installed here, do not install more
os.environ.setdefault("UV_HTTP_TIMEOUT", "120")  # seconds; a slow index is no reason to fail
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would each compile what they import


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
    if version == HERE:
        return True
    python = shutil.which(f"python{version}")
    return python is not None and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _group(name: str) -> list[str]:
    return nox.project.dependency_groups(PROJECT, name)


_open_pyenv()
PYTHONS = [version for version in SUPPORTED if version == HERE or _runs(version)] or [HERE]

OTHERS = [version for version in PYTHONS if version != HERE]
WITH_INBOX = {HERE, *OTHERS[:1], *OTHERS[-1:]}  # the oldest and the newest; the inbox is a program of its own
# With `DRHTTP_COVERAGE`, these sessions measure the coverage while they test, so that no test runs twice for it.
MEASURED = [f"{name}-{(OTHERS or [HERE])[-1]}" for name in ("bare", "tests") if os.environ.get("DRHTTP_COVERAGE")]


def _each_python(function: Callable[[nox.Session], None]) -> Callable[[nox.Session], None]:
    """Register a session for each Python: of `make test` for the Python at hand, of `make test-all` for the others."""
    for version in PYTHONS:
        tag = "test" if version == HERE else "others"
        nox.session(function, python=version, name=f"{function.__name__}-{version}", tags=[tag], requires=["build"])
    return function


def _install(session: nox.Session, *groups: str, extras: str = "") -> None:
    """Install the built wheel, with extras, and groups of dependencies."""
    (wheel,) = WHEELS.resolve().glob("*.whl")
    session.install(f"drhttp{extras} @ {wheel.as_uri()}", *(each for group in groups for each in _group(group)))
    session.install("--force-reinstall", "--no-deps", str(wheel))  # an environment that is used again has an older one


def _narrow(session: nox.Session) -> tuple[str, ...]:
    """Options that leave out what the same session tries on the newest other Python, as do most generated examples."""
    newest = session.python in OTHERS[-1:]
    session.env.setdefault("HYPOTHESIS_EFFORT", os.environ.get("HYPOTHESIS_EFFORT", "0.4" if newest else "0.15"))
    return () if newest else NARROW


def _pytest(session: nox.Session, *chosen: str, workers: int = WORKERS, dist: str = "worksteal") -> None:
    """Run these tests, or those that the command line names, in processes that share them.

    With `DRHTTP_RERUN`, tests that failed run once more by themselves, and the output says which. Continuous
    integration sets it: its machine is shared, and a test that ran out of time there must not stop a release.
    """
    tests = session.posargs or chosen
    options = ["-o", f"cache_dir=.nox/.pytest-{session.name}", *tests]
    env = {"COVERAGE_FILE": f".coverage.{session.name}"}
    if session.name in MEASURED and not session.posargs:
        session.install(*_group("coverage"))
        # Only the two sessions together have to reach the limit. Tests that take the time of something run without.
        options += ["--cov", "--cov-append", "--cov-report=", "--cov-fail-under=0", "-m", "not no_cover"]
        options += ["-p", "no:drhttp"]  # it would import drhttp too early; tests/conftest.py adds it later
        Path(env["COVERAGE_FILE"]).unlink(missing_ok=True)
    try:
        session.run("pytest", "-n", str(workers), f"--dist={dist}", *options, env=env)
    except nox.command.CommandFailed:
        if not os.environ.get("DRHTTP_RERUN"):
            raise
        session.warn("Running what failed once more")
        session.run("pytest", "--last-failed", "--last-failed-no-failures=none", *options, env=env)


@nox.session(python=HERE, tags=["test"])
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    session.install(*_group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=HERE, tags=["test"])
def typing(session: nox.Session) -> None:
    """Mypy in strict mode over the package."""
    session.install("-e", ".", *_group("typing"))
    session.run("mypy")


@nox.session(python=HERE, tags=["test"])
def build(session: nox.Session) -> None:
    """The source archive, and from that the wheel, in dist/; nothing with `DRHTTP_WHEEL`, the folder of a built one."""
    if os.environ.get("DRHTTP_WHEEL"):
        return
    shutil.rmtree("dist", ignore_errors=True)
    session.install("build", *PROJECT["build-system"]["requires"])
    session.run("python", "-m", "build", "--no-isolation", silent=True)


@_each_python
def bare(session: nox.Session) -> None:
    """The built wheel alone with its one dependency, and then the unit tests without any framework or extra."""
    _install(session)
    session.run("python", "-I", "tests/support/import_probe.py")
    _install(session, "tests")
    _pytest(session, *_narrow(session), "tests/unit")


@nox.session(python=HERE, tags=["others"], requires=["build"])
def lowest_urllib3(session: nox.Session) -> None:
    """The transport with the oldest urllib3 that pyproject.toml allows; the other sessions have the newest."""
    _install(session, "tests")
    (lowest,) = re.findall(r"urllib3>=([\d.]+)", " ".join(PROJECT["project"]["dependencies"]))
    session.install(f"urllib3=={lowest}")
    _pytest(session, *(f"tests/unit/delivery/test_{name}.py" for name in TRANSPORT))


@_each_python
def tests(session: nox.Session) -> None:
    """What needs frameworks or extras, and masking, against the built wheel."""
    _install(session, "tests", "frameworks", "clients", "tools")
    folders = [f"tests/{name}" for name in WITH_FRAMEWORKS if name != "inbox" or session.python in WITH_INBOX]
    _pytest(session, *_narrow(session), "--ignore=tests/inbox/ui", *folders)


@_each_python
def servers(session: nox.Session) -> None:
    """Every server: real processes, 1,000 requests each, every record exactly once, nothing in the log."""
    # It brings apache's program, but not its service.
    _debian(session, "libapache2-mod-wsgi-py3", "/usr/lib/apache2/modules/mod_wsgi.so")
    _install(session, "tests", "frameworks", "servers")
    _pytest(session, *_narrow(session), "tests/servers")


@nox.session(python=HERE, tags=["test"], requires=["build"])
def faults_and_page(session: nox.Session) -> None:
    """Every fault between the application and the receiver, by real servers; and the inbox's page in Chromium.

    Together, because the faults wait and the browser computes. `nox -s faults_and_page -- tests/faults` runs one.
    """
    _debian(session, "nginx", "nginx")
    _debian(session, "gcc libc6-dev", "cc")
    _install_browser(session, "frameworks")
    _pytest(session, "--maxschedchunk=1", *NARROW, "tests/faults", "tests/inbox/ui", workers=8, dist="loadgroup")


@nox.session(python=HERE, tags=["others"], requires=["build"])
def page_wide(session: nox.Session) -> None:
    """The rest of the tests of the page: each view of a body, odd widths, imports, hostile records."""
    _install_browser(session, "frameworks")
    _pytest(session, "--maxschedchunk=1", "-m", "wide", "tests/inbox/ui", workers=4, dist="loadgroup")


@nox.session(python=HERE, tags=["test"])
def patterns(session: nox.Session) -> None:
    """Every regular expression, the page's among them, is linear: recheck says so of each; it runs under node."""
    session.install("-e", ".[inbox,django]", *_group("tests"), *_group("patterns"))
    session.run("pytest", "tests/patterns/test_package.py", *session.posargs)


@nox.session(python=HERE, default=False)
def user_patterns(session: nox.Session) -> None:
    """The rules of thumb behind the warning, held against recheck: minutes, and gigabytes for some of the patterns."""
    session.install("-e", ".[inbox,django]", *_group("tests"), *_group("patterns"))
    session.run("pytest", "tests/patterns/test_users.py", *session.posargs)


@nox.session(python=HERE, tags=["test"], requires=["build"])
def demo(session: nox.Session) -> None:
    """The demonstration, once through, with its own verdict."""
    _install(session, "demo", extras="[inbox,django,flask]")
    session.run("python", "-m", "demo", *(session.posargs or ["--once"]))


@nox.session(python=HERE, tags=["test"], requires=["build"])
def growth(session: nox.Session) -> None:
    """Hostile texts in every place that others write: masking takes time in proportion, and other threads go on.

    With one order of all sets: the search for a secret among the names of a body ends at the first one, which is early
    in some processes and late in others, so that a text of half the size may take a fifth of the time.
    """
    _install(session, "tests")
    session.env["PYTHONHASHSEED"] = "0"
    _pytest(session, "tests/growth", workers=2)


@nox.session(python=HERE, tags=["others"], requires=["build"])
def growth_wide(session: nox.Session) -> None:
    """The same with three times as many texts."""
    session.env["GROWTH"] = "wide"
    growth(session)


@nox.session(python=HERE, tags=["others"], requires=["build"])
def clickhouse(session: nox.Session) -> None:
    """The store on ClickHouse and receivers that share it, on the engine as a library, which is a wheel of 182 MB."""
    _debian(session, "nginx", "nginx")
    _install(session, "tests", "clickhouse", extras="[inbox,clickhouse]")
    _pytest(session, "tests/clickhouse", workers=2, dist="loadfile")


@nox.session(python=HERE, default=False, requires=["build"])
def fleet(session: nox.Session) -> None:
    """1,000 senders, three receivers, one engine; receivers are killed, the engine stops: every record once.

    Without arguments, then a minute without the engine.
    """
    _install(session, "tests", "clickhouse", extras="[inbox,clickhouse]")
    session.run("python", "-m", "benchmarks.fleet", *session.posargs)
    if not session.posargs:
        session.run("pytest", "-s", "tests/fleet")


@nox.session(venv_backend="none", tags=["others"])
def pythons(session: nox.Session) -> None:
    """Say which of the supported Pythons are found, and which are not and therefore not tested."""
    absent = [version for version in SUPPORTED if version not in PYTHONS]
    session.log(f"Pythons found: {', '.join(PYTHONS)}; not found: {', '.join(absent) or 'none'}")


@nox.session(python=HERE, default=False, requires=["build"])
def screenshots(session: nox.Session) -> None:
    """The inbox's page as pictures, light and dark, wide and narrow, in screenshots/."""
    _install_browser(session)
    session.run("pytest", "tests/inbox/ui/screenshots.py", *session.posargs)


@nox.session(python=(OTHERS or [HERE])[-1], name="coverage", tags=["others"], requires=MEASURED)
def coverage(session: nox.Session) -> None:
    """Branch coverage of the sessions that measure it; fails below `fail_under` in pyproject.toml."""
    if not MEASURED:
        session.skip("set DRHTTP_COVERAGE=1 to measure the coverage")
    session.install(*_group("coverage"))
    session.run("coverage", "combine", "--quiet", "--keep", *(f".coverage.{name}" for name in MEASURED))
    session.run("coverage", "report")


@nox.session(python=HERE, default=False, requires=["build"])
def foreign(session: nox.Session) -> None:
    """The test suites of frameworks, bare and with every application wrapped; those of clients, bare and recorded."""
    _install(session, "clients", "foreign")
    for suite in session.posargs or (*FRAMEWORKS, *CLIENTS):
        if suite in FRAMEWORKS:
            _compare_wrapped(session, suite)
        else:
            session.run("python", "tests/foreign/compare.py", suite)


def _compare_wrapped(session: nox.Session, suite: str) -> None:
    folder = Path(session.create_tmp()).resolve()
    plugins = Path("tests/foreign").resolve()
    version = session.run("python", "-c", _VERSION, suite, silent=True).strip()
    download = ("pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder))
    session.run("python", "-m", *download, f"{suite}=={version}")
    (archive,) = folder.glob(f"{suite}-{version}.tar.gz")
    shutil.unpack_archive(archive, folder, filter="data")
    results = []
    for mode in ([], ["-p", "wrapping"]):
        results.append(str(folder / f"{suite}{len(mode)}.xml"))
        options = [*mode, *FRAMEWORKS[suite], "-q", "-p", "no:cacheprovider", f"--junitxml={results[-1]}", "tests"]
        with session.chdir(folder / f"{suite}-{version}"):
            env = {"WRAPPED": suite, "PYTHONPATH": str(plugins)}
            # Some fail bare, too; what counts is what differs.
            session.run("python", "-m", "pytest", *options, env=env, success_codes=[0, 1])
    session.run("python", str(plugins / "comparing.py"), suite, *results)


@nox.session(python=HERE, default=False)
def soak(session: nox.Session) -> None:
    """Ten minutes at full speed with faults that come and go; `nox -s soak -- --minutes 1` for a shorter look."""
    session.install("-e", ".[inbox]", *_group("tests"))
    session.run("python", "-m", "benchmarks.soak", *session.posargs)


@nox.session(python=HERE, default=False)
def bench(session: nox.Session) -> None:
    """What recording costs, beside the bare application in the same run; benchmarks/README.md has the table."""
    session.install("-e", ".[flask]", *_group("bench"))
    _debian(session, "wrk", "wrk")  # without the load generator, the workloads under a server are left out
    session.run("python", "-m", "benchmarks", *session.posargs)
    if not session.posargs:
        session.run("python", "-m", "benchmarks.outbound")


@nox.session(python=HERE, default=False)
def peers(session: nox.Session) -> None:
    """What the recorders of others cost, beside drhttp in the same run; benchmarks/README.md has the table."""
    session.install("-e", ".[flask]", *_group("bench"), *_group("peers"))
    _debian(session, "wrk", "wrk")
    session.run("python", "-m", "benchmarks.peers", *session.posargs)


@nox.session(python=HERE, default=False)
def peers_tests(session: nox.Session) -> None:
    """That each of these recorders is counted; apart, because some of them use what only the tests need."""
    session.install("-e", ".[flask]", *_group("tests"), *_group("peers"))
    _pytest(session, "tests/peers", workers=2)


@nox.session(python=HERE, default=False, requires=["build"])
def inbox(session: nox.Session) -> None:
    """How much the inbox takes, how fast its page answers: `nox -s inbox -- page`, `ingest`, `retention`, `live`."""
    _install_browser(session)
    session.run("python", "-m", "benchmarks.inbox", *(session.posargs or ["ingest"]))


def _install_browser(session: nox.Session, *groups: str) -> None:
    _debian(session, "chromium", "chromium")
    _debian(session, "chromium-headless-shell", "chromium-headless-shell", optional=True)
    _install(session, "tests", "browser", *groups, extras="[inbox]")


def _debian(session: nox.Session, packages: str, program: str, *, optional: bool = False) -> None:
    """Have a program or a file of Debian's, if it can be had; the tests that need it say what they do without it.

    optional: the tests do without it, so that it does not matter whether this Debian has it.
    """
    if shutil.which(program) or shutil.which(program, path="/usr/sbin") or Path(program).exists():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.warn(f"{program} is not here, and only root can install it, with apt-get")
        return
    session.run("apt-get", "update", "--quiet", external=True)
    install = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages.split())
    session.run(*install, external=True, success_codes=[0, 100] if optional else [0])
