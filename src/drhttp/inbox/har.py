"""HAR 1.2, both ways: what other tools read, and what they write.

What the format has no field for lies below ``_drhttp``, so that a file that comes back gives equal records.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from drhttp._version import __version__
from drhttp.inbox import fields as wire
from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.fields import header
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import shown

LARGEST = 64 * 1024 * 1024
_TOLD = ("protocol", "direction", "route", "user", "device", "trace", "span", "parent", "aborted", "exception",
         "exception_text", "request_size", "response_size", "duration", "ttfb", "status", "client", "started",
         "received", "replay_of", "method", "scheme", "host", "path", "query")  # fmt: skip
_MARKS = tuple(field.name for field in fields(Message) if field.name not in {"headers", "body"})


class NotHar(ValueError):
    """The text is a sentence that says why an entry, or the whole, cannot be read."""


def opening() -> dict[str, Any]:
    """A log without its entries, which come last."""
    return {"version": "1.2", "creator": {"name": "drhttp", "version": __version__}, "pages": [], "entries": []}


def entry(exchange: Exchange, *, reveal: bool) -> dict[str, Any]:
    """An entry of the log; masked values stay masked unless `reveal`."""
    summary = exchange.summary
    wait = (summary.ttfb if summary.ttfb is not None else summary.duration or 0) / 1000
    receive = max(0.0, (summary.duration or 0) / 1000 - wait)
    moment = datetime.fromtimestamp(summary.started / 1_000_000, timezone.utc)
    query = masking.query(summary.query, reveal=reveal)
    told = {name: getattr(summary, name) for name in _TOLD}
    told |= {"id": summary.id, "query": query, "extra": dict(exchange.extra), "revealed": reveal}
    for side, message in (("request", exchange.request), ("response", exchange.response)):
        told[side] = message and _kept(message, reveal=reveal)
    return {
        "startedDateTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": wait + receive,
        "request": _request(exchange, query, reveal=reveal),
        "response": _response(exchange, reveal=reveal),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        "_drhttp": told,
    }


def exchanges(value: object, project: str, received: int) -> tuple[list[Exchange], list[str]]:
    """The exchanges of a log, and a sentence for every entry that is none. Raises `NotHar` when it is no log at all."""
    entries = wire.mapping(wire.mapping(value).get("log")).get("entries")
    if not isinstance(entries, list):
        raise NotHar('This is no HAR: it has no list "log.entries".')
    found, remarks = [], []
    for place, one in enumerate(entries):
        try:
            found.append(_exchange(one, project, received))
        except NotHar as problem:
            remarks.append(f"Entry {place}: {problem}")
    return found, remarks


def _request(exchange: Exchange, query: str | None, *, reveal: bool) -> dict[str, Any]:
    summary, message = exchange.summary, exchange.request
    url = quote(replace(summary, query=query).url, safe="%/:=&?~#+!$,;'@()*[]")
    pairs = parse_qsl(summary.query or "", keep_blank_values=True, errors="replace")
    told: dict[str, Any] = {
        "method": summary.method,
        "url": url if summary.scheme else f"http://{summary.host or 'unknown'}{url}",
        "httpVersion": "HTTP/1.1",
        "headers": _headers(message, reveal=reveal),
        "cookies": [],
        "queryString": [{"name": name, "value": value} for name, value, _ in masking.named(pairs, reveal=reveal)],
        "headersSize": -1,
        "bodySize": _size(summary.request_size),
    }
    if message.body:
        text, packed = _text(message, reveal=reveal)
        told["postData"] = {"mimeType": header(message.headers, "content-type") or "", "text": text}
        if packed:
            # The format has no word for it; readers that do not know this one show the base64 as text.
            told["postData"]["_encoding"] = "base64"
    return told


def _response(exchange: Exchange, *, reveal: bool) -> dict[str, Any]:
    summary, message = exchange.summary, exchange.response or Message()
    content: dict[str, Any] = {"size": _size(summary.response_size), "mimeType": summary.response_type or ""}
    if message.body:
        content["text"], packed = _text(message, reveal=reveal)
        content |= {"encoding": "base64"} if packed else {}
    status = summary.status or 0
    known = {one.value: one.phrase for one in HTTPStatus}
    return {
        "status": status,
        "statusText": known.get(status, ""),
        "httpVersion": "HTTP/1.1",
        "headers": _headers(message, reveal=reveal),
        "cookies": [],
        "content": content,
        "redirectURL": header(message.headers, "location") or "",
        "headersSize": -1,
        "bodySize": _size(summary.response_size),
    }


def _size(told: int | None) -> int:
    return -1 if told is None else told


def _headers(message: Message, *, reveal: bool) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value, _ in masking.headers(message.headers, reveal=reveal)]


def _text(message: Message, *, reveal: bool) -> tuple[str, bool]:
    """The body as text, or as base64."""
    view = shown(message, reveal=reveal)
    if view.text is not None and view.content.coding is None and not view.content.cut:
        return view.text, False
    if view.masked:
        return view.text or "", False
    return base64.b64encode(message.body or b"").decode(), True


def _kept(message: Message, *, reveal: bool) -> dict[str, Any]:
    """What is needed to make the same message again, but for its headers and text."""
    plain = asdict(Message())
    return {name: getattr(message, name) for name in _MARKS if getattr(message, name) != plain[name]} | {
        "body": message.body is not None
    }


def _exchange(value: object, project: str, received: int) -> Exchange:
    told = wire.mapping(value)
    request, response, ours = (wire.mapping(told.get(name)) for name in ("request", "response", "_drhttp"))
    if not request:
        raise NotHar("it has no request.")
    started = wire.instant(told.get("startedDateTime"))
    scheme, host, path, query = wire.address(request.get("url"))
    asked = _message(request, wire.mapping(request.get("postData")), wire.mapping(ours.get("request")))
    answered = None
    if response.get("status") or ours.get("response"):
        answered = _message(response, wire.mapping(response.get("content")), wire.mapping(ours.get("response")))
    summary = Summary(
        id=wire.text(ours.get("id")) or _digest(value),
        project=project,
        protocol="har",
        started=received if started is None else started,
        received=received,
        method=wire.text(request.get("method")) or "",
        scheme=scheme,
        host=host,
        path=path,
        query=query,
        status=wire.count(response.get("status")) or None,
        duration=wire.micros(told.get("time")),
        request_size=len(asked.body or b""),
        response_size=len(answered.body or b"") if answered else None,
        request_type=wire.text(header(asked.headers, "content-type")),
        response_type=wire.text(header(answered.headers, "content-type")) if answered else None,
    )
    extra = dict(wire.mapping(ours.get("extra")))
    return Exchange(summary=_restored(summary, ours, received), request=asked, response=answered, extra=extra)


def _restored(summary: Summary, ours: Mapping[str, object], received: int) -> Summary:
    """With what only our own files tell. They may have been edited, so every value is read like a stranger's."""
    if not ours:
        return summary
    changes: dict[str, Any] = {}
    for name in set(_TOLD) & set(ours):
        value = ours[name]
        if name == "aborted":
            changes[name] = value is True
        elif name in {"started", "duration", "ttfb", "status", "request_size", "response_size"}:
            changes[name] = wire.count(value)
        elif name in {"method", "scheme", "host", "path", "protocol", "direction"}:
            changes[name] = wire.text(value) or ""
        elif name != "received":
            changes[name] = value if value == "" and name == "query" else wire.text(value)
    return replace(summary, **{**changes, "started": changes.get("started") or summary.started, "received": received})


def _message(part: Mapping[str, object], content: Mapping[str, object], ours: Mapping[str, object]) -> Message:
    pairs = part.get("headers")
    listed = [wire.mapping(pair) for pair in pairs] if isinstance(pairs, list) else []
    headers = tuple((_plain(pair.get("name")), _plain(pair.get("value"))) for pair in listed)
    text = content.get("text")
    body: bytes | None = None
    if isinstance(text, str):
        encoding = content.get("encoding") or content.get("_encoding")
        body = wire.body(text, encoding="base64" if encoding == "base64" else "text", content_type=None)[0]
    elif isinstance(content.get("params"), list) and content["params"]:
        body = _form(content["params"])
    if body is None and ours.get("body") is True:
        body = b""
    return Message(
        headers=headers,
        body=body,
        parsed=ours.get("parsed") is True,
        truncated=ours.get("truncated") is True,
        omitted=wire.text(ours.get("omitted")),
        redacted=wire.count(ours.get("redacted")) or 0,
        decoded=wire.text(ours.get("decoded")),
        read=wire.text(ours.get("read")),
    )


def _form(params: object) -> bytes:
    pairs = [wire.mapping(one) for one in params] if isinstance(params, list) else []
    return "&".join(f"{quote(_plain(pair.get('name')))}={quote(_plain(pair.get('value')))}" for pair in pairs).encode()


def _plain(value: object) -> str:
    return "" if value is None else wire.text(value) or ""


def _digest(value: object) -> str:
    raw = json.dumps(value, sort_keys=True).encode()
    return f"har-{hashlib.sha256(raw).hexdigest()[:32]}"
