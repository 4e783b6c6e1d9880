"""How many records a second the inbox takes durably, and how fast it answers with many of them.

`python -m benchmarks.inbox --records 100000`; nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import multiprocessing
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

BATCH = 50
SENDERS = 4
QUESTIONS = {
    "first list": "/records?limit=100",
    "filter, common": "/records?limit=100&q=status:5xx",
    "filter, rare": "/records?limit=100&q=path:/api/items/77%20user:150",
    "filter, nothing": "/records?limit=100&q=user:nobody",
    "free text, first step": "/records?limit=100&q=nothing-of-that",
    "histogram": "/histogram",
    "scatter": "/scatter",
    "endpoints": "/endpoints",
    "users": "/users",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument(
        "--keep", type=int, default=10_000_000, help="records that remain; fewer than are sent: pruning, too"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inbox.db"
        options = ["--port=0", f"--file={file}", "--quiet", f"--keep={args.keep}", "--keep-bytes=100000"]
        command = [sys.executable, "-m", "drhttp", "inbox", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as inbox:
            try:
                measure(inbox, args.records, file)
            finally:
                inbox.terminate()


def measure(inbox: subprocess.Popen[str], count: int, file: Path) -> None:
    assert inbox.stdout is not None
    page = next(line for line in inbox.stdout if "#token=" in line)
    port, token = re.search(r":(\d+)/#token=(\w+)", page).groups()  # type: ignore[union-attr]
    watched = threading.Thread(target=watch, args=(int(port), token), daemon=True)
    watched.start()
    spawn = multiprocessing.get_context("spawn")
    ready, go, results = spawn.Semaphore(0), spawn.Event(), spawn.Queue()
    batches = -(-count // BATCH // SENDERS)
    senders = [
        spawn.Process(target=send, args=(int(port), seed, batches, ready, go, results)) for seed in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    for _ in senders:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    taken = [results.get() for _ in senders]
    took = time.perf_counter() - began
    for sender in senders:
        sender.join()
    sent, busy = (sum(column) for column in zip(*taken, strict=True))
    size = file.stat().st_size / sent
    told = f"{sent:,} in {took:.1f} s, {busy} times 429, {size:,.0f} bytes each"
    print(f"ingest: {sent / took:,.0f} records/s durable with a page open ({told})")
    for name, path in QUESTIONS.items():
        times = sorted(ask(int(port), token, path) for _ in range(5))
        print(f"{name:22} median {statistics.median(times) * 1000:7.1f} ms, worst {times[-1] * 1000:7.1f} ms")


def watch(port: int, token: str) -> None:
    """A page that is open meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    while answer.readline():
        pass


def ask(port: int, token: str, path: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    return time.perf_counter() - began


def send(port: int, seed: int, batches: int, ready: Any, go: Any, results: Any) -> None:
    """A recorder: prepares its batches, waits for the start, and posts them one after the other over one connection."""
    dice = random.Random(seed)
    bodies = [gzip.compress(json.dumps([event(dice) for _ in range(BATCH)]).encode(), 3) for _ in range(batches)]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "X-Moesif-Application-Id": "local"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    busy = 0
    ready.release()
    go.wait()
    for body in bodies:
        while (status := _post(connection, body, headers)) == 429:
            busy += 1
            time.sleep(0.2)
        assert status == 201, status
    results.put((batches * BATCH, busy))


def _post(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/moesif/v1/events/batch", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def event(dice: random.Random) -> dict[str, Any]:
    items = [{"id": dice.randrange(9999), "name": f"item {dice.randrange(999)}"} for _ in range(12)]
    return {
        "direction": "Incoming",
        "transaction_id": str(uuid.UUID(int=dice.getrandbits(128))),
        "user_id": str(dice.randrange(200)),
        "request": {
            "time": f"2026-11-22T16:{dice.randrange(60):02}:{dice.randrange(60):02}.{dice.randrange(1000):03}Z",
            "uri": f"http://shop.test/api/{dice.choice(['items', 'orders', 'carts'])}/{dice.randrange(1000)}?page=1",
            "verb": dice.choice(["GET", "GET", "POST"]),
            "headers": {
                "host": "shop.test",
                "accept": "*/*",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
                "content-type": "application/json",
                "x-request-id": str(dice.getrandbits(64)),
            },
            "ip_address": f"10.0.0.{dice.randrange(250)}",
            "body": {"a": [1, 2, 3]},
            "transfer_encoding": "json",
        },
        "response": {
            "time": "2026-11-22T16:59:59.999Z",
            "status": dice.choice([200, 200, 200, 201, 404, 500]),
            "headers": {"content-type": "application/json", "content-length": "900", "server": "gunicorn"},
            "body": {"items": items},
            "transfer_encoding": "json",
        },
        "metadata": {
            "device": f"ios-{dice.randrange(20)}",
            "duration_ms": round(dice.lognormvariate(2, 1), 3),
            "ttfb_ms": 1.5,
            "sdk": {"name": "drhttp-python", "version": "1"},
        },
        "trace_id": f"{dice.getrandbits(128):032x}",
        "span": {"id": f"{dice.getrandbits(64):016x}"},
    }


if __name__ == "__main__":
    main()
