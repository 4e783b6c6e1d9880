"""Exchanges as entries of a HAR (http://www.softwareishard.com/blog/har-12-spec/), as importers of others take them."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from drhttp._version import __version__
from drhttp.inbox.coerce import header, moment, readable
from drhttp.inbox.exchange import Exchange, Headers, Message, Summary
from drhttp.inbox.view import unmasked_values
from drhttp.inbox.view.bodies import cookies
from drhttp.inbox.view.content import Content, content_of

MARKS = tuple(field.name for field in fields(Message) if field.name not in {"headers", "body"})
_NOTHING = asdict(Message())
_PHRASES = {one.value: one.phrase for one in HTTPStatus}
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_OUTBOUND = "outbound: sent by the application"
_TARGET_SAFE = "%/:=&?~+!$,;'@()*"


def opening() -> dict[str, Any]:
    """A log without its entries, which come last."""
    return {"version": "1.2", "creator": {"name": "drhttp", "version": __version__}, "pages": [], "entries": []}


def entry(exchange: Exchange, *, reveal: bool) -> dict[str, Any]:
    """An entry of the log; what is hidden on display is hidden here too, unless `reveal`."""
    exchange, places = unmasked_values.masked_and_places(exchange, reveal=reveal)
    counted = unmasked_values.hidden_json(places, exchange)
    summary = exchange.summary
    wait = (summary.ttfb if summary.ttfb is not None else summary.duration or 0) / 1000
    receive = max(0.0, (summary.duration or 0) / 1000 - wait)
    request, request_data = _request(exchange)
    response, response_data = _response(exchange)
    data = {field.name: getattr(summary, field.name) for field in fields(Summary) if field.name != "project"}
    data |= {"extra": dict(exchange.extra), "revealed": reveal, "request": request_data, "response": response_data}
    data["hidden"] = counted
    return {
        "startedDateTime": moment(summary.started).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": wait + receive,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        **({"comment": _OUTBOUND} if summary.direction == "Outgoing" else {}),
        "_drhttp": data,
    }


def _request(exchange: Exchange) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the format knows of it, and what it does not."""
    summary, message = exchange.summary, exchange.request
    query = parse_qsl(summary.query or "", keep_blank_values=True, errors="replace")
    # Importers would undo the coding of the text, which has none any more.
    headers = tuple(pair for pair in message.headers if not message.body or pair[0].lower() != "content-encoding")
    data: dict[str, Any] = {
        "method": summary.method,
        "url": _address(summary),
        "httpVersion": "HTTP/1.1",
        "headers": _listed(headers),
        "cookies": _cookies(headers),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": _size(summary.request_size),
    }
    kept = _kept(message, headers)
    if message.body:
        text, packed, more = _text(message, content_of(message))
        kept |= more
        data["postData"] = {"mimeType": header(message.headers, "content-type") or "", "text": text}
        if packed:
            # The format has no word for it; readers that do not know this one show the base64 as text.
            data["postData"]["_encoding"] = "base64"
    return data, kept


def _response(exchange: Exchange) -> tuple[dict[str, Any], dict[str, Any] | None]:
    summary, message = exchange.summary, exchange.response or Message()
    content: dict[str, Any] = {"size": _size(summary.response_size), "mimeType": summary.response_type or ""}
    kept = _kept(message, message.headers)
    if message.body:
        view = content_of(message)
        content["text"], packed, more = _text(message, view)
        content |= {"encoding": "base64"} if packed else {}
        content |= {"size": len(view.data)} if "raw" in more else {}
        kept |= more
    status = summary.status or 0
    data = {
        "status": status,
        "statusText": _PHRASES.get(status, ""),
        "httpVersion": "HTTP/1.1",
        "headers": _listed(message.headers),
        "cookies": _cookies(message.headers),
        "content": content,
        "redirectURL": readable(header(message.headers, "location") or ""),
        "headersSize": -1,
        "bodySize": _size(summary.response_size),
    }
    return data, None if exchange.response is None else kept


def _address(summary: Summary) -> str:
    """A URL that every importer can take apart; the very address is kept apart."""
    scheme = summary.scheme.lower() if summary.scheme.lower() in {"http", "https"} else "http"
    place = summary.host.rpartition("@")[2]
    found = _HOST.fullmatch(place)
    host = place if found and int(found[1] or 0) < 65536 else "unknown"
    return f"{scheme}://{host}/{quote(summary.target, safe=_TARGET_SAFE).removeprefix('/')}"


def _size(size: int | None) -> int:
    return -1 if size is None else size


def _listed(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": readable(value)} for name, value in headers]


def _cookies(headers: Headers) -> list[dict[str, str]]:
    pairs = [(name, readable(value)) for name, value in headers if name.lower() in {"cookie", "set-cookie"}]
    return [{"name": name, "value": value} for name, value in cookies(pairs)]


def _text(message: Message, content: Content) -> tuple[str, bool, dict[str, Any]]:
    """The body as text, or as base64; whether it is that; and what is needed to make the same bytes again."""
    body, kept = message.body or b"", {}
    data = body
    if content.coding is not None and not content.cut:
        data, kept = content.data, {"raw": base64.b64encode(body).decode()}
    try:
        text = content.text if content.text is not None else data.decode("utf-8")
        if text.encode(content.charset) == data:
            return text, False, kept | ({"charset": content.charset} if content.charset != "utf-8" else {})
    except UnicodeError:
        pass
    return base64.b64encode(data).decode(), True, kept


def _is_preserved(name: str, value: str) -> bool:
    """Whether a field comes back as it was: bytes that are no ASCII are written as the text that they may be."""
    return name.isascii() and value.isascii() and name[:1] not in {"", ":"}


def _kept(message: Message, written: Headers) -> dict[str, Any]:
    """What is needed to make the same message again, but for its text."""
    data: dict[str, Any] = {name: getattr(message, name) for name in MARKS if getattr(message, name) != _NOTHING[name]}
    data["body"] = message.body is not None
    if written != message.headers or not all(_is_preserved(*pair) for pair in written):
        data["headers"] = [list(pair) for pair in message.headers]
    return data
