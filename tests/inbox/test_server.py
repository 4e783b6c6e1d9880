from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3

import pytest

pytest.importorskip("uvicorn")

from drhttp.inbox import server
from drhttp.inbox.errors import PortError


def test_only_loopback_listens():
    """The inbox binds 127.0.0.1 and, where there is IPv6, ::1 on the same port, and nothing else."""
    with server.listen(0) as listener:
        addresses = [one.getsockname()[:2] for one in listener.sockets]

    assert addresses[0] == ("127.0.0.1", listener.port)
    assert addresses[1:] in ([], [("::1", listener.port)])


def test_answers_do_not_wait_for_acknowledgements():
    """The body follows its header fields at once, not after the 40 ms by which Linux delays an acknowledgement."""

    async def accepted(listener):
        options = asyncio.get_running_loop().create_future()

        def connected(_, writer):
            sock = writer.get_extra_info("socket")
            options.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=listener.sockets[0]):
            _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.close()
            return await options

    with server.listen(0) as listener:
        assert asyncio.run(accepted(listener))


def test_the_next_free_port_is_taken_when_none_was_asked_for(monkeypatch):
    """A second inbox starts beside the first."""
    with server.listen(0) as busy:
        monkeypatch.setattr(server, "DEFAULT_PORT", busy.port)
        with server.listen(None) as listener:
            assert busy.port < listener.port < busy.port + server.TRIES


def test_a_busy_port_that_was_asked_for_is_an_error():
    """Whoever names a port means it."""
    with server.listen(0) as busy, pytest.raises(PortError, match=f"^Port {busy.port} is in use. "):
        server.listen(busy.port)


def test_a_port_that_is_busy_in_one_family_is_busy():
    """Otherwise `localhost` would reach somebody else's server half of the time."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6")
        other.listen()
        with pytest.raises(PortError):
            server.listen(other.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(start, event, number):
    """Ctrl-C and SIGTERM leave no traceback, exit status 0 and one file with everything in it."""
    inbox = start()
    assert inbox.post([event()]) == 201
    inbox.line()

    assert inbox.stop(number) == (0, "")
    assert not inbox.file.with_name("inbox.db-wal").exists()
    db = sqlite3.connect(inbox.file)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM record").fetchone() == (1,)
    db.close()


def test_an_idle_connection_does_not_delay_the_end(start):
    """Recorders keep their connection open between batches."""
    inbox = start()
    with socket.create_connection(("127.0.0.1", inbox.port)):
        assert inbox.request("GET", "/")[0] == 200
        assert inbox.stop() == (0, "")


def test_it_starts_again_on_the_same_port_and_file(start, event):
    """A restart continues where the last run ended, without waiting for the port."""
    first = start()
    assert first.post([event()]) == 201
    first.stop()

    again = start("--port", str(first.port))

    assert again.post([event()]) == 201
    assert len(again.ls()) == 2


def test_a_header_block_without_end_is_refused(inbox):
    """Headers are bounded like everything else."""
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"a" * 1000) for n in range(80)))
        assert connection.recv(1000).startswith(b"HTTP/1.1 4")
