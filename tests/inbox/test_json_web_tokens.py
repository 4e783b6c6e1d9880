"""JSON Web Tokens that arrived in clear: their parts, what of them is hidden, and whether they were valid."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.view.bodies import views
from drhttp.inbox.view.json_web_tokens import MAX_TOKENS, tokens_json
from drhttp.inbox.view.masking import MASK

NOW = 1_800_000_000


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(claims: Any, header: Any = None) -> str:
    return f"{part(header or {'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(claims)}.{part(b'signature')}"


def tokens(*, reveal: bool = False, query: str | None = None, body: bytes | None = None, **headers: str) -> Any:
    """The tokens of a record with these request headers."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    blank = {"id": "1", "project": "", "protocol": "events", "started": NOW * 1_000_000, "received": 0}
    exchange = Exchange(summary=Summary(**blank, query=query), request=Message(headers=pairs, body=body))
    return tokens_json(exchange, views(exchange, reveal=reveal), reveal=reveal)


def test_a_token_has_header_and_claims_hidden_but_for_times():
    """Who is meant stays hidden until it is revealed; algorithm and times tell why a token was refused."""
    token = jwt({"sub": "ann", "admin": True, "exp": NOW + 60, "iat": NOW})
    (found,) = tokens(authorization=f"Bearer {token}")
    assert (found["part"], found["name"], found["state"]) == ("request.headers", "authorization", "valid")
    assert [(one["name"], one["value"]) for one in found["header"]] == [("alg", "HS256"), ("typ", "JWT"), ("kid", MASK)]
    claims = {one["name"]: one["value"] for one in found["claims"]}
    assert claims["sub"] == claims["admin"] == MASK
    assert claims["exp"] == "1800000060 (2027-01-15T08:01:00Z)"
    (found,) = tokens(authorization=f"Bearer {token}", reveal=True)
    assert {one["name"]: one["value"] for one in found["claims"]}["sub"] == "ann"
    assert not any(one["masked"] for one in found["claims"])


@pytest.mark.parametrize(
    ("claims", "state", "seconds"),
    [
        ({"exp": NOW - 90}, "expired", 90),
        ({"nbf": NOW + 30}, "early", 30),
        ({"exp": NOW + 1, "nbf": NOW - 1}, "valid", None),
        ({"sub": "ann"}, None, None),
        ({"exp": "soon"}, None, None),
        ({"exp": True}, None, None),
    ],
)
def test_a_token_tells_whether_it_was_valid_when_the_request_began(claims, state, seconds):
    """By its times; a signature cannot be checked without its key."""
    (found,) = tokens(authorization=jwt(claims))
    assert (found["state"], found["seconds"]) == (state, seconds)


def test_a_member_that_only_looks_like_a_time_or_an_algorithm_is_hidden():
    """Anybody can write anything into a token."""
    (found,) = tokens(authorization=jwt({"exp": "ann@shop.test"}, {"alg": "x" * 50, "typ": {"a": 1}}))
    assert {one["value"] for one in found["header"] + found["claims"]} == {MASK}


def test_tokens_are_found_wherever_they_are_sent_and_once_each():
    """In headers, cookies, the query and the body, percent-encoded or not."""
    one, other, third = (jwt({"sub": name}) for name in ("ann", "bob", "eve"))
    body = json.dumps({"access": third, "again": one}).encode()
    found = tokens(cookie=f"sid={one}; a=b", query=f"t={other.replace('.', '%2E')}&page=2", body=body)
    places = [(each["part"], each["name"]) for each in found]
    assert places == [("request.headers", "cookie"), ("query", None), ("request.body", None)]


@pytest.mark.parametrize(
    "text",
    [
        "eyJ.eyJ.x",
        f"{part([1])}.{part({})}.x",
        "eyJhbGciOiJub25lIn0",
        "[redacted]",
        "eyJ" + "a" * 20_000 + ".eyJ" + "b" * 20_000 + ".c",
        "eyJ" * 30_000,
        ".eyJa" * 20_000,
    ],
)
def test_what_is_no_token_is_none(text):
    """Neither the beginning of one nor what only resembles it, at any length."""
    assert tokens(authorization=text) == []


def test_only_some_tokens_are_listed():
    """A body may be full of them."""
    assert len(tokens(body=" ".join(jwt({"sub": str(at)}) for at in range(40)).encode())) == MAX_TOKENS
