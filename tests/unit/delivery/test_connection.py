"""What drhttp overrides of urllib3: this version uses it; and what happens with one that does not."""

from __future__ import annotations

import http.client
import queue
import socket

import pytest
from support.behaviors import CREATED, respond_with
from support.receiver import Receiver
from support.transports import transports
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from drhttp._delivery import connection
from drhttp._delivery.retry import DONE

OVERRIDES = ("_new_conn", "QueueCls", "response_class")

to = pytest.fixture(transports)


@pytest.fixture(autouse=True)
def _no_proxy_by_accident(monkeypatch):
    """The machine that runs the tests may need a proxy; they do not."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def connects_by_itself(patch):
    """A urllib3 that connects without `_new_conn`."""

    def connect(self):
        self.sock = socket.create_connection((self.host, self.port))

    patch.setattr(HTTPConnection, "connect", connect)


def keeps_connections_by_itself(patch):
    """A urllib3 that keeps idle connections without `QueueCls`."""
    create = HTTPConnectionPool.__init__

    def create_with_queue(self, *args, **kwargs):
        self.QueueCls = queue.LifoQueue
        create(self, *args, **kwargs)

    patch.setattr(HTTPConnectionPool, "__init__", create_with_queue)


def reads_by_itself(patch):
    """A urllib3 that reads the response without `response_class`."""
    read = HTTPConnection.getresponse

    def read_with_standard_library(self):
        self.response_class = http.client.HTTPResponse
        return read(self)

    patch.setattr(HTTPConnection, "getresponse", read_with_standard_library)


def chooses_classes_by_itself(patch):
    """A urllib3 whose `PoolManager` has no `pool_classes_by_scheme`."""
    classes = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
    fixed = property(lambda self: classes, lambda self, value: None)
    patch.setattr(PoolManager, "pool_classes_by_scheme", fixed, raising=False)


def test_this_version_uses_every_override(to, caplog):
    """Nothing is logged."""
    with Receiver(respond_with(CREATED)) as receiver:
        assert to(receiver.dsn_for()).post(b"x") == DONE
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("version", "unused"),
    [
        (connects_by_itself, OVERRIDES[:1]),
        (keeps_connections_by_itself, OVERRIDES[1:2]),
        (reads_by_itself, OVERRIDES[2:]),
        (chooses_classes_by_itself, OVERRIDES),
    ],
)
def test_a_version_that_ignores_an_override_delivers_and_is_reported(to, caplog, monkeypatch, version, unused):
    """Records arrive over one connection, and one warning says what urllib3 does not use and what may follow."""
    version(monkeypatch)
    with Receiver(respond_with(CREATED)) as receiver:
        transport = to(receiver.dsn_for())
        assert [transport.post(b"x") for _ in range(3)] == [DONE] * 3
        assert receiver.connection_count == 1
    (message,) = caplog.messages
    assert "is not fully supported" in message
    assert [name for name in OVERRIDES if f"does not use {name}, so " in message] == list(unused)


def test_a_version_without_the_name_for_dns_delivers(to, caplog, monkeypatch):
    """Where a connection has only `host`, that is what is connected to."""
    monkeypatch.setattr(HTTPConnection, "host", None)  # instead of the property, which keeps the name in `_dns_host`
    with Receiver(respond_with(CREATED)) as receiver:
        assert to(receiver.dsn_for()).post(b"x") == DONE
    assert caplog.messages == []


def test_a_library_in_the_place_of_urllib3(monkeypatch):
    """If its connections are not those of `http.client`, as in urllib3-future, nothing is overridden."""
    monkeypatch.setattr(connection, "HTTPConnection", object)
    assert connection.pool_classes({}) == {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
