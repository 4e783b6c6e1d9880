from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager

import pytest

from drhttp.inbox.bounded_json import BATCH, SINGLE

JSON = {"Content_Type": "application/json", "X_Moesif_Application_Id": "k"}
RECORD = {"id": "r-1", "method": "GET", "uri": "http://x/", "status": 200, "request": {"headers": {}, "body": ""}}


@pytest.mark.parametrize("prefix", ["", "/moesif", "/some/where/moesif", "//"])
def test_events_are_taken_below_any_prefix(inbox, event, prefix):
    """A DSN may have a path, and a client may be pointed at the bare address."""
    batch, single = [event(), event()], event()

    assert inbox.post(batch, f"{prefix}/v1/events/batch") == 201
    assert inbox.post(single, f"{prefix}/v1/events", zipped=False) == 201
    assert {line["id"] for line in inbox.ls()} == {sent["transaction_id"] for sent in [*batch, single]}


@pytest.mark.parametrize("prefix", ["", "/below"])
def test_records_are_taken_below_any_prefix(inbox, prefix):
    """The record protocol has a path and a key header of its own."""
    headers = {"Content_Type": "application/json; charset=utf-8", "DrHTTP_ApiKey": "local"}
    status, _, content = inbox.request(
        "POST", f"{prefix}/api/v1/http_record/record", json.dumps(RECORD).encode(), **headers
    )

    assert (status, content) == (201, b"")
    assert [(line["id"], line["protocol"]) for line in inbox.ls()] == [("r-1", "record")]


def test_what_was_answered_is_on_disk(start, event):
    """After a 201 the records survive even a killed inbox."""
    inbox = start()
    assert inbox.post([event() for _ in range(7)]) == 201
    inbox.kill()

    assert len(inbox.ls()) == 7


def test_a_batch_that_comes_again_is_stored_and_shown_once(inbox, event):
    """Retries are harmless: the same ids are the same records."""
    batch = [event(request__uri="http://x/first")]

    assert [inbox.post(batch) for _ in range(3)] == [201, 201, 201]
    assert inbox.post([event(request__uri="http://x/last")]) == 201
    assert ["/first" in inbox.line(), "/last" in inbox.line()] == [True, True]
    assert len(inbox.ls()) == 2


def test_an_empty_batch_is_taken(shared_inbox):
    """Nothing to store is no reason to complain."""
    assert shared_inbox.post([]) == 201


def test_the_reference_clients_find_their_configuration(shared_inbox):
    """They ask for the sample rate and for rules before they send."""
    status, headers, content = shared_inbox.request("GET", "/moesif/v1/config", **JSON)

    assert (status, headers["Content-Type"], json.loads(content)["sample_rate"]) == (200, "application/json", 100)
    assert shared_inbox.request("GET", "/v1/rules", **JSON)[::2] == (200, b"[]")


@pytest.mark.parametrize("key", [{}, {"X_Moesif_Application_Id": " "}, {"DrHTTP_ApiKey": ""}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/events/batch"), ("GET", "/v1/config")])
def test_a_missing_key_is_401(shared_inbox, key, method, path):
    """Any key will do, but there must be one, as there must be for the service."""
    status, _, content = shared_inbox.request(method, path, b"[]", Content_Type="application/json", **key)

    assert status == 401
    assert json.loads(content)["error"].startswith("The API key is missing")


@pytest.mark.parametrize("header", [{"Origin": "http://evil.test"}, {"Sec_Fetch_Site": "same-site"}])
def test_web_pages_may_not_send_records(inbox, event, header):
    """A page in the user's browser could reach loopback and fill the inbox with forgeries."""
    assert inbox.post([event()], **header) == 403
    assert inbox.ls() == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"[]", {"Content_Type": "text/plain"}, 415),
        (b"[]", {"Content_Encoding": "br"}, 415),
        (b"[]", {"Content_Encoding": "gzip, gzip"}, 415),
        (b"[]", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"[]", mtime=0)[:-5], {"Content_Encoding": "gzip"}, 400),
        (b"nonsense", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {}, 400),
        (b"[7]", {}, 400),
        (json.dumps([{"request": {}}] * (BATCH.records + 1)).encode(), {}, 413),
        (gzip.compress(b" " * (BATCH.inflated + 1), mtime=0), {"Content_Encoding": "gzip"}, 413),
        (b" " * (BATCH.wire + 1), {}, 413),
        (b"[]" + b" " * (BATCH.wire - 2), {}, 201),
        (json.dumps([{"request": {}}] * BATCH.records).encode(), {}, 201),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_taken_is_refused_in_a_sentence(shared_inbox, body, headers, status):
    """Each limit has its status and its sentence, and what is exactly at a limit is taken."""
    got, _, content = shared_inbox.request("POST", "/moesif/v1/events/batch", body, **{**JSON, **headers})

    assert got == status, content
    assert status == 201 or json.loads(content)["error"].endswith(".")


def test_a_single_event_has_limits_of_its_own(shared_inbox, event):
    """One MiB on the wire is the most that an event may be, and eight inflated."""
    large = event(response__body="A" * SINGLE.wire)
    huge = event(response__body="A" * SINGLE.inflated)

    assert shared_inbox.post(large, "/v1/events", zipped=False) == 413
    assert shared_inbox.post(large, "/v1/events") == 201
    assert shared_inbox.post(huge, "/v1/events") == 413


def test_a_declared_size_beyond_reason_is_refused_without_reading_on(shared_inbox):
    """Nobody needs to send four times the limit to learn that it is too much."""
    with socket.create_connection(("127.0.0.1", shared_inbox.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1:{shared_inbox.port}\r\nX-Moesif-Application-Id: k\r\n"
            f"Content-Type: application/json\r\nContent-Length: {BATCH.wire * 4 + 1}\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_bomb_leaves_the_inbox_small(start):
    """Four hundred MiB in four hundred KiB cost the inbox neither its memory nor its life."""
    inbox = start()
    machine = zlib.compressobj(wbits=31)
    bomb = b"".join(machine.compress(bytes(1 << 20)) for _ in range(400)) + machine.flush()

    status = inbox.request("POST", "/v1/events/batch", bomb, **JSON, Content_Encoding="gzip")[0]

    assert status == 413
    assert _peak_kib(inbox) < 250_000


def _peak_kib(inbox):
    try:
        with open(f"/proc/{inbox.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        pytest.skip("this system does not tell how much memory a process took")


def test_other_paths_and_methods_are_told_apart(shared_inbox):
    """A wrong path is 404 and a wrong method 405, in a sentence."""
    for method, path, status in (("POST", "/v1/nothing", 404), ("GET", "/v1/events/batch", 405)):
        got, _, content = shared_inbox.request(method, path, **JSON)
        assert (got, list(json.loads(content))) == (status, ["error"])


def test_a_full_queue_is_429(inbox, event):
    """A sender is told to come again rather than kept waiting, and what it sends again is taken."""
    batches = [[event(response__body="A" * 60_000) for _ in range(200)] for _ in range(12)]
    with ThreadPoolExecutor(len(batches)) as threads:
        with held_back(inbox.file):
            sent = [threads.submit(inbox.post, batch) for batch in batches]
            assert next(as_completed(sent)).result() == 429
        refused = [batch for batch, future in zip(batches, sent, strict=True) if future.result() == 429]

    assert [inbox.post(batch) for batch in refused] == [201] * len(refused)
    assert len(inbox.ls()) == 12 * 200


@contextmanager
def held_back(file):
    """Keep the inbox from writing, as a slow disk would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def test_a_file_that_cannot_be_written_is_503(inbox, event):
    """The sender keeps its records and comes again; afterwards all is as before."""
    with held_back(inbox.file):
        headers = {"Content_Type": "application/json", "DrHTTP_ApiKey": "k"}
        status, answer, content = inbox.request("POST", "/v1/events/batch", json.dumps([event()]).encode(), **headers)

    assert (status, answer["Retry-After"]) == (503, "5")
    assert "database is locked" in json.loads(content)["error"]
    assert inbox.post([event()]) == 201


def test_bytes_survive_the_way_to_the_file(inbox, event):
    """Header bytes, repeated cookies, paths that are not UTF-8 and binary bodies come out as they went in."""
    identity = str(uuid.uuid4())
    sent = event(
        transaction_id=identity,
        request__uri="http://shop.test/%FF%E9?x=%00",
        request__headers={"x-latin": "\xe9\xff", "x-utf8": "Ã©"},
        response__headers={"set-cookie": ["a=1; Path=/", "b=\xff"]},
        response__body="AP/+gAE=",
    )
    assert inbox.post([sent]) == 201

    shown = inbox.show(identity)

    assert shown["url"] == sent["request"]["uri"]
    assert shown["request"]["headers"] == [["x-latin", "\xe9\xff"], ["x-utf8", "Ã©"]]
    assert shown["response"]["headers"] == [["set-cookie", "a=1; Path=/"], ["set-cookie", "b=\xff"]]
    assert (shown["response"]["body_base64"], shown["response"]["body_text"]) == ("AP/+gAE=", None)


def test_a_client_that_breaks_off_leaves_no_trace(start, event):
    """A body that does not come to its end is nothing that the user must hear of."""
    inbox = start()
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1:{inbox.port}\r\nX-Moesif-Application-Id: k\r\n"
            f"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n[".encode()
        )
    assert inbox.post([event()]) == 201
    inbox.line()

    assert inbox.stop() == (0, "")
