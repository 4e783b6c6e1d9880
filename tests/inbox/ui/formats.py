"""Records whose bodies are in the formats that the record pane has a view of its own for."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

import shop

BOUNDARY = "----cups"
WORDS = ("One", "cup", "of", "espresso", "please", "now", "thanks")


def encoded(kind: str, content: bytes, **headers: str) -> dict[str, Any]:
    """A message with these bytes as its body."""
    fields = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"headers": fields, "body": base64.b64encode(content).decode(), "transfer_encoding": "base64"}


def sent(path: str, body: dict[str, Any], status: int = 200, **changes: Any) -> dict[str, Any]:
    """A record with that request body."""
    return shop.event("POST", f"http://shop.test{path}", status, request=body, **changes)


def answered(path: str, body: dict[str, Any], status: int = 200, **changes: Any) -> dict[str, Any]:
    """A record with that response body."""
    return shop.event("GET", f"http://shop.test{path}", status, response=body, **changes)


def event_stream() -> bytes:
    """Server-sent events as a model sends them: a comment, a word each, and one whose end is missing."""
    pieces = [": connected\n\n"]
    for at, word in enumerate(WORDS):
        data = json.dumps({"choices": [{"index": 0, "delta": {"content": word}}], "usage": None})
        pieces.append(f"id: {at}\nevent: delta\ndata: {data}\n\n")
    pieces += ["retry: 3000\r\ndata: first line\r\ndata: second line\r\n\r\n", "event: done\ndata: [DONE]"]
    return "".join(pieces).encode()


def json_lines(count: int = 12) -> bytes:
    """A log: one object per line, and a line that is none."""
    lines = [
        json.dumps({"level": ("info", "error")[at % 2], "message": f"Order {at} left", "order": {"id": 2**53 + 1 + at}})
        for at in range(count)
    ]
    return "\n".join([*lines, "not JSON", ""]).encode()


def upload() -> bytes:
    """A form with a text, JSON, and an image whose name is not ASCII."""
    fields = [
        (b'form-data; name="title"', b"", b"A cup"),
        (b'form-data; name="meta"', b"Content-Type: application/json\r\n", b'{"price": 12.5}'),
        (
            b'form-data; name="photo"; filename="cup.png"; filename*=UTF-8\'\'gr%C3%B6%C3%9Fe.png',
            b"Content-Type: image/png\r\n",
            base64.b64decode(shop.PIXEL),
        ),
    ]
    parts = [
        b"--%s\r\nContent-Disposition: %s\r\n%s\r\n%s\r\n" % (BOUNDARY.encode(), disposition, more, content)
        for disposition, more, content in fields
    ]
    return b"".join([*parts, b"--%s--\r\n" % BOUNDARY.encode()])


def protobuf() -> bytes:
    """Field 1: 150; 2: a text; 3: a message with a large number; 4: packed numbers."""
    inner = b"\x08\x81\x80\x80\x80\x80\x80\x80\x10"  # 2 ** 53 + 1
    return b"\x08\x96\x01\x12\x0cEspresso cup\x1a" + bytes([len(inner)]) + inner + b"\x22\x03\x01\x02\x03"


def grpc() -> bytes:
    message = protobuf()
    return b"\x00" + len(message).to_bytes(4, "big") + message


def token(expired_since: float = 540) -> str:
    """A JSON Web Token of ann that expired so many seconds ago."""
    now = datetime.now(timezone.utc).timestamp()
    claims = {"sub": "ann", "scope": "orders:write", "iat": round(now - 4000), "exp": round(now - expired_since)}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT", "kid": "shop-1"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"signature"))


def every_format() -> list[dict[str, Any]]:
    """A record for each view, and failures of each kind."""
    validation = {
        "detail": [
            {"type": "value_error", "loc": ["body", "email"], "msg": "value is not a valid email address"},
            {"type": "int_parsing", "loc": ["body", "age"], "msg": "Input should be a valid integer"},
        ]
    }
    bearer = {"host": "shop.test", "authorization": f"Bearer {token()}", "accept": "application/json"}
    page = b"<!doctype html><title>KeyError at /cart</title><h1>KeyError at /cart</h1><p>'cup'</p>"
    return [
        answered("/stream", encoded("text/event-stream", event_stream())),
        answered("/log", encoded("application/x-ndjson", json_lines())),
        sent("/upload", encoded(f"multipart/form-data; boundary={BOUNDARY}", upload())),
        sent("/pb", encoded("application/x-protobuf", protobuf())),
        sent(
            "/shop.Orders/Get",
            encoded("application/grpc", grpc()),
            response=encoded("application/grpc", b"", grpc_status="5", grpc_message="no%20such%20cup"),
        ),
        sent(
            "/signup",
            {"body": {"email": "ann", "age": "x"}, "transfer_encoding": "json"},
            422,
            response={"body": validation},
        ),
        answered(
            "/me",
            {"body": {"error": "invalid_token", "error_description": "The token expired"}},
            401,
            request={"headers": bearer},
        ),
        answered("/cart", encoded("text/html", page), 500, user="ann"),
    ]
