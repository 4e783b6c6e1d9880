"""An inbox in a process of its own, and the smallest things that can be sent to it."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.fork_server import Forked, ForkServer, fork_server
from tests.support.recording_server import RecordingServer

PADDED = "local".ljust(50, "a")


class Interpreter:
    """Starts commands as a user does, each in a Python of its own."""

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start `drhttp WORDS`."""
        command = [sys.executable, "-W", "error", "-m", "drhttp", *words]
        environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environ
        )

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `drhttp WORDS` to its end."""
        with self.start(words) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(["drhttp", *words], process.returncode, out, err)


class RunningInbox:
    """`drhttp inbox`, its output in a pipe."""

    def __init__(self, file: Path, *options: str, commands: Interpreter | ForkServer) -> None:
        self.file = file
        self.commands = commands
        self.process: subprocess.Popen[str] | Forked = commands.start(["inbox", "--file", str(file), *options])
        self.welcome: list[str] = []
        assert self.process.stdout is not None
        last = "stop" if "--quiet" in options else "time"
        while not self.welcome or self.welcome[-1].split()[:1] != [last]:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            self.welcome.append(line.rstrip("\n"))
        self.token = next(line.partition("#token=")[2] for line in self.welcome if "#token=" in line)
        self.port = int(re.search(r":(\d+)/", self.welcome[0])[1])  # type: ignore[index]

    def line(self) -> str:
        """Wait for the next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def request(
        self, method: str, path: str, body: bytes | None = None, host: str | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send as it is; header names with "_" for "-"."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**({"Host": host} if host else {}), **named})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def post(self, value: Any, path: str = "/moesif/v1/events/batch", *, zipped: bool = True, **headers: str) -> int:
        """Post JSON as the recorder does, and answer the status."""
        body = json.dumps(value).encode()
        usual = {"Content_Type": "application/json; charset=utf-8", "X_Moesif_Application_Id": PADDED}
        if zipped:
            body, usual["Content_Encoding"] = gzip.compress(body), "gzip"
        return self.request("POST", path, body, **{**usual, **headers})[0]

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Ask the API as the page does; a body that is no bytes travels as JSON. Answers status and parsed JSON."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        usual = {"Authorization": f"Bearer {self.token}"}
        status, _, content = self.request(method, f"/api/v1{path}", raw, **{**usual, **headers})
        return status, json.loads(content)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `drhttp inbox WORDS` on the same file."""
        return self.commands.run(["inbox", *words, "--file", str(self.file)])

    def ls(self) -> list[dict[str, Any]]:
        """All lines, as they are kept."""
        completed = self.command("ls", "--json", "--unsafe-include-secrets", "-n", "100000")
        return [json.loads(line) for line in completed.stdout.splitlines()]

    def show(self, identity: str) -> dict[str, Any]:
        """A record as it is kept."""
        completed = self.command("show", identity, "--json", "--unsafe-include-secrets")
        shown: dict[str, Any] = json.loads(completed.stdout)
        return shown

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop, and answer its exit status and what it had left to say."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out + err

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@contextmanager
def starting(folder: Path, commands: Interpreter | ForkServer) -> Iterator[Callable[..., RunningInbox]]:
    """Starts inboxes, with their file in the folder, and ends them."""
    started: list[RunningInbox] = []

    def run(*options: str, file: Path | None = None) -> RunningInbox:
        port = () if "--port" in options else ("--port", "0")
        started.append(RunningInbox(file or folder / "inbox.db", *port, *options, commands=commands))
        return started[-1]

    yield run
    for one in started:
        one.kill()


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """Where pytest-httpserver listens: on an address, because a name may have several."""
    return "127.0.0.1", 0


@pytest.fixture
def echo(httpserver: HTTPServer) -> RecordingServer:
    """A web server that remembers what it was sent."""
    return RecordingServer(httpserver)


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """Starts commands of drhttp as forks of a process that has imported them."""
    with fork_server() as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningInbox]]:
    """Start inboxes that end with the test as a user does, for what a start and a process are like."""
    with starting(tmp_path, Interpreter()) as run:
        yield run


@pytest.fixture(scope="module")
def start_for_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningInbox]]:
    """The same for inboxes that end with the tests of the module."""
    with starting(tmp_path_factory.mktemp("module"), Interpreter()) as run:
        yield run


@pytest.fixture
def fork(tmp_path: Path, forks: ForkServer) -> Iterator[Callable[..., RunningInbox]]:
    """Start inboxes that end with the test, in forks: as fresh as others, and there at once."""
    with starting(tmp_path, forks) as run:
        yield run


@pytest.fixture(scope="module")
def fork_for_module(
    tmp_path_factory: pytest.TempPathFactory, forks: ForkServer
) -> Iterator[Callable[..., RunningInbox]]:
    """The same for inboxes that end with the tests of the module."""
    with starting(tmp_path_factory.mktemp("module"), forks) as run:
        yield run


@pytest.fixture(scope="session")
def shared_inbox(tmp_path_factory: pytest.TempPathFactory, forks: ForkServer) -> Iterator[RunningInbox]:
    """One inbox for all tests that any number of records does not disturb, and that disturb no other."""
    with starting(tmp_path_factory.mktemp("shared"), forks) as run:
        yield run()


@pytest.fixture
def inbox(fork: Callable[..., RunningInbox]) -> RunningInbox:
    """A fresh inbox on a port of its own."""
    return fork()


def event(**changes: Any) -> dict[str, Any]:
    """An event as the recorder sends it. Keys with "__" reach into it: `response__status=404`."""
    built: dict[str, Any] = {
        "transaction_id": str(uuid.uuid4()),
        "direction": "Incoming",
        "user_id": "alice",
        "request": {
            "time": "2026-11-22T16:00:00.123Z",
            "uri": "http://shop.test/orders/7?q=1",
            "verb": "POST",
            "headers": {"host": "shop.test", "content-type": "application/json"},
            "body": {"a": [1, None]},
            "transfer_encoding": "json",
            "ip_address": "10.1.2.3",
        },
        "response": {
            "time": "2026-11-22T16:00:00.223Z",
            "status": 201,
            "headers": {"content-type": "image/png", "set-cookie": ["a=1", "b=2"]},
            "body": "iVBORw==",
            "transfer_encoding": "base64",
        },
        "metadata": {"device": "ipad", "duration_ms": 99.5, "ttfb_ms": 3.25},
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        place = built
        for step in way:
            place = place[step]
        place[last] = value
    return built


@pytest.fixture(name="event", scope="session")
def event_fixture() -> Callable[..., dict[str, Any]]:
    return event
