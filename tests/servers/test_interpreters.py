"""Interpreters that refuse threads: those of a kind of their own, and those that are ending; and held locks."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hosting import PATIENCE
from interpreters import HERE, VERSIONS, copy_packages, executable, installed, missing
from support.load import TESTS, paths, program

if TYPE_CHECKING:
    from pathlib import Path

    from support.receiver import Receiver

FIRST_TO_REFUSE = "3.12"  # the first that refuses threads while it ends

# An isolated subinterpreter lets no daemon thread run, and before 3.12 none at all.
SUBINTERPRETER = """
import sys
source = '''
import sys
sys.path[:] = {path!r}
import logging
logging.basicConfig(format="LOGGED %(name)s %(levelname)s %(message)s", stream=sys.stdout)
import drhttp
from support.load import echo, hit
app = drhttp.WSGIMiddleware(echo, {dsn!r}, timeout=60.0)
for number in range(1000):
    assert hit(app, f"/{{number}}", b"body") == b"body"
print(drhttp.flush({timeout}), drhttp.stats().sent, drhttp.stats().queued)
sys.stdout.flush()
drhttp.close(0.0)
'''.format(path=sys.path, dsn=sys.argv[1], timeout=float(sys.argv[2]))
try:
    import _interpreters as interpreters
    number = interpreters.create("isolated")
except ImportError:
    import _xxsubinterpreters as interpreters
    number = interpreters.create(isolated=True)
failure = interpreters.run_string(number, source)
assert failure is None, failure
if sys.version_info[:2] == (3, 12):
    import os
    os._exit(0)  # 3.12.1 crashes at the end of an isolated interpreter that has loaded OpenSSL, with us or without
interpreters.destroy(number)
"""
WAITING = "LOGGED drhttp WARNING could not start a thread to deliver records; they wait for drhttp.flush()"

ENDING = """
import atexit, sys, threading, logging
logging.basicConfig(format="LOGGED %(name)s %(levelname)s %(message)s")
import drhttp
from support.load import echo, hit
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
if sys.argv[2] == "first":
    atexit.register(hit, app, "/at the end")  # runs when no thread can be started any more
else:
    for number in range(1000):
        hit(app, f"/{number}")
    atexit.register(hit, app, "/at the end")
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a Python needs that has nothing installed."""
    return copy_packages(tmp_path_factory.mktemp("packages"))


def run(version: str, packages: Path, source: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A program under that Python; one that is not there is passed over."""
    python = executable(version)
    if python is None:
        pytest.skip(f"Python {version} is not here; {installed()} are")
    return subprocess.run(
        [python, "-c", source, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{TESTS}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_subinterpreter(version: str, packages: Path, receiver: Receiver) -> None:
    """PM8: where no thread can be started, requests go on, one warning says so, and a flush delivers all of it."""
    done = run(version, packages, SUBINTERPRETER, receiver.dsn, 20)
    assert (done.returncode, done.stderr) == (0, ""), done
    first, *rest = done.stdout.splitlines()
    assert first == WAITING
    assert rest == ["True 1000 0"]
    assert sorted(paths(receiver.records)) == sorted(f"/{number}" for number in range(1000))


def test_a_flush_without_a_thread_keeps_to_its_time(packages: Path) -> None:
    """PM8: the caller that delivers itself waits no longer for a receiver that is silent than it said."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent:
        begin = time.monotonic()
        done = run(HERE, packages, SUBINTERPRETER, f"http://key@127.0.0.1:{silent.getsockname()[1]}/", 2)
        took = time.monotonic() - begin
    assert done.returncode == 0, done
    assert "False 0 1000" in done.stdout
    assert took < 50, "it has waited for the time-out of the POST, which is 60 s"


@pytest.mark.parametrize("when", ["first", "later"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_end_of_an_interpreter(version: str, when: str, packages: Path, receiver: Receiver) -> None:
    """PM6: a record of the last moment raises nothing; what came before it is delivered."""
    done = run(version, packages, ENDING, receiver.dsn, when)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert not [line for line in done.stderr.splitlines() if "LOGGED drhttp WARNING" not in line], done.stderr
    assert len(done.stderr.splitlines()) <= (when == "first")
    if when == "later":
        expected = ["/at%20the%20end", *(f"/{number}" for number in range(1000))]
        assert sorted(paths(receiver.records)) == sorted(expected)


def test_a_python_that_refuses_threads_at_its_end_is_here() -> None:
    """PM6: the tests above meet what they are about."""
    if not installed(VERSIONS[VERSIONS.index(FIRST_TO_REFUSE) :]):
        missing(f"of the Pythons here ({installed()}), none refuses threads while it ends")


def test_a_fork_while_each_lock_is_held(receiver: Receiver) -> None:
    """PM2: whichever lock is found in us, the child records, flushes and ends although another thread holds it."""
    done = program(
        """
import signal
from drhttp import _guard
from drhttp._process import fork
from drhttp._process import registry
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
hit(app, "/warm")
assert drhttp.flush(30)
state = registry.recorders[0]._state()
kinds = (type(threading.Lock()), type(threading.RLock()), threading.Condition)
places = {"recorder": registry.locks, "queue": vars(state.queue), "worker": vars(state.worker),
          "clock": vars(state.worker._clock), "loading": vars(fork), "guard": vars(_guard)}
locks = {f"{place} {name}": lock for place, inside in places.items() for name, lock in inside.items()
         if isinstance(lock, kinds)}
for name, lock in locks.items():
    held, done = threading.Event(), threading.Event()
    def hold():
        if name == "clock _wakeup":  # its holder is whoever waits; the worker does
            held.set()
            return
        with lock:
            held.set()
            done.wait(8 if name.startswith("loading") else None)  # a fork waits for this one, and not for ever
    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    held.wait()
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        hit(app, f"/{name}")
        assert drhttp.flush(30)
        hit(app, f"/{name}/end")
        sys.exit(0)
    done.set()
    assert os.waitpid(pid, 0)[1] == 0, name
    thread.join()
print(len(locks), *locks, sep="|")
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stderr) == (0, "")
    count, *names = done.stdout.strip().split("|")
    print(names)
    assert int(count) >= 6
    expected = ["/warm", *(f"/{name}{end}".replace(" ", "%20") for name in names for end in ("", "/end"))]
    assert sorted(paths(receiver.records)) == sorted(expected)
