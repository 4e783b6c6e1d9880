"""One POST over a real connection: what comes back, and what becomes of the connection."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.behaviors import (
    CREATED,
    close_after,
    close_before_reading_body,
    ignore,
    read_slowly,
    reset_after,
    respond_slowly,
    respond_with,
    send_body_without_end,
    send_large_body,
)
from support.effort import effort
from support.receiver import KEY, Receiver, Request, Response, closed_address
from support.transports import authority, failure_of, transports

from drhttp._delivery import idle_connections
from drhttp._delivery.retry import DONE
from drhttp._delivery.transport import Transport
from drhttp._dsn import Dsn

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
LOAD = os.urandom(8_000_000)  # more than the buffers of a connection take

to = pytest.fixture(transports)


@pytest.fixture(autouse=True)
def _no_proxy_by_accident(monkeypatch):
    """The machine that runs the tests may need a proxy; they do not."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_post(receiver, to):
    """The body arrives as it is, at the path of the DSN and the protocol, with the headers and our name."""
    assert to(f"http://{KEY}@{receiver.host}:{receiver.port}/base/").post(b"body") == DONE
    (post,) = receiver.posts
    assert (post.path, post.body) == ("/base/path", b"body")
    assert post.headers["x-key"] == KEY
    assert post.headers["user-agent"].startswith("drhttp-python/")
    assert post.headers["content-length"] == "4"


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (200, "done"),
        (201, "done"),
        (204, "done"),
        (429, "retry"),
        (500, "retry"),
        (408, "retry"),
        (502, "retry"),
        (503, "retry"),
        (504, "retry"),
        (501, "retry"),
        (413, "split"),
        *((status, "drop") for status in (400, 401, 402, 403, 404, 405, 406, 410, 415, 422)),
    ],
)
def test_verdicts(receiver, to, status, action):
    """Each answer of a real receiver gets the verdict that the table prescribes, and the connection is kept."""
    receiver.next_behaviors.append(Response(status, body=b"" if status == 204 else b'{"error": "s3ntinel"}'))
    transport = to(receiver.dsn)
    judged = transport.post(b"x")
    assert judged.action == action
    assert transport.result.status == status
    assert KEY not in str(judged.error)
    assert transport.post(b"y") == DONE
    assert receiver.posts[0].client_port == receiver.posts[1].client_port


@pytest.mark.parametrize("make", [lambda: "100", lambda: formatdate(time.time() + 100, usegmt=True)])
def test_retry_after_is_read(receiver, to, make):
    """What the header field says, as seconds or as a date, is in the verdict."""
    receiver.next_behaviors.append(Response(503, {"Retry-After": make()}))
    assert 90.0 < to(receiver.dsn).post(b"x").after <= 100.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_refused(receiver, to, status):
    """A redirect is not followed, so neither the key nor a record is carried elsewhere."""
    with Receiver() as other:
        receiver.next_behaviors.append(Response(status, {"Location": f"http://127.0.0.1:{other.port}/path"}))
        judged = to(receiver.dsn).post(b"x")
        assert (judged.action, judged.after) == ("drop", 60.0)
        assert "redirects are not followed" in judged.error
        assert other.posts == []


@pytest.mark.parametrize(
    "answer",
    [
        CREATED,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\n" + CREATED,
    ],
)
def test_the_connection_is_used_again(to, answer):
    """One connection carries all POSTs, whatever the form of the answers."""
    with Receiver(respond_with(answer)) as receiver:
        transport = to(receiver.dsn_for())
        for _ in range(5):
            assert transport.post(b"x").action in ("done", "retry")
            assert transport.result.status
        assert receiver.connection_count == 1


def test_a_stale_connection_is_replaced(to):
    """A connection that the receiver has closed meanwhile is noticed, and the POST goes over a new one."""
    with Receiver(close_after(CREATED)) as receiver:
        transport = to(receiver.dsn_for())
        for count in range(1, 5):
            assert transport.post(b"x") == DONE
            assert receiver.connection_closed.acquire(timeout=5)
            assert receiver.connection_count == count


def test_a_connection_that_ends_under_a_post_is_a_retry(to):
    """Where the receiver closes at the same moment, the verdict is to try again, over a new connection."""
    with Receiver(respond_with(CREATED)) as receiver:
        receiver.next_behaviors.extend([respond_with(CREATED), close_after(b"")])
        transport = to(receiver.dsn_for())
        assert [transport.post(b"x").action for _ in range(3)] == ["done", "retry", "done"]
        assert receiver.connection_count == 2


def test_an_old_connection_is_not_trusted(receiver, to, monkeypatch):
    """A connection that was idle for long may be dead without a sign of it, and is replaced beforehand."""
    transport = to(receiver.dsn)
    assert transport.post(b"x") == DONE
    monkeypatch.setattr(idle_connections, "MAX_IDLE", -1.0)
    assert transport.post(b"x") == DONE
    assert receiver.posts[0].client_port != receiver.posts[1].client_port


def test_a_closed_transport_begins_anew(receiver, to):
    """Closing lets go of the connection; nothing else is lost."""
    transport = to(receiver.dsn)
    transport.close()
    assert transport.post(b"x") == DONE
    transport.close()
    assert transport.post(b"x") == DONE
    assert receiver.posts[0].client_port != receiver.posts[1].client_port


def test_refused(to):
    """Nobody listens."""
    assert failure_of(to(f"http://{KEY}@{closed_address()}/")) == "refused"


def test_no_such_name(to):
    """The name does not exist."""
    assert failure_of(to(f"http://{KEY}@nonexistent.invalid/")) == "dns"


@pytest.mark.parametrize(
    "behavior",
    [
        reset_after(b""),
        close_after(b""),
        close_after(b"HTTP/1.1 20x Odd\r\n\r\n"),
        close_after(b"s3ntinel s3ntinel s3ntinel\r\n\r\n"),
        close_after(b"HTTP/1.1 s3ntinel\r\n\r\n"),
        close_after(b"HTTP/1.1 200 " + b"s3ntinel" * 10_000),
        close_after(b"SSH-2.0-OpenSSH_9.2 s3ntinel\r\n"),
    ],
)
def test_broken(to, behavior):
    """The connection breaks, or what comes is not HTTP; and a receiver that repeats the key is not quoted."""
    with Receiver(behavior) as receiver:
        assert failure_of(to(receiver.dsn_for())) == "reset"


@effort(60)
@given(answer=st.binary(max_size=60), status=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 No\r\n"]))
@example(answer=b"Content-Length: s3ntinel\r\n\r\n", status=b"HTTP/1.1 200 OK\r\n")
@example(answer=b"Transfer-Encoding: chunked\r\n\r\ns3ntinel\r\n", status=b"HTTP/1.1 200 OK\r\n")
@example(answer=b"Retry-After: s3ntinel\r\n\r\n", status=b"HTTP/1.1 503 No\r\n")
def test_any_answer_has_a_verdict(answer, status):
    """Whatever bytes come back: a verdict, never an exception, never the key."""
    with Receiver(close_after(status + answer)) as receiver:
        transport = Transport(Dsn.parse(receiver.dsn_for()), "/path", {"X-Key": KEY}, 2.0)
        judged = transport.post(b"x")
        assert judged.action in ("done", "retry", "drop", "split")
        assert KEY not in str(judged.error)
        transport.close()


def test_the_body_of_an_answer_is_not_read_for_ever(to):
    """An answer of very many bytes counts by its status, and costs a few of them."""
    with Receiver(send_large_body) as receiver:
        transport = to(receiver.dsn_for())
        assert transport.post(b"x") == DONE
        assert receiver.connection_closed.acquire(timeout=5)
        assert receiver.bytes_sent < 20_000_000
        assert transport.post(b"x") == DONE
        assert receiver.connection_count == 2


WHOLE = {
    "length": b"HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n" + b"s3ntinel" * 2 + b"body",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00a;x=y\r\n0123456789\r\n000\r\n",
    "trailer": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
    "no-body": b"HTTP/1.1 204 No Content\r\nServer: s3ntinel\r\n\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08no",
}


ENDS = pytest.mark.parametrize("end_after", [close_after, reset_after], ids=["fin", "rst"])


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_an_answer_that_breaks_off_is_no_answer(to, answer):
    """A 2xx counts when its last byte has come, and not one byte before, wherever the connection ends."""
    end = len(answer) - (answer.endswith(b"b\r\n\r\n") and len(b"A: b\r\n\r\n"))  # the last chunk is the end
    for length in range(end):
        if answer[:length].endswith((b"0\r", b"000\r")) and answer[length:] == b"\n":
            continue
        with Receiver(close_after(answer[:length])) as receiver:
            assert failure_of(to(receiver.dsn_for())) == "reset", answer[:length]
    with Receiver(close_after(answer)) as receiver:
        assert to(receiver.dsn_for()).post(b"x") == DONE


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_whole_answer_keeps_its_connection(to, private, answer, scheme):
    """An answer that has come to its end leaves the connection usable for the next POST."""
    whole = answer + (b"\r\n" if answer.endswith(b"000\r\n") else b"")
    with Receiver(respond_with(whole), tls=private if scheme == "https" else None) as receiver:
        transport = to(receiver.dsn_for(scheme, "localhost"))
        assert [transport.post(b"x") for _ in range(3)] == [DONE] * 3
        assert receiver.connection_count == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@ENDS
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n" + b"x" * 65536,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\ns3ntinel\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhellos3ntinel\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_a_broken_body_is_no_answer(to, private, answer, end_after, scheme):
    """A body that is cut, by an orderly close (in TLS: without a close_notify) or by a reset, or is no body at all."""
    with Receiver(end_after(answer), tls=private if scheme == "https" else None) as receiver:
        transport = to(receiver.dsn_for(scheme, "localhost"))
        assert failure_of(transport) in ("reset", "tls")
        assert failure_of(transport) in ("reset", "tls")
        assert receiver.connection_count == 2


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding\t: gzip ,\tchunked\r\n",
        b"Transfer-Encoding:\r\n gzip,\r\n chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n",
        b"no colon\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length : 5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 05\r\n",
        b"no colon\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b": no name\r\nContent-Length: 5\r\n",
        b"X\x00: NUL\r\nContent-Length: 5\r\n",
        b"X Y: space\r\nContent-Length: 5\r\n",
        b"X\xff: not ASCII\r\nContent-Length: 5\r\n",
        b"X: CR\r\rY: CR\r\nContent-Length: 5\r\n",
        b"\rX: CR\r\nContent-Length: 5\r\n",
        b"From x\r\nContent-Length: 5\r\n",
        b" continues nothing\r\nContent-Length: 5\r\n",
    ],
)
def test_the_declared_end_is_found_in_any_header_section(to, head):
    """Neither an invalid line nor an unusual way to write the end keeps a response from being incomplete without it."""
    body = b"5\r\nhello\r\n0\r\n\r\n" if b"ransfer" in head else b"hello"
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
    with Receiver(close_after(answer + body[:4])) as receiver:
        assert failure_of(to(receiver.dsn_for())) == "reset"
    with Receiver(respond_with(answer + body)) as receiver:
        transport = to(receiver.dsn_for())
        assert [transport.post(b"x") for _ in range(2)] == [DONE] * 2
        assert receiver.connection_count == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 201 Created\r\n" + b"X-Trace: 1\r\n" * 10_000,
        b"HTTP/1.1 201 Created\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n",
        b"HTTP/1.1 201 Created\r\nX-Long: x\r\n" + b" folded\r\n" * 10_000,
        b"HTTP/1.1 201 Created\r\n" + b"Date: never\r\n" * 10_000,
        b"HTTP/1.1 201 Created\r\nDate: never\r\n" + b" folded\r\n" * 10_000,
        b"HTTP/1.1 201 Created\r\n" + b"Content-Length: 5\r\n" * 10_000,
        b"HTTP/1.1 201 " + b"Created " * 100_000 + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 1_000 + b"\r\nHTTP/1.1 201 Created\r\n",
    ],
)
def test_a_large_header_section_is_an_answer(to, private, head, scheme):
    """However many fields a 2xx has and however long they are, it counts, and its end is found."""
    trailer = b"X: y\r\n" * 200 + b"\r\n"
    for rest in (
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 100_000 + b"\r\nhello\r\n0\r\n" + trailer,
    ):
        with Receiver(respond_with(head + rest), tls=private if scheme == "https" else None) as receiver:
            transport = to(receiver.dsn_for(scheme, "localhost"))
            assert [transport.post(b"x") for _ in range(2)] == [DONE] * 2
            assert receiver.connection_count == 1


@pytest.mark.parametrize("length", [b"abc", b"-5", b"+5", b"5_0", b"5 5", b"5, 6", b"", b"0x5", b"\xb2", b"9" * 5000])
def test_an_invalid_length_is_no_end(to, length):
    """RFC 9112 section 6.3: such a 2xx does not count. An error status does, and the connection is closed."""
    fields = b"Retry-After: 9\r\nContent-Length: " + length + b"\r\n\r\nhello"
    with Receiver(respond_with(b"HTTP/1.1 200 OK\r\n" + fields)) as receiver:
        transport = to(receiver.dsn_for())
        assert [failure_of(transport) for _ in range(2)] == ["reset"] * 2
        assert receiver.connection_count == 2
    for status, action in ((b"400", "drop"), (b"413", "split"), (b"503", "retry")):
        with Receiver(respond_with(b"HTTP/1.1 " + status + b" No\r\n" + fields)) as receiver:
            transport = to(receiver.dsn_for())
            assert [transport.post(b"x").action for _ in range(2)] == [action] * 2
            assert receiver.connection_count == 2


def test_a_response_that_has_no_body_needs_no_length(to):
    """A 204 ends with its header section, whatever that declares."""
    for field in (b"Transfer-Encoding: chunked", b"Content-Length: 100", b"Content-Length: abc"):
        with Receiver(respond_with(b"HTTP/1.1 204 No Content\r\n" + field + b"\r\n\r\n")) as receiver:
            transport = to(receiver.dsn_for())
            assert [transport.post(b"x") for _ in range(2)] == [DONE] * 2
            assert receiver.connection_count == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 65536, b"x" * 65537, b"x" * 1_000_000])
def test_a_body_without_a_declared_end_ends_with_the_connection(to, private, body, scheme):
    """Without a length the end of the connection is that of the answer, as it always was in HTTP/1.0."""
    with Receiver(
        close_after(b"HTTP/1.0 200 OK\r\n\r\n" + body), tls=private if scheme == "https" else None
    ) as receiver:
        transport = to(receiver.dsn_for(scheme, "localhost"))
        assert [transport.post(b"x") for _ in range(2)] == [DONE] * 2
        assert receiver.connection_count == 2


def test_a_reset_ends_no_body(to):
    """A reset is an error, also where the end of the connection would have been the end of the answer."""
    with Receiver(reset_after(b"HTTP/1.0 200 OK\r\n\r\n{")) as receiver:
        assert failure_of(to(receiver.dsn_for())) == "reset"


@pytest.mark.parametrize(("size", "connections"), [(65536, 1), (100_000, 2), (10_000_000, 2)])
@pytest.mark.parametrize("chunked", [False, True])
def test_so_much_of_an_answer_is_read(to, size, connections, chunked):
    """Of the body, 64 KiB are read; the status of a longer one counts, and costs the connection."""
    framing = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size if chunked else b"Content-Length: %d\r\n\r\n" % size
    end = b"\r\n0\r\n\r\n" if chunked else b""
    with Receiver(respond_with(b"HTTP/1.1 200 OK\r\n" + framing + b"x" * size + end)) as receiver:
        transport = to(receiver.dsn_for())
        assert [transport.post(b"x") for _ in range(2)] == [DONE] * 2
        assert receiver.connection_count == connections


@ENDS
@pytest.mark.parametrize(
    ("status", "action", "after"),
    [
        (429, "retry", 9.0),
        (503, "retry", 9.0),
        (500, "retry", 9.0),
        (413, "split", None),
        (400, "drop", None),
        (401, "drop", 60.0),
    ],
)
def test_a_failure_need_not_be_whole(to, status, action, after, end_after):
    """What is no success is none without its body either: status and `Retry-After` hold, and the connection is left."""
    answer = b"HTTP/1.1 %d No\r\nRetry-After: 9\r\nContent-Length: 100\r\n\r\ntoo lit" % status
    with Receiver(end_after(answer)) as receiver:
        transport = to(receiver.dsn_for())
        for _ in range(2):
            judged = transport.post(b"x")
            assert (judged.action, judged.after, transport.result.status) == (action, after, status)
        assert receiver.connection_count == 2


@pytest.mark.parametrize("status", [101, 199])
def test_another_protocol_is_not_spoken(to, status):
    """An interim response is not the answer; a change of the protocol, which nobody asked for, ends the connection."""
    answer = b"HTTP/1.1 %d Odd\r\nUpgrade: x\r\n\r\n" % status + CREATED * (status != 101)
    with Receiver(respond_with(answer)) as receiver:
        transport = to(receiver.dsn_for())
        assert (transport.post(b"x") == DONE) == (status != 101)
        assert (transport.post(b"x") == DONE) == (status != 101)
        assert receiver.connection_count == (2 if status == 101 else 1)


def test_an_early_413_is_heard(to):
    """A receiver that refuses a body before it has come, and closes, is understood."""
    with Receiver(close_before_reading_body(TOO_LARGE)) as receiver:
        for _ in range(5):
            assert to(receiver.dsn_for()).post(LOAD).action == "split"


@pytest.mark.parametrize("answer", [CREATED, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_success_before_all_was_sent_is_none(to, answer):
    """A receiver that says 2xx, and closes, while the body is still on its way cannot have taken it."""
    with Receiver(close_before_reading_body(answer)) as receiver:
        for _ in range(5):
            assert failure_of(to(receiver.dsn_for()), LOAD) == "reset"


def timed(transport: Transport, timeout: float, body: bytes = b"x") -> None:
    """Check that a POST is given up when its time is over, and not much later."""
    begin = time.monotonic()
    assert failure_of(transport, body) == "timeout"
    assert timeout * 0.9 <= time.monotonic() - begin < timeout + 0.4


@pytest.mark.parametrize(
    "behavior",
    [
        ignore,
        respond_slowly(CREATED, 0.05),
        respond_slowly(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.01),
        respond_slowly(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 90, 0.005),
    ],
)
def test_the_timeout_is_for_all_of_a_post(to, behavior):
    """A receiver that says nothing, or a byte now and then, has the option `timeout` and no more."""
    with Receiver(behavior) as receiver:
        timed(to(receiver.dsn_for(), 0.4), 0.4)


def test_a_receiver_that_takes_slowly_has_its_time_too(to):
    """A body that is taken a little at a time does not take longer than the option `timeout`."""
    with Receiver(read_slowly(1000, 0.02)) as receiver:
        timed(to(receiver.dsn_for(), 0.4), 0.4, LOAD)


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked", b"Connection: close"])
def test_a_body_that_drips_has_the_time_of_the_post(to, framing):
    """A 2xx whose body has not ended when the time of the POST is over has not come in time: it is sent again."""
    answer = b"HTTP/1.1 201 Created\r\n" + framing + b"\r\n\r\n"
    with Receiver(send_body_without_end(answer, b"1\r\nx\r\n", 0.02)) as receiver:
        timed(to(receiver.dsn_for(), 0.4), 0.4)


def test_a_black_hole(to):
    """A host that does not even refuse takes the option `timeout`."""
    with Receiver(host="127.0.0.2") as receiver:
        receiver.become_black_hole()
        timed(to(receiver.dsn, 0.4), 0.4)


def test_a_dead_address_leaves_time_for_the_next(to, monkeypatch):
    """A name with several addresses is reachable as long as one of them is, within the time of one POST."""
    with Receiver(host="127.0.0.2") as dead, Receiver(port=dead.port) as receiver:
        port = dead.port
        dead.become_black_hole()

        def look_up(host, *_, **__):
            hosts = (dead.host, receiver.host) if host == "many.example" else (host,)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in hosts]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        begin = time.monotonic()
        assert to(f"http://{KEY}@many.example:{port}/", 1.0).post(b"x") == DONE
        assert time.monotonic() - begin < 1.0
        assert len(receiver.posts) == 1


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A server's context whose certificate is from a private authority, which `SSL_CERT_FILE` names."""
    file, context = authority(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", file)
    return context


def test_tls_with_a_private_authority(to, private):
    """What `SSL_CERT_FILE` trusts is trusted; the connection carries small and large POSTs."""
    with Receiver(respond_with(CREATED), tls=private) as receiver:
        transport = to(receiver.dsn_for("https", "localhost"))
        assert transport.post(b"x") == DONE
        assert transport.post(LOAD[:1_000_000]) == DONE
        assert receiver.connection_count == 1


def test_tls_that_is_not_trusted(to, private, monkeypatch):
    """A certificate that nobody vouches for, one for another name, and no TLS at all are refused."""
    with (
        Receiver(respond_with(CREATED), tls=private) as receiver,
        Receiver(close_after(b"HTTP/1.1 400 Bad\r\n\r\n")) as plain,
    ):
        assert failure_of(to(receiver.dsn_for("https", "127.0.0.1"))) == "tls"
        assert failure_of(to(plain.dsn_for("https", "localhost"), 0.5)) in ("tls", "timeout")
        monkeypatch.delenv("SSL_CERT_FILE")
        assert failure_of(to(receiver.dsn_for("https", "localhost"))) == "tls"


def test_a_handshake_that_is_reset(to):
    """A receiver without TLS may reset the connection, and that is named as trouble with TLS too."""
    with Receiver(Request.reset) as receiver:
        assert failure_of(to(receiver.dsn_for("https"))) == "tls"
        assert failure_of(to(receiver.dsn)) == "reset"


@pytest.mark.parametrize(
    ("behavior", "body"),
    [(ignore, b"x"), (respond_slowly(CREATED, 0.05), b"x"), (read_slowly(1000, 0.02), LOAD)],
    ids=["silent", "slow-response", "slow-upload"],
)
def test_the_timeout_holds_inside_tls(to, private, behavior, body):
    """The same deadline holds for encrypted connections, in both directions."""
    with Receiver(behavior, tls=private) as receiver:
        timed(to(receiver.dsn_for("https", "localhost"), 0.5), 0.5, body)


def test_a_handshake_that_hangs(to):
    """A receiver that accepts and then never speaks TLS has the option `timeout`."""
    with Receiver(ignore) as receiver:
        timed(to(receiver.dsn_for("https"), 0.4), 0.4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/nonexistent/file"),
        ("SSL_CERT_FILE", __file__),
        ("SSLKEYLOGFILE", "/nonexistent/folder/file"),
    ],
)
def test_nonsense_about_certificates_is_trouble(to, private, monkeypatch, name, value):
    """A certificate setting that leads nowhere is a failed POST like others, and the next one looks again."""
    with Receiver(respond_with(CREATED), tls=private) as receiver:
        transport = to(receiver.dsn_for("https", "localhost"))
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert failure_of(transport)
        assert transport.post(b"x") == DONE


def test_tls_in_a_process_of_its_own(tmp_path):
    """From a fresh interpreter, with nothing but `SSL_CERT_FILE`, a record arrives over TLS."""
    file, context = authority(tmp_path, "localhost")
    program = (
        "import drhttp, sys\n"
        "def app(environ, start_response):\n    start_response('204 No Content', [])\n    return []\n"
        "app = drhttp.WSGIMiddleware(app, dsn=sys.argv[1])\n"
        "app({'REQUEST_METHOD': 'GET'}, lambda *args: None)\n"
        "assert drhttp.flush(30.0), drhttp.stats()\n"
        "assert drhttp.stats().sent == 1, drhttp.stats()"
    )
    with Receiver(respond_with(CREATED), tls=context) as receiver:
        environ = {**os.environ, "SSL_CERT_FILE": file}
        run = [sys.executable, "-W", "error", "-c", program, receiver.dsn_for("https", "localhost")]
        subprocess.run(run, check=True, env=environ, timeout=20)
