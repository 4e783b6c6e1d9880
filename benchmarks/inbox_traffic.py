"""A real inbox in a process of its own, and recorders that send to it: what the measurements of the inbox share."""

from __future__ import annotations

import gzip
import http.client
import json
import multiprocessing
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

BATCH = 50
SENDERS = 4
TEMPLATES = 40
"""Batches of different content; the others are these under new ids."""
_PLACE = "00000000-0000-4000-8000-"


@dataclass(slots=True)
class Inbox:
    """A running inbox."""

    process: subprocess.Popen[str]
    port: int
    token: str
    file: Path

    def ask(self, path: str, method: str = "GET", value: Any = None) -> Any:
        """What the API answers."""
        body = None if value is None else json.dumps(value)
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, f"/api/v1{path}", body, {"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status < 300, content
        return json.loads(content)

    def busy(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def processor_time(self) -> float:
        """The same, to the nanosecond, of the threads that there are."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9

    def size(self) -> int:
        """Bytes of the file and of its journal."""
        return sum(path.stat().st_size for path in self.file.parent.glob(f"{self.file.name}*"))


@contextmanager
def running(*options: str, file: Path | None = None) -> Iterator[Inbox]:
    """An inbox on a file, or on an empty one, with a page that looks on."""
    with tempfile.TemporaryDirectory() as folder:
        file = file or Path(folder) / "inbox.db"
        command = [sys.executable, "-m", "drhttp", "inbox", "--port=0", f"--file={file}", "--quiet", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                page = next(line for line in process.stdout if "#token=" in line)
                port, token = re.search(r":(\d+)/#token=(\w+)", page).groups()  # type: ignore[union-attr]
                inbox = Inbox(process, int(port), token, file)
                threading.Thread(target=_watch, args=(inbox,), daemon=True).start()
                yield inbox
            finally:
                process.terminate()


def _watch(inbox: Inbox) -> None:
    """A page that is open meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", inbox.port)
    connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {inbox.token}"})
    answer = connection.getresponse()
    while answer.readline():
        pass


@dataclass(frozen=True, slots=True)
class Load:
    """What became of the records. posts: for each POST when it began and when it was acknowledged."""

    count: int
    busy: int
    posts: Sequence[tuple[float, float]]
    cost: float
    """Seconds of processor time of the inbox."""
    hiccup: float
    """The longest time by which the machine let a process oversleep meanwhile: no program can do better than that."""

    @property
    def seconds(self) -> float:
        return max(end for _, end in self.posts) - min(begin for begin, _ in self.posts)

    @property
    def longest_post(self) -> float:
        return max(end - begin for begin, end in self.posts)

    @property
    def longest_stall(self) -> float:
        """The longest time in which nothing was acknowledged although something was sent."""
        ends = [min(begin for begin, _ in self.posts), *sorted(end for _, end in self.posts)]
        return max(after - before for before, after in pairwise(ends))


def load(
    inbox: Inbox,
    count: int,
    *,
    senders: int = SENDERS,
    rate: float = 0.0,
    meanwhile: Callable[[], object] | None = None,
) -> Load:
    """Let recorders send. rate: records a second of all of them together, 0 as many as they can.

    meanwhile: called every second while they send.
    """
    spawn = multiprocessing.get_context("spawn")
    ready, go, results = spawn.Semaphore(0), spawn.Event(), spawn.Queue()
    batches = -(-count // BATCH // senders)
    pause = BATCH * senders / rate if rate else 0.0
    processes = [
        spawn.Process(target=_send, args=(inbox.port, seed, batches, pause, ready, go, results), daemon=True)
        for seed in range(senders)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    before = inbox.busy()
    go.set()
    found, turns, hiccup = [], 0, 0.0
    while len(found) < senders:
        if meanwhile is not None and turns % 50 == 0:
            meanwhile()
        turns, began = turns + 1, time.monotonic()
        time.sleep(0.02)
        hiccup = max(hiccup, time.monotonic() - began - 0.02)
        if not results.empty():
            found.append(results.get())
    cost = inbox.busy() - before
    for process in processes:
        process.join()
    posts = [post for _, each in found for post in each]
    return Load(batches * BATCH * senders, sum(busy for busy, _ in found), posts, cost, hiccup)


def _send(port: int, seed: int, batches: int, pause: float, ready: Any, go: Any, results: Any) -> None:
    """A recorder: prepares its batches, waits for the start, and posts them one after the other over one connection."""
    waiting = list(bodies(random.Random(seed), seed, batches))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "X-Moesif-Application-Id": "local"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    busy, posts = 0, []
    ready.release()
    go.wait()
    due = time.monotonic()
    for body in waiting:
        due += pause
        time.sleep(max(0.0, due - time.monotonic()) if pause else 0.0)
        began = time.monotonic()
        while (status := _post(connection, body, headers)) == 429:
            busy += 1
            time.sleep(0.2)
        assert status == 201, status
        posts.append((began, time.monotonic()))
    results.put((busy, posts))


def _post(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/moesif/v1/events/batch", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def bodies(dice: random.Random, seed: int, count: int) -> Iterator[bytes]:
    """Batches as they lie on the wire. Making events takes longer than sending them, so most are copies."""
    texts = []
    for _ in range(min(count, TEMPLATES)):
        events = [event(dice) for _ in range(BATCH)]
        for place, each in enumerate(events):
            each["transaction_id"] = f"{_PLACE}@@@@@@@@@@{place:02}"
        texts.append(json.dumps(events))
    for number in range(count):
        yield gzip.compress(texts[number % len(texts)].replace("@@@@@@@@@@", f"{seed:02x}{number:08x}").encode(), 3)


def event(dice: random.Random, ago: float = 0.0) -> dict[str, Any]:
    """A request of a shop as its recorder tells it, about 2 KB of JSON. ago: seconds since it began."""
    items = [
        {"id": dice.randrange(9999), "name": f"item {dice.randrange(999)}", "price": dice.randrange(9999) / 100}
        for _ in range(14)
    ]
    kind, item = dice.choice(["items", "orders", "carts"]), dice.randrange(1000)
    began = datetime.now(timezone.utc) - timedelta(seconds=ago or dice.random() * 3600)
    duration = round(dice.lognormvariate(2, 1), 3)
    return {
        "direction": "Incoming",
        "transaction_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "user_id": str(dice.randrange(200)),
        "request": {
            "time": _iso(began),
            "uri": f"http://shop.test/api/{kind}/{item}?page={dice.randrange(9)}",
            "verb": dice.choice(["GET", "GET", "POST"]),
            "headers": {
                "host": "shop.test",
                "accept": "application/json, text/plain, */*",
                "accept-language": "en-GB,en;q=0.9,de;q=0.8",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "content-type": "application/json",
                "referer": f"http://shop.test/{kind}",
                "x-request-id": f"{dice.getrandbits(128):032x}",
            },
            "ip_address": f"10.0.0.{dice.randrange(250)}",
            "body": {"item": item, "count": dice.randrange(9), "options": [1, 2, 3]},
            "transfer_encoding": "json",
        },
        "response": {
            "time": _iso(began + timedelta(milliseconds=duration)),
            "status": dice.choice([200, 200, 200, 201, 404, 500]),
            "headers": {
                "content-type": "application/json",
                "content-length": "900",
                "server": "gunicorn",
                "cache-control": "private, max-age=0",
                "vary": "accept-encoding, cookie",
            },
            "body": {"items": items, "total": 14, "next": f"/api/{kind}/{item}?page={dice.randrange(9)}"},
            "transfer_encoding": "json",
        },
        "metadata": {
            "device": f"ios-{dice.randrange(20)}",
            "duration_ms": duration,
            "ttfb_ms": round(duration * 0.8, 3),
            "sdk": {"name": "drhttp-python", "version": "1"},
        },
        "trace_id": f"{dice.getrandbits(128):032x}",
        "span": {"id": f"{dice.getrandbits(64):016x}"},
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def load_average() -> str:
    """How busy the machine is, for the figures' sake."""
    load, cores = Path("/proc/loadavg").read_text("ascii").split()[0], multiprocessing.cpu_count()
    return f"load {load} on {cores} cores"
