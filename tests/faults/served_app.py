"""The application under gunicorn, bare or recorded, and a client for it."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 60.0  # seconds until something that should happen is given up
TIMEOUT = 3.0  # seconds of the option `timeout`, so that a request that waits for the network stands out
EXIT_TIMEOUT = 1.0  # seconds of the option `exit_timeout`
THREADS = 4  # of the server
OPTIONS = {
    "DRHTTP_EXCLUDE": "/_*",
    "DRHTTP_TIMEOUT": str(TIMEOUT),
    "DRHTTP_FLUSH_INTERVAL": "0.1",
    "DRHTTP_EXIT_TIMEOUT": str(EXIT_TIMEOUT),
}
_VARIABLES = re.compile(r"DRHTTP_.*|.*_proxy|SSL_CERT_.*", re.IGNORECASE)  # of this process, that are not for the other


class ServedApp:
    """A gunicorn with one worker of four threads. A context manager.

    application: as gunicorn is given it. variables: of the environment. wrap: words in front of the command.

    requested_paths: of the requests that were answered.
    """

    def __init__(self, log: Path, application: str, variables: Mapping[str, str], wrap: Sequence[str] = ()) -> None:
        self._log = log
        self._numbers = itertools.count()
        self.requested_paths: list[str] = []
        self._client: http.client.HTTPConnection | None = None
        environment = {name: value for name, value in os.environ.items() if not _VARIABLES.fullmatch(name)}
        path = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        environment |= {"PYTHONPATH": path, **OPTIONS, **variables}
        # The socket is opened here, so that requests can be sent at once: they wait in it until the server has started.
        with self._log.open("wb") as output, socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
            # Inherited by connections: without it, an answer sometimes waits 40 ms for an acknowledgement.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.port: int = listening.getsockname()[1]
            self._process = subprocess.Popen(
                [*wrap, sys.executable, "-m", "gunicorn", *_gunicorn(listening.fileno()), application],
                env=environment,
                pass_fds=[listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> ServedApp:
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        if self._client is not None:
            self._client.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        if kind is not None:
            print(self.log[-20_000:])  # for the report of the failure

    def request(self, size: int = 0) -> float:
        """One request with a path of its own, that many bytes up and down; returns the seconds that it took."""
        path, body = f"/{next(self._numbers)}", os.urandom(size)  # nothing that compression could make smaller
        begin = time.perf_counter()
        response = self._exchange(path, body)
        seconds = time.perf_counter() - begin
        assert response == body[::-1]
        self.requested_paths.append(path)
        return seconds

    def request_many(self, count: int, size: int = 0) -> list[float]:
        """That many requests, one after the other; returns the seconds of each."""
        return [self.request(size) for _ in range(count)]

    def state(self) -> dict[str, Any]:
        """The state of the worker process, as it reports it; the counts add up at any moment."""
        state: dict[str, Any] = json.loads(self._exchange("/_state"))
        if stats := state["stats"]:
            assert stats["recorded"] == stats["sent"] + stats["queued"] + sum(stats["dropped"].values()), stats
            assert (stats["failures"], stats["restarts"]) == (0, 0), stats
        return state

    def stats(self) -> dict[str, Any]:
        """The recorder's counts."""
        stats: dict[str, Any] = self.state()["stats"]
        return stats

    def wait_for(self, condition: Callable[[dict[str, Any]], bool], timeout: float = PATIENCE) -> dict[str, Any]:
        """The state, once the condition is true of it; fails after `timeout` seconds."""
        end = time.monotonic() + timeout
        while not condition(state := self.state()):
            assert time.monotonic() < end, state
            time.sleep(0.05)
        return state

    def stop(self) -> float:
        """End it as a deployment does; returns the seconds that it took."""
        if self._client is not None:
            self._client.close()
        begin = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        return time.monotonic() - begin

    @property
    def log(self) -> str:
        """Everything that was logged, by the server, the application and the recorder."""
        return self._log.read_text(errors="replace")

    @property
    def log_lines(self) -> list[str]:
        """The lines that the recorder itself has logged."""
        return [line for line in self.log.splitlines() if " drhttp: " in line]

    def _exchange(self, path: str, body: bytes = b"") -> bytes:
        for last in (False, True):
            if self._client is None:
                self._client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                self._client.request("POST", path, body, {"Content-Type": "application/octet-stream"})
                return self._client.getresponse().read()
            except (http.client.RemoteDisconnected, BrokenPipeError):  # the server may close what was idle for long
                self._client.close()
                self._client = None
                if last:
                    raise
        raise AssertionError


class BareApp(ServedApp):
    """The application without a recorder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "bare.log", "faults.app:bare", {})


class RecordedApp(ServedApp):
    """The application with a recorder for that DSN."""

    def __init__(
        self, folder: Path, dsn: str, variables: Mapping[str, str] | None = None, wrap: Sequence[str] = ()
    ) -> None:
        variables = {"DRHTTP_DSN": dsn, **(variables or {})}
        super().__init__(folder / "recorded.log", "faults.recorded:app", variables, wrap)


def _gunicorn(descriptor: int) -> list[str]:
    return [
        f"--bind=fd://{descriptor}",
        "--workers=1",
        f"--threads={THREADS}",
        "--worker-class=gthread",
        "--keep-alive=100",
        "--timeout=0",
        "--graceful-timeout=60",  # longer than an end that is in time, which therefore is nobody else's doing
        "--log-level=warning",
        "--no-control-socket",
    ]
