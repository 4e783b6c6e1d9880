"""Starts and stops the programs of the demo: an inbox, two apps under gunicorn, and the service that they call."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Address = tuple[str, int]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
APPS = {"django": "shop.wsgi:application", "flask": "app:app"}
PAYMENTS = "payments"  # not recorded itself; the apps record what they ask of it
TIMEOUT = 60  # seconds to wait for a program to start or stop


class ProgramError(Exception):
    """A program did not start, or did not stop."""


@contextlib.contextmanager
def inbox(file: Path, token: str) -> Iterator[int]:
    """Run `drhttp inbox` on a free port and yield that port; its output goes to the terminal."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "DRHTTP_INBOX_TOKEN": token}
    arguments = ("-m", "drhttp", "inbox", f"--port={port}", f"--file={file}")
    with _running("the inbox", *arguments, env=environment) as process:
        _wait_for_port(process, port)
        yield port


@contextlib.contextmanager
def apps(dsn: str, folder: Path) -> Iterator[dict[str, Address]]:
    """Run both examples under gunicorn, recorded to `dsn`; yield their addresses. Their logs go to `folder`.

    The payment service that they call runs too.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DRHTTP_")},
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DRHTTP_DSN": dsn,
        "DRHTTP_FLUSH_INTERVAL": "0.5",
        "DRHTTP_EXIT_TIMEOUT": "15",  # seconds; the inbox may be slow on a busy machine
        "SHOP_DATABASE": str(folder / "shop.sqlite3"),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, cwd=EXAMPLES / "django", env=environment, check=True)
    with contextlib.ExitStack() as stack:
        host, port = stack.enter_context(_gunicorn(PAYMENTS, environment, folder / f"{PAYMENTS}.log"))
        environment["PAYMENTS_URL"] = f"http://{host}:{port}"
        yield {name: stack.enter_context(_gunicorn(name, environment, folder / f"{name}.log")) for name in APPS}


@contextlib.contextmanager
def _gunicorn(name: str, environment: dict[str, str], log: Path) -> Iterator[Address]:
    options = ["--workers=2", "--threads=4", "--worker-class=gthread", "--log-level=warning", "--no-control-socket"]
    # Requests can be sent at once: they wait in this socket until the app has started.
    with log.open("wb") as output, socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        started = _running(
            f"the {name} app",
            *("-m", "gunicorn", *options, f"--bind=fd://{listening.fileno()}", APPS.get(name, "app:app")),
            cwd=EXAMPLES / name,
            env=environment,
            pass_fds=[listening.fileno()],
            stdout=output,
            stderr=output,
        )
        address = listening.getsockname()
        stopped = contextlib.ExitStack()
        stopped.enter_context(started)
    with stopped:
        yield address


@contextlib.contextmanager
def _running(name: str, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    # In its own session, because Ctrl-C must reach only the demo, which stops the programs in the right order.
    process = subprocess.Popen([sys.executable, *arguments], start_new_session=True, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ProgramError(f"Could not stop {name} within {TIMEOUT} seconds.") from None


def _wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise ProgramError("The inbox did not start.")
