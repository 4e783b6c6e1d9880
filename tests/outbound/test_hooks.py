"""O11-O14, O24, O29: hooks are placed once, removed by identity, and in nobody's way."""

from __future__ import annotations

import asyncio
import copy
import http.client
import importlib.machinery
import logging
import pickle
import subprocess
import sys
import urllib.request
import weakref
import wsgiref.simple_server
from pathlib import Path

import aiohttp
import aiohttp.streams
import httpx
import pytest
import requests
import requests_mock
import responses
import respx
import urllib3
import urllib3.connectionpool
import vcr
from support.threads import collect_garbage
from support.wsgi_calls import NOWHERE, Recorded

import drhttp
from drhttp._capture import link
from drhttp._outbound import hook, http_client, import_finder
from drhttp._outbound.hook import Client, Hook

from .conftest import Recording
from .wire_server import JSON

SEAMS = [
    (http.client.HTTPConnection, ["putrequest", "send", "getresponse", "close"]),
    (urllib3.connectionpool.HTTPConnectionPool, []),
    (urllib3.connectionpool.HTTPSConnectionPool, ["_validate_conn", "_prepare_proxy"]),
    (httpx.HTTPTransport, ["handle_request"]),
    (httpx.AsyncHTTPTransport, ["handle_async_request"]),
    (aiohttp.ClientSession, ["_request"]),
    (aiohttp.streams.StreamReader, ["feed_data", "set_exception"]),
]
OWNERS = [owner for owner, _ in SEAMS]


def attributes():
    """All attributes of all classes that have hooks, and the finders of imports."""
    return [*(dict(vars(owner)) for owner in OWNERS), list(sys.meta_path)]


def differing(before, after):
    """The names of the attributes that are not the same objects."""
    return [
        (owner.__name__, name)
        for owner, old, new in zip(OWNERS, before, after, strict=False)
        for name in new
        if old.get(name) is not new[name]
    ]


def test_o11_off_by_default():
    """O11: a middleware without the option touches no class of a client, and no finder."""
    before = attributes()
    Recorded(print)
    after = attributes()
    assert differing(before, after) == []
    assert before[-1] == after[-1]
    assert not link.watching


def test_o11_two_users_one_wrapper():
    """O11: two users place one hook in each place; when both have stopped, everything is the original."""
    before = attributes()
    one = drhttp.record_outbound(NOWHERE)
    first = attributes()
    other = drhttp.record_outbound(NOWHERE, flush_interval=3.0)
    assert differing(first, attributes()) == []
    assert set(differing(before, first)) == {(owner.__name__, name) for owner, names in SEAMS for name in names}
    one.stop()
    one.stop()
    assert differing(first, attributes()) == []
    other.stop()
    assert differing(before, attributes()) == []
    assert before[-1] == list(sys.meta_path)


def test_o11_close_removes_hooks():
    """O11: so does `drhttp.close()`, of middlewares too."""
    before = attributes()
    recorded = Recorded(print, outbound=True)
    drhttp.record_outbound(NOWHERE)
    assert link.watching
    drhttp.close(1.0)
    assert differing(before, attributes()) == []
    assert not link.watching
    del recorded


def test_a_forgotten_middleware_is_no_user():
    """Hooks keep no middleware and no recorder alive."""
    recorded = Recorded(print, outbound=True)
    reference = weakref.ref(recorded.app._recorder)
    del recorded
    collect_garbage()
    assert reference() is None
    drhttp.record_outbound(NOWHERE).stop()
    assert not link.watching


def test_o11_nobody_elses_patch_is_undone(server):
    """O11: what others have put above stays; ours under it records nothing, and records once when it is used again."""
    original = http.client.HTTPConnection.putrequest
    recording = Recording()
    ours = http.client.HTTPConnection.putrequest
    seen = []

    def theirs(self, *args, **kwargs):
        seen.append(args)
        return ours(self, *args, **kwargs)

    http.client.HTTPConnection.putrequest = theirs
    try:
        recording.stop()
        assert http.client.HTTPConnection.putrequest is theirs
        requests.get(f"{server.url}/ok", timeout=60)
        assert recording.records == []
        with Recording() as again:
            requests.get(f"{server.url}/ok", timeout=60)
            assert len(again.records) == 1
        assert len(seen) == 2
    finally:
        http.client.HTTPConnection.putrequest = ours
    with Recording() as again:
        requests.get(f"{server.url}/ok", timeout=60)
        assert len(again.records) == 1
    assert http.client.HTTPConnection.putrequest is original


@pytest.mark.parametrize(
    "imports", ["import drhttp, requests, httpx, aiohttp", "import requests, httpx, aiohttp, drhttp"]
)
def test_o12_import_order_does_not_matter(imports, server):
    """O12: clients imported before and after, also names taken out of them, are recorded; loaders stay as they were."""
    subprocess.run([sys.executable, "-c", IMPORTS.format(url=server.url, imports=imports)], check=True, timeout=60)


def test_o12_a_copy_of_a_loader():
    """O12: a loader copies while its module is loaded, and without what it stands for it has no attributes."""
    made = import_finder._WatchedLoader(importlib.machinery.ModuleSpec("a", wsgiref.simple_server), print)
    assert copy.copy(made).WSGIServer is wsgiref.simple_server.WSGIServer
    assert not hasattr(object.__new__(import_finder._WatchedLoader), "is_package")


def test_o12_no_client_is_imported():
    """O12: hooks import no client, not even `http.client`."""
    subprocess.run([sys.executable, "-c", NO_CLIENT], check=True, timeout=60)


def test_o13_clients_that_existed_before(server):
    """O13: clients, subclasses and sessions made before are recorded; types and pickles are what they were."""
    session, client = requests.Session(), httpx.Client(trust_env=False)

    class Own(httpx.HTTPTransport):
        pass

    own = httpx.Client(transport=Own())
    with Recording() as recording:
        response = session.get(f"{server.url}/ok", timeout=60)
        assert pickle.loads(pickle.dumps(response)).content == JSON
        answer = client.get(f"{server.url}/ok")
        assert pickle.loads(pickle.dumps(answer)).content == JSON
        assert type(answer) is httpx.Response
        own.get(f"{server.url}/ok")
        assert len(recording.records) == 3
    assert isinstance(client._transport, httpx.HTTPTransport)
    for each in (session, client, own):
        each.close()


def mocked_by_responses(url):
    with responses.RequestsMock() as mock:
        mock.get(url, json={"mocked": 1})
        return requests.get(url, timeout=60).json()


def mocked_by_requests_mock(url):
    with requests_mock.Mocker() as mock:
        mock.get(url, json={"mocked": 1})
        return requests.get(url, timeout=60).json()


def mocked_by_respx(url):
    with respx.mock:
        respx.get(url).respond(json={"mocked": 1})
        return httpx.get(url).json()


def mocked_by_transport(url):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"mocked": 1}))
    return httpx.Client(transport=transport).get(url).json()


def mocked_by_adapter(url):
    class Adapter(requests.adapters.BaseAdapter):
        def send(self, request, **kwargs):
            response = requests.Response()
            response.status_code, response._content = 200, b'{"mocked": 1}'
            return response

        def close(self):
            pass

    session = requests.Session()
    session.mount("http://", Adapter())
    return session.get(url).json()


@pytest.mark.parametrize(
    "mocked",
    [mocked_by_responses, mocked_by_requests_mock, mocked_by_respx, mocked_by_transport, mocked_by_adapter],
)
def test_o14_mocks_still_mock(mocked, server):
    """O14: mocks placed after the hooks answer as before; nothing goes out."""
    with Recording():
        assert mocked(f"{server.url}/ok") == {"mocked": 1}
    assert server.take() == []


@pytest.mark.parametrize("mock", [responses.RequestsMock, requests_mock.Mocker, respx.MockRouter])
def test_o14_hooks_under_mocks(mock, server):
    """O14: hooks placed and removed while a mock is active leave it in place, and it leaves them out of its way."""
    before = attributes()
    url = f"{server.url}/ok"
    active = mock(assert_all_requests_are_fired=False) if mock is responses.RequestsMock else mock()
    active.__enter__()
    try:
        (
            active.get(url, json={"mocked": 1})
            if mock is not respx.MockRouter
            else active.get(url).respond(json={"mocked": 1})
        )
        with Recording():
            get = httpx.get if mock is respx.MockRouter else requests.get
            assert get(url, timeout=60).json() == {"mocked": 1}
        assert get(url, timeout=60).json() == {"mocked": 1}
    finally:
        active.__exit__(None, None, None)
    assert differing(before, attributes()) == []
    assert server.take() == []


@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp"])
def test_o14_cassettes(client, server, tmp_path):
    """O14: vcrpy records a cassette with the hooks, and plays it with them and without."""

    async def use_aiohttp(url):
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.read()

    def get():
        url = f"{server.url}/ok"
        if client == "aiohttp":
            return asyncio.run(use_aiohttp(url))
        return (
            requests.get(url, timeout=60).content if client == "requests" else httpx.get(url, trust_env=False).content
        )

    cassette = str(tmp_path / "cassette.yaml")
    with Recording() as recording:
        with vcr.use_cassette(cassette):
            assert get() == JSON
        # Of httpx and aiohttp it has taken the methods when it was imported, and so calls them below the hooks.
        assert len(recording.records) == (1 if client == "requests" else 0)
        with vcr.use_cassette(cassette):
            assert get() == JSON
    with vcr.use_cassette(cassette, allow_playback_repeats=True):
        with Recording():
            assert get() == JSON
        assert get() == JSON
    assert len(server.take()) == 1
    assert Path(cassette).stat().st_size > 0


def test_o24_hooks_of_the_user_run_in_order(server, recording):
    """O24: event hooks, auth, middlewares and trace configurations run as before; the record is innermost."""
    seen = []
    with httpx.Client(
        trust_env=False,
        event_hooks={"request": [lambda _: seen.append("request")], "response": [lambda _: seen.append("response")]},
    ) as client:
        client.get(f"{server.url}/ok")

    async def middleware(request, handler):
        seen.append("in")
        request.headers["X-Own"] = "1"
        response = await handler(request)
        seen.append("out")
        return response

    trace = aiohttp.TraceConfig()

    async def chunk(*args):
        seen.append("chunk")

    trace.on_request_chunk_sent.append(chunk)

    async def main():
        async with aiohttp.ClientSession(middlewares=[middleware], trace_configs=[trace]) as session:
            async with session.post(f"{server.url}/ok", data=b"body"):
                pass
            async with session.get(f"{server.url}/ok", middlewares=()):
                pass

    asyncio.run(main())
    assert seen == ["request", "response", "in", "chunk", "out"]
    records = recording.records
    assert len(records) == 3
    assert ("X-Own".lower(), "1") in records[1].request.headers
    assert records[1].request.body.content == b"body"


class Unknown:
    def known(self, value):
        return value

    def other(self, value, another):
        return value, another


def test_o29_an_unknown_shape_is_left_alone(caplog):
    """O29: all hooks of a library are left out if one method takes other arguments; the log names it once."""
    before = dict(vars(Unknown))
    client = Client("unknown", lambda _: [
        Hook(Unknown, "known", lambda original: print, (None, 1)),
        Hook(Unknown, "other", lambda original: print, (None, 1)),
    ])  # fmt: skip
    with caplog.at_level(logging.WARNING, "drhttp"):
        client.install(sys)
        client.remove()
        client.install(sys)
    assert dict(vars(Unknown)) == before
    assert [record.getMessage() for record in caplog.records] == [
        "requests of test_hooks.Unknown.other are not recorded: this version is not known".replace(
            "test_hooks", Unknown.__module__
        )
    ]


def test_o29_a_missing_class_is_left_alone(caplog):
    """O29: a library without the class, as one that stands in for another."""
    client = Client("standing in", http_client.client._make_hooks)
    with caplog.at_level(logging.WARNING, "drhttp"):
        client.install(sys)
    assert "standing in" in caplog.text
    hook._named.clear()


def test_a_failing_hook_fails_nothing(server, recording, monkeypatch):
    """If our own code fails, the request goes on, and the failure is counted."""

    def fail(*args):
        raise RuntimeError("broken")

    monkeypatch.setattr(http_client, "begin", fail)
    with urllib.request.urlopen(f"{server.url}/ok", timeout=60) as response:
        assert response.read() == JSON
    assert drhttp.stats().failures > 0
    assert recording.records == []


IMPORTS = """
import sys
early = {imports!r}.startswith("import drhttp")
import drhttp
seen = []
if early:
    drhttp.record_outbound("http://key@127.0.0.1:9/", before_send=seen.append)
{imports}
from requests import get
from httpx import Client
from http.client import HTTPConnection
import asyncio
if not early:
    drhttp.record_outbound("http://key@127.0.0.1:9/", before_send=seen.append)
url = {url!r} + "/ok"
get(url)
Client(trust_env=False).get(url)
async def main():
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        await response.read()
asyncio.run(main())
assert drhttp.flush(10)
assert len(seen) == 3, seen
import importlib.machinery
for name in ("http.client", "urllib3.connectionpool", "httpx._transports.default", "aiohttp.client"):
    module = sys.modules[name]
    assert type(module.__spec__.loader) is type(module.__loader__) is importlib.machinery.SourceFileLoader, name
"""
NO_CLIENT = """
import sys, drhttp
outbound = drhttp.record_outbound("http://key@127.0.0.1:9/")
heavy = {"http.client", "urllib3", "requests", "httpx", "aiohttp", "ssl", "asyncio"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
finders = len(sys.meta_path)
import http.client
assert http.client.HTTPConnection.putrequest.__module__ == "http.client"
assert hasattr(http.client.HTTPConnection.putrequest, "__wrapped__")
outbound.stop()
assert not hasattr(http.client.HTTPConnection.putrequest, "__wrapped__")
assert len(sys.meta_path) == finders - 1
"""
