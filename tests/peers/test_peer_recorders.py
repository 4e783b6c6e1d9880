"""The recorders that benchmarks/peers compares: what each sends arrives, is decoded and is counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.peers.deliveries import tally
from benchmarks.peers.receiver import Receiver
from benchmarks.peers.recorders import BARE, RECORDERS, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
BODIES = {"both": 2, "request": 1, "none": 0}  # how many of a record hold what only a body holds


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of this process, which shows what was posted."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(name: str, receiver: Receiver, folder: Path) -> int:
    """Call the application with this recorder in a process of its own; how many requests that were."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "DRHTTP_"))}
    command = [sys.executable, "-m", "benchmarks.peers.in_process", "2"]
    environment = {**clean, **settings(name, receiver.address, folder / "cpu")}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT, timeout=120)
    requests: int = json.loads(done.stdout.splitlines()[-1])["requests"]
    assert float((folder / "cpu").read_text()) > 0  # told at the end
    return requests


@pytest.mark.parametrize("name", RECORDERS)
def test_every_request_is_counted(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """Each request arrives once as a record, with the bodies that the recorder is said to send, or is reported."""
    requests = run(name, receiver, tmp_path)
    found = tally(receiver.deliveries)
    counted = found["records"] + found["dropped"]
    # At the exit, Sentry sends for two seconds, and does not say what is left then.
    assert 0 < counted <= requests if name == "Sentry" else counted == requests
    assert found["twice"] == 0
    contents = b"".join(delivery.content() for delivery in receiver.deliveries)
    assert contents.count(b"currency") == BODIES[RECORDERS[name].bodies] * found["records"]


def test_the_bare_application_sends_nothing(receiver: Receiver, tmp_path: Path) -> None:
    """Without a recorder, nothing arrives."""
    assert run(BARE, receiver, tmp_path) > 0
    assert receiver.deliveries == []
