"""Runs three example shops under gunicorn and uvicorn, sends them requests, and shows the records in an inbox.

The shops call a payment service when they take an order; these calls are recorded too.

With --once, it exits by itself, with status 0 only if every request arrived in the inbox exactly once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, quote

from demo.processes import Address, ProgramError, apps, inbox
from demo.traffic import UnexpectedResponse, send_requests

ARRIVAL_TIMEOUT = 15  # seconds to wait for the last record while the apps keep running


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--once", action="store_true", help="exit by itself, with status 0 if every request arrived exactly once"
    )
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(
        "Sending requests to three example shops under gunicorn and uvicorn. The inbox lists what drhttp records.\n",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="drhttp-demo-") as folder:
        try:
            return _run_once(Path(folder)) if once else _run_until_stopped(Path(folder))
        except KeyboardInterrupt:
            print("\nStopped.")
            return 130 if once else 0
        except (ProgramError, UnexpectedResponse) as error:
            _print_error(error, Path(folder))
            return 1


def _run_once(folder: Path) -> int:
    file = folder / "inbox.db"
    with inbox(file, secrets.token_hex(16)) as port:
        with apps(f"http://local@127.0.0.1:{port}/", folder) as addresses:
            sent = _send(addresses)
        # The apps have stopped, and sent their remaining records while they did.
        return judge(sent, _arrived(file, len(sent)))


def _run_until_stopped(folder: Path) -> int:
    file, token = folder / "inbox.db", secrets.token_hex(16)
    with inbox(file, token) as port, apps(f"http://local@127.0.0.1:{port}/", folder) as addresses:
        sent = _send(addresses)
        deadline = time.monotonic() + ARRIVAL_TIMEOUT
        while len(arrived := _arrived(file, len(sent))) < len(sent) and time.monotonic() < deadline:
            time.sleep(0.2)
        status = judge(sent, arrived)
        _print_addresses(port, addresses, file, _failed_order(port, token))
        _wait_for_signal()
    return status


def _send(addresses: dict[str, Address]) -> dict[str, str]:
    sent: dict[str, str] = {}
    for name, address in addresses.items():
        sent |= send_requests(name, address, payments=True)
    return sent


def _arrived(file: Path, expected: int) -> Counter[str]:
    """Count how often each request id is in the inbox."""
    command = [sys.executable, "-m", "drhttp", "inbox", "ls", "--json", f"-n{10 * expected}", f"--file={file}"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return Counter(
        ident for line in lines for ident in parse_qs(json.loads(line)["query"]).get("id", ["without an id"])
    )


def judge(sent: dict[str, str], arrived: Counter[str]) -> int:
    """Print whether every request arrived exactly once, or which did not; return the exit status."""
    faults = sorted(
        f"{ident}: {sent.get(ident, 'never sent')}, arrived {arrived[ident]} time{'s' * (arrived[ident] != 1)}"
        for ident in {*sent, *arrived}
        if arrived[ident] != 1 or ident not in sent
    )
    if faults:
        print(f"\nSome of the {len(sent)} requests did not arrive exactly once:", *faults, sep="\n  ")
        return 1
    print(f"\nAll {len(sent)} requests, of every kind, arrived in the inbox exactly once.")
    return 0


def _failed_order(port: int, token: str) -> str:
    """The address of the page that shows an order whose payment failed, with the two requests that it sent."""
    query = quote("path:/api/orders status:502 calls:2")
    connection = HTTPConnection("127.0.0.1", port, timeout=ARRIVAL_TIMEOUT)
    connection.request("GET", f"/api/v1/records?limit=1&q={query}", headers={"Authorization": f"Bearer {token}"})
    with contextlib.closing(connection), connection.getresponse() as response:
        found = json.load(response)["records"]
    shown = f"?n={found[0]['n']}" if found else ""
    return f"http://127.0.0.1:{port}/{shown}#token={token}"


def _print_addresses(port: int, addresses: dict[str, Address], file: Path, failed: str) -> None:
    urls = {name: f"http://{host}:{number}/api/items" for name, (host, number) in addresses.items()}
    print(f"""
The shops and the inbox are still running. Try:

  the inbox      {failed}
                 It opens on an order that failed, with the two requests that it sent beneath.
  Django shop    {urls["django"]}
  Flask shop     {urls["flask"]}
  FastAPI shop   {urls["fastapi"]}
  your own app   DRHTTP_DSN=http://local@127.0.0.1:{port}/
  one record     {Path(sys.executable).parent / "drhttp"} inbox show ID --file {file}
  stop           Ctrl-C
""")


def _wait_for_signal() -> None:
    while True:
        signal.pause()


def _print_error(error: Exception, folder: Path) -> None:
    """Print the error, and the logs of the apps."""
    print(f"\n{error}", file=sys.stderr)
    for log in sorted(folder.glob("*.log")):
        if text := log.read_text(errors="replace").strip():
            print(f"\n{log.name}:\n{text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
