"""O4, O3, O8: the same bytes, connections and results as without the recorder, and one record a request on the wire."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import warnings

import pytest
import trustme
from support.receiver import closed_address

from .clients import BODY, CLIENTS, NEVER, Sent
from .conftest import Recording
from .wire_server import BLOCKS, JSON, PART, WireServer

USUAL = [
    Sent("/ok?q=1&api_key=s3cret"),
    Sent("/ok", "POST", BODY),
    Sent("/ok", "HEAD"),
    Sent("/none", "DELETE"),
    Sent("/chunked"),
    Sent("/gzip"),
    Sent("/missing", "PUT", b""),
    Sent("/close"),
    Sent("/empty"),
]
LARGE = b'{"card": "4111111111111111", "text": "' + b"word " * 50_000 + b'"}'
UPLOADS = [Sent("/ok", "POST", LARGE, "file"), Sent("/ok", "PUT", BODY, "blocks"), Sent("/ok")]


def outcome(client, base, sent, context=None):
    """What the caller sees: the responses, or the exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of what a failure leaves open, in the clients
        try:
            return CLIENTS[client](base, sent, context)
        except Exception as error:  # noqa: BLE001 - whatever a client raises is compared
            return chain(error)


def chain(error):
    """The types of an exception and of what caused it."""
    kinds = []
    while error is not None:
        kinds.append(type(error))
        error = error.__cause__ or error.__context__
    return kinds


def compare(client, server, sent, context=None):
    """Make the requests without and with the recorder. Returns what was the same, and the records."""
    bare = outcome(client, server.url, sent, context)
    bare_wire = received(server, sent)
    with Recording() as recording:
        seen = outcome(client, server.url, sent, context)
        assert seen == bare
        assert received(server, sent) == bare_wire
        return seen, recording.records


def received(server, sent):
    """What the server received, once it has read the request that it never answers."""
    if sent[0].path in NEVER:
        assert server.held.wait(60)
        server.held.clear()
    return server.take()


@pytest.mark.parametrize("client", CLIENTS)
def test_o4_the_wire_is_the_same(client, server):
    """O4: the same bytes on the same number of connections, and the same responses."""
    seen, records = compare(client, server, USUAL)
    assert [each[0] for each in seen] == [200, 200, 200, 204, 200, 200, 404, 200, 200]
    assert [record.response.status for record in records] == [each[0] for each in seen]
    assert [record.request.method for record in records] == [each.method for each in USUAL]
    assert [record.request.uri for record in records][1:] == [server.url + each.path for each in USUAL][1:]
    assert records[0].request.uri == f"{server.url}/ok?q=1&api_key=[redacted]"
    assert not any(record.aborted or record.exception for record in records)


@pytest.mark.parametrize("client", CLIENTS)
def test_o4_uploads_are_the_same(client, server):
    """O4: files and generators are read as they are sent, and recorded within the bound."""
    seen, records = compare(client, server, UPLOADS)
    assert [each[0] for each in seen] == [200, 200, 200]
    large, blocks, _ = [record.request.body for record in records]
    assert (large.size, large.truncated) == (len(LARGE), True)
    assert large.content
    assert b"4111" not in large.content
    assert (blocks.size, blocks.truncated) == (len(BODY), False)
    assert blocks.content == b'{"amount": 5, "card_number": "[redacted]"}'


@pytest.mark.parametrize("client", CLIENTS)
def test_o2_what_passes_is_recorded(client, server):
    """O2, O25: bodies with a length, in chunks, to the end of the connection, and compressed, as they passed."""
    sent = [Sent("/ok"), Sent("/chunked"), Sent("/close"), Sent("/gzip"), Sent("/lines")]
    seen, records = compare(client, server, sent)
    masked = JSON.replace(b"hunter2", b"[redacted]")
    bodies = [record.response.body for record in records]
    assert [body.content for body in bodies] == [masked, b"".join(BLOCKS), b"".join(BLOCKS), masked, b"one\ntwo\nthree"]
    assert [body.decoded for body in bodies] == [None, None, None, "gzip", None]
    assert seen[0][1] == JSON
    if client in ("http.client", "urllib"):
        assert gzip.decompress(seen[3][1]) == JSON
    fields = records[0].response.headers
    assert [value.partition("=")[0] for name, value in fields if name == "set-cookie"] == ["a", "b"]


@pytest.mark.parametrize("client", ["urllib", "urllib3", "requests", "httpx", "httpx async", "aiohttp"])
def test_o3_a_redirect_is_two_records(client, server):
    """O3: each hop is a record, and what is secret in its address is masked in both."""
    seen, records = compare(client, server, [Sent("/redirect")])
    assert seen == [(200, JSON)]
    assert [record.response.status for record in records] == [302, 200]
    assert dict(records[0].response.headers)["location"] == "/ok?token=[redacted]"
    assert records[1].request.uri == f"{server.url}/ok?token=[redacted]"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("path", ["/cut", "/cut-chunks", "/reset", "/silent", "/stalled"])
def test_o8_failures_are_records(client, path, server):
    """O8: the caller's exception is the same, and the record says what failed, with what had come until then."""
    _, records = compare(client, server, [Sent(path)])
    record = records[-1]
    came = path in ("/cut", "/cut-chunks", "/stalled")
    if (client, path) == ("aiohttp", "/stalled"):  # its time-out is in the task of the caller, who closes the response
        assert record.aborted
    else:
        assert record.exception is not None
    assert record.response.status == (200 if came else 0)
    if path == "/cut":
        assert record.response.body.content == PART
        assert record.response.body.truncated
        assert record.response.body.size == 100
    assert len(records) == (2 if (client, path) == ("aiohttp", "/reset") else 1)  # it repeats the request itself


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_o8_a_refused_connection_is_a_record(client, scheme):
    """O8: refused, also over TLS, where some clients connect before they make the request."""
    address = f"{scheme}://{closed_address()}"
    bare = outcome(client, address, [Sent("/a?token=x")])
    with Recording() as recording:
        assert outcome(client, address, [Sent("/a?token=x")]) == bare
        record = recording.record
    assert record.request.uri == f"{address}/a?token=[redacted]"
    assert record.exception is not None
    assert record.response.status == 0
    assert record.direction == "Outgoing"


@pytest.mark.parametrize("client", CLIENTS)
def test_o8_a_failed_handshake_is_a_record(client):
    """O8: a certificate that nobody trusts."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with WireServer(tls=context) as server:
        bare = outcome(client, server.url, [Sent("/ok")])
        with Recording() as recording:
            assert outcome(client, server.url, [Sent("/ok")]) == bare
            record = recording.record
    assert isinstance(bare[0], type)
    assert record.exception is not None
    assert "ssl" in record.exception.type.lower() or "certificate" in record.exception.message.lower()
    assert record.response.status == 0


def test_o30_a_client_without_hooks_is_left_alone(server, recording):
    """O30: what speaks through sockets of its own, as gRPC does, in threads of its own, works and makes no record."""
    answers = []

    def call():
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"GET /ok HTTP/1.1\r\nHost: test\r\n\r\n")
            answers.append(connection.recv(65_536))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert recording.records == []
