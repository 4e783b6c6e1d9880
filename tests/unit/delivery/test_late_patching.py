"""gevent may patch the process after the first record: all is delivered, and the exit is quiet."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from support.forward_proxy import ForwardProxy
from support.load import SURROUNDINGS, command, paths, program
from support.receiver import ConnectionClosed, Receiver, Request, Response
from support.transports import authority

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0  # seconds until something that should happen is given up
PATCHES = {
    "gevent": "from gevent import monkey\nmonkey.patch_all()\nfrom gevent import spawn, joinall\n",
}
BEFORE = """
import warnings
warnings.simplefilter("ignore")  # of a patch that comes late
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=float(sys.argv[2]), exit_timeout=20.0)
hit(app, "/before")
"""
AFTER = """
hit(app, "/after")
joinall([spawn(hit, app, f"/{number}") for number in range(10)])
"""
NAMES = sorted(["/before", "/after", *(f"/{number}" for number in range(10))])

patcher = pytest.mark.parametrize("patch", [pytest.param(text, id=name) for name, text in PATCHES.items()])


@patcher
@pytest.mark.parametrize("first", ["", "assert drhttp.flush(20)\n"], ids=["waiting", "flushed"])
@pytest.mark.parametrize(
    "end", ["", "assert drhttp.flush(20)\n", "drhttp.close(20)\n", "joinall([spawn(drhttp.flush, 20)])\n"]
)
def test_exit(patch: str, first: str, end: str, receiver: Receiver) -> None:
    """Records from before and after arrive once, and nothing is said, whether it is flushed, closed, or just ends."""
    done = program(f"{BEFORE}{first}{patch}{AFTER}{end}", receiver.dsn, 60.0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == NAMES


@patcher
def test_without_another_event(patch: str, receiver: Receiver) -> None:
    """Records from after the patch are delivered in their time, by a new thread, while the application goes on."""
    wait = """
while drhttp.stats().sent < 12:
    time.sleep(0.01)
assert [thread.name for thread in threading.enumerate()].count("drhttp") <= 2
print("delivered")
"""
    done = program(f"{BEFORE}assert drhttp.flush(20)\n{patch}{AFTER}{wait}", receiver.dsn, 0.05)
    assert (done.returncode, done.stdout, done.stderr) == (0, "delivered\n", "")
    assert sorted(paths(receiver.records)) == NAMES


@patcher
def test_at_any_moment(patch: str, receiver: Receiver) -> None:
    """The patch may come while the thread starts, loads its modules, makes records or sends them."""
    for delay in range(6):
        done = program(f"{BEFORE}time.sleep({delay} * 0.03)\n{patch}{AFTER}", receiver.dsn, 0.01)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), delay
        assert sorted(paths(receiver.records)) == NAMES, delay
        receiver.posts.clear()


NATIVE = """
import _thread
start, lock, sleep = _thread.start_new_thread, _thread.allocate_lock(), time.sleep

def natively(path):
    # Record a request in a thread that gevent knows nothing of, and wait for its end.
    lock.acquire()
    def work():
        hit(app, path)
        lock.release()
    start(work, ())
    while lock.locked():
        sleep(0.001)
"""
DELIVERED = """
while drhttp.stats().sent < 13:
    time.sleep(0.01)
print("delivered")
"""


@patcher
@pytest.mark.parametrize("first", ["", "assert drhttp.flush(20)\n"], ids=["waiting", "flushed"])
@pytest.mark.parametrize("end", [DELIVERED, "assert drhttp.flush(20)\nprint('delivered')\n", "print('delivered')\n"])
def test_native_threads(patch: str, first: str, end: str, receiver: Receiver) -> None:
    """A thread that began before the patch may be the first to record after it: all is delivered, and in its time."""
    native = "natively('/native')\n"
    done = program(f"{BEFORE}{NATIVE}{first}{patch}{native}{AFTER}{end}", receiver.dsn, 0.05)
    assert (done.returncode, done.stdout, done.stderr) == (0, "delivered\n", "")
    assert sorted(paths(receiver.records)) == sorted([*NAMES, "/native"])


@patcher
def test_a_native_thread_after_greenlets(patch: str, receiver: Receiver) -> None:
    """Whoever began: records of greenlets and of threads are delivered side by side."""
    then = "time.sleep(0.2)\nnatively('/native')\n"
    done = program(f"{BEFORE}{NATIVE}{patch}{AFTER}{then}{DELIVERED}", receiver.dsn, 0.05)
    assert (done.returncode, done.stdout, done.stderr) == (0, "delivered\n", "")
    assert sorted(paths(receiver.records)) == sorted([*NAMES, "/native"])


@pytest.mark.parametrize("way", ["http", "http without poll", "https", "https through a proxy over TLS"])
def test_a_native_thread_makes_no_event_loop(way: str, tmp_path: Path) -> None:
    """A loop of gevent imports modules when it is made: two threads that do so at once may wait for each other."""
    observe = """
from gevent.hub import Hub
makers, make = [], Hub.__init__

def observed(hub, *args, **options):
    makers.append(threading.get_native_id())
    make(hub, *args, **options)

Hub.__init__ = observed
"""
    deliver = """
for count, path in enumerate(["/native", "/again"], 2):  # the second is sent over the same connection
    natively(path)
    while drhttp.stats().sent < count:
        sleep(0.01)
print(makers, {**drhttp.stats().dropped})
"""
    file, private = authority(tmp_path, "localhost")
    scheme = way.partition(" ")[0]
    with (
        ForwardProxy(tls=private) as proxy,
        Receiver(tls=private if scheme == "https" else None) as receiver,
    ):
        environ = {"SSL_CERT_FILE": file}
        if "proxy" in way:
            environ |= {"no_proxy": "", "https_proxy": f"https://{proxy.authority.replace('127.0.0.1', 'localhost')}"}
        before = f"os.environ.update({environ!r})\n"
        if "without poll" in way:  # as on Windows
            before += "import select\ndel select.poll\n"
        first = "assert drhttp.flush(20)\n"  # so that all modules are loaded when gevent patches
        source = f"{before}{BEFORE}{NATIVE}{first}{PATCHES['gevent']}{observe}{deliver}"
        done = program(source, receiver.dsn_for(scheme, "localhost"), 0.05)
        assert (done.returncode, done.stdout, done.stderr) == (0, "[] {}\n", "")
        assert sorted(paths(receiver.records)) == ["/again", "/before", "/native"]
        assert receiver.connection_count <= 2  # one before the patch and one after it
        assert len(proxy.request_lines) == (receiver.connection_count if "proxy" in way else 0)


def test_while_gevent_is_loaded(receiver: Receiver) -> None:
    """The thread may begin to load its modules in the middle of the import after which gevent patches."""
    slow = """
from importlib.machinery import SourceFileLoader
sleep, load = time.sleep, SourceFileLoader.exec_module

def exec_module(loader, module):
    # The thread begins when gevent has loaded half of what it patches with, and is in urllib3 when it patches.
    if module.__name__ == "zope.event":
        drhttp.flush(0)
        for _ in range(200):
            if "urllib3" not in sys.modules:
                sleep(0.01)
    elif module.__name__ == "urllib3.response":  # which uses the half of urllib3 that is loaded by then
        sleep(3)
    load(loader, module)

SourceFileLoader.exec_module = exec_module
"""
    done = program(f"{slow}{BEFORE}{PATCHES['gevent']}{AFTER}assert drhttp.flush(20)\n", receiver.dsn, 60.0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == NAMES


def test_while_gevent_patches(receiver: Receiver) -> None:
    """The thread may begin to load its modules when a patch is under way: it waits until the patch is done."""
    slow = """
import importlib.metadata
from gevent.events import subscribers
from importlib.machinery import SourceFileLoader
events, begun, began = [], [], time.monotonic()
entry_points, load, sleep = importlib.metadata.entry_points, SourceFileLoader.exec_module, time.sleep
subscribers.append(events.append)

def slow_entry_points(**selection):
    # gevent looks for its plugins after it has called its subscribers, and before it patches.
    if getattr(events[-1], "module_name", None) == "_thread" and not begun:
        begun.append(events[-1])
        drhttp.flush(0)
        sleep(0.3)
    return entry_points(**selection)

def exec_module(loader, module):
    if module.__name__ == "urllib3.response":
        sleep(1)  # what is left of the patch could be done meanwhile
    load(loader, module)

importlib.metadata.entry_points, SourceFileLoader.exec_module = slow_entry_points, exec_module
"""
    then = "print(len(begun), 'in time' if time.monotonic() - began < 10 else 'late')\n"
    source = f"{BEFORE}{slow}{PATCHES['gevent']}{then}{AFTER}assert drhttp.flush(20)\n"
    done = program(source, receiver.dsn, 60.0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 in time\n", "")
    assert sorted(paths(receiver.records)) == NAMES


def test_a_thread_of_the_pool_records_first(receiver: Receiver) -> None:
    """No greenlet runs in gevent's thread pool. A flush in the main thread lets other greenlets go on."""
    pytest.importorskip("gevent")
    source = """
import gevent
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=float(sys.argv[2]), exit_timeout=20.0)
gevent.get_hub().threadpool.apply(hit, (app, "/pool"))
while drhttp.stats().sent < 1:
    time.sleep(0.01)
hit(app, "/main")
ticks = []
def tick():
    while True:
        ticks.append(1)
        time.sleep(0)
spawn(tick)
assert drhttp.flush(20)
assert ticks
gevent.get_hub().threadpool.apply(hit, (app, "/last"))
print("delivered")
"""

    def respond_later(request: Request) -> None:
        post = request.read()
        time.sleep(0.1)  # so that the flush has to wait
        request.respond_to(post, Response(201))

    receiver.behavior = respond_later
    done = program(PATCHES["gevent"] + source, receiver.dsn, 0.05)
    assert (done.returncode, done.stdout, done.stderr) == (0, "delivered\n", "")
    assert sorted(paths(receiver.records)) == ["/last", "/main", "/pool"]


class Hold:
    """The behavior of responding to a POST only when `gate` is set; without a response the connection is closed."""

    def __init__(self, response: Response | None) -> None:
        self.response = response
        self.arrived, self.gate = threading.Event(), threading.Event()

    def __call__(self, request: Request) -> None:
        post = request.read()
        self.arrived.set()
        assert self.gate.wait(PATIENCE)
        if self.response is None:
            request.receiver.remember(post)
            raise ConnectionClosed
        request.respond_to(post, self.response)


@pytest.fixture(params=[Response(201), Response(503), None], ids=["accepted", "rejected", "closed"])
def hold(request: pytest.FixtureRequest) -> Hold:
    """Such a behavior, with one of the ends that a first POST may have."""
    return Hold(request.param)


@patcher
def test_a_post_under_way(patch: str, receiver: Receiver, hold: Hold) -> None:
    """A POST that is under way ends as it would, and what it leaves is delivered by whoever comes next."""
    source = f"{BEFORE}drhttp.flush(0)\nsys.stdin.readline()\n{patch}{AFTER}print('patched', flush=True)\n"
    receiver.next_behaviors.append(hold)
    with subprocess.Popen(command(source, receiver.dsn, 60.0), **SURROUNDINGS, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert hold.arrived.wait(PATIENCE)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "patched\n"
        hold.gate.set()
        output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output, errors) == (0, "", "")
    assert sorted(paths(receiver.records)) == NAMES


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_after_the_patch(receiver: Receiver) -> None:
    """A child that is forked after the patch records and delivers for itself."""
    fork = """
pid = os.fork()
if not pid:
    hit(app, "/child")
    assert drhttp.flush(20)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    done = program(f"{BEFORE}{PATCHES['gevent']}{AFTER}{fork}", receiver.dsn, 60.0)
    assert (done.returncode, done.stdout) == (0, "")
    # gevent's own hook fails in the child on Python 3.13 for any thread that began before the patch.
    assert not done.stderr or (sys.version_info >= (3, 13) and "gevent/threading.py" in done.stderr)
    assert sorted(paths(receiver.records)) == sorted([*NAMES, "/child"])


def test_first_delivery_at_the_exit(receiver: Receiver) -> None:
    """Where gevent has patched before all else, and no thread can be started any more, the exit delivers too."""
    done = program(f"{PATCHES['gevent']}{BEFORE}{AFTER}", receiver.dsn, 60.0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == NAMES


def test_the_exit_does_not_wait_for_threads_that_have_ended(receiver: Receiver) -> None:
    """After a late patch, the end of a new thread goes unnoticed: a join would last until its timeout."""
    more = """
from drhttp._delivery.late_patching import WorkerThread
WorkerThread.join = lambda self, timeout=None: print("joined")
apps = [
    drhttp.WSGIMiddleware(echo, sys.argv[1], before_send=lambda record: record, exit_timeout=20.0) for _ in range(5)
]
for each in apps:
    hit(each, "/more")
"""
    done = program(f"{BEFORE}{PATCHES['gevent']}{more}", receiver.dsn, 60.0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == ["/before", *["/more"] * 5]
