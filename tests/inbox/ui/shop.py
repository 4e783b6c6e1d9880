"""An hour in the life of a shop, as its recorder tells it: what the tests and the screenshots of the page look at."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
AGENTS = {
    "ios-17": "Shop/4.2 (iPhone; iOS 17.5)",
    "android-14": "Shop/4.1 (Android 14)",
    "firefox": "Mozilla/5.0 Firefox/133",
}
_ROUTES = [
    ("GET", "/api/items/{}", "/api/items/<int:id>", 30, 6.0),
    ("GET", "/api/items", "/api/items", 16, 22.0),
    ("POST", "/api/orders", "/api/orders", 10, 48.0),
    ("GET", "/api/orders/{}", "/api/orders/<int:id>", 10, 12.0),
    ("PUT", "/api/basket/{}", "/api/basket/<int:id>", 8, 15.0),
    ("POST", "/login", "/login", 5, 130.0),
    ("GET", "/search", "/search", 8, 75.0),
    ("GET", "/health", "/health", 10, 0.7),
    ("DELETE", "/api/basket/{}", "/api/basket/<int:id>", 2, 9.0),
    ("GET", "/export/report.csv", "/export/report.csv", 1, 1800.0),
]


def iso(time: datetime) -> str:
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(
    method: str = "GET",
    uri: str = "http://shop.test/api/items/7",
    status: int | None = 200,
    *,
    time: datetime | None = None,
    duration: float = 12.5,
    user: str | None = "42",
    device: str | None = "ios-17",
    **changes: Any,
) -> dict[str, Any]:
    """One event; `request`, `response` and `metadata` add to those parts, other names to the event itself."""
    began = time or datetime.now(timezone.utc)
    answer = {
        "time": iso(began + timedelta(milliseconds=duration)),
        "status": status,
        "headers": {"content-type": "application/json", "x-request-id": "7f3a"},
        "body": {"id": 7, "name": "Espresso cup", "price": 12.5, "tags": ["kitchen", "new"], "stock": None},
        "transfer_encoding": "json",
    }
    built = {
        "transaction_id": str(uuid.uuid4()),
        "direction": "Incoming",
        "user_id": user,
        "request": {
            "time": iso(began),
            "uri": uri,
            "verb": method,
            "headers": {
                "host": "shop.test",
                "accept": "application/json",
                "user-agent": AGENTS.get(device or "", "curl/8.5"),
            },
            "ip_address": "10.0.0.7",
            **changes.pop("request", {}),
        },
        "response": {**answer, **changes.pop("response", {})} if status is not None else None,
        "metadata": {
            "device": device,
            "duration_ms": duration,
            "ttfb_ms": duration * 0.8,
            **changes.pop("metadata", {}),
        },
        **changes,
    }
    return {name: value for name, value in built.items() if value is not None}


def hour(count: int, end: datetime | None = None, seed: int = 5) -> Iterator[dict[str, Any]]:
    """Events of a shop with a slow quarter and one bad release in it, oldest first."""
    chance = random.Random(seed)
    end = end or datetime.now(timezone.utc)
    begin = end - timedelta(hours=1)
    moments = sorted(chance.betavariate(1.6, 1.2) for _ in range(count))
    for share in moments:
        method, path, route, _, usual = chance.choices(_ROUTES, [one[3] for one in _ROUTES])[0]
        bad = 0.62 < share < 0.68 and path == "/api/orders"
        slow = 3.0 if 0.4 < share < 0.5 else 1.0
        status = (
            500
            if bad or chance.random() < 0.006
            else 404
            if chance.random() < 0.04
            else 201
            if method == "POST"
            else 200
        )
        if path == "/login" and chance.random() < 0.25:
            status = 401
        known = path != "/health" and chance.random() < 0.85
        yield event(
            method,
            "http://shop.test"
            + path.format(chance.randint(1, 900))
            + (f"?q=cup&page={chance.randint(1, 9)}" if path == "/search" else ""),
            status,
            time=begin + (end - begin) * share,
            duration=usual * slow * chance.lognormvariate(0, 0.5),
            user=str(chance.choice([7, 42, 42, 42, 108, 511, 900])) if known else None,
            device=chance.choice(list(AGENTS)) if known else None,
            metadata={"route": route},
        )


def ten_minutes(request_line: Callable[[int], tuple[str, str]]) -> list[dict[str, Any]]:
    """A hundred events, one every six seconds: durations rise from 1 to 100 ms, and the last ten failed.

    request_line: method and URI of an event, by its number from 0.
    """
    begin = datetime(2026, 11, 22, 16, tzinfo=timezone.utc)
    return [
        event(
            *request_line(at),
            500 if at >= 90 else 200,
            time=begin + timedelta(seconds=6 * at),
            duration=1.0 + at,
            user="ann" if at % 2 else "bob",
            device=f"d{at % 4}",
        )
        for at in range(100)
    ]


def encoded(kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A message whose body is this text of this type, byte for byte."""
    body = base64.b64encode(text.encode()).decode()
    return {"headers": {"content-type": kind}, "body": body, "transfer_encoding": "base64", **more}


def story(end: datetime | None = None) -> list[dict[str, Any]]:
    """Records that show every kind of body, the last one an order with two requests that it sent."""
    end = end or datetime.now(timezone.utc)

    def at(seconds: float) -> datetime:
        return end - timedelta(seconds=seconds)

    boundary = "----shop"
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nA cup\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="cup.png"\r\n'
        f"Content-Type: image/png\r\n\r\n\x89PNG\x00\r\n"
        f"--{boundary}--\r\n"
    )
    page = "<!doctype html><title>Cups</title><style>h1{color:teal}</style><h1>Cups</h1><p>Twelve of them.</p>"
    feed = '<?xml version="1.0"?><feed><item id="1"><name>Cup</name><price>12.5</price></item><!-- end --></feed>'
    order = {
        "items": [{"id": 7, "count": 2}, {"id": 9, "count": 1}],
        "card": {"number": "4111", "token": "tok_123"},
        "note": "Please ring.",
    }
    parent, trace = uuid.uuid4().hex[:16], uuid.uuid4().hex
    failed = {"error": "payment", "detail": "The bank did not answer.", "order": None}
    return [
        event(
            "GET",
            "http://shop.test/logo.png",
            time=at(40),
            response={"headers": {"content-type": "image/png"}, "body": PIXEL, "transfer_encoding": "base64"},
        ),
        event(
            "POST",
            "http://shop.test/photos",
            201,
            time=at(38),
            request=encoded(f"multipart/form-data; boundary={boundary}", parts),
        ),
        event("GET", "http://shop.test/cups", time=at(36), response=encoded("text/html; charset=utf-8", page)),
        event("GET", "http://shop.test/feed.xml", time=at(34), response=encoded("application/xml", feed)),
        event(
            "POST",
            "http://shop.test/login",
            302,
            time=at(32),
            request=encoded("application/x-www-form-urlencoded", "user=ann&password=hunter2"),
            response={"headers": {"location": "/", "set-cookie": ["sid=abc; HttpOnly", "theme=dark"]}, "body": None},
        ),
        event(
            "GET",
            "http://shop.test/blob",
            time=at(30),
            response={
                "headers": {"content-type": "application/octet-stream"},
                "body": base64.b64encode(bytes(range(256)) * 3).decode(),
                "transfer_encoding": "base64",
            },
        ),
        event(
            "GET",
            "http://shop.test/notes.txt",
            time=at(28),
            response={**encoded("text/plain", "First line\nSecond line\n" * 20)},
            metadata={"response_body": {"size": 90_000, "truncated": True}},
        ),
        event(
            "GET",
            "http://shop.test/api/orders/81?token=s3cret&page=2",
            time=at(26),
            response={"body": {"id": 81, "state": "sent", "total": 37.5, "items": [1, 2]}},
        ),
        event(
            "GET",
            "http://shop.test/api/orders/81?page=2",
            time=at(24),
            response={"body": {"id": 81, "state": "returned", "total": 30, "items": [1, 2, 3]}},
        ),
        event(
            "POST",
            "http://shop.test/api/orders",
            500,
            time=at(20),
            duration=412.0,
            trace_id=trace,
            span={"id": parent},
            request={
                "headers": {
                    "host": "shop.test",
                    "content-type": "application/json",
                    "authorization": "Bearer abc.def",
                    "accept": ["application/json", "text/*"],
                },
                "body": order,
                "transfer_encoding": "json",
            },
            response={"body": failed},
            metadata={
                "route": "/api/orders",
                "exception": {"type": "PaymentError", "message": "The bank did not answer."},
            },
        ),
        event(
            "GET",
            "http://stock.test/v2/items?ids=7,9",
            time=at(19.98),
            duration=61.0,
            direction="Outgoing",
            user=None,
            device=None,
            trace_id=trace,
            span={"id": uuid.uuid4().hex[:16], "parent_id": parent},
        ),
        event(
            "POST",
            "https://bank.test/charges",
            None,
            time=at(19.9),
            duration=300.0,
            direction="Outgoing",
            user=None,
            device=None,
            trace_id=trace,
            span={"id": uuid.uuid4().hex[:16], "parent_id": parent},
            metadata={"exception": {"type": "TimeoutError", "message": "timed out"}},
        ),
    ]
