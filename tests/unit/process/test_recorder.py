"""The recorder of a process: one thread, made with the first record, bounded in memory, and never in the way."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.load import echo, hit, paths, program
from support.receiver import Receiver, Response
from support.threads import collect_garbage
from support.wide import wide

import drhttp
from drhttp._process import registry
from drhttp._process.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator


def threads() -> int:
    return [thread.name for thread in threading.enumerate()].count("drhttp")


def test_ten_thousand_requests_and_a_hundred_middlewares_make_one_thread(receiver: Receiver) -> None:
    """C2: equal configurations share one thread, however many middlewares and requests there are."""
    apps = [drhttp.WSGIMiddleware(echo, receiver.dsn) for _ in range(100)]
    assert threads() == 0
    for number in range(10_000):
        hit(apps[number % 100], f"/{number}")
        if number % 1000 == 0:
            assert threads() == 1
    assert drhttp.flush(30)
    assert threads() == 1
    assert drhttp.stats().sent == 10_000
    assert len(set(paths(receiver.records))) == 10_000


def test_one_that_is_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """C2: a recorder whose construction has failed goes in silence, and nothing else fails."""
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    half_made = object.__new__(Recorder)
    del half_made
    collect_garbage()
    assert unraisable == []


def test_nothing_exists_before_the_first_record(receiver: Receiver) -> None:
    """PM5: a middleware that has served nothing has no thread, no socket and no hook."""
    done = program(
        """
import atexit, logging, random  # which have hooks of their own
before = atexit._ncallbacks()
os.register_at_fork = lambda **_: print("a hook")
app = drhttp.WSGIMiddleware(echo, sys.argv[1])
assert threading.active_count() == 1
assert atexit._ncallbacks() == before
assert "socket" not in sys.modules and "urllib3" not in sys.modules
assert drhttp.flush() and drhttp.stats() == drhttp.Stats()
drhttp.close()
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_thread_that_cannot_be_started(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C2: without threads, requests succeed, records wait, one warning is logged; with threads, all are delivered."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn)

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for number in range(50):
            assert hit(app, f"/{number}", b"body") == b"body"
    assert drhttp.stats().queued == drhttp.stats().recorded == 50
    assert len([record for record in caplog.records if record.name == "drhttp"]) == 1
    # A thread is tried for once a second; the wait for that is the subject.
    end = threading.Event()
    for number in range(100):
        hit(app, f"/again/{number}")
        if threads():
            break
        end.wait(0.05)
    assert drhttp.flush(10)
    assert drhttp.stats().sent == 50 + number + 1
    assert not drhttp.stats().dropped
    caplog.clear()


def test_a_flush_makes_up_for_a_thread_that_died(receiver: Receiver) -> None:
    """C3: records that wait without a thread, for whatever reason, are delivered by a flush."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn, flush_interval=60.0)
    state = registry.recorders[0]._create_state()
    hitting = threading.Thread(target=state.worker._starting.acquire)  # as if another thread were starting it
    hitting.start()
    hitting.join()
    hit(app, "/waits")
    assert not state.worker.alive
    state.worker._starting.release()
    assert drhttp.flush(10)
    assert paths(receiver.records) == ["/waits"]


def test_after_close_records_are_counted_drops(receiver: Receiver) -> None:
    """After `close()`, recording is a counted drop; closing twice is harmless; no thread remains."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn)
    hit(app, "/before")
    drhttp.close(10)
    drhttp.close(10)
    assert threads() == 0
    assert hit(app, "/after", b"body") == b"body"
    stats = drhttp.stats()
    assert (stats.recorded, stats.sent, stats.dropped) == (2, 1, {"closed": 1})
    assert threads() == 0


def test_a_new_middleware_after_close_works(receiver: Receiver) -> None:
    """After `close()`, a new middleware with the same configuration records again."""
    hit(drhttp.WSGIMiddleware(echo, receiver.dsn), "/first")
    drhttp.close(10)
    hit(drhttp.WSGIMiddleware(echo, receiver.dsn), "/second")
    assert drhttp.flush(10)
    assert paths(receiver.records) == ["/first", "/second"]
    assert drhttp.stats().sent == 2


def test_a_close_before_the_first_record_holds(receiver: Receiver) -> None:
    """A middleware that is closed before it has recorded anything starts no thread later."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn)
    drhttp.close()
    hit(app, "/late")
    assert drhttp.stats().dropped == {"closed": 1}
    assert threads() == 0


def test_a_flush_inside_before_send_returns(receiver: Receiver) -> None:
    """`flush()` inside `before_send` returns at once instead of waiting for itself."""
    said: list[bool] = []

    def before_send(record: drhttp.Record) -> drhttp.Record:
        said.append(drhttp.flush(60.0))
        return record

    hit(drhttp.WSGIMiddleware(echo, receiver.dsn, before_send=before_send), "/")
    assert drhttp.flush(10)
    assert said == [False]
    assert len(receiver.records) == 1


def test_a_flush_ends_while_others_record(receiver: Receiver) -> None:
    """A flush waits for what came before it, not for what other threads go on recording."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn, queue_size=200)
    stop = threading.Event()

    def load() -> None:
        while not stop.wait(0.0002):
            hit(app, "/load")

    others = [threading.Thread(target=load) for _ in range(2)]
    for thread in others:
        thread.start()
    try:
        for number in range(20):
            before = drhttp.stats()
            assert drhttp.flush(20), number
            after = drhttp.stats()
            assert after.sent + sum(after.dropped.values()) >= before.recorded
    finally:
        stop.set()
        for thread in others:
            thread.join()


def test_the_numbers_add_up_at_every_moment(receiver: Receiver) -> None:
    """C2: `recorded == sent + queued + sum(dropped)` whenever `stats()` is asked."""
    app = drhttp.WSGIMiddleware(echo, receiver.dsn, queue_size=100, flush_interval=0.001)
    stop = threading.Event()

    def load() -> None:
        while not stop.wait(0.0001):
            hit(app, "/load")

    others = [threading.Thread(target=load) for _ in range(2)]
    for thread in others:
        thread.start()
    try:
        for _ in range(3000):
            stats = drhttp.stats()
            assert stats.recorded == stats.sent + stats.queued + sum(stats.dropped.values())
    finally:
        stop.set()
        for thread in others:
            thread.join()


OURS = {
    f"drhttp.{name}"
    for name in (
        "_process.recorder",
        "_process.registry",
        "_process.process_state",
        "_delivery.worker",
        "_delivery.background_loop",
    )
}


class _Recursive:
    """An object whose destructor makes a request that is recorded."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.itself = self

    def __del__(self) -> None:
        hit(self.app, "/destructor")


@pytest.mark.timeout(20)
def test_the_first_record_of_all_may_be_interrupted(receiver: Receiver) -> None:
    """C1: a destructor that records, at whatever line of the first record it runs, costs neither record."""
    line = 0
    while True:
        app = drhttp.WSGIMiddleware(echo, receiver.dsn, batch_size=line + 1)
        found = next(each for each in registry.recorders if each.config.batch_size == line + 1)
        met = 0

        def trace(frame: Any, event: str, arg: object) -> Any:
            nonlocal met
            if frame.f_globals.get("__name__") not in OURS:
                return None
            if met == line:  # noqa: B023 - it is called before the loop goes on
                sys.settrace(None)
                hit(app, "/inner")  # noqa: B023
                met += 1
                return None
            met += 1
            return trace

        sys.settrace(trace)
        try:
            hit(app, "/outer")
        finally:
            sys.settrace(None)
        stats = found.stats()
        if met <= line:
            break
        assert stats.recorded == 2, line
        drhttp.flush(10)
        assert found.stats().sent == 2, line
        drhttp.close(10)
        line += 1
    assert line > 20


@pytest.fixture
def down() -> Iterator[str]:
    """The DSN of a receiver that is always busy."""
    with Receiver(Response(503)) as busy:
        yield busy.dsn


def test_a_dead_receiver_costs_few_lines_and_never_the_key(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """T6: with the root logger at DEBUG and a dead receiver, few lines come, none with the key, none is recorded."""
    receiver.behavior = Response(503)
    caplog.set_level(logging.DEBUG)
    dsn = receiver.dsn.replace("//key@", "//s3cretkey@")
    app = drhttp.WSGIMiddleware(echo, dsn, queue_size=10, flush_interval=0.01)
    for number in range(500):
        hit(app, f"/{number}")
    receiver.wait_for_posts(3)
    drhttp.flush(0.1)
    ours = [record for record in caplog.records if record.name.startswith("drhttp")]
    assert 1 <= len(ours) <= 2
    assert "(queue_size)" in ours[0].getMessage()
    assert "s3cretkey" not in caplog.text
    stats = drhttp.stats()
    assert stats.recorded == 500
    assert stats.dropped["queue_size"] == 500 - stats.queued
    assert stats.last_error is not None
    assert "503" in stats.last_error


FLOOD = """
import gc, resource
def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
dsn, size, kept, room = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
app = drhttp.WSGIMiddleware(echo, dsn, queue_bytes=room, max_body_size=kept, queue_size=10**6, exit_timeout=0.0)
hit(app, "/warm", b"x")
drhttp.flush(1)
hit(echo, "/warm", b"x" * size)
gc.collect()
before = peak = rss()
end = time.monotonic() + 3
number = 0
while number < 60000 and (time.monotonic() < end or not drhttp.stats().dropped):
    number += 1
    hit(app, f"/{number}", b"%d" % (number % 10) * size)
    if number % 50 == 0:
        peak = max(peak, rss())
stats = drhttp.stats()
assert stats.dropped["queue_bytes"] > 0, stats
print(number, peak - before, stats.queued_bytes)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the memory of its process from /proc")
@pytest.mark.parametrize(
    ("size", "kept"), [(10, 65536), *wide((65536, 65536), (1_000_000, 65536)), (1_000_000, 1_000_000)]
)
def test_memory_is_bounded_while_the_receiver_is_down(down: str, size: int, kept: int) -> None:
    """M1: a flood while the receiver is down costs `queue_bytes` and a fifth, and 16 MiB for what is in hand."""
    room = 16 * 1024 * 1024
    done = program(FLOOD, down, size, kept, room)
    assert done.returncode == 0, done.stderr
    requests, grown, queued = map(int, done.stdout.split())
    print(f"{requests} requests, {grown / 2**20:.1f} MiB more, {queued / 2**20:.1f} MiB queued")
    assert queued <= room
    assert grown <= room * 1.2 + 16 * 1024 * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the memory of its process from /proc")
def test_an_upload_is_not_kept(receiver: Receiver) -> None:
    """M2: a multipart upload of 50 MB costs no more memory with us than `max_body_size` and the usual."""
    done = program(
        """
import resource
class Upload:
    left = 50_000_000
    def read(self, size=-1):
        block = bytes(min(self.left, size))
        self.left -= len(block)
        return block
def reads(environ, start_response):
    environ["wsgi.input"] = environ["stream"]
    return recorded(environ, start_response)
def consume(environ, start_response):
    size = 0
    while block := environ["wsgi.input"].read(65536):
        size += len(block)
    start_response("200 OK", [])
    return [str(size).encode()]
def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
recorded = drhttp.WSGIMiddleware(consume, sys.argv[1])
hit(recorded, "/warm", b"x")
assert drhttp.flush(10)
before = rss()
def with_stream(environ, start_response):
    environ["stream"] = Upload()
    environ["CONTENT_LENGTH"] = "50000000"
    return reads(environ, start_response)
for _ in range(3):
    assert hit(with_stream, "/upload", b"x", "multipart/form-data; boundary=b") == b"50000000"
assert drhttp.flush(10)
print(rss() - before)
""",
        receiver.dsn,
    )
    assert done.returncode == 0, done.stderr
    grown = int(done.stdout)
    print(f"{grown / 2**20:.1f} MiB more")
    assert grown < 5 * 1024 * 1024
    assert [len(record["request"].get("body", "")) < 100_000 for record in receiver.records] == [True] * 4


def test_gevent_may_patch_the_process(receiver: Receiver) -> None:
    """PM4: in a process that gevent has patched, greenlets record, flush, close and fork as threads do."""
    done = program(
        """
from gevent import monkey
monkey.patch_all()
import gevent
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=0.01)
gevent.joinall([gevent.spawn(hit, app, f"/{number}") for number in range(500)])
assert drhttp.flush(10)
pid = os.fork()
if not pid:
    hit(app, "/child")
    assert drhttp.flush(10)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
hit(app, "/last")
drhttp.close(10)
assert drhttp.stats().sent == 501, drhttp.stats()
""",
        receiver.dsn,
    )
    assert done.returncode == 0, done.stderr
    assert len(set(paths(receiver.records))) == 502 == len(receiver.records)
