"""The end of a process: bounded, quiet, and with as much delivered as its time allows."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from functools import cache
from typing import TYPE_CHECKING

import pytest
from support.load import SURROUNDINGS, command, paths, program
from support.receiver import Receiver, Request, Response, closed_address

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1.0  # seconds that the exit may take, in these programs

# What each program does: fill the queue, say when, and end as it is told.
FILL = """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], queue_size=500, exit_timeout=1.0, flush_interval=0.01)
for number in range(600):
    hit(app, f"/{number}", b"x" * 1000)
"""
ENDS = {
    "normal": "print(time.monotonic(), flush=True)",
    "sys.exit": "print(time.monotonic(), flush=True); sys.exit(0)",
    "interrupt": """
try:
    print(time.monotonic(), flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
""",
}


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """A DSN behind which nothing good is to be expected."""
    if request.param == "refuses":
        yield f"http://s3cret@{closed_address()}/"
    elif request.param == "black hole":
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            yield f"http://s3cret@127.0.0.1:{listener.getsockname()[1]}/"
    elif request.param == "never resolves":
        yield "http://s3cret@hangs.invalid/"
    else:
        with Receiver(Response(503, {"Retry-After": "120"})) as busy:
            yield busy.dsn


HANGING = """
import socket
socket.getaddrinfo = lambda *_, **__: threading.Event().wait(30)
"""


@cache
def end_without_us() -> float:
    """Seconds from the last line of such a program to its end, when nothing is recorded."""
    return min(time_to_end("app = echo\nhit(app, '/')\n", "", ENDS["normal"])[0] for _ in range(2))


def time_to_end(source: str, dsn: str, end: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds from the last line of the program to the end of its process."""
    process = subprocess.Popen(command(source + end, dsn), **SURROUNDINGS)
    assert process.stdout is not None
    said = process.stdout.readline()
    if "KeyboardInterrupt" in end and said:
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline()
    out, err = process.communicate(timeout=30)
    ended = time.monotonic()  # the same clock for all processes of a machine
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    assert said, done
    return ended - float(said), done


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("place", ["refuses", "black hole", "never resolves", "503"], indirect=True)
def test_the_exit_is_bounded_and_quiet(place: str, end: str) -> None:
    """PM6: with a full queue and a receiver that does not take it, the exit waits `exit_timeout` and says nothing."""
    source = (HANGING if "hangs" in place else "") + FILL
    bounded_and_quiet(source, place, ENDS[end])


def bounded_and_quiet(source: str, dsn: str, end: str) -> None:
    """Three attempts: a machine that is busy with other things may take longer once, what we wait for does not vary."""
    for _ in range(3):
        took, done = time_to_end(source, dsn, end)
        more = took - end_without_us()
        print(f"{took:.3f} s, {more:.3f} s more than without us")
        assert (done.returncode, done.stderr) == (0, "")
        if more < LIMIT + 0.5:
            return
    pytest.fail(f"the exit took {more:.3f} s")


def test_all_recorders_share_the_limit() -> None:
    """PM6: several recorders with different configurations take together as long as one."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        bounded_and_quiet(
            """
for size in range(1, 6):
    app = drhttp.WSGIMiddleware(echo, sys.argv[1], batch_size=size, exit_timeout=1.0)
    hit(app, "/")
""",
            f"http://key@127.0.0.1:{listener.getsockname()[1]}/",
            ENDS["normal"],
        )


def test_a_slow_receiver_gets_everything() -> None:
    """PM6: an exit with a receiver that is slow but works delivers all that waits."""

    def accept_late(request: Request) -> None:
        post = request.read()
        request.interrupted.wait(0.05)
        request.respond_to(post, Response(201))

    with Receiver(accept_late) as receiver:
        done = program(
            """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], flush_interval=60.0, exit_timeout=10.0)
for number in range(950):
    hit(app, f"/{number}")
""",
            receiver.dsn,
        )
        assert done.returncode == 0
        assert done.stderr == ""
        assert sorted(paths(receiver.records)) == sorted(f"/{number}" for number in range(950))
        assert len(receiver.posts) >= 10


def test_a_short_program_delivers_its_one_record(receiver: Receiver) -> None:
    """PM6: a program that ends right after its first record has it delivered."""
    done = program('hit(drhttp.WSGIMiddleware(echo, sys.argv[1], exit_timeout=20.0), "/only")', receiver.dsn)
    assert (done.returncode, done.stderr) == (0, "")
    assert paths(receiver.records) == ["/only"]


def test_threads_that_record_until_the_end(receiver: Receiver) -> None:
    """PM6: daemon threads that record during the exit, and others that call `sys.exit`, end quietly."""
    done = program(
        """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], exit_timeout=20.0)
started, never = threading.Barrier(5), threading.Event()
def for_ever():
    started.wait()
    while not never.wait(0.001):
        hit(app, "/daemon")
def leaves():
    started.wait()
    hit(app, "/leaves")
    sys.exit(3)
hit(app, "/first")  # from 3.12 on, no thread can be started once the main thread has ended
for _ in range(2):
    threading.Thread(target=for_ever, daemon=True).start()
    threading.Thread(target=leaves).start()
started.wait()
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert paths(receiver.records).count("/leaves") == 2


@pytest.mark.parametrize("when", ["atexit", "late thread"])
def test_no_thread_is_started_at_exit(receiver: Receiver, when: str) -> None:
    """PM6: a first record that comes during the exit is dropped or delivered, but raises and prints nothing."""
    done = program(
        """
import atexit, logging
app = drhttp.WSGIMiddleware(echo, sys.argv[1])
logging.getLogger("drhttp").setLevel(logging.CRITICAL)
def late():
    assert hit(app, "/late", b"body") == b"body"
    print("served")
if sys.argv[2] == "atexit":
    atexit.register(late)
else:
    main = threading.main_thread()
    threading.Thread(target=lambda: (main.join(), late())).start()
""",
        receiver.dsn,
        when,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "served\n")


def test_an_impatient_user_is_obeyed() -> None:
    """PM6: a second Ctrl-C, while the exit waits for the receiver, ends the waiting, without a traceback."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.settimeout(20)
        process = subprocess.Popen(
            command(
                """
app = drhttp.WSGIMiddleware(echo, sys.argv[1], exit_timeout=30.0, flush_interval=60.0)
hit(app, "/")
""",
                f"http://key@127.0.0.1:{listener.getsockname()[1]}/",
            ),
            **SURROUNDINGS,
        )
        connection, _ = listener.accept()  # the exit has begun: nothing else makes it deliver so early
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        connection.close()
    assert time.monotonic() - begin < 5
    assert err == ""
    assert process.returncode == 0


def test_no_signal_handler_is_installed(receiver: Receiver) -> None:
    """PM7: recording leaves every signal as it was."""
    done = program(
        """
import signal
before = {number: signal.getsignal(number) for number in signal.valid_signals()}
hit(drhttp.WSGIMiddleware(echo, sys.argv[1]), "/")
assert drhttp.flush(10)
assert before == {number: signal.getsignal(number) for number in signal.valid_signals()}
""",
        receiver.dsn,
    )
    assert (done.returncode, done.stderr) == (0, "")
