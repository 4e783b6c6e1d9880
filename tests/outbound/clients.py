"""Every HTTP client, behind one function: it makes some requests, and tells what its caller sees of the responses."""

from __future__ import annotations

import asyncio
import http.client
import io
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import botocore.awsrequest
import botocore.httpsession
import httpx
import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

BODY = b'{"amount": 5, "card_number": "4111111111111111"}'
NEVER = ("/silent", "/stalled")  # paths of the server that wait for ever
JSON_TYPE = {"Content-Type": "application/json"}


class Sent(NamedTuple):
    """A request to send. body: its bytes; `kind` says how the client gets them: "bytes", "file" or "blocks"."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    kind: str = "bytes"

    def data(self) -> Any:
        """The body, for a client with blocking calls."""
        if self.kind == "file":
            return io.BytesIO(self.body or b"")
        return self.blocks() if self.kind == "blocks" else self.body

    def async_data(self) -> Any:
        """The body, for a client with a loop."""
        if self.kind == "file":
            return io.BytesIO(self.body or b"")
        return self.async_blocks() if self.kind == "blocks" else self.body

    def blocks(self) -> Iterator[bytes]:
        """The body in parts."""
        data = self.body or b""
        yield from (data[: len(data) // 2], data[len(data) // 2 :])

    async def async_blocks(self) -> AsyncIterator[bytes]:
        """The same, asynchronous."""
        for block in self.blocks():
            yield block


Seen = list[tuple[int, bytes]]  # status and body of each response


def patience(sent: list[Sent]) -> float:
    """The time-out in seconds: short where the server never answers, and otherwise longer than anything takes."""
    return 1.0 if sent[0].path in NEVER else 60.0


def use_http_client(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """`http.client`, one connection."""
    parts, seen = urlsplit(base), []
    if parts.scheme == "https":
        connection: Any = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=patience(sent), context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience(sent))
    try:
        for each in sent:
            connection.request(each.method, each.path, each.data(), JSON_TYPE if each.body else {})
            response = connection.getresponse()
            seen.append((response.status, response.read()))
    finally:
        connection.close()
    return seen


def use_urllib(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """`urllib.request`, which follows redirects."""
    seen = []
    for each in sent:
        request = urllib.request.Request(
            base + each.path, each.data(), JSON_TYPE if each.body else {}, method=each.method
        )
        try:
            with urllib.request.urlopen(request, timeout=patience(sent), context=context) as response:
                seen.append((response.status, response.read()))
        except urllib.error.HTTPError as error:
            with error:
                seen.append((error.code, error.read()))
    return seen


def use_urllib3(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """urllib3, which follows redirects."""
    with urllib3.PoolManager(
        ssl_context=context, timeout=patience(sent), retries=urllib3.Retry(connect=0, read=0, other=0, redirect=5)
    ) as pool:
        seen = []
        for each in sent:
            headers = JSON_TYPE if each.body else {}
            response = pool.request(each.method, base + each.path, body=each.data(), headers=headers)
            seen.append((response.status, response.data))
        return seen


def use_requests(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """requests, which follows redirects."""
    with requests.Session() as session:
        seen = []
        for each in sent:
            headers = JSON_TYPE if each.body else {}
            response = session.request(
                each.method,
                base + each.path,
                data=each.data(),
                headers=headers,
                timeout=patience(sent),
                allow_redirects=True,
            )
            seen.append((response.status_code, response.content))
        return seen


def use_botocore(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """The sessions of botocore."""
    session = botocore.httpsession.URLLib3Session(timeout=patience(sent))
    seen = []
    for each in sent:
        headers = JSON_TYPE if each.body else {}
        data = each.body if each.kind == "blocks" else each.data()
        request = botocore.awsrequest.AWSRequest(each.method, base + each.path, headers, data)
        response = session.send(request.prepare())
        seen.append((response.status_code, response.content))
    session.close()
    return seen


def use_httpx(base: str, sent: list[Sent], context: Any = None) -> Seen:
    """httpx, which is asked to follow redirects."""
    with httpx.Client(verify=context or True, timeout=patience(sent), follow_redirects=True, trust_env=False) as client:
        seen = []
        for each in sent:
            headers = JSON_TYPE if each.body else {}
            response = client.request(each.method, base + each.path, content=each.data(), headers=headers)
            seen.append((response.status_code, response.content))
        return seen


async def _use_httpx_async(base: str, sent: list[Sent], context: Any = None) -> Seen:
    async with httpx.AsyncClient(
        verify=context or True, timeout=patience(sent), follow_redirects=True, trust_env=False
    ) as client:
        seen = []
        for each in sent:
            headers = JSON_TYPE if each.body else {}
            data = each.async_blocks() if each.body is not None and each.kind != "bytes" else each.body
            response = await client.request(each.method, base + each.path, content=data, headers=headers)
            seen.append((response.status_code, response.content))
        return seen


async def _use_aiohttp(base: str, sent: list[Sent], context: Any = None) -> Seen:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience(sent))) as session:
        seen = []
        for each in sent:
            headers = JSON_TYPE if each.body else {}
            more = {} if context is None else {"ssl": context}
            async with session.request(
                each.method, base + each.path, data=each.async_data(), headers=headers, **more
            ) as response:
                seen.append((response.status, await response.read()))
        return seen


def _blocking(function: Callable[..., Awaitable[Seen]]) -> Callable[..., Seen]:
    def use(base: str, sent: list[Sent], context: Any = None) -> Seen:
        return asyncio.run(function(base, sent, context))  # type: ignore[arg-type]

    return use


CLIENTS: dict[str, Callable[..., Seen]] = {
    "http.client": use_http_client,
    "urllib": use_urllib,
    "urllib3": use_urllib3,
    "requests": use_requests,
    "botocore": use_botocore,
    "httpx": use_httpx,
    "httpx async": _blocking(_use_httpx_async),
    "aiohttp": _blocking(_use_aiohttp),
}
