"""Recorders that nobody uses any more: what they have is delivered, their threads end, and their counts stay."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.load import echo, hit, paths, program
from support.receiver import Receiver, Response
from support.threads import PATIENCE, collect_garbage, ended, workers

import drhttp
from drhttp._delivery.late_patching import WorkerThread
from drhttp._process import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def middleware(dsn: str, **options: Any) -> Any:
    """A middleware with a recorder of its own."""
    return drhttp.WSGIMiddleware(echo, dsn, before_send=lambda record: record, **options)


def test_fifty_middlewares(receiver: Receiver) -> None:
    """Fifty recorders make fifty threads, and none is left when nobody holds them; each record arrives once."""
    apps = [middleware(receiver.dsn, flush_interval=60.0) for _ in range(50)]
    for number, app in enumerate(apps):
        hit(app, f"/{number}")
    threads = workers()
    assert len(threads) == 50
    del app
    apps.clear()
    assert ended(threads)
    assert sorted(paths(receiver.records)) == sorted(f"/{number}" for number in range(50))
    stats = drhttp.stats()
    assert (stats.recorded, stats.sent, stats.queued) == (50, 50, 0)
    assert registry.recorders.states() == []
    assert list(registry.recorders) == []


def test_equal_configurations(receiver: Receiver) -> None:
    """Middlewares with an equal configuration share a recorder, which ends with the last of them."""
    first, second = (drhttp.WSGIMiddleware(echo, receiver.dsn, flush_interval=0.01) for _ in range(2))
    hit(first, "/first")
    (thread,) = workers()
    del first
    collect_garbage()
    receiver.wait(1)
    hit(second, "/second")
    receiver.wait(2)
    assert thread.is_alive()
    assert workers() == [thread]
    del second
    assert ended([thread])
    assert drhttp.stats().sent == 2


def test_a_recorder_after_the_last(receiver: Receiver) -> None:
    """The same configuration later makes a new recorder; the counts go on."""
    for number in range(3):
        app = drhttp.WSGIMiddleware(echo, receiver.dsn)
        hit(app, f"/{number}")
        del app
    assert drhttp.flush(PATIENCE)
    assert ended(workers())
    assert drhttp.stats().sent == 3
    hit(drhttp.WSGIMiddleware(echo, receiver.dsn), "/3")
    assert drhttp.flush(PATIENCE)
    assert drhttp.stats().sent == 4


def test_a_stream_under_way(receiver: Receiver) -> None:
    """A stream that outlives its application is recorded when it ends, and the thread ends after that."""

    def stream(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return (b"%d" % number for number in range(3))

    app = drhttp.WSGIMiddleware(stream, receiver.dsn, flush_interval=60.0, before_send=lambda record: record)
    hit(app, "/before")
    (thread,) = workers()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/stream", "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
    result = app(environ, lambda *_: lambda data: None)
    del app, environ
    collect_garbage()
    assert next(result) == b"0"
    assert thread.is_alive()
    assert [next(result), next(result), next(result, None)] == [b"1", b"2", None]
    result.close()
    del result
    collect_garbage()
    assert ended([thread])
    assert sorted(paths(receiver.records)) == ["/before", "/stream"]


def test_an_outage(receiver: Receiver) -> None:
    """While the receiver is down, the thread of an unused recorder keeps what it has, and delivers it later."""
    receiver.behavior = Response(503)
    app = middleware(receiver.dsn, flush_interval=0.01)
    hit(app, "/waits")
    (thread,) = workers()
    receiver.wait_for_posts(1)
    del app
    receiver.wait_for_posts(2)
    assert thread.is_alive()
    assert drhttp.stats().queued == 1
    receiver.behavior = Response()
    assert ended([thread])
    assert paths(receiver.records) == ["/waits"]
    assert (drhttp.stats().sent, drhttp.stats().queued) == (1, 0)


@pytest.fixture
def down() -> Iterator[str]:
    """The DSN of a receiver that is always busy."""
    with Receiver(Response(503)) as busy:
        yield busy.dsn


def test_close_covers_them(down: str) -> None:
    """`close()` ends the threads of unused recorders too, and counts what they could not deliver."""
    hit(middleware(down, flush_interval=60.0), "/lost")
    threads = workers()
    drhttp.close(0.1)
    assert ended(threads)
    stats = drhttp.stats()
    assert (stats.recorded, stats.dropped, stats.queued) == (1, {"closed": 1}, 0)


def test_flush_covers_them(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread could be started, a flush delivers what an unused recorder has left."""

    def refuse(self: WorkerThread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(WorkerThread, "start", refuse)
        hit(middleware(receiver.dsn), "/waits")
        collect_garbage()
        assert drhttp.stats().queued == 1
        assert drhttp.flush(PATIENCE)
    assert paths(receiver.records) == ["/waits"]
    assert drhttp.stats().sent == 1


def test_totals_never_go_back(receiver: Receiver) -> None:
    """While recorders come and go in several threads, the totals only grow, and add up at every moment."""
    stop = threading.Event()

    def load(name: int) -> None:
        for number in range(60):
            hit(middleware(receiver.dsn, flush_interval=60.0), f"/{name}-{number}")
        stop.set()

    others = [threading.Thread(target=load, args=(name,)) for name in range(2)]
    for thread in others:
        thread.start()
    before = drhttp.stats()
    while not stop.is_set():
        after = drhttp.stats()
        assert after.recorded == after.sent + after.queued + sum(after.dropped.values())
        assert after.recorded >= before.recorded
        assert after.sent >= before.sent
        before = after
    for thread in others:
        thread.join()
    assert ended(workers())
    assert drhttp.stats().sent == 120
    assert len(set(paths(receiver.records))) == 120 == len(receiver.records)


class Recording:
    """Makes a request that is recorded when it is collected, in one cycle with its middleware."""

    def __init__(self, app: Any, name: str) -> None:
        self.app = app
        self.name = name
        app.app = self

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return echo(environ, start_response)

    def __del__(self) -> None:
        hit(self.app, self.name)


@pytest.mark.parametrize("used", [True, False])
def test_a_destructor_that_records(used: bool, receiver: Receiver) -> None:
    """A request from a destructor of the same garbage, before or after the recorder's, is recorded all the same."""
    for number in range(20):
        app = middleware(receiver.dsn, flush_interval=60.0)
        if used:
            hit(app, f"/used/{number}")
        Recording(app, f"/destructor/{number}")
        del app
    collect_garbage()
    assert drhttp.flush(PATIENCE)
    assert ended(workers())
    expected = [f"/destructor/{number}" for number in range(20)]
    expected += [f"/used/{number}" for number in range(20)] if used else []
    assert sorted(paths(receiver.records)) == sorted(expected)
    assert drhttp.stats().sent == len(expected)
    assert drhttp.stats().failures == 0


def test_the_exit_delivers(receiver: Receiver) -> None:
    """What an unused recorder has when the process ends is delivered, and the exit says nothing."""
    done = program(
        """
import gc
for number in range(20):
    hit(drhttp.WSGIMiddleware(echo, sys.argv[1], before_send=lambda record: record, exit_timeout=20.0), f"/{number}")
left = drhttp.WSGIMiddleware(echo, sys.argv[1], before_send=lambda record: record, exit_timeout=20.0)
left.itself = left
hit(left, "/left")
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == sorted([*(f"/{number}" for number in range(20)), "/left"])


def test_the_exit_is_bounded(down: str) -> None:
    """Unused recorders share the time that the exit may take."""
    done = program(
        """
for number in range(20):
    hit(drhttp.WSGIMiddleware(echo, sys.argv[1], before_send=lambda record: record, exit_timeout=0.5), f"/{number}")
begin = time.monotonic()
drhttp._process.exit.close_at_exit()
print(time.monotonic() - begin < 5, drhttp.stats().dropped)
""",
        down,
    )
    assert (done.returncode, done.stdout) == (0, "True {'closed': 20}\n"), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork(receiver: Receiver) -> None:
    """A child neither delivers nor counts what an unused recorder of its parent has."""
    done = program(
        """
import gc
app = drhttp.WSGIMiddleware(echo, sys.argv[1], before_send=lambda record: record, flush_interval=60.0)
hit(drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, batch_size=7), "/ended")
assert drhttp.flush(10)
hit(app, "/parent")
pid = os.fork()
if not pid:
    assert drhttp.stats() == drhttp.Stats(), drhttp.stats()
    hit(app, "/child")
    del app
    gc.collect()
    assert drhttp.flush(10)
    assert drhttp.stats().sent == 1, drhttp.stats()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
del app
assert drhttp.flush(10)
assert drhttp.stats().sent == 2, drhttp.stats()
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(paths(receiver.records)) == ["/child", "/ended", "/parent"]
