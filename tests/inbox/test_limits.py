"""S14: who is slow, and who is many, does not keep the others out. Real sockets, and the real times."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack


def opened(inbox, stack):
    return stack.enter_context(socket.create_connection(("127.0.0.1", inbox.port), timeout=100))


def answer_to(connection):
    """Status and parsed body of the answer; None when the connection ends without one."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), json.loads(body)


def test_s14_a_body_has_thirty_seconds(inbox):
    """S14: wherever one is taken: records, a HAR, and small requests. A sender of single bytes gains nothing."""
    common = f"Host: 127.0.0.1:{inbox.port}\r\nContent-Length: 1000\r\nAuthorization: Bearer {inbox.token}\r\n"
    kind = "Content-Type: application/json\r\nDrHTTP-ApiKey: k\r\n\r\n"
    lines = [
        "POST /v1/events/batch",
        "POST /api/v1/http_record/record",
        "POST /api/v1/import",
        "PATCH /api/v1/records/1",
    ]
    done = threading.Event()
    with ExitStack() as stack:
        senders = [opened(inbox, stack) for _ in lines]
        for sender, line in zip(senders, lines, strict=True):
            sender.sendall(f"{line} HTTP/1.1\r\n{common}{kind}".encode())

        def trickle():
            while not done.wait(3):
                for sender in senders:
                    try:
                        sender.sendall(b" ")
                    except OSError:
                        continue

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            answers = [answer_to(sender) for sender in senders]
        finally:
            done.set()
            thread.join()
    assert [status for status, _ in answers] == [408] * len(lines)
    assert all("within 30 seconds" in answer["error"] for _, answer in answers)
    assert inbox.api("GET", "/info")[0] == 200


def test_s14_connections_are_bounded(inbox):
    """S14: beyond 64 a request is answered with 503, beyond 128 a connection is closed; when they go, it goes on."""
    # Those that say nothing are closed after ten seconds, and a busy machine may need longer to open them all.
    assert any(crowd(inbox) for _ in range(5))
    deadline = time.monotonic() + 60
    while inbox.api("GET", "/info")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert inbox.api("GET", "/info")[0] == 200


def crowd(inbox):
    """Open more connections than there may be; whether the bounds were met while the first one was still open."""
    with ExitStack() as stack:
        idle = [opened(inbox, stack) for _ in range(80)]
        asking = opened(inbox, stack)
        asking.sendall(f"GET /api/v1/info HTTP/1.1\r\nHost: 127.0.0.1:{inbox.port}\r\n\r\n".encode())
        refused = asking.recv(100).startswith(b"HTTP/1.1 503")
        more = [opened(inbox, stack) for _ in range(80)]
        return refused and closed(more[-1]) and not ended(idle[0])


def closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def ended(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
