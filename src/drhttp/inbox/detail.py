"""Formats a whole exchange as text (`text`) or JSON (`json_object`, `json_line`)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drhttp.inbox.coerce import mapping, moment, readable
from drhttp.inbox.console import clean, elapsed
from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.view import imported, masking, unmasked_values
from drhttp.inbox.view.content import decompressed, rewritten
from drhttp.inbox.view.summary_fields import summary_fields

SHOWN = 256 * 1024
"""Maximum bytes of a body that are decompressed, parsed, and shown."""
HEX_SHOWN = 256
MAX_MESSAGES = 100
"""Maximum number of WebSocket messages that are shown."""


def json_line(summary: Summary, *, reveal: bool = False) -> dict[str, object]:
    """Return an exchange without headers and bodies. Times are ISO 8601 in UTC, ``_ms`` milliseconds, ``_size`` bytes.

    reveal: include values that are hidden on display.
    """
    summary, counts = (summary, {}) if reveal else masking.summary_and_counts(summary)
    return {
        **summary_fields(summary, iso),
        "direction": summary.direction,
        "hidden": unmasked_values.hidden_json(unmasked_values.in_line(counts)),
    }


def json_object(exchange: Exchange, *, reveal: bool = False) -> dict[str, object]:
    """Return an exchange with headers, bodies, and all other fields."""
    exchange, places = unmasked_values.masked_and_places(exchange, reveal=reveal)
    counted = unmasked_values.hidden_json(places, exchange)
    line = json_line(exchange.summary, reveal=True)
    sizes = {name: line.pop(f"{name}_size") for name in ("request", "response")}
    response = exchange.response
    return {
        **line,
        "request": _message(exchange.request, sizes["request"]),
        "response": None if response is None else _message(response, sizes["response"]),
        "extra": dict(exchange.extra),
        "hidden": counted,
    }


def text(exchange: Exchange, *, reveal: bool = False) -> Iterator[str]:
    """Yield the lines that `drhttp inbox show` prints."""
    exchange, places = unmasked_values.masked_and_places(exchange, reveal=reveal)
    notice = unmasked_values.sentences(places, exchange)
    summary = exchange.summary
    yield clean(f"{summary.method} {summary.url}")
    yield ""
    facts = [(name, clean(value)) for name, value in _facts(exchange) if value]
    yield from (f"{name:<10} {value}" for name, value in facts)
    yield from _side("Request", exchange.request, summary.request_size)
    if exchange.response is None:
        yield from ("", "No response was recorded.")
    else:
        yield from _side("Response", exchange.response, summary.response_size)
    yield from _messages(exchange)
    if notice:
        yield from ("", *map(clean, notice), "To show them, pass --unsafe-include-secrets.")


_ABORTED = (
    "the client disconnected before the response was complete",
    "the application closed or canceled it before the response was complete",
)


def iso(microseconds: int) -> str:
    return moment(microseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _facts(exchange: Exchange) -> Iterable[tuple[str, str]]:
    summary = exchange.summary
    local = moment(summary.started).astimezone()
    failure = ": ".join(filter(None, (summary.exception, summary.exception_text)))
    first = f", first byte after {elapsed(summary.ttfb)} ms" if summary.ttfb is not None else ""
    return [
        ("status", "" if summary.status is None else str(summary.status)),
        ("time", local.isoformat(" ", "milliseconds")),
        ("took", "" if summary.duration is None else f"{elapsed(summary.duration)} ms{first}"),
        ("user", summary.user or ""),
        ("device", summary.device or ""),
        ("client", summary.client or ""),
        ("direction", "" if summary.direction == "Incoming" else summary.direction),
        ("route", summary.route or ""),
        ("exception", failure),
        ("aborted", _ABORTED[summary.direction == "Outgoing"] if summary.aborted else ""),
        ("trace", " ".join(filter(None, (summary.trace, summary.span)))),
        ("parent", summary.parent or ""),
        ("id", summary.id),
        ("protocol", summary.protocol),
        *((name, _compact(value)) for name, value in exchange.extra.items() if name != imported.NAME),
        *imported.interesting(mapping(exchange.extra.get(imported.NAME))),
    ]


def _compact(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_compact(one)}" for name, one in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _side(name: str, message: Message, size: int | None) -> Iterator[str]:
    yield from ("", f"{name} headers")
    yield from (f"  {clean(key)}: {clean(readable(value))}" for key, value in message.headers)
    yield from ("", f"{name} body ({', '.join(_about(message, size))})")
    if message.body:
        yield from (f"  {line}" for line in _body_lines(message))


def _messages(exchange: Exchange) -> Iterator[str]:
    """Yield the WebSocket messages of an imported entry."""
    messages = imported.messages_of(mapping(exchange.extra.get(imported.NAME)))
    if messages is None:
        return
    page = imported.messages_json(messages, 0, MAX_MESSAGES, reveal=True)
    yield from ("", f"WebSocket messages ({page['count']:,})")
    for one in page["items"]:
        text = f"{one['length']:,} characters of base64" if one["binary"] else one["text"] or ""
        yield f"  {'sent    ' if one['sent'] else 'received'}  {clean(text)}"
    if page["more"]:
        yield f"... {page['count'] - MAX_MESSAGES:,} more messages; use --json to print them all"


def _about(message: Message, size: int | None) -> Iterator[str]:
    kept = len(message.body or b"")
    if message.omitted:
        yield f"omitted: {clean(message.omitted)}"
    elif not kept and not size:
        yield "empty"
    if size:
        yield f"{size:,} bytes"
    if message.truncated:
        yield f"truncated, {kept:,} bytes kept"
    if rewritten(message, size):
        yield f"written anew on its way, {kept:,} bytes kept"
    yield from _about_sender(message)


def _about_sender(message: Message) -> Iterator[str]:
    """Describe how the sender changed the body and whether the application read it."""
    if message.decoded:
        yield f"kept without its content coding, {clean(message.decoded)}"
    if message.redacted:
        yield f"{message.redacted:,} masked"
    if message.hidden:
        yield f"{message.hidden:,} arrived unmasked and hidden here"
    if message.read in {"none", "partial"}:
        yield "not read by the application" if message.read == "none" else "only partly read by the application"


def _body_lines(message: Message) -> Iterator[str]:
    shown = decompressed(message, SHOWN + 1)[0]
    found = _as_text(shown)
    if found is None:
        yield from _hex(shown)
    else:
        yield from map(clean, _pretty(found).splitlines())
    rest = len(shown) - (SHOWN if found is not None else HEX_SHOWN)
    if rest > 0:
        yield f"... {rest:,} more bytes; use --json to print them all"


def _message(message: Message, size: object) -> dict[str, Any]:
    body = message.body
    return {
        "headers": [list(pair) for pair in message.headers],
        "body_base64": None if body is None else base64.b64encode(body).decode(),
        "body_text": None if body is None else _as_text(decompressed(message, len(body) + SHOWN)[0], whole=True),
        "size": size,
        "parsed": message.parsed,
        "truncated": message.truncated,
        "omitted": message.omitted,
        "redacted": message.redacted,
        "hidden": message.hidden,
        "decoded": message.decoded,
        "content_type": message.content_type,
        "read": message.read,
    }


def _as_text(body: bytes, *, whole: bool = False) -> str | None:
    piece = body if whole else body[:SHOWN]
    try:
        found = piece.decode("utf-8")
    except UnicodeDecodeError as problem:
        # Truncation may split the last character.
        if not piece or len(piece) - problem.start > 3 or problem.reason != "unexpected end of data":
            return None
        found = piece[: problem.start].decode("utf-8")
    return None if any(char < " " and char not in "\t\r\n\f" for char in found) else found


def _pretty(found: str) -> str:
    if found.lstrip()[:1] not in {"{", "["}:
        return found
    try:
        return json.dumps(json.loads(found), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return found


def _hex(body: bytes) -> Iterator[str]:
    for start in range(0, min(len(body), HEX_SHOWN), 16):
        row = body[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:06x}  {row.hex(' '):<47}  {letters}"
