"""JSON Web Tokens (RFC 7519) that arrived in clear, as header and claims. The signature is not checked."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from drhttp.inbox.coerce import moment, readable
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import DisplayedBody

MAX_TOKENS = 8
"""Maximum number of tokens of a record."""
_LONGEST = 16_384
"""Maximum characters of a token, and of the text that is searched per place: 64 times that."""
_SEARCHED = 64 * _LONGEST
_TOKEN = re.compile(r"(?<![\w.-])(eyJ[\w-]+)\.(eyJ[\w-]+)\.[\w-]*", re.ASCII)
_IN_CLEAR = {"alg", "typ", "exp", "iat", "nbf"}
"""Members that identify nobody. They tell why a token was refused, and are shown even where the others are hidden."""
_TIMES = {"exp", "iat", "nbf"}


def tokens_json(exchange: Exchange, bodies: Mapping[str, DisplayedBody], *, reveal: bool) -> list[dict[str, Any]]:
    """Return the JSON member ``tokens``: each token once, with its place, header, claims, and state at that time."""
    found: dict[str, dict[str, Any]] = {}
    for part, name, text in _texts(exchange, bodies):
        for match in _TOKEN.finditer(text[:_SEARCHED]):
            if len(found) == MAX_TOKENS:
                return list(found.values())
            header, claims = _object(match[1]), _object(match[2])
            if match[0] not in found and len(match[0]) <= _LONGEST and header is not None and claims is not None:
                state = _state(claims, exchange.summary.started)
                place = {"part": part, "name": name, **state}
                shown = {"header": _members(header, reveal=reveal), "claims": _members(claims, reveal=reveal)}
                found[match[0]] = {**place, **shown}
    return list(found.values())


def _texts(exchange: Exchange, bodies: Mapping[str, DisplayedBody]) -> Iterator[tuple[str, str | None, str]]:
    """Yield the places where tokens are sent, as they arrived."""
    for side, message in (("request", exchange.request), ("response", exchange.response)):
        if message is not None:
            yield from ((f"{side}.headers", name, unquote(readable(value))) for name, value in message.headers)
        if side == "request" and exchange.summary.query:
            yield "query", None, unquote(exchange.summary.query)
        if message is not None and bodies[side].content.text:
            yield f"{side}.body", None, bodies[side].content.text or ""


def _object(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _members(value: Mapping[str, Any], *, reveal: bool) -> list[dict[str, Any]]:
    return [_member(name, one, reveal=reveal) for name, one in value.items()]


def _member(name: str, value: Any, *, reveal: bool) -> dict[str, Any]:
    number = _is_number(value)
    in_clear = name in _IN_CLEAR and (number if name in _TIMES else isinstance(value, str) and len(value) < 20)
    if not (reveal or in_clear):
        return {"name": name, "value": masking.MASK, "masked": True}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    time = _iso(value) if name in _TIMES and number else None
    return {"name": name, "value": text if time is None else f"{text} ({time})", "masked": False}


def _state(claims: Mapping[str, Any], started: int) -> dict[str, Any]:
    """Return whether the token was valid when the request began, by its times alone, and by how many seconds not."""
    now = started / 1_000_000
    for name, state, by in (("exp", "expired", 1), ("nbf", "early", -1)):
        value = claims.get(name)
        if isinstance(value, (int, float)) and _is_number(value) and (now - value) * by > 0:
            return {"state": state, "seconds": round(abs(now - value))}
    return {"state": "valid" if _numbers(claims, _TIMES) else None, "seconds": None}


def _numbers(claims: Mapping[str, Any], names: Iterable[str]) -> bool:
    return any(_is_number(claims.get(name)) for name in names)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _iso(seconds: float) -> str | None:
    try:
        return moment(round(seconds * 1_000_000)).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
