"""Endurance: a recorded application at full speed, while its receiver falls into one trouble after the other.

python -m benchmarks.soak [--minutes 10]

Prints a line every ten seconds and a verdict at the end: status 0 if memory stayed flat, nothing was left over, and
every record was either delivered or counted as lost. Everything is real: gunicorn with four threads, a load generator
in a process of its own, and a receiver on a socket that refuses, resets, stalls and finds fault.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # where the tests import their helpers from

from faults.faulty_receiver import FaultyReceiver
from faults.served_app import RecordedApp
from support import behaviors
from support.receiver import KEY, Request, Response

CLIENTS = 4
BODY = 2_000  # bytes up and the same down
EVERY = 10.0  # seconds between two lines
SETTLING = 120.0  # seconds in which everything has to be delivered after the last trouble: the longest pause is 30
QUEUE_BYTES = 32 * 1024 * 1024  # the default of the option
ALLOWED = 0.1 * QUEUE_BYTES  # bytes that the peak of the last third may lie above that of the second
LOSSES = {"queue_bytes", "queue_size", "status_400"}  # under these names alone may records be lost
UNAVAILABLE = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"
State = dict[str, Any]


def behave(behavior: Callable[[Request], None]) -> Callable[[FaultyReceiver], None]:
    return lambda receiver: receiver.set_behavior(behavior)


FAULTS: dict[str, Callable[[FaultyReceiver], None]] = {
    "refused": FaultyReceiver.stop,
    "503": behave(Response(503)),
    "black hole": FaultyReceiver.become_black_hole,
    "reset in the upload": behave(behaviors.reset_during_upload),
    "429 with a time": behave(Response(429, {"Retry-After": "1"})),
    "silent": behave(behaviors.stay_silent),
    "500": behave(Response(500)),
    "reset in the answer": behave(behaviors.reset_in_status_line),
    "reset in the answer's body": behave(behaviors.reset_in_response_body),
    "413 above 20 KB": behave(behaviors.reject_larger_than(20_000)),
    "slow upload": behave(behaviors.read_slowly()),
    "closes after each": behave(behaviors.close_after_accepting),
    "400": behave(Response(400)),
    "slow answer": behave(behaviors.respond_slowly(UNAVAILABLE)),
    "502": behave(Response(502)),
}


class CountingReceiver(FaultyReceiver):
    """Keeps only the ids, because there will be a million."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[bytes] = set()

    def remember_events(self, events: list[dict[str, Any]]) -> None:
        new = [bytes.fromhex(event["transaction_id"].replace("-", "")) for event in events]
        self.repeats += sum(each in self.ids for each in new)
        self.ids.update(new)


@dataclass
class Course:
    """How much memory the process had when."""

    began: float = field(default_factory=time.monotonic)
    memory: list[tuple[float, int]] = field(default_factory=list)

    def note(self, state: State) -> None:
        self.memory.append((time.monotonic() - self.began, state["rss"]))

    def peaks(self) -> tuple[int, int]:
        """The most memory in the second and in the last third of the time."""
        third = self.memory[-1][0] / 3
        second = [size for at, size in self.memory if third <= at < 2 * third]
        last = [size for at, size in self.memory if at >= 2 * third]
        return max(second), max(last)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)s")
    minutes = parser.parse_args().minutes
    # The same settings as the tests of faults: a short timeout, so that there is more than one trouble a minute.
    with (
        tempfile.TemporaryDirectory(prefix="drhttp-soak-") as folder,
        CountingReceiver() as receiver,
        RecordedApp(Path(folder), receiver.dsn) as app,
    ):
        return soak(app, receiver, minutes * 60)


def soak(app: RecordedApp, receiver: CountingReceiver, seconds: float) -> int:
    """Run, and judge."""
    course = Course()
    with load(app.port) as request_count:
        before = app.wait_for(lambda state: state["stats"]["sent"] > 1_000)
        course.began = time.monotonic()
        for name in trouble(app, receiver, course, seconds):
            say(app, course, name, request_count())
        speed = request_count() / (time.monotonic() - course.began)
    end = settle(app)
    say(app, course, "over", request_count())
    faults = list(judged(before, end, request_count(), receiver, course, app, seconds))
    print(f"\n{request_count():,} requests, {speed:,.0f} a second; {receiver.repeats:,} records came twice, by id")
    print(*(f"WRONG  {each}" for each in faults), sep="\n") if faults else print("all is well")
    return 1 if faults else 0


def trouble(app: RecordedApp, receiver: FaultyReceiver, course: Course, seconds: float) -> Iterator[str]:
    """One fault after the other, each followed by recovery; says every ten seconds what it is at."""
    length = min(10.0, max(2.0, seconds / 3 / len(FAULTS) / 2))  # so that each third of the time sees them all
    said = time.monotonic()
    for name, begin in itertools.cycle(FAULTS.items()):
        if time.monotonic() - course.began > seconds:
            return
        begin(receiver)
        for phase, over in ((name, after(length)), ("", recovered(app, receiver, length))):
            while not over():
                time.sleep(0.2)
                course.note(app.state())
                if time.monotonic() - said >= EVERY:
                    said += EVERY
                    yield phase


def after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed, from the first question on."""
    end: list[float] = []

    def over() -> bool:
        end[:] = end or [time.monotonic() + seconds]
        return time.monotonic() >= end[0]

    return over


def recovered(app: RecordedApp, receiver: FaultyReceiver, seconds: float) -> Callable[[], bool]:
    """Whether the receiver has worked for that long, and the batch of that moment is delivered."""
    passed = after(seconds)
    mark: list[int] = []

    def over() -> bool:
        if not mark:
            receiver.recover()
            mark.append(app.stats()["sent"])
        return passed() and app.stats()["sent"] > mark[0]

    return over


def settle(app: RecordedApp) -> State:
    """The state when everything has ended, one way or the other."""
    return app.wait_for(lambda state: state["stats"]["queued"] == 0, SETTLING)


def judged(
    before: State,
    end: State,
    requests: int,
    receiver: CountingReceiver,
    course: Course,
    app: RecordedApp,
    seconds: float,
) -> Iterator[str]:
    """What is not as it should be."""
    stats, lost = end["stats"], sum(end["stats"]["dropped"].values())
    strange = stats["dropped"].keys() - LOSSES
    second, last = course.peaks()
    checks = {
        f"{requests} requests were answered, and {stats['recorded']} recorded": stats["recorded"] == requests,
        f"{stats['recorded']} recorded are not {stats['sent']} sent and {lost} dropped": (
            stats["recorded"] == stats["sent"] + lost
        ),
        f"the receiver has {len(receiver.ids)} records, and {stats['sent']} were sent": len(receiver.ids)
        == stats["sent"],
        f"records were dropped as {sorted(strange)}": not strange,
        f"memory grew from {second / 2**20:.1f} to {last / 2**20:.1f} MiB": last <= second + ALLOWED,
        f"{len(app.log_lines)} lines were logged": len(app.log_lines) <= 2 * (2 + (seconds + SETTLING) / 60),
        "the log holds the key": KEY not in app.log,
        "the log holds a traceback": "Traceback" not in app.log,
    }
    for what in ("threads", "sockets", "descriptors"):
        checks[f"{end[what]} {what} are left of {before[what]}"] = end[what] <= before[what]
    return (sentence for sentence, holds in checks.items() if not holds)


def say(app: RecordedApp, course: Course, phase: str, requests: int) -> None:
    """One line."""
    state = app.state()
    course.note(state)
    stats = state["stats"]
    dropped = " ".join(f"{reason}={count}" for reason, count in sorted(stats["dropped"].items()))
    figures = f"{requests:10,} requests {stats['sent']:10,} sent {stats['queued']:6,} queued"
    print(
        f"{time.monotonic() - course.began:5.0f} s{figures}"
        f"  {state['rss'] / 2**20:6.1f} MiB {state['descriptors']:3} files {state['threads']:2} threads"
        f"  {phase or 'recovered':20} {dropped}",
        flush=True,
    )


@contextmanager
def load(port: int) -> Iterator[Callable[[], int]]:
    """Requests at full speed from another process; gives how many were answered so far."""
    context = multiprocessing.get_context("spawn")
    counts = context.Array("q", CLIENTS, lock=False)
    stop = context.Event()
    process = context.Process(target=generate, args=(port, counts, stop), daemon=True)
    process.start()
    try:
        yield lambda: sum(counts)
    finally:
        stop.set()
        process.join(60.0)
        if process.exitcode != 0:
            raise SystemExit(f"the load generator ended with {process.exitcode}")


def generate(port: int, counts: Any, stop: Any) -> None:
    """The load generator's process."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        for each in [pool.submit(client, port, index, counts, stop) for index in range(CLIENTS)]:
            each.result()  # what went wrong there ends this process with a status


def client(port: int, index: int, counts: Any, stop: Any) -> None:
    """One connection, one request after the other."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        stream = connection.makefile("rb")
        for number in itertools.count():
            if stop.is_set():
                return
            body = os.urandom(BODY)
            head = f"POST /{index}/{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            if not stream.readline().startswith(b"HTTP/1.1 200 "):
                raise ConnectionError("the application did not answer")
            while stream.readline().strip():
                pass
            stream.read(len(body))
            counts[index] += 1


if __name__ == "__main__":
    sys.exit(main())
