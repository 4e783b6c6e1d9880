"""The example apps: started by the command in their README, asked for everything, and recorded."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import Future
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.serving import make_server

from demo.traffic import send_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.receiver import Receiver

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMMANDS = {
    "django": ["manage.py", "runserver", "--noreload", "127.0.0.1:0"],
    "flask": ["-m", "flask", "run", "--port=0"],
    "fastapi": ["-m", "uvicorn", "app:app", "--port=0"],  # what `fastapi run` starts
}
USERS = {"django": "1", "flask": "demo", "fastapi": "demo"}  # a primary key, and a name

every_example = pytest.mark.parametrize("name", list(COMMANDS))


@contextlib.contextmanager
def started(name: str, dsn: str, folder: Path, payments: str = "") -> Iterator[tuple[str, int]]:
    """An example under its development server, on a free port; Ctrl-C ends it, with status 0.

    What is to be recorded must be waited for inside: a development server does not wait for its threads when it ends.
    """
    environment = {
        **os.environ,
        "DRHTTP_DSN": dsn,
        "DRHTTP_FLUSH_INTERVAL": "0.2",
        "PAYMENTS_URL": payments,
        "PYTHONUNBUFFERED": "1",
        "SHOP_DATABASE": str(folder / "shop.sqlite3"),
    }
    command = [sys.executable, *COMMANDS[name]]
    output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=EXAMPLES / name, env=environment, **output) as process:
        port: Future[int] = Future()
        reader = threading.Thread(target=_read, args=(process, port))
        reader.start()
        try:
            yield "127.0.0.1", port.result(timeout=30)
        finally:
            process.send_signal(signal.SIGINT)
            reader.join()
    assert process.returncode == 0


def _read(process: subprocess.Popen[str], port: Future[int]) -> None:
    """Read what a server writes, so that it never waits for us, and find the port in it."""
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        announced = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if announced and not port.done():
            port.set_result(int(announced[1]))
    if not port.done():
        port.set_exception(AssertionError("".join(lines)))


def ident(record: dict[str, Any]) -> str:
    return parse_qs(urlsplit(record["request"]["uri"]).query)["id"][0]


@every_example
def test_every_request_is_recorded_once(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """Whatever kind of request an example answers is recorded exactly once."""
    with started(name, receiver.dsn, tmp_path) as address:
        sent = send_requests(name, address)
        receiver.wait(len(sent))
    assert Counter(map(ident, receiver.records)) == Counter(sent.keys())


@every_example
def test_records_tell_what_happened(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """Users, devices, statuses, bodies and an early leave are in the records."""
    with started(name, receiver.dsn, tmp_path) as address:
        sent = send_requests(name, address)
        receiver.wait(len(sent))
    records = {sent[ident(record)]: record for record in receiver.records}
    order = records["POST /api/orders"]
    assert order["request"]["body"] == {"item": 2, "note": "schön"}
    assert order["response"]["body"] == {"ordered": {"item": 2, "note": "schön"}}
    assert order["user_id"] == USERS[name]
    assert base64.b64decode(records["GET /logo.png"]["response"]["body"]).startswith(b"\x89PNG")
    assert records["GET /boom"]["response"]["status"] == 500
    assert records["GET /nowhere"]["response"]["status"] == 404
    assert records["HEAD /api/items"]["request"]["verb"] == "HEAD"
    assert records["GET /report.csv?lines=5000"]["metadata"]["aborted"] is True
    # Starlette makes the page of what failed outside of the middleware that knows the device.
    failed = records.pop("GET /boom")
    assert failed["metadata"]["exception"] == {
        "type": "RuntimeError",
        "message": "the kettle exploded",
        "module": "shop.views" if name == "django" else "app",
        "line": failed["metadata"]["exception"]["line"],
    }
    assert len({record["metadata"]["device"] for record in records.values()}) == 1
    assert order["metadata"]["route"] == "/api/orders"


@every_example
def test_orders_call_the_payment_service(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """What an example asks of the payment service is recorded under the order, and why one has failed."""
    service = make_server("127.0.0.1", 0, runpy.run_path(str(EXAMPLES / "payments" / "app.py"))["app"], threaded=True)
    serving = threading.Thread(target=service.serve_forever)
    serving.start()
    try:
        with started(name, receiver.dsn, tmp_path, f"http://127.0.0.1:{service.port}") as address:
            sent = send_requests(name, address, payments=True)
            receiver.wait(len(sent))
    finally:
        service.shutdown()
        serving.join()
        service.server_close()
    assert Counter(map(ident, receiver.records)) == Counter(sent.keys())
    records = {ident(record): record for record in receiver.records}
    orders = [key for key, request in sent.items() if request == "POST /api/orders"]
    assert [records[order]["response"]["status"] for order in orders] == [201, 502]
    for order in orders:
        for call in (records[f"{order}-limit"], records[f"{order}-charge"]):
            assert call["direction"] == "Outgoing"
            assert call["trace_id"] == records[order]["trace_id"]
            assert call["span"]["parent_id"] == records[order]["span"]["id"]
    paid, unpaid = (records[f"{order}-charge"] for order in orders)
    assert paid["response"]["status"] == 201
    assert paid["request"]["body"]["card_number"] != "4111 1111 1111 1111"
    assert "response" not in unpaid
    assert "timeout" in unpaid["metadata"]["exception"]["type"].lower()


@every_example
def test_identification_stays_inside(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """The client of an example does not see who it was taken for."""
    with started(name, receiver.dsn, tmp_path) as address:
        connection = HTTPConnection(*address, timeout=30)
        connection.request("GET", "/api/items?id=1")
        with connection.getresponse() as answer:
            names = {header.lower() for header, _ in answer.getheaders()}
        connection.close()
        receiver.wait(1)
    assert not names & {"x-drhttp-user", "x-drhttp-device"}
    (record,) = receiver.records
    assert record["metadata"]["device"]


@every_example
def test_readme_has_one_command(name: str) -> None:
    """The README of an example shows one command, and that is the one tested here."""
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (EXAMPLES / name / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (command,) = block.splitlines()
    assert command.endswith(
        {"django": "python manage.py runserver", "flask": "flask run", "fastapi": "fastapi run app.py"}[name]
    )
