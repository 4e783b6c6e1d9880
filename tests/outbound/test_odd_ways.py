"""O16, O19, O23 to O26, O28: proxies, unix sockets, upgrades, HTTP/2, signed requests, bodies, and what is masked."""

from __future__ import annotations

import asyncio
import base64
import gzip
import http.client
import io
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress

import aiohttp
import botocore.session
import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import requests
import trustme
import urllib3
from support.forward_proxy import ForwardProxy
from support.receiver import closed_address

from drhttp import _guard
from drhttp._outbound.address import absolute_uri

from .conftest import Recording
from .wire_server import JSON, WireServer

SENT = b'{"a": 1, "b": [2, 3]}'


@pytest.fixture(scope="module")
def contexts():
    """TLS for a server at the loopback addresses of this process, and for clients that trust it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    client.check_hostname = False
    return server, client


class TestProxies:
    """O16: the address is that of the target; a CONNECT is no record."""

    @pytest.mark.parametrize("client", ["urllib3", "httpx", "http.client"])
    def test_o16_a_tunnel(self, client, contexts):
        """O16: through a tunnel, one record with the address behind it, and without the proxy's credentials."""
        with WireServer(tls=contexts[0]) as server, ForwardProxy("user:pr0xys3cret") as proxy, Recording() as recording:
            tunnel_through(client, proxy, f"{server.url}/ok", contexts[1])
            record = recording.record
        assert record.request.uri == f"{server.url}/ok"
        assert record.request.method == "GET"
        assert record.response.status == 200
        assert base64.b64encode(b"user:pr0xys3cret").decode() not in repr(record)
        assert len([line for line in proxy.request_lines if line.startswith("CONNECT")]) >= 1

    @pytest.mark.parametrize("proxy", ["refused", "credentials"])
    def test_o8_a_proxy_that_fails(self, proxy, contexts):
        """O8: a proxy that is not there, or refuses, is why the request failed."""
        with ForwardProxy("user:right") as there, Recording() as recording:
            address = closed_address() if proxy == "refused" else there.authority
            pool = urllib3.ProxyManager(f"http://{address}", retries=False, ssl_context=contexts[1])
            with pool, pytest.raises(urllib3.exceptions.ProxyError):
                pool.request("GET", "https://shop.example/a?token=s3cret", headers={"X-Own": "1"})
            record = recording.record
        assert record.request.uri == "https://shop.example/a?token=[redacted]"
        assert ("x-own", "1") in record.request.headers
        assert record.exception is not None
        assert record.response.status == 0

    def test_o16_a_plain_proxy(self, server, recording):
        """O16: without a tunnel, the request line holds the address of the target, and the record too."""
        with urllib3.ProxyManager(server.url) as pool:
            pool.request("GET", "http://user:s3cret@shop.example/ok?a=1", headers={"Proxy-Authorization": "Basic czpz"})
        record = recording.record
        assert record.request.uri == "http://shop.example/ok?a=1"
        assert dict(record.request.headers)["proxy-authorization"] == "Basic [redacted]"


def tunnel_through(client, proxy, url, context):
    """Make a GET through a tunnel."""
    address = f"http://user:pr0xys3cret@{proxy.authority}"
    if client == "urllib3":
        headers = urllib3.make_headers(proxy_basic_auth="user:pr0xys3cret")
        with urllib3.ProxyManager(
            f"http://{proxy.authority}", proxy_headers=headers, ssl_context=context, assert_hostname=False
        ) as pool:
            pool.request("GET", url)
    elif client == "httpx":
        with httpx.Client(proxy=address, verify=context) as session:
            session.get(url)
    else:
        host, _, port = proxy.authority.partition(":")
        connection = http.client.HTTPSConnection(host, int(port), context=context)
        credentials = base64.b64encode(b"user:pr0xys3cret").decode()
        target, _, target_port = url.removeprefix("https://").partition("/")[0].partition(":")
        connection.set_tunnel(target, int(target_port), {"Proxy-Authorization": f"Basic {credentials}"})
        connection.request("GET", "/ok")
        connection.getresponse().read()
        connection.close()


class TestSockets:
    """O16: unix sockets, upgrades, and readers that reach below the response."""

    def test_o16_a_unix_socket(self, tmp_path, recording):
        """O16: subclasses of `HTTPConnection`, and httpx and aiohttp over a unix socket."""
        path = str(tmp_path / "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            threading.Thread(target=answer_unix, args=(listener,), daemon=True).start()

            class UnixConnection(http.client.HTTPConnection):
                def connect(self):
                    self.sock = socket.socket(socket.AF_UNIX)
                    self.sock.connect(path)

            connection = UnixConnection("localhost")
            connection.request("GET", "/containers")
            response = connection.getresponse()
            assert response.fp.raw.readable()
            assert response.fileno() == response.fp.raw.fileno()
            assert response.read() == b"ok"
            connection.close()
            with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
                assert client.get("http://docker/containers").content == b"ok"

            async def main():
                session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(path))
                async with session, session.get("http://docker/containers") as response:
                    assert await response.read() == b"ok"

            asyncio.run(main())
            uris = [record.request.uri for record in recording.records]
        assert uris == ["http://localhost/containers", "http://docker/containers", "http://docker/containers"]

    def test_o16_an_upgrade_is_done_at_101(self, server, recording):
        """O16: a connection that becomes another protocol's is a record with status 101, and no more."""
        connection = http.client.HTTPConnection(server.host, server.port)
        connection.request("GET", "/upgrade", headers={"Upgrade": "raw", "Connection": "Upgrade"})
        response = connection.getresponse()
        assert recording.record.response.status == 101
        connection.sock.sendall(b"ping")
        assert response.fp.read(4) == b"ping"
        connection.close()
        assert recording.record.response.body.content is None

    def test_o16_http_2(self, contexts):
        """O16: httpx over HTTP/2, several requests on one connection."""
        with HTTP2Server(contexts[0]) as server, Recording() as recording:

            async def main():
                async with httpx.AsyncClient(http2=True, verify=contexts[1], trust_env=False) as client:
                    responses = await asyncio.gather(*(client.post(server.url, content=b"up") for _ in range(3)))
                    assert [response.http_version for response in responses] == ["HTTP/2"] * 3
                    assert [response.content for response in responses] == [b"down"] * 3

            asyncio.run(main())
            records = recording.records
        assert [record.request.body.content for record in records] == [b"up"] * 3
        assert [record.response.body.content for record in records] == [b"down"] * 3


def answer_unix(listener):
    """Answer every connection once."""
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


class HTTP2Server:
    """Answers "down" to every request of one connection."""

    def __init__(self, context):
        context.set_alpn_protocols(["h2"])
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}/"

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._listener.close()

    def _serve(self):
        with suppress(OSError), self._context.wrap_socket(self._listener.accept()[0], server_side=True) as connection:
            state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            state.initiate_connection()
            connection.sendall(state.data_to_send())
            while data := connection.recv(65_536):
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.StreamEnded):
                        state.send_headers(event.stream_id, [(":status", "200")])
                        state.send_data(event.stream_id, b"down", end_stream=True)
                connection.sendall(state.data_to_send())


class TestMasking:
    """O19: the rules of inbound records, for what is sent and what comes back."""

    def test_o19_what_is_sent(self, server, recording):
        """O19: credentials of the address, header fields, query, JSON and forms."""
        url = f"http://ann:s3cret@{server.host}:{server.port}/ok?X-Amz-Signature=s3cret&sig=s3cret&q=1"
        headers = {"X-Api-Key": "s3cret", "Cookie": "sid=s3cret"}
        requests.post(url, json={"password": "s3cret", "a": 1}, headers=headers, timeout=60)
        httpx.post(url, data={"token": "s3cret", "b": "2"}, headers=headers, trust_env=False)

        async def main():
            async with aiohttp.ClientSession() as session, session.post(url, data={"pin_code": "1", "pwd": "s3cret"}):
                pass

        asyncio.run(main())
        records = recording.records
        assert len(records) == 3
        for record in records:
            assert "s3cret" not in repr(record)
            assert base64.b64encode(b"ann:s3cret").decode() not in repr(record)
            assert "ann" not in record.request.uri
            assert dict(record.request.headers)["authorization"] == "Basic [redacted]"
        assert records[0].request.body.content == b'{"password": "[redacted]", "a": 1}'

    def test_o19_what_comes_back(self, server, recording):
        """O19: cookies, addresses and gzipped bodies; O25: a body that the client decodes is masked as it is."""
        requests.get(f"{server.url}/redirect", timeout=5, allow_redirects=False)

        async def main():
            async with aiohttp.ClientSession() as session, session.get(f"{server.url}/gzip") as response:
                assert await response.read() == JSON
            session = aiohttp.ClientSession(auto_decompress=False)
            async with session, session.get(f"{server.url}/gzip") as response:
                assert gzip.decompress(await response.read()) == JSON

        asyncio.run(main())
        redirect, decoded, raw = recording.records
        assert dict(redirect.response.headers)["location"] == "/ok?token=[redacted]"
        for record in (decoded, raw):
            assert record.response.body.content == JSON.replace(b"hunter2", b"[redacted]")
            assert record.response.body.decoded == "gzip"

    @pytest.mark.parametrize(
        ("ways", "decoded"),
        [
            ({"data": SENT}, None),
            ({"data": SENT.decode()}, None),
            ({"json": {"a": 1, "b": [2, 3]}}, None),
            ({"data": io.BytesIO(SENT)}, None),
            ({"data": bytearray(SENT)}, None),
            ({"data": SENT, "chunked": True}, None),
            ({"data": SENT, "compress": "deflate"}, "deflate"),
            ({"data": SENT, "expect100": True}, None),
        ],
        ids=["bytes", "text", "json", "file", "array", "chunked", "compressed", "expecting"],
    )
    def test_o23_a_body_that_aiohttp_sends(self, server, recording, ways, decoded):
        """O23, O25: whichever way aiohttp sends a body, the record has it, in plain text."""

        async def main():
            async with aiohttp.ClientSession() as session, session.post(f"{server.url}/ok", **ways) as response:
                assert await response.read() == JSON

        asyncio.run(main())
        body = recording.record.request.body
        assert (body.content, body.decoded) == (SENT, decoded)

    def test_o23_a_body_that_is_not_sent(self, server, recording):
        """O23: a body that waits for "100 Continue" is not in the record if the server refuses it."""

        async def main():
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{server.url}/refusing", data=SENT, expect100=True) as response,
            ):
                assert response.status == 417

        asyncio.run(main())
        record = recording.record
        assert record.request.body.content is None
        assert record.response.status == 417

    def test_o23_a_body_for_which_there_is_no_connection(self, recording):
        """O23: a body is not in the record if the client could not connect."""

        async def main():
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.post(f"http://{closed_address()}/", data=SENT)

        asyncio.run(main())
        assert recording.record.request.body.content is None

    @pytest.mark.parametrize("method", ["send", "write_bytes"])
    def test_o23_a_body_that_is_replaced_at_last(self, server, recording, method):
        """O23: the record has what a class of requests sends in the place of the application's body."""

        class Signing(aiohttp.ClientRequest):
            pass

        original = getattr(aiohttp.ClientRequest, method)

        async def replacing(self, *args, **kwargs):
            await self.update_body(SENT)
            return await original(self, *args, **kwargs)

        setattr(Signing, method, replacing)

        async def main():
            async with (
                aiohttp.ClientSession(request_class=Signing) as session,
                session.post(f"{server.url}/ok", data=b"x" * len(SENT)) as response,
            ):
                assert response.status == 200

        asyncio.run(main())
        assert recording.record.request.body.content == SENT

    @pytest.mark.parametrize("chunked", [False, True])
    def test_o24_a_request_that_is_sent_twice_at_once(self, server, chunked):
        """O24: a middleware may send a request several times at once; nothing of it fails because it is recorded."""
        failures = []

        async def both(request, handler):
            first, second = await asyncio.gather(handler(request), handler(request))
            await first.read()
            return second

        async def main():
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
            async with (
                aiohttp.ClientSession(middlewares=[both]) as session,
                session.post(f"{server.url}/ok", data=SENT, chunked=chunked or None) as response,
            ):
                assert await response.read() == JSON

        with Recording() as recording:
            asyncio.run(main())
            records = recording.records
        assert [record.response.status for record in records] == [200, 200]
        assert failures == []
        assert _guard.failures() == 0

    def test_capture_bodies_counts_for_both(self, server):
        """`capture_bodies` and `max_body_size` count for calls as for requests."""
        with Recording(capture_bodies=False) as recording:
            requests.post(f"{server.url}/ok", json={"a": 1}, timeout=60)
            record = recording.record
        assert (record.request.body.content, record.request.body.omitted) == (None, "off")
        assert (record.response.body.size, record.response.body.omitted) == (len(JSON), "off")
        with Recording(max_body_size=5) as recording:
            requests.get(f"{server.url}/chunked", timeout=60)
            body = recording.record.response.body
        assert body.truncated
        assert body.size == 18


class TestBotocore:
    """O4, O26: botocore against a stub of S3."""

    def test_o26_signed_requests(self, server, recording):
        """O4, O19, O26: signatures are masked in the record alone; a streaming body stays what it is."""
        session = botocore.session.get_session()
        client = session.create_client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=f"{server.url}",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        body = client.get_object(Bucket="ok", Key="key")["Body"]
        assert type(body).__name__ == "StreamingBody"
        assert body.read() == JSON
        client.put_object(Bucket="empty", Key="key", Body=b"content")
        (wire,) = server.take()
        signature = wire.partition(b"Signature=")[2][:64]
        records = recording.records
        assert [record.request.method for record in records] == ["GET", "PUT"]
        assert len(signature) == 64
        assert signature.decode() not in repr(records)
        assert b"drhttp" not in wire.lower()
        client.close()


class TestGuard:
    """O28: what is no `Exception` passes."""

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_o28_interrupts_pass(self, kind, server, recording):
        """O28: an interrupt in the middle of a request is the caller's, and the record is aborted."""

        def blocks():
            yield b"one"
            raise kind

        for send in (
            lambda: requests.post(f"{server.url}/ok", data=blocks(), timeout=60),
            lambda: httpx.post(f"{server.url}/ok", content=blocks(), trust_env=False),
        ):
            with pytest.raises(kind):
                send()
        assert [record.aborted for record in recording.records] == [True, True]
        assert _guard.failures() == 0

    def test_an_exit_with_open_calls(self, server):
        """A process that ends with unread responses ends as it would."""
        done = subprocess.run(
            [sys.executable, "-c", EXIT.format(url=f"{server.url}/ok")],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("parts", "uri"),
    [
        (("http", "Shop.Example", 80, "/a?b#c"), "http://shop.example/a?b"),
        (("https", "shop.example", 443, "/"), "https://shop.example/"),
        (("https", "shop.example", 80, ""), "https://shop.example:80/"),
        (("http", "::1", 8080, "/a"), "http://[::1]:8080/a"),
        (("http", "proxy", 3128, "http://a:b@Shop.example:80/x?y=http://u@h/"), "http://shop.example/x?y=http://u@h/"),
        (("http", "proxy", 3128, "http://shop.example"), "http://shop.example/"),
        (("http", "shop.example", None, "*"), "http://shop.example/*"),
        (("http", "shop.example", None, "/go?to=http://x@y"), "http://shop.example/go?to=http://x@y"),
    ],
)
def test_addresses(parts, uri):
    """The address is absolute, without userinfo, fragment and default port."""
    assert absolute_uri(*parts) == uri


EXIT = """
import http.client, drhttp, requests
drhttp.record_outbound("http://key@127.0.0.1:9/", exit_timeout=0.1)
kept = requests.get({url!r}, stream=True)
"""
