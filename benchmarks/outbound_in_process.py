"""What recording adds to a call of `http.client` and of requests when nothing else takes part: one thread, no server.

    python -m benchmarks.outbound_in_process --rounds 20

The other end of a socket pair answers in the same thread, so that a call waits for nobody, and other programs disturb
it less than one over the network. Blocks with and without the recorder alternate; the recorder delivers between them.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import statistics
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import requests
import urllib3.connection

import drhttp
from benchmarks.outbound import BODY, blocking, server

if TYPE_CHECKING:
    from collections.abc import Callable

HEADERS = {"Content-Type": "application/json"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class AnsweringSocket(socket.socket):
    """A socket whose other end answers as soon as the body of a request is sent."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send, and have the other end answer."""
        super().sendall(data, flags)
        if bytes(data).endswith(BODY):
            self.other.recv(65_536)
            self.other.sendall(ANSWER)

    other: socket.socket


def answering_socket(*_: Any) -> AnsweringSocket:
    """Make such a socket, in the place of one that is connected to a server."""
    ours, other = socket.socketpair()
    made = AnsweringSocket(fileno=ours.detach())
    made.other = other
    return made


def callers() -> dict[str, Callable[[], object]]:
    """A function for each client, which makes a call over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", 9)
    connection.sock = answering_socket()
    urllib3.connection.HTTPConnection._new_conn = answering_socket  # type: ignore[method-assign, assignment]
    session = requests.Session()
    session.trust_env = False

    def call() -> bytes:
        connection.request("POST", "/pay", BODY, HEADERS)
        return connection.getresponse().read()

    return {
        "http.client": call,
        "requests": lambda: session.post("http://127.0.0.1:9/pay", data=BODY, headers=HEADERS).content,
    }


def measure(call: Callable[[], object], dsn: str, rounds: int) -> list[list[float]]:
    """For the fastest tenth and the median: what blocks take, and what the recorder adds to them, in microseconds."""
    bare: list[float] = []
    recorded: list[float] = []
    for number in range(rounds + 1):
        off = blocking(call)
        with drhttp.record_outbound(dsn, flush_interval=60.0):
            on = blocking(call)
            drhttp.flush()
        if number:  # the first round warms up
            bare += off
            recorded += on
    found = []
    for percent in (10, 50):
        before, after = (statistics.quantiles(times, n=100)[percent - 1] * 1e6 for times in (bare, recorded))
        found.append([before, after - before])
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.outbound_in_process", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="pairs of blocks for each client")
    rounds = parser.parse_args().rounds
    print("| client | bare p10, µs | added p10, µs | bare p50, µs | added p50, µs |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with server() as receiver:
        for name, call in callers().items():
            tenth, median = measure(call, f"http://key@127.0.0.1:{receiver}/", rounds)
            print(f"| {name} | {tenth[0]:.0f} | {tenth[1]:.1f} | {median[0]:.0f} | {median[1]:.1f} |", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
