"""Commands of `drhttp` in processes of their own that do not import it again: each is a fork of one that has.

A process that starts anew takes most of its processor time to import Python and drhttp. What a test sees of a fork is
the same: its own memory, working directory, environment, streams, signals and exit status.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


class Forked:
    """A command that was started by `ForkServer.start`, with the part of Popen's interface that tests use."""

    def __init__(self, pid: int, stdout: int, stderr: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout = os.fdopen(stdout, encoding="utf-8")
        self.stderr = os.fdopen(stderr, encoding="utf-8")
        self._status = status

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *problem: object) -> None:
        self.wait()
        self.stdout.close()
        self.stderr.close()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status, negative for a signal. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("drhttp", timeout or 0)
            self.returncode = int(os.read(self._status, 10))
            os.close(self._status)
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL if it still runs."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end and return what was still to be read. Raises `TimeoutError`, having killed it."""
        with ThreadPoolExecutor(2) as pool, self:
            try:
                out, err = pool.map(lambda stream: stream.read(), (self.stdout, self.stderr), timeout=timeout)
            except BaseException:
                self.kill()  # the two threads end with their streams
                raise
        return out, err


class ForkServer:
    """A process that has imported all of drhttp's command line and forks for each command."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # pipes as those of its forks are: Python asks streams once what they are
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
        self._control = ours
        self._turn = threading.Lock()

    def start(self, words: Sequence[str]) -> Forked:
        """Start `drhttp WORDS` with the environment and the working directory of this process."""
        request = json.dumps({"words": [*words], "environ": dict(os.environ), "folder": os.getcwd()}).encode() + b"\n"
        pipes = [os.pipe() for _ in range(3)]
        with self._turn:
            sent = socket.send_fds(self._control, [request], [write for _, write in pipes])
            self._control.sendall(request[sent:])
            for _, write in pipes:
                os.close(write)
            pid = self._control.recv(20)
        if not pid:
            raise RuntimeError(self._process.communicate()[1].decode())
        return Forked(int(pid), *(read for read, _ in pipes))

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `drhttp WORDS` to its end."""
        forked = self.start(words)
        out, err = forked.communicate()
        return subprocess.CompletedProcess(["drhttp", *words], forked.wait(), out, err)

    def close(self) -> None:
        """End the server, which kills what it started that still runs."""
        self._control.close()
        self._process.communicate()


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """A fork server until the end of the block."""
    server = ForkServer()
    try:
        yield server
    finally:
        server.close()


def _serve(control: socket.socket) -> list[str] | None:
    """Fork for each request. Returns None at the end of the connection, and in a fork the words of its command."""
    waken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, waken], [], [])
        if waken in ready:
            os.read(waken, 1000)
            _reap(running)
        if control in ready:
            request, passed = _receive(control)
            if request is None:
                break
            pid = os.fork()
            if pid == 0:
                _become(request, passed, (waken, wake, *running.values()))
                return list(request["words"])
            running[pid] = passed.pop()
            for each in passed:
                os.close(each)
            control.sendall(str(pid).encode())
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return None


def _receive(control: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next request, with the descriptors of standard output, standard error and for the exit status."""
    line, passed, _, _ = socket.recv_fds(control, 1 << 16, 3)
    while line and not line.endswith(b"\n"):
        line += control.recv(1 << 16)
    return json.loads(line) if line else None, passed


def _become(request: dict[str, Any], passed: Sequence[int], others: Sequence[int]) -> None:
    """Take the place of the command in a fork. others: the server's own descriptors."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(passed[0], 1)
    os.dup2(passed[1], 2)
    for each in (*passed, *others):
        os.close(each)
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["folder"])


def _reap(running: dict[int, int]) -> None:
    """Pass on the exit statuses of the forks that have ended."""
    while running:
        pid, ended = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            break
        status = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody may wait for it
            os.write(status, str(os.waitstatus_to_exitcode(ended)).encode())
        os.close(status)


def _import() -> None:
    """Import what the commands import when they run."""
    import drhttp.inbox

    for found in pkgutil.walk_packages(drhttp.inbox.__path__, "drhttp.inbox."):
        importlib.import_module(found.name)
    gc.freeze()  # a collection in a fork would copy all pages


if __name__ == "__main__":
    del sys.path[0]  # this folder
    from drhttp.__main__ import main

    _import()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        words = _serve(control)
    if words is not None:
        sys.exit(main(words))
