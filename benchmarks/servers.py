"""Flask under gunicorn and Starlette under uvicorn, loaded by wrk: requests a second, and the slowest hundredth."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.payloads import JSON, SMALL, bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPES = {"sync": ["--workers", "2"], "gthread": ["--workers", "1", "--worker-class", "gthread", "--threads", "8"]}
_CONNECTIONS = 8
_WARM_UP, _SECONDS = 1, 6
_HERE = Path(__file__).parent
_TICK = os.sysconf("SC_CLK_TCK")


def missing() -> str | None:
    """What is not here that this needs."""
    return None if shutil.which("wrk") else "wrk is not installed (Debian: apt-get install wrk)"


def measure(shape: str, side: str, dsn: str, arrived: Callable[[int], object]) -> dict[str, float]:
    """One side. arrived: waits until so many records have come in, so that their delivery is counted in."""
    with tempfile.TemporaryDirectory() as folder:
        served = Path(folder, "served")
        settings = {"BENCH_SERVED": str(served), **({"DRHTTP_DSN": dsn} if side == "recorded" else {})}
        flask = f"benchmarks.apps:{side}_flask()"
        serving = _uvicorn(side, settings) if shape == "uvicorn" else gunicorn(SHAPES[shape], flask, settings)
        with serving as (process, port):
            posts = script(Path(folder, "posts.lua"))
            await_answer(port)
            warm = 1 + load(port, posts, _WARM_UP)["requests"]
            arrived(int(warm))
            before = cpu_time(process.pid)
            found = load(port, posts, _SECONDS)
            arrived(int(warm + found["requests"]))
            cpu = cpu_time(process.pid) - before
        # uvicorn has no hook that counts; of wrk, some requests are under way when it stops counting.
        requests = sum(map(int, served.read_text().split())) if served.exists() else warm + found["requests"]
    if found["errors"]:
        raise RuntimeError(f"{shape}, {side}: wrk counted {found['errors']:.0f} errors")
    rate, cpu_each = found["requests"] / found["seconds"], cpu / found["requests"] * 1e6
    return {**found, "rate": rate, "cpu": cpu_each, "requests": requests}


@contextmanager
def gunicorn(
    options: list[str], application: str, settings: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """gunicorn with an application, and its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        bind = ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning", "--no-control-socket"]
        command = [sys.executable, "-m", "gunicorn", "--config", str(_HERE / "gunicorn_settings.py"), *bind, *options]
        with _running([*command, application], settings, listener.fileno()) as process:
            yield process, listener.getsockname()[1]


@contextmanager
def _uvicorn(side: str, settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """uvicorn with one process, and its port. With a socket of ours, it would not turn off Nagle's algorithm."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log", "--factory"]
    with _running(
        [sys.executable, "-m", "uvicorn", *options, f"benchmarks.apps:{side}_starlette"], settings
    ) as process:
        _await_port(port)
        yield process, port


@contextmanager
def _running(command: list[str], settings: dict[str, str], *fds: int) -> Iterator[subprocess.Popen[bytes]]:
    """A running server; stopped gracefully at the end."""
    process = subprocess.Popen(command, env={**os.environ, **settings}, pass_fds=fds)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(600):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not start")


def await_answer(port: int) -> None:
    """One request: it is answered when the server is up."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", bodies(JSON, SMALL, 1)[0], {"Content-Type": JSON})
    if connection.getresponse().status >= 500:
        raise RuntimeError("the server does not work")
    connection.close()


def load(port: int, posts: Path, seconds: int) -> dict[str, float]:
    """What wrk says of so many seconds with a script of `script`."""
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "-s", str(posts), f"http://127.0.0.1:{port}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(text.splitlines()[-1])
    return found


def script(path: Path) -> Path:
    """What wrk is to send: a POST of another body each time; and to say at the end."""
    texts = ",\n".join(f"[==[{body.decode()}]==]" for body in bodies(JSON, SMALL, 1))
    path.write_text(_SCRIPT.replace("BODIES", texts), encoding="utf-8")
    return path


def cpu_time(master: int) -> float:
    """Seconds of processor time that the workers of a server have taken, or its only process."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split() or [str(master)]
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for pid in children]
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICK


_SCRIPT = """
local bodies = {BODIES}
local headers = {
  ["Content-Type"] = "application/json", ["Accept"] = "application/json, text/plain, */*",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd", ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.7",
  ["Authorization"] = "Bearer 2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA",
  ["Cookie"] = "session=5f2c1d7e9a; theme=dark; consent=all",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}
local requests, at = {}, 0
init = function()
  for number, body in ipairs(bodies) do
    requests[number] = wrk.format("POST", "/shops/7/orders/" .. number .. "?sort=name", headers, body)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""
