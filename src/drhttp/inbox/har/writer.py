"""Exchanges as entries of a HAR (http://www.softwareishard.com/blog/har-12-spec/), as importers of others take them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from drhttp._version import __version__
from drhttp.inbox.coerce import header, mapping, moment, readable
from drhttp.inbox.exchange import Exchange, Headers, Message, Summary
from drhttp.inbox.har.pages import Pages
from drhttp.inbox.har.remainder import restored
from drhttp.inbox.view import imported, masking, unmasked_values
from drhttp.inbox.view.bodies import cookies
from drhttp.inbox.view.content import UNPACKED, Content, content_of

MARKS = tuple(field.name for field in fields(Message) if field.name not in {"headers", "body"})
_NOTHING = asdict(Message())
_PHRASES = {one.value: one.phrase for one in HTTPStatus}
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_OUTBOUND = "outbound: sent by the application"
_TARGET_SAFE = "%/:=&?~+!$,;'@()*"


def opening() -> dict[str, Any]:
    """A log without its entries, which come last."""
    return {"version": "1.2", "creator": {"name": "drhttp", "version": __version__}, "pages": [], "entries": []}


def entry(exchange: Exchange, *, reveal: bool, pages: Pages | None = None) -> dict[str, Any]:
    """An entry of the log; what is hidden on display is hidden here too, unless `reveal`.

    pages: takes the pages that an imported entry refers to.
    """
    exchange, places = unmasked_values.masked_and_places(exchange, reveal=reveal)
    kept = mapping(exchange.extra.get(imported.NAME))
    found, request, response = written(exchange, kept)
    data = {field.name: getattr(exchange.summary, field.name) for field in fields(Summary) if field.name != "project"}
    extra = {name: value for name, value in exchange.extra.items() if name != imported.NAME}
    data |= {"extra": extra, "revealed": reveal, "request": request, "response": response}
    data["hidden"] = unmasked_values.hidden_json(places, exchange)
    if kept:
        found = restored(found, mapping(kept.get("rest")))
        data[imported.NAME] = {name: value for name, value in kept.items() if name not in {"rest", "pages"}}
        if pages is not None:
            pages.take(found, kept.get("pages"))
    return {**found, "_drhttp": data}


def written(
    exchange: Exchange, kept: Mapping[str, object]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """Return an entry as it follows from the record alone, and what the format does not know of its two messages.

    kept: how an imported entry was written, in what two programs write differently.
    """
    summary = exchange.summary
    wait = (summary.ttfb if summary.ttfb is not None else summary.duration or 0) / 1000
    receive = max(0.0, (summary.duration or 0) / 1000 - wait)
    request, request_data = _request(exchange, kept)
    response, response_data = _response(exchange, kept)
    found = {
        "startedDateTime": moment(summary.started).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": wait + receive,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        **({"comment": _OUTBOUND} if summary.direction == "Outgoing" else {}),
    }
    return found, request_data, response_data


def raw_pairs(query: str) -> list[dict[str, str]]:
    """Return the parameters of a query as they stand in it, which is how some programs list them."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return [{"name": name, "value": value} for name, _, value in pairs]


def _request(exchange: Exchange, kept: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the format knows of it, and what it does not."""
    summary, message = exchange.summary, exchange.request
    query = parse_qsl(summary.query or "", keep_blank_values=True, errors="replace")
    # Importers would undo the coding of the text, which has none any more.
    headers = tuple(pair for pair in message.headers if not message.body or pair[0].lower() != "content-encoding")
    listed = [{"name": name, "value": value} for name, value in query]
    data: dict[str, Any] = {
        "method": summary.method,
        "url": summary.url if _is_foreign(kept) and masking.MASK not in summary.url else _address(summary),
        "httpVersion": "HTTP/1.1",
        "headers": _listed(headers),
        "cookies": _cookies(headers),
        "queryString": raw_pairs(summary.query or "") if kept.get("raw_query") else listed,
        "headersSize": -1,
        "bodySize": _size(summary.request_size),
    }
    ours = _kept(message, headers)
    if message.body:
        text, packed, more = _text(message, content_of(message, UNPACKED), packed=_is_packed(kept, "request"))
        ours |= more
        data["postData"] = {"mimeType": _type(message), "text": text}
        if packed:
            # The format has no word for it; readers that do not know this one show the base64 as text.
            data["postData"]["_encoding"] = "base64"
    return data, ours


def _response(exchange: Exchange, kept: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    summary, message = exchange.summary, exchange.response or Message()
    content: dict[str, Any] = {"size": _size(summary.response_size), "mimeType": summary.response_type or ""}
    ours = _kept(message, message.headers)
    if message.body:
        view = content_of(message, UNPACKED)
        content["text"], packed, more = _text(message, view, packed=_is_packed(kept, "response"))
        content |= {"encoding": "base64"} if packed else {}
        content |= {"size": len(view.data)} if "raw" in more else {}
        ours |= more
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
    return data, None if exchange.response is None else ours


def _is_foreign(kept: Mapping[str, object]) -> bool:
    """Return whether another program wrote the entry: its URL is one that importers take."""
    return bool(kept) and imported.FIRST_PROTOCOL not in kept


def _is_packed(kept: Mapping[str, object], side: str) -> bool:
    sides = kept.get("base64")
    return isinstance(sides, list) and side in sides


def _type(message: Message) -> str:
    return header(message.headers, "content-type") or message.content_type or ""


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


def _text(message: Message, content: Content, *, packed: bool) -> tuple[str, bool, dict[str, Any]]:
    """The body as text, or as base64; whether it is that; and what is needed to make the same bytes again.

    packed: base64 also for a text.
    """
    body, kept = message.body or b"", {}
    data = body
    if content.coding is not None and not content.cut:
        data, kept = content.data, {"raw": base64.b64encode(body).decode()}
    if packed:
        return base64.b64encode(data).decode(), True, kept
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
