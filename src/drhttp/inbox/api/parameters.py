"""Reads and validates request parameters."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request

from drhttp.inbox.errors import ApiError, QueryError
from drhttp.inbox.query.nodes import All, Between, Node
from drhttp.inbox.query.parser import parse
from drhttp.inbox.query.values import moment

UPLOAD_TIMEOUT = 30.0
"""Timeout in seconds for receiving a body."""
SMALL = 64 * 1024
"""Maximum bytes of a JSON body with options."""


def query(request: Request) -> Node:
    """Return the parsed query of the parameter ``q``, which finds records up to the ``n`` of ``until`` only."""
    node = parse(request.query_params.get("q", ""), time.time_ns() // 1000).node
    until = optional(request, "until")
    return node if until is None else All((node, Between("n", None, until)))


def only(request: Request, *names: str) -> None:
    """Raise `ApiError` for unknown parameters, where ignoring a misspelled one would delete too much."""
    for name in request.query_params:
        if name not in names:
            raise ApiError(400, "parameter", f"Unknown parameter {name!r}. Expected one of: {', '.join(names)}.")


def number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """Return an integer, clamped to the range from `low` to `high`."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ApiError(400, "parameter", f"{name} must be a whole number.")
    return min(max(int(text), low), high)


def optional(request: Request, name: str) -> int | None:
    """Return an integer, or None if the parameter is missing."""
    return number(request, name, 0, 0, 1 << 60) if request.query_params.get(name) else None


def flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "") in {"1", "true"}


def choice(request: Request, name: str, *allowed: str) -> str:
    """Return one of the allowed values; the first one is the default."""
    value = request.query_params.get(name) or allowed[0]
    if value not in allowed:
        raise ApiError(400, "parameter", f"{name} must be one of: {', '.join(allowed)}.")
    return value


def instant(request: Request, name: str) -> int | None:
    """Return a time in microseconds since the epoch, or None if the parameter is missing."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return moment(text, time.time_ns() // 1000)
    except (ValueError, OverflowError, OSError, QueryError):
        example = datetime.now().astimezone().isoformat(timespec="seconds")
        raise ApiError(400, "parameter", f"{name} must be a time, such as {example}.") from None


async def body(request: Request, limit: int) -> bytes:
    """Return the body. Raises `ApiError` if it is too large or too slow."""
    try:
        return await asyncio.wait_for(_body(request, limit), UPLOAD_TIMEOUT)
    except asyncio.TimeoutError:
        raise ApiError(408, "timeout", f"The body did not arrive within {UPLOAD_TIMEOUT:.0f} seconds.") from None


async def _body(request: Request, limit: int) -> bytes:
    pieces, total = [], 0
    try:
        async for piece in request.stream():
            total += len(piece)
            if total > limit:
                raise ApiError(413, "size", f"The body is larger than {limit:,} bytes.")
            pieces.append(piece)
    except ClientDisconnect:
        raise ApiError(400, "parameter", "The connection closed before the body was complete.") from None
    return b"".join(pieces)


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object; an empty body is an empty object."""
    raw = await body(request, SMALL)
    try:
        value = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, "parameter", "The body must be a JSON object.")
    return value
