"""Reads and writes the parameters of sorted lists: ``sort`` and ``cursor``."""

from __future__ import annotations

import base64
import binascii
import json

from starlette.requests import Request

from drhttp.inbox.api import parameters
from drhttp.inbox.coerce import scrub
from drhttp.inbox.errors import ApiError
from drhttp.inbox.store.order import COLUMNS, NUMBERS, Order, Position

SORTS = ("", *COLUMNS, *(f"-{name}" for name in COLUMNS))
"""The values of ``sort``. Without one, the list is in the order of arrival; a minus turns an order around."""
_HIGHEST = 1 << 62


def order(request: Request) -> Order | None:
    """Return the order that is asked for, or None for that of arrival."""
    text = parameters.choice(request, "sort", *SORTS)
    return Order(text.removeprefix("-"), text.startswith("-")) if text else None


def position(request: Request, order: Order) -> Position | None:
    """Return the place in the order after which the page begins."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        value, n = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
    except (ValueError, TypeError, UnicodeError, binascii.Error, RecursionError):
        value, n = None, None
    fits = _is_number(value) if order.column in NUMBERS else isinstance(value, str)
    if not _is_number(n) or not (value is None or fits):
        raise ApiError(400, "parameter", "cursor must be the next of a page in the same order.")
    return Position(scrub(value) if isinstance(value, str) else value, n)


def cursor(place: Position | None) -> str | None:
    """Write a place for the next request; not as plain text, because the value may be hidden on the page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([place.value, place.n]).encode()).decode()


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _HIGHEST
