"""Replays a recorded request, to this machine only unless --replay-to is set.

A record can contain any URL, so replays must not become server-side request forgery (SSRF).
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import ssl
import time
import uuid
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from drhttp.inbox import mask_detection
from drhttp.inbox.coerce import header
from drhttp.inbox.errors import ApiError
from drhttp.inbox.exchange import Exchange, Headers, Message, Summary

HEADER = "X-DrHTTP-Replay"
SAFE = ("GET", "HEAD", "OPTIONS")
TIMEOUT = 30.0
"""Socket timeout in seconds."""
MAX_RESPONSE_BODY = 1024 * 1024
"""Maximum bytes of the response body that are stored."""
_DROPPED = {
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
    "trailer", "traceparent", "tracestate", "transfer-encoding", "upgrade", HEADER.lower(),
}  # fmt: skip
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A request to send. remarks: differences from the recorded one."""

    target: SplitResult
    method: str
    path: str
    headers: Headers
    body: bytes | None
    remarks: tuple[str, ...]


def refusal(exchange: Exchange, replay_to: str | None) -> str | None:
    """Return why the exchange cannot be replayed, or None if it can."""
    return _refused_target(exchange.summary, replay_to) or _refused_content(exchange)


def prepare(exchange: Exchange, replay_to: str | None, *, port: int, confirmed: bool) -> ReplayRequest:
    """Prepare the request. port: of the inbox itself, which must not be the target. Raises `ApiError`."""
    summary, request = exchange.summary, exchange.request
    if problem := _refused_target(summary, replay_to):
        raise ApiError(403, "replay", problem)
    if problem := _refused_content(exchange):
        raise ApiError(409, "replay", problem)
    if summary.method.upper() not in SAFE and not confirmed:
        raise ApiError(409, "replay", f"{summary.method} requests can change data. Confirm the replay.")
    target = urlsplit(replay_to or f"{summary.scheme}://{summary.host}")
    if target.port == port:
        raise ApiError(403, "replay", "The request would be sent to the inbox itself.")
    headers, remarks = _headers(request, frozenset(mask_detection.in_headers(exchange)))
    path = _path(summary, target if replay_to else None)
    return ReplayRequest(target, summary.method, path, headers, request.body, remarks)


def send(prepared: ReplayRequest, original: Summary, identity: str) -> Exchange:
    """Send the request, wait for the response, and return the new exchange. Raises `ApiError`."""
    began, clock = time.time_ns() // 1000, time.perf_counter()
    connection = _connection(prepared.target)
    try:
        connection.putrequest(prepared.method, prepared.path, skip_host=True, skip_accept_encoding=True)
        sent = (("host", prepared.target.netloc.rpartition("@")[2]), *prepared.headers, (HEADER.lower(), identity))
        for name, value in (*sent, *_length(prepared)):
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders(prepared.body or None)
        answer = connection.getresponse()
        first = time.perf_counter()
        body = answer.read(MAX_RESPONSE_BODY + 1)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise ApiError(502, "replay", f"No response: {str(problem) or type(problem).__name__}.") from problem
    finally:
        connection.close()
    took = time.perf_counter() - clock
    headers = tuple((name.lower(), value) for name, value in answer.getheaders())
    cut = len(body) > MAX_RESPONSE_BODY
    response = Message(headers=headers, body=body[:MAX_RESPONSE_BODY], truncated=cut)
    path, mark, query = prepared.path.partition("?")
    summary = replace(
        original,
        id=identity,
        protocol="replay",
        started=began,
        received=time.time_ns() // 1000,
        scheme=prepared.target.scheme,
        host=prepared.target.netloc.rpartition("@")[2],
        path=path,
        query=query if mark else None,
        status=answer.status,
        duration=round(took * 1_000_000),
        ttfb=round((first - clock) * 1_000_000),
        trace=None,
        span=None,
        parent=None,
        aborted=False,
        exception=None,
        exception_text=None,
        request_size=len(prepared.body or b""),
        response_size=None if cut else len(body),
        response_type=header(headers, "content-type"),
        replay_of=original.id,
    )
    return Exchange(summary=summary, request=Message(headers=sent, body=prepared.body), response=response)


def new_id() -> str:
    return str(uuid.uuid4())


def is_loopback(host: str | None) -> bool:
    """Return whether a host is loopback. Names are not resolved, because DNS may change."""
    name = (host or "").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refused_target(summary: Summary, replay_to: str | None) -> str | None:
    if not _METHOD.fullmatch(summary.method):
        return "The request method is not valid HTTP."
    if replay_to:
        return None
    try:
        target = urlsplit(f"{summary.scheme}://{summary.host}")
        local = is_loopback(target.hostname) and (target.port is None or target.port > 0)
    except ValueError:
        local = False
    place, mark = summary.host.rpartition("@")[2], "@" in summary.host
    if local and mark:
        return "The URL contains login credentials. To replay to another server, start the inbox with --replay-to URL."
    if summary.scheme.lower() not in {"http", "https"} or not local:
        where = place or "an unknown host"
        return (
            f"The request went to {where}, which is not this machine. To "
            "replay it elsewhere, start the inbox with --replay-to URL."
        )
    return None


def _refused_content(exchange: Exchange) -> str | None:
    """Masked headers are left out; a mask anywhere else would change the request."""
    if exchange.request.truncated or exchange.request.omitted:
        return "The request body was not recorded in full."
    if mask_detection.in_body(exchange.request):
        return "The recorder masked values in the request body."
    if mask_detection.in_address(exchange):
        return "The recorder masked values in the URL."
    if mask_detection.in_unknown_headers(exchange):
        return "The recorder masked header values that the inbox cannot identify."
    return None


def _headers(request: Message, secret: frozenset[str]) -> tuple[Headers, tuple[str, ...]]:
    kept, masked = [], []
    for name, value in request.headers:
        if name.lower() in _DROPPED or (name.lower() == "content-encoding" and (request.decoded or request.parsed)):
            continue
        if name.lower() in secret:
            masked.append(name.lower())
        elif not re.search(r"[\r\n\0]", name + value):
            kept.append((name.lower(), value))
    remarks = (f"Masked headers were not sent: {', '.join(dict.fromkeys(masked))}.",) if masked else ()
    return tuple(kept), remarks


def _path(summary: Summary, base: SplitResult | None) -> str:
    path = (base.path.rstrip("/") if base else "") + (summary.path or "/")
    target = path if summary.query is None else f"{path}?{summary.query}"
    return "".join(char if "!" <= char <= "~" else "".join(f"%{one:02X}" for one in char.encode()) for char in target)


def _length(prepared: ReplayRequest) -> Headers:
    wanted = bool(prepared.body) or prepared.method.upper() in {"POST", "PUT", "PATCH"}
    return (("content-length", str(len(prepared.body or b""))),) if wanted else ()


def _connection(target: SplitResult) -> http.client.HTTPConnection:
    host = target.hostname or ""
    if target.scheme == "https":
        return http.client.HTTPSConnection(host, target.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, target.port, timeout=TIMEOUT)
