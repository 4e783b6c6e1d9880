"""The demonstration: two shops under gunicorn, traffic of every kind, and an inbox that shows what was recorded.

With --once it ends by itself, and succeeds only if every request arrived in the inbox exactly once.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs

from demo.processes import Address, Failed, apps, inbox
from demo.traffic import Unexpected, visit

ARRIVAL = 15  # seconds that the last record may take while the apps go on


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--once", action="store_true", help="end by itself, with status 0 if nothing was lost or doubled"
    )
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Two small shops under gunicorn are visited, and the inbox shows what drhttp recorded.\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="drhttp-demo-") as folder:
        try:
            return _once(Path(folder)) if once else _until_stopped(Path(folder))
        except KeyboardInterrupt:
            print("\nStopped.")
            return 130 if once else 0
        except (Failed, Unexpected) as error:
            _explain(error, Path(folder))
            return 1


def _once(folder: Path) -> int:
    file = folder / "inbox.db"
    with inbox(file) as port:
        with apps(f"http://local@127.0.0.1:{port}/", folder) as addresses:
            sent = _send(addresses)
        # The apps are stopped now, and what they had not sent yet they sent while they stopped.
        return judge(sent, _arrived(file, len(sent)))


def _until_stopped(folder: Path) -> int:
    file = folder / "inbox.db"
    with inbox(file) as port, apps(f"http://local@127.0.0.1:{port}/", folder) as addresses:
        sent = _send(addresses)
        deadline = time.monotonic() + ARRIVAL
        while len(arrived := _arrived(file, len(sent))) < len(sent) and time.monotonic() < deadline:
            time.sleep(0.2)
        status = judge(sent, arrived)
        _show_how_to_go_on(port, addresses, file)
        _wait_for_the_end()
    return status


def _send(addresses: dict[str, Address]) -> dict[str, str]:
    sent: dict[str, str] = {}
    for name, address in addresses.items():
        sent |= visit(name, address)
    return sent


def _arrived(file: Path, expected: int) -> Counter[str]:
    """How often each id is in the inbox."""
    command = [sys.executable, "-m", "drhttp", "inbox", "ls", "--json", f"-n{10 * expected}", f"--file={file}"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return Counter(
        ident for line in lines for ident in parse_qs(json.loads(line)["query"]).get("id", ["without an id"])
    )


def judge(sent: dict[str, str], arrived: Counter[str]) -> int:
    faults = sorted(
        f"{ident}: {sent.get(ident, 'never sent')}, arrived {arrived[ident]} times"
        for ident in {*sent, *arrived}
        if arrived[ident] != 1 or ident not in sent
    )
    if faults:
        print(f"\nOf {len(sent)} requests, some did not arrive exactly once:", *faults, sep="\n  ")
        return 1
    print(f"\nAll {len(sent)} requests, of every kind, arrived in the inbox exactly once.")
    return 0


def _show_how_to_go_on(port: int, addresses: dict[str, Address], file: Path) -> None:
    urls = {name: f"http://{host}:{number}/api/items" for name, (host, number) in addresses.items()}
    print(f"""
Everything is still running. Go on with:

  Django shop    {urls["django"]}
  Flask shop     {urls["flask"]}
  your own app   DRHTTP_DSN=http://local@127.0.0.1:{port}/
  one record     {Path(sys.executable).parent / "drhttp"} inbox show ID --file {file}
  stop           Ctrl-C
""")


def _wait_for_the_end() -> None:
    while True:
        signal.pause()


def _explain(error: Exception, folder: Path) -> None:
    print(f"\n{error}", file=sys.stderr)
    for log in sorted(folder.glob("*.log")):
        if said := log.read_text(errors="replace").strip():
            print(f"\n{log.name}:\n{said}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
