"""`drhttp check`: what it finds out is said in plain words, and its exit status tells the same."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.receiver import KEY, ConnectionClosed, Response, closed_address

from drhttp.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.receiver import Receiver, Request


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a receiver that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def closed() -> str:
    """An address and a port where nobody listens."""
    return closed_address()


def test_a_probe_that_arrives(receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    """One probe record takes the real way; address, name, key and time are said, and the key itself is not."""
    assert main(["check", receiver.dsn.replace(KEY, "s3cret")]) == 0

    said = capsys.readouterr().out
    (record,) = receiver.records
    assert record["request"]["uri"].endswith("/drhttp-check")
    assert record["metadata"]["device"] == "drhttp check"
    assert f"http://{receiver.host}:{receiver.port}/moesif/v1/events/batch" in said
    assert "key     accepted" in said
    assert " ms from the record to the response" in said
    assert said.endswith("It works: the probe record was delivered.\n")
    assert "s3cret" not in said


def test_options_are_shown_with_their_source(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The DSN may come from the environment, and what else does is shown (X1)."""
    monkeypatch.setenv("DRHTTP_DSN", receiver.dsn)
    monkeypatch.setenv("DRHTTP_PROTOCOL", "record")

    assert main(["check"]) == 0

    assert "protocol = 'record' (from DRHTTP_PROTOCOL)" in capsys.readouterr().out
    assert receiver.posts[0].path == "/api/v1/http_record/record"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the key in the DSN was not accepted"),
        (404, "check host, port and path of the DSN"),
        (307, "redirects are not followed"),
        (400, "answered 400"),
        (503, "answered 503"),
        (413, "too large"),
    ],
)
def test_a_probe_that_is_refused(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], status: int, words: str
) -> None:
    """What the receiver answers is said, with what to do about it."""
    receiver.behavior = Response(status, {"Location": "/elsewhere"} if status == 307 else {})

    assert main(["check", receiver.dsn]) == 1

    said = capsys.readouterr().out
    assert words in said
    assert said.endswith("It does not work: the probe record was not delivered.\n")


def test_nobody_listens(closed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused connection is said at once, not after the time-out."""
    assert main(["check", f"http://key@{closed}/"]) == 1

    assert "could not connect" in capsys.readouterr().out


def test_nobody_answers(deaf: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that says nothing is given as much time as the option allows."""
    monkeypatch.setenv("DRHTTP_TIMEOUT", "0.3")

    assert main(["check", f"http://key@127.0.0.1:{deaf}/"]) == 1

    assert "no response in time" in capsys.readouterr().out


def test_a_receiver_without_tls(receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    """HTTPS to a port that speaks HTTP is named as trouble with TLS."""

    def refuse(request: Request) -> None:
        request.connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        raise ConnectionClosed

    receiver.behavior = refuse
    assert main(["check", f"https://key@{receiver.host}:{receiver.port}/"]) == 1

    assert "TLS" in capsys.readouterr().out


def test_a_name_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """A host that cannot be resolved is said before anything is sent."""
    assert main(["check", "http://key@nonexistent.invalid/"]) == 1

    said = capsys.readouterr().out
    assert "name    nonexistent.invalid: " in said
    assert said.endswith("It does not work: the host name could not be resolved.\n")


@pytest.mark.parametrize(("arguments", "words"), [(["s3cret@host"], "has no scheme"), ([], "no DSN")])
def test_nothing_to_check(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A DSN that is bad or missing is a sentence on stderr and exit status 2."""
    assert main(["check", *arguments]) == 2

    said = capsys.readouterr()
    assert words in said.err
    assert "s3cret" not in said.err + said.out


def test_as_a_program(receiver: Receiver) -> None:
    """The same from the shell: `python -m drhttp check DSN`."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "drhttp", "check", receiver.dsn],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(receiver.records) == 1
