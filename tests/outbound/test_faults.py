"""Whatever fails in the recorder, a call of the application goes on, and the failure is counted."""

from __future__ import annotations

import pytest

import drhttp
from drhttp._capture import body_tap
from drhttp._outbound import (
    aiohttp,
    call,
    captured_body,
    chunked_decoder,
    http_client,
    http_client_response_body,
    httpx,
    urllib3,
)

from .clients import BODY, CLIENTS, Sent
from .conftest import Recording

PLACES = [
    (body_tap.Tap, "__init__"),
    (body_tap.Tap, "note"),
    (body_tap.Tap, "settle"),
    (captured_body.CapturedBody, "__init__"),
    (captured_body.CapturedBody, "note"),
    (captured_body.CapturedBody, "settle"),
    (call.Call, "__init__"),
    (call.Call, "responded"),
    (call.Call, "end"),
    (call.Call, "weight"),
    (chunked_decoder.ChunkedDecoder, "feed"),
    (http_client_response_body.BodyReader, "__init__"),
    (http_client_response_body.BodyReader, "_passed"),
    (http_client.Transmission, "__init__"),
    (http_client.Transmission, "sent"),
    (http_client.Transmission, "note_sent"),
    (http_client.Transmission, "closed"),
    (http_client, "begin"),
    (http_client, "address_of"),
    (urllib3, "begin"),
    (httpx, "begin"),
    (httpx._Stream, "__init__"),
    (aiohttp, "begin"),
    (aiohttp, "_add_middleware"),
    (aiohttp, "_watched_write"),
    (aiohttp, "_in_memory"),
    (aiohttp.AiohttpCall, "receive"),
]
SENT = [Sent("/ok"), Sent("/chunked", "POST", BODY, "blocks"), Sent("/gzip", "POST", BODY), Sent("/close")]


def fail(*args, **kwargs):
    raise RuntimeError("broken")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("owner", "name"), PLACES, ids=[f"{each.__name__}.{name}" for each, name in PLACES])
def test_a_failure_is_not_the_callers(owner, name, client, server, monkeypatch):
    """The same responses on the same bytes, although one of our functions raises."""
    bare = CLIENTS[client](server.url, SENT)
    wire = server.take()
    with Recording():
        monkeypatch.setattr(owner, name, fail)
        assert CLIENTS[client](server.url, SENT) == bare
        assert server.take() == wire
        monkeypatch.undo()
        assert drhttp.flush(10.0)
