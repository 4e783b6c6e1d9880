"""O12, O29: modules of clients that are loaded again, while requests are recorded and before."""

from __future__ import annotations

import pytest
from support.load import paths, program
from support.receiver import Receiver

RELOADED = """
import http.client, importlib, requests
from urllib.parse import urlsplit
dsn, url, module, early = sys.argv[1:]

def use():
    assert requests.get(url, timeout=60).json()["ok"]
    parts = urlsplit(url)
    for connection_class in (first, http.client.HTTPConnection):
        connection = connection_class(parts.hostname, parts.port, timeout=60)
        connection.request("POST", parts.path, body=b"up")
        assert connection.getresponse().read()
        connection.close()

def hooked():
    names = ("putrequest", "send", "getresponse", "close")
    classes = {first, http.client.HTTPConnection}
    return {hasattr(vars(each)[name], "__wrapped__") for each in classes for name in names}

first = http.client.HTTPConnection
if early == "early":
    importlib.reload(sys.modules[module])
outbound = drhttp.record_outbound(dsn)
if early != "early":
    importlib.reload(sys.modules[module])
assert (first is http.client.HTTPConnection) == (module != "http.client")
assert hooked() == {True}
use()
outbound.stop()
assert hooked() == {False}
use()  # is not recorded
with drhttp.record_outbound(dsn):
    use()
assert hooked() == {False}
assert drhttp.flush(20)
assert drhttp.stats().failures == 0
"""


@pytest.fixture
def receiver():
    """A receiver of records."""
    with Receiver() as made:
        yield made


@pytest.mark.parametrize("early", ["early", "late"])
@pytest.mark.parametrize("module", ["http.client", "urllib3.connectionpool"])
def test_o12_a_client_that_is_reloaded(module, early, server, receiver):
    """O12: classes from before and after the reload are recorded once each, and all are what they were at the end."""
    done = program(RELOADED, receiver.dsn, f"{server.url}/ok", module, early)
    assert (done.returncode, done.stderr) == (0, "")
    assert paths(receiver.records) == [f"{server.url}/ok"] * 6
