"""Bodies of requests and responses that differ from each other, because equal ones would cost nothing to compress."""

from __future__ import annotations

import io
import json
import random
from functools import cache
from typing import Any

SMALL, LARGE = 1024, 100 * 1024  # bytes, about
JSON, TEXT, BINARY = "application/json", "text/plain; charset=utf-8", "image/png"

_TEXT = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one
you were all her she there would their we him been has when who will no more if out so up said what its about than
into them can only other time new some could these two may first then do any like my now over such our man me even
most made after also did many off before must well back through years where much your way down should because
"""
_WORDS = _TEXT.split()
_CITIES = ("London", "Lisbon", "Oslo", "Kraków", "Nairobi", "Lima", "Hanoi", "Perth", "Leeds", "Turin", "Graz", "Porto")
_NUMBER = {JSON: 64, TEXT: 16, BINARY: 16}  # of different bodies


def order(rng: random.Random, lines: int) -> dict[str, Any]:
    """An order from a shop; with five lines about 1 KB. Nothing in it is a secret."""
    return {
        "id": rng.randrange(10**8),
        "status": rng.choice(("new", "paid", "packed", "shipped")),
        "customer": {
            "name": f"{_word(rng)} {_word(rng)}".title(),
            "email": f"{_word(rng)}.{rng.randrange(1000)}@example.com",
            "city": rng.choice(_CITIES),
            "since": rng.randrange(2009, 2026),
        },
        "items": [
            {
                "sku": f"{rng.randrange(16**8):08x}",
                "title": _prose(rng, 4),
                "quantity": rng.randrange(1, 9),
                "price": rng.randrange(100, 99999) / 100,
                "in_stock": rng.random() < 0.8,
            }
            for _ in range(lines)
        ],
        "total": rng.randrange(1000, 999999) / 100,
        "currency": "EUR",
        "comment": _prose(rng, 20),
        "discount": None,
    }


@cache
def bodies(kind: str, size: int, seed: int) -> tuple[bytes, ...]:
    """Bodies of one content type, all of about that size; the same ones for the same seed."""
    rng = random.Random(seed)
    return tuple(_body(rng, kind, size) for _ in range(_NUMBER[kind] if size == SMALL else 16))


def environ(body: bytes, kind: str, number: int) -> dict[str, Any]:
    """The environ of a POST, as a server would make it for a request of a script behind a proxy."""
    return {
        **_ENVIRON,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "QUERY_STRING": f"page={number % 50}&sort=name",
        "PATH_INFO": f"/shops/7/orders/{number}",
        "RAW_URI": f"/shops/7/orders/{number}?page={number % 50}&sort=name",
        "HTTP_X_REQUEST_ID": f"{number * 2654435761 % 2**64:016x}",
        "REMOTE_PORT": str(30000 + number % 20000),
    }


def _body(rng: random.Random, kind: str, size: int) -> bytes:
    if kind == BINARY:
        return b"\x89PNG\r\n\x1a\n" + rng.randbytes(size - 8)
    if kind == TEXT:
        return _prose(rng, size // 4)[:size].encode()
    if size == SMALL:
        return json.dumps(order(rng, 5)).encode()
    orders: list[dict[str, Any]] = []
    length = 0
    while length < size:
        orders.append(order(rng, 5))
        length += len(json.dumps(orders[-1])) + 2
    return json.dumps({"orders": orders, "count": len(orders)}).encode()


def _word(rng: random.Random) -> str:
    return rng.choice(_WORDS)


def _prose(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


_ENVIRON: dict[str, Any] = {
    "wsgi.errors": io.StringIO(),
    "wsgi.version": (1, 0),
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.url_scheme": "http",
    "wsgi.input_terminated": True,
    "SERVER_SOFTWARE": "gunicorn/25.1",
    "REQUEST_METHOD": "POST",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "REMOTE_ADDR": "127.0.0.1",
    "SCRIPT_NAME": "",
    "HTTP_HOST": "shop.example",
    "HTTP_CONNECTION": "keep-alive",
    "HTTP_ACCEPT": "application/json, text/plain, */*",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9,de;q=0.7",
    "HTTP_AUTHORIZATION": "Bearer 2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA",
    "HTTP_COOKIE": "session=5f2c1d7e9a; theme=dark; consent=all",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
}
