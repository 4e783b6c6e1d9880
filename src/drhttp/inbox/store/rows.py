"""Converts between exchanges and rows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from drhttp.inbox.endpoint import endpoint, is_error
from drhttp.inbox.exchange import Entry, Exchange, Message, Summary
from drhttp.inbox.operation import operation
from drhttp.inbox.store.schema import BODY, INBOX_COLUMNS, OMITTED, RESPONSE, SUMMARY_COLUMNS, TRUNCATED

COMPRESS_THRESHOLD = 4096
"""Minimum bytes of a body that is compressed. Smaller ones gain little and are faster to search uncompressed."""
COLUMNS = ("n", *SUMMARY_COLUMNS, *INBOX_COLUMNS)
SELECTED = ", ".join("project.key_sha256" if name == "project" else f"r.{name}" for name in COLUMNS) + (
    ", CASE WHEN r.span IS NULL THEN 0 ELSE (SELECT count(*) FROM record o WHERE o.parent = r.span) END"
    ", CASE WHEN r.span IS NULL THEN 0 ELSE (SELECT count(*) FROM record o WHERE o.parent = r.span AND o.error) END"
)
"""Columns that `entry` needs, from ``record r JOIN project``."""
_UNMARKED = {field.name: field.default for field in fields(Message) if field.name not in {"headers", "body"}}
_flag_values = attrgetter(*_UNMARKED)
_PLAIN = tuple(_UNMARKED.values())
_COMMON: dict[tuple[object, ...], dict[str, object]] = {
    _PLAIN: {},
    _flag_values(Message(parsed=True)): {"parsed": True},
}
_PROJECT = SUMMARY_COLUMNS.index("project")
_SUMMARY_VALUES = attrgetter(*SUMMARY_COLUMNS)
_INBOX_COLUMNS_START = 1 + len(SUMMARY_COLUMNS)
# Parsed JSON has no circular references.
_JSON = json.JSONEncoder(check_circular=False).encode


def record_row(n: int, project: int, exchange: Exchange, kept: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row of ``record``. kept: pinned, tags, note, and replay_of of the replaced row."""
    summary, request, response = exchange.summary, exchange.request, exchange.response
    values = list(_SUMMARY_VALUES(summary))
    values[_PROJECT] = project
    pinned, tags, note, replay_of = kept
    values[-1] = values[-1] or replay_of
    flags, masked = body_flags(request, response)
    marks = (flags, masked, pinned, tags, note)
    return (n, *values, endpoint(summary), is_error(summary), *marks, operation(exchange))


def body_flags(request: Message, response: Message | None) -> tuple[int, int]:
    """Return the columns ``flags`` and ``masked``."""
    flags = TRUNCATED * request.truncated | OMITTED * bool(request.omitted) | BODY * bool(request.body)
    if response is None:
        return flags, request.redacted
    flags |= TRUNCATED * response.truncated | OMITTED * bool(response.omitted) | BODY * bool(response.body) | RESPONSE
    return flags, request.redacted + response.redacted


def payload_row(n: int, exchange: Exchange) -> tuple[object, ...]:
    """A row of ``payload``."""
    request, response = exchange.request, exchange.response
    return (
        n,
        _JSON(request.headers),
        _JSON(response.headers) if response else None,
        pack(request.body),
        pack(response.body) if response else None,
        marks_text(exchange),
    )


def marks_text(exchange: Exchange) -> str:
    """Return as JSON what is neither a column nor a header nor a body."""
    return _JSON(marks_of(exchange))


def marks_of(exchange: Exchange) -> dict[str, object]:
    """Return what is neither a column nor a header nor a body."""
    response = exchange.response
    return {
        "request": _marks(exchange.request),
        "response": _marks(response) if response else None,
        "extra": dict(exchange.extra),
    }


def entry(row: Sequence[Any]) -> Entry:
    """Build an entry from the columns of `SELECTED`."""
    values = dict(zip(SUMMARY_COLUMNS, row[1:_INBOX_COLUMNS_START], strict=True))
    values["aborted"] = bool(values["aborted"])
    place, error, flags, masked, pinned, tags, note, asked, calls, failed_calls = row[_INBOX_COLUMNS_START:]
    return Entry(
        n=row[0],
        summary=Summary(**values),
        endpoint=place,
        error=bool(error),
        pinned=bool(pinned),
        tags=tuple(json.loads(tags)) if tags else (),
        note=note,
        operation=asked,
        truncated=bool(flags & TRUNCATED),
        masked=masked,
        calls=calls,
        failed_calls=failed_calls,
    )


def exchange(summary: Summary, row: Sequence[Any]) -> Exchange:
    """Build an exchange from a summary and its row of ``payload``."""
    _, request_headers, response_headers, request_body, response_body, text = row
    marks = json.loads(text)
    request = _message(request_headers, request_body, marks["request"])
    response = None if response_headers is None else _message(response_headers, response_body, marks["response"])
    return Exchange(summary=summary, request=request, response=response, extra=marks["extra"])


def _marks(message: Message) -> Mapping[str, object]:
    # Only non-default values: most messages have none.
    marks = _flag_values(message)
    common = _COMMON.get(marks)
    if common is not None:
        return common
    return {name: mark for name, mark, plain in zip(_UNMARKED, marks, _PLAIN, strict=True) if mark != plain}


def message(headers: Iterable[tuple[str, str]], body: bytes | None, marks: dict[str, Any]) -> Message:
    """Build one side of an exchange."""
    return Message(headers=tuple((name, value) for name, value in headers), body=body, **marks)


def _message(headers: str, body: bytes | str | None, marks: dict[str, Any]) -> Message:
    return message(json.loads(headers), unpack(body), marks)


def pack(body: bytes | None) -> bytes | str | None:
    """As it is kept: text as text, which the database searches by itself; else the first byte says how the rest is.

    That is 0 for bytes as they are and 1 for deflated ones.
    """
    if body is None:
        return None
    if len(body) >= COMPRESS_THRESHOLD:
        packed = zlib.compress(body, 1)
        return b"\1" + packed if len(packed) < len(body) else b"\0" + body
    text = None if b"\0" in body else _text(body)
    return b"\0" + body if text is None else text


def unpack(kept: bytes | str | None) -> bytes | None:
    if kept is None:
        return None
    if isinstance(kept, str):
        return kept.encode()
    return zlib.decompress(kept[1:]) if kept[:1] == b"\1" else kept[1:]


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
