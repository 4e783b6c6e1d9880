"""Entries of a HAR as exchanges: our own, with all that they tell, and those of browsers and proxies."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote

from drhttp._redact.decoding.charset import codec_of
from drhttp.inbox import coerce
from drhttp.inbox.bounded_json import RequestRejected, parse
from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Exchange, Headers, Message, Summary

MAX_FILE_SIZE = 64 * 1024 * 1024
"""Bytes of a file that is read."""
_NUMBERS = {"started", "duration", "ttfb", "status", "request_size", "response_size"}
_TEXTS = {"method", "scheme", "host", "path", "protocol", "direction"}
_NAMES = {"protocol", "direction", "method", "user", "device", "client", "exception"}
_IDS = {"trace", "span", "parent", "replay_of"}
_SUMMARY_FIELDS = {field.name for field in fields(Summary)} - {"id", "project", "received"}
_BEFORE_BODY = ("blocked", "dns", "connect", "send", "wait")
_HIGHEST = 999
MISSING_BODY = "not in the HAR"


class InvalidHar(ValueError):
    """The text is a sentence that says why an entry, or the whole, cannot be read."""


def read(raw: bytes, project: str, received: int) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges of a file, within the limits of requests to the inbox. Raises `InvalidHar`."""
    if len(raw) > MAX_FILE_SIZE:
        raise InvalidHar(f"The file is larger than {MAX_FILE_SIZE >> 20} MiB.")
    try:
        return exchanges(parse(raw.removeprefix(b"\xef\xbb\xbf")), project, received)
    except RequestRejected as problem:
        raise InvalidHar(str(problem).replace("The body", "The file")) from problem


def exchanges(value: object, project: str, received: int) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges of a log, and a message for each invalid entry. Raises `InvalidHar` for other JSON."""
    entries = coerce.mapping(coerce.mapping(value).get("log")).get("entries")
    if not isinstance(entries, list):
        raise InvalidHar('This is not a HAR file: "log.entries" is missing or not a list.')
    found, remarks = [], []
    for place, one in enumerate(entries):
        try:
            found.append(_exchange(one, project, received))
        except InvalidHar as problem:
            remarks.append(f"Entry {place}: {problem}")
    return found, remarks


def _exchange(value: object, project: str, received: int) -> Exchange:
    entry = coerce.mapping(value)
    request, response, ours = (coerce.mapping(entry.get(name)) for name in ("request", "response", "_drhttp"))
    if not request:
        raise InvalidHar("it has no request.")
    started = coerce.instant(entry.get("startedDateTime"))
    scheme, host, path, query = coerce.address(request.get("url"))
    content = coerce.mapping(response.get("content"))
    request_message = _message(request, coerce.mapping(request.get("postData")), coerce.mapping(ours.get("request")))
    response_message = None
    if ours.get("response") or (response.get("status") and not ours):
        response_message = _message(response, content, coerce.mapping(ours.get("response")))
        if not ours:
            response_message = _foreign_message(response_message, content)
    summary = Summary(
        id=coerce.identity(ours.get("id")) or _digest(value),
        project=project,
        protocol="har",
        started=received if started is None else started,
        received=received,
        method=coerce.short(request.get("method")) or "",
        scheme=scheme,
        host=host,
        path=path,
        query=query,
        status=_status(response.get("status")),
        duration=coerce.micros(entry.get("time")),
        ttfb=_first_byte(coerce.mapping(entry.get("timings"))),
        request_size=len(request_message.body or b""),
        response_size=_size(response_message, content),
        request_type=coerce.text(header(request_message.headers, "content-type")),
        response_type=coerce.text(header(response_message.headers, "content-type")) if response_message else None,
    )
    extra = dict(coerce.mapping(ours.get("extra")))
    return Exchange(summary=_restored(summary, ours), request=request_message, response=response_message, extra=extra)


def _status(value: object) -> int | None:
    found = coerce.count(value) or 0
    return found if 0 < found <= _HIGHEST else None


def _restored(summary: Summary, ours: Mapping[str, object]) -> Summary:
    """With what only our own files tell. They may have been edited, so every value is read like a stranger's."""
    changes: dict[str, Any] = {}
    for name in _SUMMARY_FIELDS & set(ours):
        value = ours[name]
        if name == "aborted":
            changes[name] = value is True
        elif name in _NUMBERS:
            changes[name] = coerce.count(value)
        elif name in _TEXTS:
            changes[name] = (coerce.short if name in _NAMES else coerce.text)(value) or ""
        elif name in _NAMES or name in _IDS:
            changes[name] = (coerce.short if name in _NAMES else coerce.identity)(value)
        else:
            changes[name] = value if value == "" and name == "query" else coerce.text(value)
    if not 0 < (changes.get("started") or 0) < coerce.LATEST:
        changes["started"] = summary.started
    if (changes.get("status") or 0) > _HIGHEST:
        changes["status"] = summary.status
    return replace(summary, **changes)


def _message(part: Mapping[str, object], content: Mapping[str, object], ours: Mapping[str, object]) -> Message:
    return Message(
        headers=_own_headers(ours.get("headers")) or _headers(part.get("headers")),
        body=_body(content, ours),
        parsed=ours.get("parsed") is True,
        truncated=ours.get("truncated") is True,
        omitted=coerce.text(ours.get("omitted")),
        redacted=coerce.count(ours.get("redacted")) or 0,
        hidden=coerce.count(ours.get("hidden")) or 0,
        decoded=coerce.text(ours.get("decoded")),
        read=coerce.text(ours.get("read")),
    )


def _body(content: Mapping[str, object], ours: Mapping[str, object]) -> bytes | None:
    text, raw = content.get("text"), ours.get("raw")
    if isinstance(raw, str) and (packed := _unpacked(raw)) is not None:
        return packed
    if isinstance(text, str):
        if (content.get("encoding") or content.get("_encoding")) == "base64" and (found := _unpacked(text)) is not None:
            return found
        return _encoded(coerce.scrub(text), ours.get("charset"))
    params = content.get("params")
    if isinstance(params, list) and params:
        return _form(params)
    return b"" if ours.get("body") is True else None


def _unpacked(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _encoded(text: str, charset: object) -> bytes:
    codec = codec_of(charset) if isinstance(charset, str) else None
    try:
        return text.encode(codec or "utf-8")
    except UnicodeError:
        return text.encode("utf-8", "replace")


def _foreign_message(message: Message, content: Mapping[str, object]) -> Message:
    """Others write the text without its content coding, and leave out what is large or was not kept."""
    coding = header(message.headers, "content-encoding")
    if message.body:
        return replace(message, decoded=coerce.text(coding))
    return replace(message, omitted=MISSING_BODY) if coerce.count(content.get("size")) else message


def _size(message: Message | None, content: Mapping[str, object]) -> int | None:
    if message is None:
        return None
    declared = coerce.count(content.get("size"))
    return declared if declared and message.body is None else len(message.body or b"")


def _first_byte(timings: Mapping[str, object]) -> int | None:
    """Microseconds until the answer began; what does not apply is -1."""
    if coerce.micros(timings.get("wait")) is None:
        return None
    return sum(coerce.micros(timings.get(name)) or 0 for name in _BEFORE_BODY)


def _headers(value: object) -> Headers:
    """As text of any alphabet; HTTP/2 writes parts of the first line among them, with a colon in front."""
    listed = [coerce.mapping(pair) for pair in value] if isinstance(value, list) else []
    pairs = [(_plain(pair.get("name")), _plain(pair.get("value"))) for pair in listed]
    return tuple((_bytes(name), _bytes(text)) for name, text in pairs if name and not name.startswith(":"))


def _own_headers(value: object) -> Headers:
    found = coerce.headers(value) if isinstance(value, list) else ()
    return tuple((_latin(name), _latin(text)) for name, text in found)


def _latin(text: str) -> str:
    """One character a byte, also when somebody has edited the file."""
    return text if all(char <= "\xff" for char in text) else _bytes(text)


def _bytes(text: str) -> str:
    return coerce.scrub(text).encode().decode("latin-1")


def _form(params: list[object]) -> bytes:
    pairs = [coerce.mapping(one) for one in params]
    return "&".join(f"{quote(_plain(pair.get('name')))}={quote(_plain(pair.get('value')))}" for pair in pairs).encode()


def _plain(value: object) -> str:
    return "" if value is None else coerce.text(value) or ""


def _digest(value: object) -> str:
    raw = json.dumps(value, sort_keys=True).encode()
    return f"har-{hashlib.sha256(raw).hexdigest()[:32]}"
