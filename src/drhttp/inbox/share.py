"""One record as a single HTML file that shows it offline: masked, without scripts, and without any request.

Everything in a record was written by strangers: it is escaped, and a policy in the file lets nothing run or load.
"""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from drhttp._version import __version__
from drhttp.inbox.endpoint import endpoint, is_error
from drhttp.inbox.exchange import Entry, Exchange, Summary
from drhttp.inbox.share_style import STYLE
from drhttp.inbox.view import masking, unmasked_values
from drhttp.inbox.view.bodies import DisplayedBody, views
from drhttp.inbox.view.content import image_type
from drhttp.inbox.view.summary import record_json

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
MAX_TEXT = 1024 * 1024
"""Characters of a body that are included."""
MAX_IMAGE = 2 * 1024 * 1024
"""Bytes of an image that is included."""
MAX_HEX = 512
_ABORTED = "The exchange ended before the response was complete."


def page(exchange: Exchange, *, n: int | None = None, calls: Sequence[Summary] = (), reveal: bool = False) -> str:
    """Return the file. n: the number of the record in its inbox. calls: what the application asked of others meanwhile.

    reveal: include values that are hidden on display.
    """
    summary = exchange.summary
    entry = Entry(n=n or 0, summary=summary, endpoint=endpoint(summary), error=is_error(summary))
    bodies = views(exchange, reveal=reveal)
    record = record_json(entry, exchange, reveal=reveal, bodies=bodies)
    places = [] if reveal else unmasked_values.in_record(exchange, bodies)
    title = f"{record['method']} {record['path']} {record['status'] or ''}".strip()
    parts = [
        _heading(record, n),
        _failure(record),
        _message("Request", record["request"], bodies["request"], exchange.request.body),
        _response(record, bodies, exchange),
        _messages(record),
        _calls([masking.summary(call, reveal=reveal) for call in calls], summary.started),
        _facts(record),
        _footer(len(places), sum(place.count for place in places), reveal=reveal),
    ]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">'
        f"<title>{_text(title)}</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{"".join(parts)}</body></html>\n'


def _text(value: object) -> str:
    """Escape a text; what is not printable, such as bidirectional controls, becomes visible."""
    return escape("".join(map(_visible, str(value))))


def _visible(char: str) -> str:
    if char in "\n\t" or unicodedata.category(char)[0] != "C":
        return char
    return f"\\u{ord(char):04x}" if char != "\r" else ""


def _heading(record: Mapping[str, Any], n: int | None) -> str:
    kind = "bad" if record["error"] else "good"
    took = record["duration_ms"]
    facts = [
        f'<b class="{kind}">{_text(record["status"] or "no response")}</b>',
        _text("" if took is None else f"{took:,.1f} ms"),
        _text(record["time"]),
        _text(f"user {record['user']}" if record["user"] else ""),
        _text(f"device {record['device']}" if record["device"] else ""),
        _text(f"record {n}" if n else ""),
    ]
    line = " · ".join(filter(None, facts))
    return (
        f"<header><h1><b>{_text(record['method'])}</b> <code>{_text(record['url'])}</code></h1><p>{line}</p></header>\n"
    )


def _failure(record: Mapping[str, Any]) -> str:
    failure, found = record["exception"], []
    if failure:
        found.append(f'<p class="failure"><b>{_text(failure["type"])}</b> {_text(failure["message"] or "")}</p>\n')
    if record["aborted"]:
        found.append(f'<p class="failure">{_ABORTED}</p>\n')
    return "".join(found)


def _response(record: Mapping[str, Any], bodies: Mapping[str, DisplayedBody], exchange: Exchange) -> str:
    if exchange.response is None:
        return "<h2>Response</h2><p>No response was recorded.</p>\n"
    return _message("Response", record["response"], bodies["response"], exchange.response.body)


def _message(title: str, message: Mapping[str, Any], view: DisplayedBody, raw: bytes | None) -> str:
    body = message["body"]
    about = ", ".join(filter(None, (body["type"] or body["content_type"], _size(body["size"]))))
    parts = [
        f"<h2>{title}</h2>\n<h3>Body{f' <small>{_text(about)}</small>' if about else ''}</h3>",
        *(f'<p class="note">{_text(remark)}</p>' for remark in _remarks(body)),
        _body(view, raw),
        _table("Query", [(one["name"], one["value"]) for one in message.get("query") or ()]),
        _table("Headers", [(one["name"], one["value"]) for one in message["headers"]]),
    ]
    return "".join(parts) + "\n"


def _size(size: int | None) -> str:
    return "" if size is None else f"{size:,} bytes"


def _remarks(body: Mapping[str, Any]) -> Iterator[str]:
    if body["omitted"]:
        yield f"The body was not recorded: {body['omitted']}."
    if body["truncated"]:
        yield f"Truncated: {body['kept']:,} bytes were recorded."
    if body["redacted"]:
        yield f"Masked before the record was sent: {body['redacted']:,}."
    if body["masked"]:
        yield f"Arrived in clear and hidden in this file: {body['masked']:,}."
    if body["coding_error"]:
        yield str(body["coding_error"])


def _body(view: DisplayedBody, raw: bytes | None) -> str:
    content = view.content
    if view.fields is not None:
        return _table("Fields", [(one["name"], one["value"]) for one in view.fields])
    if view.parts:
        return "".join(_part(one) for one in view.parts)
    if view.text is not None:
        text = _indented(view.text) if content.form == "json" else view.text
        more = f'<p class="note">The file holds the first {MAX_TEXT:,} characters.</p>' if len(text) > MAX_TEXT else ""
        return f"<pre>{_text(text[:MAX_TEXT])}</pre>{more}"
    media = image_type(content.data)
    if media and len(content.data) <= MAX_IMAGE:
        return f'<p><img alt="Image" src="data:{media};base64,{base64.b64encode(content.data).decode()}"></p>'
    if content.form == "empty" or view.masked:
        return "" if content.form != "empty" or raw else "<p>No body.</p>"
    rows = [content.data[at : at + 16].hex(" ") for at in range(0, min(len(content.data), MAX_HEX), 16)]
    return f"<pre>{_text(chr(10).join(rows))}{' …' if len(content.data) > MAX_HEX else ''}</pre>"


def _part(part: Mapping[str, Any]) -> str:
    name = " · ".join(filter(None, (part["name"] or "unnamed", part["filename"], part["type"], _size(part["size"]))))
    text = "<p>Binary data.</p>" if part["text"] is None else f"<pre>{_text(part['text'])}</pre>"
    return f"<h4>{_text(name)}</h4>{text}"


def _messages(record: Mapping[str, Any]) -> str:
    messages = (record["imported"] or {}).get("messages")
    if not messages:
        return ""
    rows = [
        f"<tr><th>{'sent' if one['sent'] else 'received'}</th><td><pre>{_text(one['text'] or '')}</pre></td></tr>"
        for one in messages["items"]
    ]
    more = f"<p>{messages['count'] - len(rows):,} more messages.</p>" if messages["more"] else ""
    return f"<h2>WebSocket messages</h2><table>{''.join(rows)}</table>{more}\n"


def _calls(calls: Sequence[Summary], started: int) -> str:
    rows = [
        f"<tr><th>{_text(call.method)} {_text(call.status or 'no response')}</th><td>{_text(call.url)}<br>"
        f"{_text(_failed(call))} after {(call.started - started) / 1000:,.1f} ms, took {_took(call)}</td></tr>"
        for call in calls
    ]
    return f"<h2>Requests sent by the application</h2><table>{''.join(rows)}</table>\n" if rows else ""


def _failed(call: Summary) -> str:
    return ": ".join(filter(None, (call.exception, call.exception_text)))


def _took(call: Summary) -> str:
    return "an unknown time" if call.duration is None else f"{call.duration / 1000:,.1f} ms"


def _facts(record: Mapping[str, Any]) -> str:
    about = record["imported"] or {}
    timings = ", ".join(f"{name} {ms:g} ms" for name, ms in about.get("timings", ()))
    failure = record["extra"].get("raised")
    facts = [
        ("Route", record["route"]),
        ("Client", record["client"]),
        ("Trace", record["trace_id"]),
        ("Id", record["id"]),
        ("HTTP", about.get("http_version")),
        ("Server", about.get("server")),
        ("Page", about.get("page")),
        ("Initiator", about.get("initiator")),
        ("Timings", timings),
        ("Raised in", json.dumps(failure) if failure else None),
        ("Note", record["note"]),
    ]
    remarks = "".join(f'<p class="note">{_text(remark)}</p>' for remark in about.get("remarks", ()))
    return _table("Details", [(name, value) for name, value in facts if value]) + remarks


def _table(title: str, pairs: Iterable[tuple[str, Any]]) -> str:
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value or '')}</td></tr>" for name, value in pairs)
    return f"<details open><summary>{title}</summary><table>{rows}</table></details>" if rows else ""


def _footer(places: int, count: int, *, reveal: bool) -> str:
    hidden = f"Values that arrived in clear and are hidden in this file: {count:,}. " if places else ""
    hidden = "Nothing is hidden in this file: it may hold passwords and tokens. " if reveal else hidden
    return f"<footer><p>{hidden}Written by drhttp {__version__}.</p></footer>\n"


def _indented(text: str) -> str:
    """Indent JSON without changing any of its tokens: numbers stay exact, and repeated names stay."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    found: list[str] = []
    depth, quoted, escaped = 0, False, False
    for place, char in enumerate(text):
        if quoted:
            found.append(char)
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char in "{[":
            depth += 1
            found.append(char if _is_empty(text, place) else f"{char}\n{'  ' * depth}")
        elif char in "}]":
            depth -= 1
            found.append(char if found and found[-1] in {"{", "["} else f"\n{'  ' * depth}{char}")
        elif char == ",":
            found.append(f",\n{'  ' * depth}")
        elif char not in " \t\r\n":
            quoted = char == '"'
            found.append(": " if char == ":" else char)
    return "".join(found)


def _is_empty(text: str, place: int) -> bool:
    """Return whether nothing stands in the brackets that open here."""
    at = place + 1
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return text[at : at + 1] in {"}", "]"}
