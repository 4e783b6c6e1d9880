"""Entries of a HAR as exchanges: our own, with all that they tell, and those of browsers and proxies."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from drhttp.inbox import coerce
from drhttp.inbox.bounded_json import RequestRejected, parse
from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.har.messages import foreign_message, is_base64, is_form_without_text, own_message
from drhttp.inbox.har.pages import pages_by_place
from drhttp.inbox.har.remainder import clean, difference
from drhttp.inbox.har.writer import raw_pairs, written
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view.imported import FIRST_PROTOCOL, NAME

MAX_FILE_SIZE = 64 * 1024 * 1024
"""Bytes of a file that is read."""
MAX_PATH = 1_000
"""Characters of the path of a record whose URL has no host, as of ``data:``; the whole URL is kept beside it."""
_NUMBERS = {"started", "duration", "ttfb", "status", "request_size", "response_size"}
_TEXTS = {"method", "scheme", "host", "path", "protocol", "direction"}
_NAMES = {"protocol", "direction", "method", "user", "device", "client", "exception"}
_IDS = {"trace", "span", "parent", "replay_of"}
_SUMMARY_FIELDS = {field.name for field in fields(Summary)} - {"id", "project", "received"}
_BEFORE_BODY = ("blocked", "dns", "connect", "send", "wait")
_HIGHEST = 999
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)


class InvalidHar(ValueError):
    """The text is a sentence that says why an entry, or the whole, cannot be read."""


def read(raw: bytes, project: str, received: int) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges of a file, within the limits of requests to the inbox. Raises `InvalidHar`."""
    if len(raw) > MAX_FILE_SIZE:
        raise InvalidHar(f"The file is larger than {MAX_FILE_SIZE >> 20} MiB.")
    try:
        return exchanges(parse(raw.removeprefix(b"\xef\xbb\xbf")), project, received, importing=True)
    except RequestRejected as problem:
        raise InvalidHar(str(problem).replace("The body", "The file")) from problem


def exchanges(
    value: object, project: str, received: int, *, importing: bool = False
) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges of a log, and a message for each invalid entry. Raises `InvalidHar` for other JSON.

    importing: mark records of our own exports as imported. Those of others always are.
    """
    log = coerce.mapping(coerce.mapping(value).get("log"))
    entries = log.get("entries")
    if not isinstance(entries, list):
        raise InvalidHar('This is not a HAR file: "log.entries" is missing or not a list.')
    places = _places(log, entries)
    found, remarks = [], []
    for place, one in zip(places, entries, strict=True):
        try:
            found.append(_exchange(one, project, received, place, importing=importing))
        except InvalidHar as problem:
            remarks.append(f"Entry {place.number}: {problem}")
    return found, remarks


def unknown(found: Sequence[Exchange], store: StoreReader) -> list[Exchange]:
    """Return the exchanges that are not stored yet, each once."""
    by_id = {one.summary.id: one for one in found}
    known = store.known(list(by_id))
    return [one for identity, one in by_id.items() if identity not in known]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands: its number, the nearest start time that can be read, its pages, and who wrote the file."""

    number: int
    near: int
    pages: list[Any]
    log: Mapping[str, Any]


def _places(log: Mapping[str, object], entries: list[object]) -> list[_Place]:
    times = [instant(coerce.mapping(one).get("startedDateTime")) for one in entries]
    pages = [instant(coerce.mapping(one).get("startedDateTime")) for one in _listed(log.get("pages"))]
    near = next((time for time in (*times, *pages) if time is not None), 0)
    about = {name: clean(log[name]) for name in ("creator", "browser", "comment") if log.get(name)}
    found = []
    for number, (time, own) in enumerate(zip(times, pages_by_place(log, entries), strict=True)):
        near = near if time is None else time
        found.append(_Place(number, near, own, about))
    return found


def instant(value: object) -> int | None:
    """Parse a start time. Programs write any number of digits behind the seconds, and offsets without a colon."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return coerce.instant(value)
    day, clock, fraction, offset = found.groups()
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    digits = f"{offset[1:].replace(':', '')}00"[:4] if offset and offset not in "Zz" else ""
    zone = f"{offset[0]}{digits[:2]}:{digits[2:]}" if digits and offset else "+00:00"
    return coerce.instant(f"{day}T{clock}.{(fraction or '')[:6]:0<6}{zone}")


def _exchange(value: object, project: str, received: int, place: _Place, *, importing: bool) -> Exchange:
    entry = coerce.mapping(value)
    request, response, ours = (coerce.mapping(entry.get(name)) for name in ("request", "response", "_drhttp"))
    if not request:
        raise InvalidHar("it has no request.")
    data, content = coerce.mapping(request.get("postData")), coerce.mapping(response.get("content"))
    if ours:
        asked = own_message(request, data, coerce.mapping(ours.get("request")))
        answered = (
            own_message(response, content, coerce.mapping(ours.get("response"))) if ours.get("response") else None
        )
    else:
        asked = foreign_message(request, data)
        there = response.get("status") or response.get("headers") or content.get("text")
        answered = foreign_message(response, content) if there else None
    started = instant(entry.get("startedDateTime"))
    scheme, host, path, query = _address(request.get("url"))
    summary = Summary(
        id=coerce.identity(ours.get("id")) or _digest([place.number, value]),
        project=project,
        protocol="har",
        started=place.near if started is None else started,
        received=received,
        method=coerce.short(request.get("method")) or "",
        scheme=scheme,
        host=host,
        path=path,
        query=query,
        status=_status(response.get("status")),
        duration=coerce.micros(entry.get("time")),
        ttfb=_first_byte(coerce.mapping(entry.get("timings"))),
        exception=coerce.short(response.get("_error")) if not answered else None,
        request_size=len(asked.body) if asked.body else coerce.count(request.get("bodySize")) or 0,
        response_size=_size(answered, content),
        request_type=_type(asked),
        response_type=_type(answered) if answered else None,
    )
    extra = {name: one for name, one in coerce.mapping(ours.get("extra")).items() if name != NAME}
    exchange = Exchange(summary=_restored(summary, ours), request=asked, response=answered, extra=extra)
    imported = coerce.mapping(ours.get(NAME))
    if ours and (not imported or FIRST_PROTOCOL in imported):
        return _of_our_export(exchange, imported, place if importing else None)
    about = dict(imported) or _about(entry, place)
    return replace(exchange, extra={**extra, NAME: _kept(entry, exchange, about, place.pages)})


def _of_our_export(exchange: Exchange, imported: Mapping[str, Any], place: _Place | None) -> Exchange:
    """Return a record of our own export, which says all of it. place: where it is imported from, if it is."""
    about = dict(imported)
    if place is not None:
        first = imported.get(FIRST_PROTOCOL, exchange.summary.protocol)
        about = {"place": place.number, **place.log, FIRST_PROTOCOL: first}
        exchange = replace(exchange, summary=replace(exchange.summary, protocol="har"))
    return replace(exchange, extra={**exchange.extra, NAME: about}) if about else exchange


def _about(entry: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    """What an entry does not say itself: its place and its file, and how its parts were written."""
    request, response = (coerce.mapping(entry.get(name)) for name in ("request", "response"))
    data, content = coerce.mapping(request.get("postData")), coerce.mapping(response.get("content"))
    raw, listed = raw_pairs(_address(request.get("url"))[3] or ""), request.get("queryString")
    started = entry.get("startedDateTime")
    about = {
        "place": place.number,
        **place.log,
        "base64": [side for side, part in (("request", data), ("response", content)) if is_base64(part)],
        "raw_query": bool(raw) and listed == raw,
        "form": is_form_without_text(data),
        "started": None if instant(started) is not None else json.dumps(clean(started))[:200],
    }
    return {name: value for name, value in about.items() if value or name == "place"}


def _kept(entry: Mapping[str, Any], exchange: Exchange, about: dict[str, Any], pages: list[Any]) -> dict[str, Any]:
    """Return all that the entry says beyond the record."""
    original = clean({name: value for name, value in entry.items() if name != "_drhttp"})
    rest = difference(original, written(exchange, about)[0])
    if instant(entry.get("startedDateTime")) is None:
        rest.get("set", {}).pop("startedDateTime", None)
    return {**about, "pages": pages, "rest": rest} if pages else {**about, "rest": rest}


def _address(url: object) -> tuple[str, str, str, str | None]:
    scheme, host, path, query = coerce.address(url)
    if not host and len(path) > MAX_PATH:
        return scheme, host, f"{path[:MAX_PATH]}…", None
    return scheme, host, path, query


def _type(message: Message) -> str | None:
    return coerce.text(header(message.headers, "content-type")) or message.content_type


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


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _digest(value: object) -> str:
    raw = json.dumps(value, sort_keys=True).encode()
    return f"har-{hashlib.sha256(raw).hexdigest()[:32]}"
