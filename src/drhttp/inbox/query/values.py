"""Parses the values of query terms, by kind of field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches

from drhttp.inbox.errors import QueryError
from drhttp.inbox.query.fields import Field
from drhttp.inbox.query.lexer import Piece, Token
from drhttp.inbox.query.nodes import Any, Anywhere, Between, Body, Flag, Header, Holds, Like, Node, Not, Present

_LARGEST = (1 << 62) - 1
_COMPARED = re.compile(r"(>=|<=|>|<|=)?(.+)", re.DOTALL)
_SPAN = re.compile(r"([0-9][^-]*?)(?:-|\.\.)([0-9].*)", re.DOTALL)
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]*)", re.IGNORECASE)
_AGO = re.compile(r"-([0-9]+(?:\.[0-9]+)?)([smhdw])")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_TIMES = {"": 1_000, "us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30}
_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_COLUMNS = {"tag": "tags"}
_HAS_FLAGS = {"outbound": "has-outbound", "calls": "has-outbound", "body": "has-body", "response": "has-response"}


def read(token: Token, field: Field, now: int) -> Node:
    """Return the test of a term. now: microseconds since the epoch, for relative times."""
    if not token.value and not token.quoted:
        raise QueryError(f"{token.field}: requires a value: {field.detail}.", token.start, token.end - token.start)
    try:
        return _READERS[field.kind](token, field, now)
    except (ValueError, OverflowError):
        raise _wrong(token, field) from None


def _wrong(token: Token, field: Field) -> QueryError:
    close = get_close_matches(token.value.lower(), field.values, 3, 0.5)
    hint = f"; did you mean {close[0]}?" if close else f"; expected {field.detail}."
    sentence = f'"{token.value}" is not a valid value for {token.field}{hint}'
    return QueryError(sentence, token.start, token.end - token.start, tuple(f"{token.field}:{one}" for one in close))


def _status(token: Token, field: Field, now: int) -> Node:
    return _any([_one_status(text, field.column) for text in token.value.lower().split(",")])


def _one_status(text: str, column: str) -> Node:
    presence = _presence(text, column)
    if presence:
        return presence
    if re.fullmatch("[1-9]xx", text):
        return Between(column, int(text[0]) * 100, int(text[0]) * 100 + 99)
    return _number(text, column, _plain)


def _method(token: Token, field: Field, now: int) -> Node:
    return _any([Like(field.column, pattern((Piece(text, quoted=False),))) for text in token.value.split(",")])


def _glob(token: Token, field: Field, now: int) -> Node:
    presence = None if token.quoted else _presence(token.value.lower(), field.column)
    return presence or Like(field.column, pattern(token.pieces))


def _prefix(token: Token, field: Field, now: int) -> Node:
    return Like(field.column, (tuple(token.value), ()))


def _part(token: Token, field: Field, now: int) -> Node:
    return Holds(field.column, token.value)


def _duration(token: Token, field: Field, now: int) -> Node:
    return _presence(token.value.lower(), field.column) or _number(token.value, field.column, _unit(_TIMES), 1_000)


def _size(token: Token, field: Field, now: int) -> Node:
    return _presence(token.value.lower(), field.column) or _number(token.value, field.column, _unit(_SIZES))


def _count(token: Token, field: Field, now: int) -> Node:
    return _number(token.value, field.column, _plain)


def _direction(token: Token, field: Field, now: int) -> Node:
    known = {"in": "Incoming", "incoming": "Incoming", "out": "Outgoing", "outgoing": "Outgoing"}
    if token.value.lower() not in known:
        raise ValueError
    return Like(field.column, (tuple(known[token.value.lower()]),))


def _flag(token: Token, field: Field, now: int) -> Node:
    if token.value.lower() not in field.values:
        raise ValueError
    return Flag(token.value.lower())


def _has(token: Token, field: Field, now: int) -> Node:
    name = token.value.lower()
    if name not in field.values:
        raise ValueError
    return Flag(_HAS_FLAGS[name]) if name in _HAS_FLAGS else Present(_COLUMNS.get(name, name))


def _boolean(token: Token, field: Field, now: int) -> Node:
    if token.value.lower() not in {"true", "false", "yes", "no", "1", "0"}:
        raise ValueError
    return Flag("pinned") if token.value.lower() in {"true", "yes", "1"} else Not(Flag("pinned"))


def _after(token: Token, field: Field, now: int) -> Node:
    return Between(field.column, moment(token.value, now), None)


def _before(token: Token, field: Field, now: int) -> Node:
    return Between(field.column, None, moment(token.value, now) - 1)


def _body(token: Token, field: Field, now: int) -> Node:
    sides = tuple(field.column.split())
    return _any([Body(sides, one) for one in _spellings(token.value)])


def anywhere(text: str) -> Node:
    """Return the test of a term without a field."""
    _, *escaped = _spellings(text)
    return _any([Anywhere(text), *(Body(("request", "response"), one) for one in escaped)])


def _spellings(text: str) -> list[str]:
    """Return a text as bodies may hold it: JSON may have letters that are not ASCII as escapes."""
    if text.isascii():
        return [text]
    return [text, "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in text)]


def _header(token: Token, field: Field, now: int) -> Node:
    name, mark, part = token.value.partition("=")
    if not name.strip():
        raise ValueError
    return Header(tuple(field.column.split()), name.strip().lower(), part if mark else None)


_READERS: dict[str, Callable[[Token, Field, int], Node]] = {
    "status": _status,
    "method": _method,
    "glob": _glob,
    "prefix": _prefix,
    "part": _part,
    "duration": _duration,
    "size": _size,
    "count": _count,
    "direction": _direction,
    "flag": _flag,
    "has": _has,
    "boolean": _boolean,
    "after": _after,
    "before": _before,
    "body": _body,
    "header": _header,
}


def pattern(pieces: Sequence[Piece]) -> tuple[tuple[str | None, ...], ...]:
    """Split a value at each unquoted ``*``; an unquoted ``?`` becomes None."""
    runs: list[list[str | None]] = [[]]
    for piece in pieces:
        for char in piece.text:
            if char == "*" and not piece.quoted:
                runs.append([])
            else:
                runs[-1].append(None if char == "?" and not piece.quoted else char)
    return tuple(map(tuple, runs))


def moment(text: str, now: int) -> int:
    """Parse a time in one of the supported formats to microseconds since the epoch."""
    local = datetime.fromtimestamp(now / 1_000_000).astimezone()
    ago = _AGO.fullmatch(text)
    if ago:
        return max(now - round(float(ago[1]) * _AGES[ago[2]] * 1_000_000), 0)
    if text.isascii() and text.isdigit() and len(text) >= 5:
        return min(int(text) * 1000, _LARGEST)
    clock = _CLOCK.fullmatch(text)
    if clock:
        at = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
        # A time of day in the future means yesterday.
        return _micros(at if at <= local + timedelta(minutes=1) else at - timedelta(days=1))
    if text.lower() == "now":
        return now
    return _micros(datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text)))


def _micros(at: datetime) -> int:
    return round((at if at.tzinfo else at.astimezone()).timestamp() * 1_000_000)


def _presence(text: str, column: str) -> Node | None:
    if text == "any":
        return Present(column)
    return Not(Present(column)) if text == "none" else None


def _any(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Any(tuple(nodes))


def _number(text: str, column: str, unit: Callable[[str], int], grain: int = 1) -> Between:
    """grain: how much lies in one value that is written without a comparison."""
    span = _SPAN.fullmatch(text)
    if span:
        return Between(column, unit(span[1]), unit(span[2]))
    compared = _COMPARED.fullmatch(text)
    if compared is None:
        raise ValueError
    value = unit(compared[2])
    bounds: dict[str | None, tuple[int | None, int | None]] = {
        ">": (value + 1, None),
        ">=": (value, None),
        "<": (None, value - 1),
        "<=": (None, value),
    }
    low, high = bounds.get(compared[1], (value, value + grain - 1))
    return Between(column, low, high)


def _plain(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return min(int(text), _LARGEST)


def _unit(units: dict[str, int]) -> Callable[[str], int]:
    def read_unit(text: str) -> int:
        found = _NUMBER.fullmatch(text.strip())
        if found is None or found[2].lower() not in units:
            raise ValueError
        return min(round(float(found[1]) * units[found[2].lower()]), _LARGEST)

    return read_unit
