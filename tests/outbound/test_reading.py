"""O2, O9, O10, O20, O27: bodies pass as the caller reads them, and are never read for it."""

from __future__ import annotations

import asyncio
import http.client
import io
import shutil
import sys
import tracemalloc

import aiohttp
import httpx
import pytest
import requests
import urllib3
from support.threads import collect_garbage

from .wire_server import BLOCKS, JSON

BODY = b"".join(BLOCKS)
MASKED = JSON.replace(b"hunter2", b"[redacted]")


def open_http(server, path):
    """A response of `http.client`, unread, and its connection."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse(), connection


def by_read(response):
    return response.read()


def by_small_reads(response):
    return b"".join(iter(lambda: response.read(3), b""))


def by_read1(response):
    return b"".join(iter(lambda: response.read1(5), b""))


def by_readinto(response):
    buffer, got = bytearray(4), b""
    while count := response.readinto(buffer):
        got += buffer[:count]
    return got


def by_readline(response):
    return b"".join(iter(response.readline, b""))


def by_lines(response):
    return b"".join(response)


def by_peek(response):
    seen = b""
    while ahead := response.peek(4):
        seen += response.read(len(ahead))
    return seen


def by_copy(response):
    into = io.BytesIO()
    shutil.copyfileobj(response, into)
    return into.getvalue()


@pytest.mark.parametrize("path", ["/chunked", "/close", "/lines"])
@pytest.mark.parametrize(
    "read", [by_read, by_small_reads, by_read1, by_readinto, by_readline, by_lines, by_peek, by_copy]
)
def test_o2_every_way_to_read_http_client(read, path, server, recording):
    """O2: whatever method the caller reads by, it gets the same, and the record has it."""
    response, connection = open_http(server, path)
    expected = BODY if path != "/lines" else b"one\ntwo\nthree"
    assert read(response) == expected
    connection.close()
    assert recording.record.response.body.content == expected
    assert not recording.record.aborted


@pytest.mark.parametrize("path", ["/chunked", "/close", "/lines", "/gzip"])
@pytest.mark.parametrize(
    "read",
    [
        lambda response: response.content,
        lambda response: b"".join(response.iter_content(3)),
        lambda response: b"".join(response.iter_content(None)),
        lambda response: response.raw.read(decode_content=True),
        lambda response: b"".join(response.raw.stream(4, decode_content=True)),
    ],
    ids=["content", "iter_content", "iter_content of any size", "raw.read", "raw.stream"],
)
def test_o2_every_way_to_read_requests(read, path, server, recording):
    """O2: `stream=True` reads nothing until the caller does."""
    with requests.get(server.url + path, stream=True, timeout=60) as response:
        assert read(response) in (BODY, b"one\ntwo\nthree", JSON)
    assert recording.record.response.body.content in (BODY, b"one\ntwo\nthree", MASKED)
    assert not recording.record.aborted


@pytest.mark.parametrize("name", ["iter_raw", "iter_bytes", "iter_lines", "read"])
def test_o2_every_way_to_read_httpx(name, server, recording):
    """O2: streams of httpx."""
    with httpx.stream("GET", f"{server.url}/chunked", trust_env=False) as response:
        read = getattr(response, name)()
        assert "".join(
            each if isinstance(each, str) else each.decode() for each in ([read] if name == "read" else read)
        )
    assert recording.record.response.body.content == BODY
    assert not recording.record.aborted


async def by_any(content):
    return b"".join([part async for part in content.iter_any()])


async def by_pieces(content):
    return b"".join([part async for part in content.iter_chunked(4)])


async def by_chunks(content):
    return b"".join([part async for part, _ in content.iter_chunks()])


async def by_exactly(content):
    return await content.readexactly(len(BODY)) + await content.read()  # the end may come later than the last byte


async def by_async_lines(content):
    return b"".join([line async for line in content])


@pytest.mark.parametrize("read", [by_any, by_pieces, by_chunks, by_exactly, by_async_lines])
def test_o23_every_way_to_read_aiohttp(read, server, recording):
    """O2, O23: streams of aiohttp, by any reader."""

    async def main():
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/chunked") as response:
            return await read(response.content)

    assert asyncio.run(main()) == BODY
    assert recording.record.response.body.content == BODY
    assert not recording.record.aborted


def test_o20_blocks_pass_when_they_come(server, recording):
    """O2, O20: each block is the caller's before the next one is sent; the duration ends with the last of them."""
    with requests.get(f"{server.url}/chunked/paced", stream=True, timeout=60) as response:
        parts = response.iter_content(None)
        for block in BLOCKS:
            assert not recording.records
            server.paced.release()
            assert next(parts) == block
        assert list(parts) == []
    record = recording.record
    assert record.response.body.content == BODY
    assert record.ttfb is not None
    assert record.ttfb < record.duration


def test_o20_async_blocks_pass_when_they_come(server, recording):
    """O2, O20: the same in httpx and aiohttp."""

    async def main():
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", f"{server.url}/chunked/paced") as response,
        ):
            parts = response.aiter_raw()
            for block in BLOCKS:
                server.paced.release()
                assert await anext(parts) == block
            assert [part async for part in parts] == []
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/chunked/paced") as response:
            for block in BLOCKS:
                server.paced.release()
                assert await response.content.readany() == block
            assert await response.content.readany() == b""

    asyncio.run(main())
    assert [record.response.body.content for record in recording.records] == [BODY, BODY]


def test_o2_half_read_bodies(server, recording):
    """O2: what the caller did not read is not in the record, which says so."""
    with requests.get(f"{server.url}/big/1000000", stream=True, timeout=60) as response:
        assert len(response.raw.read(1000)) == 1000
    with httpx.stream("GET", f"{server.url}/big/1000000", trust_env=False) as response:
        first = len(next(response.iter_raw()))
    one, other = recording.records
    assert one.aborted
    assert other.aborted
    assert one.response.body.size == other.response.body.size == 1_000_000
    assert len(one.response.body.content or b"") <= 1000
    assert len(other.response.body.content or b"") <= first
    assert one.response.status == other.response.status == 200


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_o27_forgotten_responses_are_recorded(server, recording):
    """O27: never closed, never read: a record when the response is collected."""
    response, connection = open_http(server, "/chunked")
    stream = httpx.HTTPTransport().handle_request(httpx.Request("GET", f"{server.url}/chunked"))
    assert recording.records == []
    del response, connection, stream
    collect_garbage()
    assert [record.aborted for record in recording.records] == [True, True]


def test_a_request_without_a_response_is_recorded(server, recording):
    """The connection is closed, or used again, before anybody asked for the response."""
    connection = http.client.HTTPConnection(server.host, server.port)
    connection.request("GET", "/ok")
    connection.close()
    assert recording.record.aborted
    assert recording.record.response.status == 0


def test_an_early_response_is_the_response(server, recording):
    """A server that answers before it has read the request breaks the connection: urllib3 reads its response still."""
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        response = pool.request("POST", f"{server.url}/early", body=(b"z" * 65_536 for _ in range(200)), chunked=True)
        assert response.status == 413
    assert recording.record.response.status == 413
    assert recording.record.exception is None


@pytest.mark.parametrize("path", ["/none", "/unchanged", "/empty", "/ok"])
def test_bodiless_responses_are_whole(path, server, recording):
    """HEAD, 204, 304 and empty bodies are not aborted, read or not."""
    method = "HEAD" if path == "/ok" else "GET"
    with requests.request(method, server.url + path, stream=True, timeout=60):
        pass
    with httpx.stream(method, server.url + path, trust_env=False):
        pass

    async def main():
        async with aiohttp.ClientSession() as session, session.request(method, server.url + path):
            pass

    asyncio.run(main())
    records = recording.records
    assert len(records) == 3
    assert not any(record.aborted or record.exception for record in records)


def test_o9_a_cancelled_call_frees_its_connection(server, recording):
    """O9: after a cancellation in a pool of one, the next call works; the record of the first is aborted."""

    async def main():
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits, trust_env=False, timeout=60) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.get(f"{server.url}/silent"), 0.2)
            assert (await client.get(f"{server.url}/ok")).status_code == 200
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(session.get(f"{server.url}/silent"), 0.2)
            async with session.get(f"{server.url}/ok") as response:
                assert response.status == 200

    asyncio.run(main())
    records = recording.records
    assert [record.response.status for record in records] == [0, 200, 0, 200]
    assert [record.aborted for record in records] == [True, False, True, False]
    assert records[0].exception is not None
    assert records[0].exception.type.endswith("CancelledError")


def test_a_connection_goes_back_to_its_pool(server, recording):
    """Read, drained or closed, a response leaves its connection as it does without the recorder."""
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{server.url}/chunked", timeout=60).content == BODY
    with urllib3.PoolManager() as pool:
        for _ in range(3):
            response = pool.request("GET", f"{server.url}/ok", preload_content=False)
            response.drain_conn()
            response.release_conn()
    assert len(server.received) == 2
    assert len(recording.records) == 6


SIZE = 64 * 1024 * 1024


def blocks():
    block = b"z" * 65_536
    for _ in range(SIZE // len(block)):
        yield block


async def async_blocks():
    for block in blocks():
        yield block


def stream_requests(url):
    with requests.post(url, data=blocks(), stream=True, timeout=60) as response:
        return sum(map(len, response.iter_content(65_536)))


def stream_httpx(url):
    with httpx.stream("POST", url, content=blocks(), trust_env=False, timeout=60) as response:
        return sum(map(len, response.iter_raw()))


def stream_aiohttp(url):
    async def main():
        async with aiohttp.ClientSession() as session, session.post(url, data=async_blocks()) as response:
            return sum([len(part) async for part in response.content.iter_any()])

    return asyncio.run(main())


@pytest.mark.parametrize("stream", [stream_requests, stream_httpx, stream_aiohttp])
def test_o10_large_bodies_cost_no_memory(stream, server, recording):
    """O10: 64 MB down and 64 MB up, in blocks, pass through without being kept."""
    url = f"{server.url}/big/{SIZE}"
    stream(url)
    tracemalloc.start()
    try:
        assert stream(url) == SIZE
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    record = recording.records[-1]
    assert record.request.body.size == record.response.body.size == SIZE
    assert sys.getsizeof(record.response.body.content) <= 66_000
