"""Programs that tests start: a process of its own each, whose output can be waited for, and a client for servers."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

TESTS = Path(__file__).parents[1]


class Program:
    """Use as a context manager. arguments: of this Python. warnings: what to do with them. output: all it printed."""

    def __init__(self, *arguments: str, cwd: Path, env: Mapping[str, str], warnings: str = "error") -> None:
        path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **env}
        # Compiled files know the age of their source to the second: a change within one would not be seen.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        environment.pop("PYTHONWARNINGS", None)
        self._changed = threading.Condition()
        self._text = ""
        self._ended = False
        # A group of its own: servers have workers and reloaders have children, which must not outlive the test.
        self._process = subprocess.Popen(
            [sys.executable, "-W", warnings, *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._collect, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        if kind is not None:
            print(self.output)  # for the report of the failure
        try:
            self.stop()
        finally:
            self._kill()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        with self._changed:
            return self._text

    def wait_for(self, pattern: str, count: int = 1, timeout: float = 30.0) -> re.Match[str]:
        """The last match of a pattern in its output, once there are at least `count`."""

        def matches() -> list[re.Match[str]]:
            return list(re.finditer(pattern, self._text))

        with self._changed:
            self._changed.wait_for(lambda: len(matches()) >= count or self._ended, timeout)
            assert len(matches()) >= count, f"{pattern!r} is not {count} times in:\n{self._text}"
            return matches()[-1]

    def wait(self, timeout: float = 30.0) -> None:
        """Wait until it has ended by itself, well."""
        assert self._process.wait(timeout) == 0, self.output
        self._reader.join(timeout)

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end, as a terminal would, and wait until it has."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout)

    def _collect(self, stream: IO[str]) -> None:
        for line in stream:
            with self._changed:
                self._text += line
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def ask(
    port: int, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()
