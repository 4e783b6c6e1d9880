"""Starts a server as users do, in a process of its own; sends requests to it, and checks records and log."""

from __future__ import annotations

import base64
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from support.receiver import Receiver

HERE = Path(__file__).parent
REQUESTS, CLIENTS = 1000, 4
PATIENCE = 90.0  # seconds after which a test stops waiting; nothing here takes long when nothing is wrong

# What must not stand in a log: what the application's process logged, and what an interpreter says that is in trouble.
_TROUBLE = re.compile(
    r"LOGGED (?!\S+ INFO)|Traceback|Exception|\w+Error\b|\w+Warning\b|Fatal|Segmentation|got signal|core dumped"
)


@dataclass
class SentRequests:
    """The names of requests. answered: with the right response. unanswered: without one, and sent again."""

    answered: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def __add__(self, other: SentRequests) -> SentRequests:
        return SentRequests(self.answered + other.answered, self.unanswered + other.unanswered)


class Server:
    """A process that serves on a port. log: the file that holds what it and its children print."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self.port = port
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def get(self, path: str) -> str:
        """The body of the response to one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def send_requests(self, count: int = REQUESTS, prefix: str = "", clients: int = CLIENTS) -> SentRequests:
        """Send that many requests from several clients at once, each on one connection while the server keeps it."""
        sent, failures = [SentRequests() for _ in range(clients)], []

        def client(number: int) -> None:
            try:
                _send_requests(self.port, range(number, count, clients), prefix, sent[number])
            except BaseException as error:  # noqa: BLE001 - the test raises it
                failures.append(error)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, (failures, self.log)
        return sum(sent, SentRequests())

    def wait_until_it_serves(self) -> None:
        """Return when connections are accepted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, self.log
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            time.sleep(0.02)
        raise AssertionError(f"nobody listens:\n{self.log}")

    def wait_for(self, pattern: str, count: int = 1) -> None:
        """Return when the pattern is that often in the log."""
        end = time.monotonic() + PATIENCE
        while len(re.findall(pattern, self.log)) < count:
            assert time.monotonic() < end, f"{pattern!r} is not {count} times in:\n{self.log}"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM, pid: int | None = None, status: int = 0) -> None:
        """Ask it to end, or that one of its processes, and wait until all have. status: with which the first ends."""
        os.kill(pid or self.pid, number)
        assert self._process.wait(PATIENCE) == status, self.log
        end = time.monotonic() + PATIENCE
        while _alive(self.pid) and time.monotonic() < end:  # children that outlive the first process
            time.sleep(0.02)


@contextmanager
def serving(
    command: Sequence[str | Path],
    receiver: Receiver,
    folder: Path,
    *,
    port: int | None = None,
    fds: Sequence[int] = (),
    **env: str,
) -> Iterator[Server]:
    """Run a server that loads `hosted:application`. `{port}` in its command line is the port that it is to serve on."""
    port = port or free_port()
    log = folder / "log"
    path = os.pathsep.join(filter(None, (str(HERE), str(HERE.parent), env.pop("PYTHONPATH", ""))))
    surroundings = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "RECEIVER": receiver.dsn, **env}
    surroundings.pop("PYTHONWARNINGS", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part).replace("{port}", str(port)) for part in command],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
            start_new_session=True,  # so that nothing outlives the test
        )
    server = Server(process, port, log)
    try:
        server.wait_until_it_serves()
        yield server
    except BaseException:
        print(server.log[-5000:])  # for the report of the failure
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def python(*arguments: str | Path) -> list[str | Path]:
    """A command for the interpreter of the running test, with the warnings that users see."""
    return [sys.executable, *arguments]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def assert_recorded_once(receiver: Receiver, sent: SentRequests, extra: Iterable[str] = ()) -> None:
    """Every response was recorded exactly once, and each record is of one request and its own response.

    A request without a response may have reached the application, or not.
    """
    records = receiver.records
    counts = Counter(map(_name, records))
    expected = [*sent.answered, *extra]
    missing = [name for name in expected if not counts[name]]
    assert not missing, f"of {len(expected)} records, {len(missing)} are missing"
    assert not [name for name, count in counts.items() if count > 1], "records came twice"
    assert set(counts) <= {*expected, *sent.unanswered}
    assert len({record["transaction_id"] for record in records}) == len(records)


def assert_log_is_clean(log: str, *expected: str) -> None:
    """A log contains nothing of drhttp and no error, except once each text that is expected."""
    lines = [line for line in log.splitlines() if _TROUBLE.search(line)]
    for text in expected:
        (line,) = [line for line in lines if text in line]
        lines.remove(line)
    assert not lines, log


def _send_requests(port: int, numbers: range, prefix: str, sent: SentRequests) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        for number in numbers:
            for attempt in range(20):
                name = f"{prefix}{number}" + (f"-again-{attempt}" if attempt else "")
                try:
                    _request(connection, name)
                except ConnectionError:  # a server that recycles its processes may hang up on a kept connection
                    sent.unanswered.append(name)
                    connection.close()
                else:
                    sent.answered.append(name)
                    break
            else:
                raise AssertionError(f"no answer to {name}")
    finally:
        connection.close()


def _request(connection: http.client.HTTPConnection, name: str) -> None:
    body = f"question {name} end of {name}"
    connection.request("POST", f"/item/{name}", body, {"Content-Type": "text/plain"})
    if connection.sock is not None and hasattr(socket, "TCP_QUICKACK"):  # or servers wait 40 ms between two blocks
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    response = connection.getresponse()
    data = response.read().decode()
    assert (response.status, data) == (200, f"{name} answers {body}")


def _name(record: dict[str, Any]) -> str:
    request, response = record["request"], record["response"]
    name = request["uri"].rpartition("/")[2]
    if request["verb"] == "POST" and name != "preloaded":
        body = f"question {name} end of {name}"
        assert base64.b64decode(request["body"]).decode() == body
        assert base64.b64decode(response["body"]).decode() == f"{name} answers {body}"
    return str(name)


def _alive(group: int) -> bool:
    """Whether a process of that group runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
