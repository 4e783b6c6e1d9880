"""What begins or ends at an awkward moment: the process, a middleware, an import; and buffers too large for a copy."""

from __future__ import annotations

import http.client
import logging
import tracemalloc

import pytest
import requests
import urllib3
from support.load import echo, paths, program
from support.receiver import Receiver
from support.seen_records import NOWHERE, SeenRecords
from support.threads import collect_garbage

import drhttp
from drhttp._outbound import hook
from drhttp._outbound import urllib3 as hooks
from drhttp._outbound.hook import Client, Hook

SIZE = 64 * 1024 * 1024

HALF_READ = """
import requests
drhttp.record_outbound(sys.argv[1])
response = requests.get(sys.argv[2], stream=True, timeout=60)
print(response.status_code)
"""
HALF_IMPORTED = """
import importlib.machinery
import requests
loading, recording = threading.Event(), threading.Event()
load = importlib.machinery.SourceFileLoader.exec_module
def exec_module(loader, module):
    if module.__name__ == "httpx._transports.default":
        loading.set()
        assert recording.wait(20)
    load(loader, module)
importlib.machinery.SourceFileLoader.exec_module = exec_module
thread = threading.Thread(target=__import__, args=("httpx",))
thread.start()
assert loading.wait(20)
drhttp.record_outbound(sys.argv[1])
recording.set()
thread.join()
import httpx, wave  # any module that was not imported before
assert httpx.get(sys.argv[2], trust_env=False).status_code == 200
"""


@pytest.fixture
def receiver():
    """A receiver of records."""
    with Receiver() as made:
        yield made


def test_o27_the_process_ends_before_the_call(server, receiver):
    """O27: a response that nobody has read to its end is recorded as aborted when the process ends."""
    done = program(HALF_READ, receiver.dsn, f"{server.url}/chunked")
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    assert paths(receiver.records) == [f"{server.url}/chunked"]
    assert receiver.records[0]["metadata"]["aborted"] is True


def test_o12_a_library_that_is_half_imported(server, receiver):
    """O12: a library that another thread is importing when recording begins is hooked after that."""
    done = program(HALF_IMPORTED, receiver.dsn, f"{server.url}/ok")
    assert (done.returncode, done.stderr) == (0, "")
    assert paths(receiver.records) == [f"{server.url}/ok"]


def test_the_next_middleware_takes_over(server):
    """Calls that belong to no request go to the first middleware that is left."""
    first, second = SeenRecords(), SeenRecords()
    one = drhttp.WSGIMiddleware(echo, NOWHERE, outbound=True, before_send=first.see)
    two = drhttp.WSGIMiddleware(echo, NOWHERE, outbound=True, before_send=second.see)
    requests.get(f"{server.url}/ok", timeout=60)
    drhttp.flush(10.0)
    assert (len(first.records), len(second.records)) == (1, 0)
    del one
    collect_garbage()
    requests.get(f"{server.url}/ok", timeout=60)
    drhttp.flush(10.0)
    assert (len(first.records), len(second.records)) == (1, 1)
    assert two is not None


def read_into(connection):
    response = connection.getresponse()
    buffer = bytearray(SIZE)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    while response.readinto(buffer):
        pass
    return tracemalloc.get_traced_memory()[1] - before


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_o10_large_buffers_are_not_copied(kind, server, recording):
    """O10: of a bytearray or a memoryview that is sent, or read into, only what is kept is copied."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    body = kind(bytes(SIZE))
    tracemalloc.start()
    try:
        connection.request("POST", f"/big/{SIZE}", body=body, headers={"Content-Length": str(SIZE)})
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        assert read_into(connection) < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
        connection.close()
    record = recording.record
    assert record.request.body.size == record.response.body.size == SIZE
    assert record.request.body.content == bytes(65536)


def test_o29_a_library_in_the_place_of_another(caplog, monkeypatch):
    """O29: if connections of urllib3 are not those of `http.client`, it is named and left alone, as urllib3-future."""
    monkeypatch.setattr(urllib3.connectionpool, "HTTPConnection", object)
    before = dict(vars(urllib3.connectionpool.HTTPConnectionPool))
    client = Client(hooks.client.module, hooks.client._make_hooks)
    with caplog.at_level(logging.WARNING, "drhttp"):
        client.install(urllib3.connectionpool)
    assert dict(vars(urllib3.connectionpool.HTTPConnectionPool)) == before
    assert "requests of urllib3.connectionpool" in caplog.text
    hook._named.clear()


class Session:
    """A client without the argument that its hook passes."""

    def request(self, method):
        """Send a request."""


def test_o29_a_keyword_that_is_missing(caplog):
    """O29: an older version that does not know an argument is named once, and left alone."""
    client = Client(
        "older", lambda _: [Hook(Session, "request", lambda original, live: print, (None, ""), "middlewares")]
    )
    original = Session.request
    with caplog.at_level(logging.WARNING, "drhttp"):
        client.install(logging)
    assert Session.request is original
    assert "Session.request" in caplog.text
    hook._named.clear()
