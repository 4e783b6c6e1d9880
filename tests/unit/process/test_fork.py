"""Processes that fork, at whatever moment: nothing lost, nothing twice, nobody blocked."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support.load import paths, program

if TYPE_CHECKING:
    from support.receiver import Receiver

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

# In each program a child that blocks is killed by its alarm, and seen by its status.
CHILD = """
import signal
def child(work):
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(50)
    try:
        work()
    except BaseException:
        import traceback; traceback.print_exc()
        os._exit(1)
    os._exit(0)
def succeeded(pid):
    return os.waitpid(pid, 0)[1] == 0
"""


def run(source: str, receiver: Receiver, *arguments: object) -> str:
    done = program(CHILD + source, receiver.dsn, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_child_begins_afresh(receiver: Receiver) -> None:
    """PM1: what was queued before the fork is the parent's; a child has an empty queue, no count, no thread."""
    run(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
hit(app, "/before")
def work():
    assert drhttp.stats() == drhttp.Stats()
    assert "drhttp" not in [thread.name for thread in threading.enumerate()]
    for number in range(50):
        hit(app, f"/{os.getpid()}/{number}")
    assert drhttp.flush(30)
    assert drhttp.stats().sent == 50
children = [child(work) for _ in range(4)]
assert all([succeeded(pid) for pid in children])
assert drhttp.stats().recorded == 1
assert drhttp.flush(30)
assert drhttp.stats().sent == 1
""",
        receiver,
    )
    counts = Counter(paths(receiver.records))
    assert len(counts) == 201
    assert set(counts.values()) == {1}


def test_a_child_that_ends_normally_delivers(receiver: Receiver) -> None:
    """PM6: the exit of a forked child delivers what the child recorded, and nothing of the parent's."""
    run(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
hit(app, "/parent")
pid = os.fork()
if not pid:
    hit(app, "/child")
    sys.exit(0)
assert succeeded(pid)
""",
        receiver,
    )
    assert sorted(paths(receiver.records)) == ["/child", "/parent"]


# Loading urllib3 takes longer in a child than a process has to deliver at its exit.
SLOW = """
class Slow:
    def find_spec(name, path=None, target=None):
        if name == "drhttp._delivery.record_exporter" and os.getpid() != parent:
            threading.Event().wait(4)
parent = os.getpid()
sys.meta_path.insert(0, Slow)
"""


def test_children_that_end_at_once_deliver(receiver: Receiver) -> None:
    """PM6: what delivers is loaded once, before the first fork of a process that has recorded and has urllib3."""
    run(
        SLOW
        + """
import urllib3
app = drhttp.WSGIMiddleware(echo, sys.argv[1])
hit(app, "/parent")
for number in range(3):
    pid = os.fork()
    if not pid:
        hit(app, f"/{number}/first")
        hit(app, f"/{number}/second")
        sys.exit(0)
    assert succeeded(pid)
""",
        receiver,
    )
    children = {f"/{number}/{which}" for number in range(3) for which in ("first", "second")}
    assert Counter(paths(receiver.records)) == Counter({"/parent"} | children)


def test_a_fork_does_not_load_ssl(receiver: Receiver) -> None:
    """gevent may patch the child, as it does in gunicorn's workers: it fails if ssl is loaded."""
    run(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0)
hit(app, "/parent")
pid = os.fork()
if not pid:
    os._exit("ssl" in sys.modules)
assert succeeded(pid)
""",
        receiver,
    )
    assert paths(receiver.records) == ["/parent"]


def test_a_child_without_time_counts_what_it_loses(receiver: Receiver) -> None:
    """PM6: a child that cannot load what delivers before the end of its time says how many records are lost."""
    done = program(
        CHILD
        + SLOW
        + """
import logging
logging.basicConfig(format="%(message)s")
app = drhttp.WSGIMiddleware(echo, sys.argv[1], exit_timeout=0.2)
pid = os.fork()
if not pid:
    hit(app, "/first")
    hit(app, "/second")
    sys.exit(0)
assert succeeded(pid)
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stderr) == (0, "records lost: 2 (closed)\n")
    assert receiver.records == []


def test_a_fork_at_any_moment_blocks_nobody(receiver: Receiver) -> None:
    """PM2: a process forks while threads record and a batch is being delivered; every child records, none blocks."""
    said = run(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=0.001, queue_size=1_000_000, queue_bytes=10**9)
stop = threading.Event()
recorded = []
def load(name):
    number = 0
    while not stop.is_set():
        hit(app, f"/parent/{name}/{number}")
        number += 1
        stop.wait(0.002)
    recorded.append(number)
threads = [threading.Thread(target=load, args=(name,)) for name in range(3)]
for thread in threads:
    thread.start()
def brief():
    hit(app, f"/child/{os.getpid()}")
def patient():
    hit(app, f"/patient/{os.getpid()}")
    assert drhttp.flush(30)
forks = bad = 0
end = time.monotonic() + 8
while forks <= 100 or (forks < 1000 and time.monotonic() < end):
    forks += 1
    bad += not succeeded(child(patient if forks % 5 == 0 else brief))
stop.set()
for thread in threads:
    thread.join()
assert drhttp.flush(60)
assert not drhttp.stats().failures and not drhttp.stats().dropped, drhttp.stats()
print(forks, bad, sum(recorded))
""",
        receiver,
    )
    forks, bad, recorded = map(int, said.split())
    assert bad == 0
    assert forks > 100
    counts = Counter(path for path in paths(receiver.records) if not path.startswith("/child/"))
    assert set(counts.values()) == {1}
    assert sum(path.startswith("/parent/") for path in counts) == recorded
    assert sum(path.startswith("/patient/") for path in counts) == forks // 5


@pytest.mark.parametrize(
    "lock",
    [
        "registry.lock()",
        "state.queue._lock",
        "state.worker._progress",
        "state.worker._starting",
    ],
)
def test_a_fork_while_a_lock_is_held(receiver: Receiver, lock: str) -> None:
    """PM2: whichever of our locks another thread holds at the fork, the child records, flushes and ends."""
    run(
        """
from drhttp._process import registry
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
hit(app, "/warm")
assert drhttp.flush(30)
state = registry.recorders[0]._state()
held, done = threading.Event(), threading.Event()
def hold(lock):
    with lock:
        held.set()
        done.wait()
threading.Thread(target=hold, args=(eval(sys.argv[2]),), daemon=True).start()
held.wait()
pid = os.fork()
if not pid:
    signal.alarm(50)
    hit(app, "/child")
    assert drhttp.flush(30)
    hit(app, "/at its end")
    sys.exit(0)
done.set()
assert succeeded(pid)
""",
        receiver,
        lock,
    )
    assert sorted(paths(receiver.records)) == ["/at%20its%20end", "/child", "/warm"]


def test_a_fork_while_the_connection_is_being_fetched(receiver: Receiver) -> None:
    """PM2: a child that lets go of the parent's connection pool takes no lock of it."""
    run(
        """
import gc, queue
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
hit(app, "/warm")
assert drhttp.flush(30)
for each in gc.get_objects():
    if isinstance(each, queue.Queue):
        threading.Thread(target=each.mutex.acquire).start()
pid = os.fork()
if not pid:
    signal.alarm(50)
    gc.collect()
    hit(app, "/child")
    sys.exit(0)
good = succeeded(pid)
sys.stdout.flush()
os._exit(0 if good else 1)
""",
        receiver,
    )
    assert sorted(paths(receiver.records)) == ["/child", "/warm"]


def test_a_fork_while_modules_are_loaded(receiver: Receiver) -> None:
    """PM2: a fork waits for the worker to have loaded its modules, whose locks the child would inherit."""
    run(
        """
for attempt in range(12):
    pid = os.fork()
    if not pid:
        app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
        hit(app, f"/{attempt}/parent")
        threading.Thread(target=drhttp.flush).start()  # the worker loads what it needs to deliver
        threading.Event().wait(attempt * 0.01)
        good = succeeded(child(lambda: (hit(app, f"/{attempt}/child"), drhttp.flush(30))))
        drhttp.flush(30)
        os._exit(0 if good else 1)
    assert succeeded(pid), attempt
""",
        receiver,
    )
    expected = {f"/{attempt}/{who}" for attempt in range(12) for who in ("parent", "child")}
    assert Counter(paths(receiver.records)) == Counter(expected)


def test_a_fork_during_the_first_record(receiver: Receiver) -> None:
    """PM2: a fork in the middle of the first record of all, before any hook exists, leaves no lock behind."""
    run(
        """
import atexit
from drhttp._process.exit import close_at_exit
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
held, done = threading.Event(), threading.Event()
register = atexit.register
def hold(function):
    if function is close_at_exit and threading.current_thread() is not threading.main_thread():
        held.set()
        done.wait()
    return register(function)
atexit.register = hold
thread = threading.Thread(target=hit, args=(app, "/parent"))
thread.start()
held.wait()
pid = os.fork()
if not pid:
    signal.alarm(50)
    hit(app, "/child")
    sys.exit(0)
done.set()
assert succeeded(pid)
thread.join()
""",
        receiver,
    )
    assert sorted(paths(receiver.records)) == ["/child", "/parent"]


def test_a_request_that_forks_is_recorded_once(receiver: Receiver) -> None:
    """PM1: an exchange that began before a fork is the parent's: the child does not deliver it too."""
    run(
        """
def forking(environ, start_response):
    environ["forked"] = os.fork()
    return echo(environ, start_response)
app = drhttp.WSGIMiddleware(forking, sys.argv[1], exit_timeout=20.0)
parent = os.getpid()
hit(app, "/forks")
if os.getpid() != parent:
    assert dict(drhttp.stats().dropped) == {"forked": 1}
    sys.exit(0)
assert os.wait()[1] == 0
""",
        receiver,
    )
    assert paths(receiver.records) == ["/forks"]


def test_parent_and_child_share_no_connection(receiver: Receiver) -> None:
    """T4: after a fork, the child makes a connection of its own, and closes the parent's idle one on its side."""
    run(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=20.0)
def deliver(path):
    hit(app, path)
    assert drhttp.flush(30)
def work():
    if os.path.isdir("/proc/self/fd"):
        places = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if int(name) > 2
                  and os.path.lexists(f"/proc/self/fd/{name}")]
        assert not [place for place in places if place.startswith("socket:")], places
    deliver("/child")
deliver("/before")
assert succeeded(child(work))
deliver("/after")
""",
        receiver,
    )
    before, child, after = receiver.posts
    assert before.client_port == after.client_port != child.client_port


def test_one_fork_hook_and_one_exit_hook_whatever_is_made(receiver: Receiver) -> None:
    """C2, PM2, PM5: a hundred middlewares make one hook of each kind, with the first record."""
    run(
        """
import atexit, gc, logging, random  # two of them have hooks of their own
hooks = []
register = os.register_at_fork
os.register_at_fork = lambda **functions: (hooks.append(functions), register(**functions))
before = atexit._ncallbacks()
apps = [drhttp.WSGIMiddleware(echo, sys.argv[1], batch_size=number) for number in range(1, 101)]
assert hooks == [] and atexit._ncallbacks() == before
for app in apps:
    hit(app, "/")
loaded_after_the_first = atexit._ncallbacks
assert len(hooks) == 1
del apps, app
gc.collect()
assert succeeded(child(lambda: None))
assert drhttp.flush(20)
unregistered = atexit._ncallbacks()
from drhttp._process.exit import close_at_exit
atexit.unregister(close_at_exit)
assert atexit._ncallbacks() in (unregistered - 1, unregistered), "the hook was there once"
assert drhttp.stats().sent == 100
""",
        receiver,
    )
