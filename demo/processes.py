"""Starts and stops the programs of the demo: an inbox, three apps, and the service that these call."""

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
GUNICORN = ["gunicorn", "--workers=2", "--threads=4", "--worker-class=gthread", "--log-level=warning"]
GUNICORN += ["--no-control-socket", "--bind=fd://{socket}"]
UVICORN = ["uvicorn", "--log-level=warning", "--fd={socket}"]
COMMANDS = {
    "django": [*GUNICORN, "shop.wsgi:application"],
    "flask": [*GUNICORN, "app:app"],
    "fastapi": [*UVICORN, "app:app"],
}
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
    """Run the examples, recorded to `dsn`; yield their addresses. Their logs go to `folder`.

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
        payments = [*GUNICORN, "app:app"]
        host, port = stack.enter_context(_served(PAYMENTS, payments, environment, folder))
        environment["PAYMENTS_URL"] = f"http://{host}:{port}"
        yield {
            name: stack.enter_context(_served(name, command, environment, folder)) for name, command in COMMANDS.items()
        }


@contextlib.contextmanager
def _served(name: str, command: list[str], environment: dict[str, str], folder: Path) -> Iterator[Address]:
    # Requests can be sent at once: they wait in this socket until the app has started.
    with (folder / f"{name}.log").open("wb") as output, socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        started = _running(
            f"the {name} app",
            *("-m", *(part.replace("{socket}", str(listening.fileno())) for part in command)),
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
