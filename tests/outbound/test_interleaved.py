"""Others replace the same methods, before and after the hooks, and put back what they found at any time."""

from __future__ import annotations

import asyncio
import http.client
import inspect
from unittest import mock

import aiohttp
import httpx
import pytest
from support.threads import collect_garbage

import drhttp
from drhttp._capture.excluded_paths import address_matcher

from .conftest import Recording


def wrapped(original):
    def method(self, *args, **kwargs):
        return original(self, *args, **kwargs)

    return method


def patch(owner, name):
    """A patch of somebody else that passes calls on to what it has found."""
    return mock.patch.object(owner, name, wrapped(getattr(owner, name)))


def get(server):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.request("GET", "/ok")
    status = connection.getresponse().read() and 200
    connection.close()
    return status


def test_o11_a_patch_above_does_not_stack_hooks(server):
    """O11: a patch that comes after the hooks and goes after them leaves one record for one request, however often."""
    for _ in range(4):
        recording = Recording()
        above = patch(http.client.HTTPConnection, "putrequest")
        above.start()
        recording.stop()
        above.stop()
        between = patch(http.client.HTTPConnection, "putrequest")
        between.start()
        with Recording() as again:
            assert get(server) == 200
            assert drhttp.flush(10.0)
            assert [record.response.status for record in again.records] == [200]
        between.stop()


@pytest.mark.parametrize("attribute", ["putrequest", "send", "getresponse", "close"])
def test_o11_hooks_leave_the_original(attribute):
    """O11: after the last patch and the last user, each method is what it was, as soon as the hooks are used again."""
    with Recording():
        pass
    original = vars(http.client.HTTPConnection)[attribute]
    recording = Recording()
    above = patch(http.client.HTTPConnection, attribute)
    above.start()
    recording.stop()
    above.stop()
    with Recording():
        pass
    assert vars(http.client.HTTPConnection)[attribute] is original


def test_o14_a_mock_that_ends_while_recording(server):
    """O14: a mock that began before the hooks and ends with them in place takes them away, but not those to come."""
    before = patch(httpx.HTTPTransport, "handle_request")
    before.start()
    with Recording():
        before.stop()
    with Recording() as recording:
        assert httpx.get(f"{server.url}/ok", trust_env=False).status_code == 200
        assert recording.record.response.status == 200


def test_o14_aiohttp_stays_a_coroutine_function(recording):
    """O14: `mock.patch` chooses the kind of mock by that."""
    assert inspect.iscoroutinefunction(aiohttp.ClientSession._request)

    async def main():
        with mock.patch("aiohttp.ClientSession._request") as request:
            async with aiohttp.ClientSession() as session:
                await session.get("http://localhost/")
            assert request.await_count == 1

    asyncio.run(main())


class InBlocks(http.client.HTTPConnection):
    """A connection that sends in small blocks, as rate limiters do."""

    def send(self, data):
        for start in range(0, len(data), 20):
            super().send(data[start : start + 20])


def test_o16_a_subclass_that_sends_in_blocks(server, recording):
    """O16: the head of the request may be sent in pieces; none of it is in the body."""
    connection = InBlocks(server.host, server.port, timeout=60)
    connection.request("POST", "/ok", body=b'{"a": 1}', headers={"Authorization": "Bearer abcdef123456"})
    assert connection.getresponse().read()
    connection.close()
    request = recording.record.request
    assert request.body.content == b'{"a": 1}'
    assert dict(request.headers)["authorization"] == "Bearer [redacted]"


def test_o3_a_call_that_is_under_way_at_the_end(server):
    """O3: nobody sees how it ends, so it is not recorded, and nothing of it gets into the next one."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    first = Recording()
    connection.request("POST", "/ok", body=b"first")
    first.stop()
    assert connection.getresponse().read()
    connection.putrequest("POST", "/ok")
    connection.putheader("Content-Length", "6")
    with Recording() as second:
        connection.endheaders(b"second")
        assert connection.getresponse().read()
        connection.request("POST", "/ok", body=b"third")
        assert connection.getresponse().read()
        assert second.record.request.body.content == b"third"
    assert first.records == []
    connection.close()


def test_o27_a_connection_that_is_dropped(server, recording):
    """O27: a request whose connection is forgotten before its response is recorded when it is collected."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.request("POST", "/ok", body=b"hello")
    sock = connection.sock  # which is closed below, because Python warns of one that is not
    del connection
    collect_garbage()
    sock.close()
    record = recording.record
    assert (record.response.status, record.aborted, record.request.body.content) == (0, True, b"hello")


def test_o8_an_invalid_header_field_is_told(server, recording):
    """O8, O19: the exception is that of the caller, and what is secret in the header field is secret in its message."""
    with pytest.raises(ValueError, match="Invalid header value"):
        request_and_close(server, {"X-Api-Key": "Tr0ub4dor-3-horse\n"})
    record = recording.record
    assert not record.aborted
    assert record.exception.type == "ValueError"
    assert "Tr0ub4dor" not in repr(record)


def request_and_close(server, headers):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request("GET", "/ok", headers=headers)
    except Exception:
        connection.close()
        raise


def test_o19_httpx_tells_no_secret_of_a_header_field(server, recording):
    """O19: httpx quotes the value of a header field that it refuses."""
    with pytest.raises(httpx.LocalProtocolError):
        httpx.get(f"{server.url}/ok", headers={"X-Vault-Token": "hunter2\n"}, trust_env=False)
    assert "hunter2" not in repr(recording.record)
    assert "[redacted]" in recording.record.exception.message


@pytest.mark.parametrize("pattern", ["HTTP://{host}:{port}/ok", "http://{host}:{port}*", "Http://{host}:{port}/*"])
def test_patterns_are_compared_as_addresses(pattern, server):
    """Scheme and host of a pattern are not case-sensitive, like those of addresses (RFC 9110 section 4.2.3)."""
    with Recording(exclude=(pattern.format(host=server.host, port=server.port),)) as recording:
        httpx.get(f"{server.url}/ok", trust_env=False)
        assert drhttp.flush(10.0)
        assert recording.records == []


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("https://API.example/*", "https://api.example/v1"),
        ("https://api.example:443/*", "https://api.example/v1"),
        ("http://169.254.169.254", "http://169.254.169.254/"),
        ("http://10.0.0.1:9", "http://10.0.0.1:9/"),
        ("https://*.example/v1", "https://api.example/v1"),
    ],
)
def test_patterns_are_written_as_addresses_are(pattern, address):
    """A default port and a path that is missing make no difference."""
    assert address_matcher((pattern,))(address)
