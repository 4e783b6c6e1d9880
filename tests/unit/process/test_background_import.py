"""While a worker imports what it delivers with, nothing that waits for it is in its way for long, and nothing hangs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.load import paths, program

if TYPE_CHECKING:
    from pathlib import Path

    from support.receiver import Receiver

START = """
import warnings
warnings.simplefilter("ignore")  # of a patch that comes late
from importlib.machinery import SourceFileLoader
from drhttp._process import background_import
load, sleep = SourceFileLoader.exec_module, time.sleep

def make(**options):
    return drhttp.WSGIMiddleware(echo, sys.argv[1], exit_timeout=20.0, **options)

def slow_import(seconds, pause=sleep):
    def exec_module(loader, module):
        if module.__name__ == "urllib3.response":
            pause(seconds)
        load(loader, module)
    SourceFileLoader.exec_module = exec_module

do_fork, waitpid = getattr(os, "fork", None), os.waitpid  # gevent's own would let other greenlets run

def fork():
    pid = do_fork()
    if not pid:
        os._exit(0)
    waitpid(pid, 0)

def timed(function, limit):
    began = time.monotonic()
    function()
    took = time.monotonic() - began
    print("in time" if took < limit else f"late: {took}", flush=True)
"""
LATE = """
from gevent import monkey
monkey.patch_all()
"""
# Seconds: until a wait in vain ends, which is longer here than in applications, and what a busy machine may take.
TIMEOUT, LIMIT = 40.0, 20.0

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def run(source: str, receiver: Receiver, *arguments: object) -> str:
    limits = f"background_import._TIMEOUT, LIMIT = {TIMEOUT}, {LIMIT}\n"
    done = program(f"{START}{limits}{source}", receiver.dsn, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_greenlets_wait_for_each_other(receiver: Receiver) -> None:
    """Two workers are greenlets of one thread: the second one does not keep the first, which imports, from going on."""
    source = f"""
apps = [make(before_send=lambda record: record, flush_interval=0.01) for _ in range(2)]
{LATE}
slow_import(0.5, time.sleep)  # which lets other greenlets run
for app in apps:
    hit(app, "/")
time.sleep(0.1)
timed(lambda: drhttp.flush(10), LIMIT)
"""
    assert run(source, receiver) == "in time\n"
    assert paths(receiver.records) == ["/", "/"]


@forks
def test_a_fork_lets_the_greenlet_go_on_that_imports(receiver: Receiver) -> None:
    """It waits for that greenlet, which sleeps in the middle of the import."""
    source = f"""
app = make(flush_interval=0.01)
{LATE}
slow_import(0.5, time.sleep)
hit(app, "/")
time.sleep(0.1)
timed(fork, LIMIT)
assert drhttp.flush(10)
"""
    assert run(source, receiver) == "in time\n"
    assert paths(receiver.records) == ["/"]


@forks
def test_a_fork_that_lets_greenlets_run(receiver: Receiver) -> None:
    """A hook of the application switches to the worker while the fork holds imports back."""
    source = f"""
os.register_at_fork(before=lambda: time.sleep(0.05))
app = make(flush_interval=0.01)
{LATE}
hit(app, "/")
timed(fork, LIMIT)
assert drhttp.flush(10)
"""
    assert run(source, receiver) == "in time\n"
    assert paths(receiver.records) == ["/"]


def test_two_workers_while_gevent_is_imported(receiver: Receiver) -> None:
    """The main thread waits for the first worker in the middle of an import for which the second does not wait."""
    pytest.importorskip("gevent")
    source = """
slow_import(0.5)
apps = [make(before_send=lambda record: record, flush_interval=60.0) for _ in range(2)]
for app in apps:
    hit(app, "/")
drhttp.flush(0)
time.sleep(0.1)
def patch():
    from gevent import monkey
    monkey.patch_all()
timed(patch, LIMIT)
assert drhttp.flush(20)
"""
    assert run(source, receiver) == "in time\n"
    assert paths(receiver.records) == ["/", "/"]


@pytest.mark.parametrize("event", ["GeventWillPatchAllEvent", "GeventDidPatchBuiltinModulesEvent"])
def test_a_flush_in_the_middle_of_a_patch(event: str, receiver: Receiver) -> None:
    """The thread that patches waits for the worker, which does not wait for the end of the patch then."""
    pytest.importorskip("gevent")
    source = f"""
from gevent import events
def flush(event):
    if type(event) is events.{event}:
        timed(lambda: drhttp.flush(20), LIMIT)
events.subscribers.append(flush)
app = make(flush_interval=60.0)
hit(app, "/")
from gevent import monkey
monkey.patch_all()
"""
    assert run(source, receiver) == "in time\n"
    assert paths(receiver.records) == ["/"]


def test_nothing_happens_after_the_patch(receiver: Receiver) -> None:
    """The patch comes while the worker imports, and nobody records or flushes after it: what waits is delivered."""
    pytest.importorskip("gevent")
    source = """
slow_import(0.3)
app = make(flush_interval=60.0)
for number in range(3):
    hit(app, "/")
drhttp.flush(0)
sleep(0.1)
from gevent import monkey
monkey.patch_all()
while drhttp.stats().sent < 3:
    time.sleep(0.01)
print("delivered")
"""
    assert run(source, receiver) == "delivered\n"


def test_import_hooks_that_are_put_back(receiver: Receiver) -> None:
    """The application may restore the list of import hooks at any time."""
    source = """
slow_import(0.5)
app = make(flush_interval=60.0)
hit(app, "/")
before = sys.meta_path[:]
drhttp.flush(0)
while sys.meta_path == before:
    sleep(0.01)
sys.meta_path[:] = before
assert drhttp.flush(10)
print(drhttp.stats().restarts)
"""
    assert run(source, receiver) == "0\n"


def test_a_module_that_is_held_back_holds_no_other_one_back(receiver: Receiver, tmp_path: Path) -> None:
    """All modules of a zip archive have one loader. Import hooks of others find the module, too."""
    source = """
import threading, zipfile
with zipfile.ZipFile(sys.argv[2], "w") as archive:
    archive.writestr("eventlet.py", "")
    archive.writestr("other.py", "")
sys.path.insert(0, sys.argv[2])
seen = []
class Observer:
    def find_spec(name, path=None, target=None):
        if name == "eventlet":
            seen.append(name)
sys.meta_path.insert(0, Observer)
with background_import.background_import():
    thread = threading.Thread(target=__import__, args=("eventlet",))
    thread.start()
    while not seen:
        sleep(0.01)
    sleep(0.1)
    timed(lambda: __import__("other"), LIMIT)
    assert thread.is_alive()
thread.join(5)
print(thread.is_alive())
"""
    assert run(source, receiver, tmp_path / "modules.zip") == "in time\nFalse\n"
