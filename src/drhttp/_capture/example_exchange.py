"""A sample request with secrets in it, to show which of them are masked."""

from __future__ import annotations

import json

from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.wsgi_exchange import WSGIExchange

_REQUEST_BODY = {
    "user": "ada",
    "password": "correct horse battery staple",
    "remember": True,
    "payment": {"card_number": "4111 1111 1111 1111", "cvv": 123, "amount": 9.5},
    "note": "my key is sk_live_4eC39HqLyjWDarjtT1zdp7dc",
}
_RESPONSE_BODY = {
    "status": "ok",
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "expires_in": 3600,
}


def example_exchange() -> WSGIExchange:
    """The exchange of a login, as if it had been recorded just now."""
    request_body = json.dumps(_REQUEST_BODY).encode()
    capture = RequestBodyCapture(len(request_body))
    capture.note(request_body)
    exchange = WSGIExchange(_environ(len(request_body)), capture, Tap(10_000))
    exchange.status = "200 OK"
    exchange.headers = (
        ("Content-Type", "application/json"),
        ("Set-Cookie", "sessionid=0123456789abcdef; Path=/; HttpOnly"),
        ("Location", "/welcome?token=0123456789abcdef"),
    )
    exchange.user, exchange.device = "ada", "sample"
    exchange.response_body.note(json.dumps(_RESPONSE_BODY).encode())
    exchange.finish(complete=True)
    return exchange


def _environ(length: int) -> dict[str, str]:
    return {
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "shop.example",
        "PATH_INFO": "/login",
        "QUERY_STRING": "next=%2Fhome&api_key=0123456789abcdef",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(length),
        "HTTP_AUTHORIZATION": "Bearer 0123456789abcdef",
        "HTTP_COOKIE": "sessionid=0123456789abcdef; theme=dark",
        "HTTP_REFERER": "https://ada:secret@shop.example/?code=0123456789abcdef",
        "HTTP_X_API_KEY": "0123456789abcdef",
        "HTTP_USER_AGENT": "sample/1.0",
    }
