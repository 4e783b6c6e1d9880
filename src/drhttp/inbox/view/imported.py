"""What a record of an imported HAR has beyond other records: masked, and as JSON for the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from drhttp.inbox import coerce
from drhttp.inbox.mask_detection import is_mask
from drhttp.inbox.view import masking

NAME = "har"
"""The additional field of an exchange that holds it."""
FIRST_PROTOCOL = "protocol"
"""The member that tells a record of drhttp's own exports from others: by which protocol it first arrived."""
MESSAGES = "_webSocketMessages"
SHOWN_MESSAGES = 200
"""WebSocket messages that are included in a record."""
SHOWN_TEXT = 65_536
"""Characters of a WebSocket message that are shown."""
_AT_ONCE = 100
_TIMINGS = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")
_COOKIES = "cookies"


def masked(kept: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Mask what an imported entry has beyond the record. Returns it with the number of hidden values."""
    copied: dict[str, Any] = json.loads(json.dumps(kept))
    messages, cookies = _taken(copied)
    found, count = _masked(copied)
    sent, hidden = masked_messages(messages)
    if messages:
        _set(found).update({MESSAGES: sent})
    for side, changes in cookies.items():
        _put_cookies(found, side, changes)
        hidden += _mask_cookies(changes)
    return found, count + hidden


def masked_messages(messages: list[Any]) -> tuple[list[Any], int]:
    """Mask WebSocket messages, a few at a time. What cannot be masked is hidden as a whole."""
    found: list[Any] = []
    total = 0
    for start in range(0, len(messages), _AT_ONCE):
        some = messages[start : start + _AT_ONCE]
        text, count = masking.json_text(json.dumps(some))
        total += count
        found += some if not count else _parsed(text, list) or [_hidden_message(one) for one in some]
    return found, total


def imported_json(kept: Mapping[str, Any], *, reveal: bool) -> dict[str, Any]:
    """Return what the page shows of an imported entry."""
    some, messages = _without_messages(kept)
    if not reveal:
        some = masked(some)[0]
    entry = _set(some)
    request, response = (_set(some, side) for side in ("request", "response"))
    return {
        "place": coerce.count(some.get("place")),
        "creator": _named(some.get("creator")),
        "browser": _named(some.get("browser")),
        "http_version": coerce.text(response.get("httpVersion")) or coerce.text(request.get("httpVersion")),
        "server": coerce.text(entry.get("serverIPAddress")),
        "connection": coerce.text(entry.get("connection")),
        "page": next((coerce.text(page.get("title")) or coerce.text(page.get("id")) for page in _pages(some)), None),
        "initiator": _initiator(entry.get("_initiator")),
        "kind": coerce.text(entry.get("_resourceType")),
        "timings": timings(some),
        "params": _params(some),
        "messages": None if messages is None else messages_json(messages, 0, SHOWN_MESSAGES, reveal=reveal),
        "remarks": remarks(some),
        "fields": some.get("rest", {}),
    }


def messages_json(messages: list[Any], offset: int, limit: int, *, reveal: bool) -> dict[str, Any]:
    """Return a page of WebSocket messages."""
    listed = messages[offset : offset + limit]
    shown = listed if reveal else masked_messages(listed)[0]
    items = [_message(one, before) for one, before in zip(shown, listed, strict=True)]
    return {"count": len(messages), "offset": offset, "items": items, "more": offset + limit < len(messages)}


def messages_of(kept: Mapping[str, Any]) -> list[Any] | None:
    """Return the WebSocket messages of an imported entry, or None if there are none."""
    found = _set(kept).get(MESSAGES)
    return found if isinstance(found, list) else None


def timings(kept: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the phases of a request in milliseconds, without those that did not apply."""
    found = coerce.mapping(_set(kept).get("timings"))
    phases = [(name, coerce.number(found.get(name))) for name in _TIMINGS]
    return [(name, ms) for name, ms in phases if ms is not None and ms >= 0]


def url(kept: Mapping[str, Any]) -> str | None:
    """Return the URL of an imported entry if the record holds only its beginning."""
    return coerce.text(_set(kept, "request").get("url"))


def remarks(kept: Mapping[str, Any]) -> list[str]:
    """Return sentences about what the file does not tell."""
    found = []
    if started := coerce.text(kept.get("started")):
        found.append(
            f"The start time in the HAR cannot be read: {started}. "
            "The time shown is that of the entry beside it, or of 1970 if no entry of the file has one."
        )
    if kept.get("form") is True:
        found.append(
            "The HAR has the fields of the form but not its text, so the request body is put together from them."
        )
    return found


def _without_messages(kept: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any] | None]:
    """Return a copy without the WebSocket messages, and these."""
    messages = messages_of(kept)
    if messages is None:
        return dict(kept), None
    rest = coerce.mapping(kept.get("rest"))
    others = {name: value for name, value in coerce.mapping(rest.get("set")).items() if name != MESSAGES}
    return {**kept, "rest": {**rest, "set": others}}, messages


def _taken(kept: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Take out WebSocket messages and cookies, which are masked apart, and texts, which the record holds."""
    entry = _set(kept)
    messages = entry.pop(MESSAGES, None)
    if not isinstance(messages, list):
        entry.update({} if messages is None else {MESSAGES: messages})
        messages = []
    cookies: dict[str, Any] = {}
    for side in ("request", "response"):
        for kind in ("set", "within"):
            changes = _within(kept, side).get(kind)
            if isinstance(changes, dict) and _COOKIES in changes:
                cookies[f"{side} {kind}"] = changes.pop(_COOKIES)
        for name in ("postData", "content"):
            inner = _within(_within(kept, side), name, top=False).get("set", {})
            for member in ("text", "encoding"):
                inner.pop(member, None)
    return messages, cookies


def _put_cookies(kept: dict[str, Any], where: str, changes: Any) -> None:
    side, kind = where.split()
    place = _within(kept, side).get(kind)
    if isinstance(place, dict):
        place[_COOKIES] = changes


def _mask_cookies(changes: Any) -> int:
    """Mask the values of cookies in place, wherever they are, and return how many."""
    count = 0
    stack = [changes]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if isinstance(one.get("value"), str) and one["value"] and not is_mask(one["value"]):
                one["value"] = masking.MASK
                count += 1
            stack += one.values()
        elif isinstance(one, list):
            stack += one
    return count


def _masked(kept: dict[str, Any]) -> tuple[dict[str, Any], int]:
    text, count = masking.json_text(json.dumps(kept))
    return (_parsed(text, dict) or {}, count) if count else (kept, 0)


def _parsed(text: str, kind: type) -> Any:
    """Return masked JSON, or None if it was hidden as a whole."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, kind) else None


def _hidden_message(message: Any) -> Any:
    return {**message, "data": masking.MASK} if isinstance(message, dict) else masking.MASK


def _within(kept: Any, name: str, *, top: bool = True) -> dict[str, Any]:
    """Return the changes inside of a member."""
    rest = coerce.mapping(kept).get("rest") if top else kept
    found = coerce.mapping(coerce.mapping(rest).get("within")).get(name)
    return found if isinstance(found, dict) else {}


def _set(kept: Mapping[str, Any], side: str | None = None) -> dict[str, Any]:
    """Return the members that are set in the entry, or in its request or response."""
    changes = kept.get("rest") if side is None else _within(kept, side)
    found = coerce.mapping(changes).get("set")
    return found if isinstance(found, dict) else {}


def _named(value: object) -> str | None:
    parts = [coerce.text(coerce.mapping(value).get(name)) for name in ("name", "version")]
    return " ".join(filter(None, parts)) or None


def _pages(kept: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    reference = _set(kept).get("pageref")
    pages = kept.get("pages")
    listed = [coerce.mapping(page) for page in pages] if isinstance(pages, list) else []
    return [page for page in listed if page.get("id") == reference]


def _initiator(value: object) -> str | None:
    """Return who started the request: the kind, and where."""
    found = coerce.mapping(value)
    kind, place, line = (coerce.text(found.get(name)) for name in ("type", "url", "lineNumber"))
    return " ".join(filter(None, (kind, place and (f"{place}:{line}" if line else place)))) or coerce.text(value)


def _params(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a form as the file lists them, with the names of uploaded files."""
    inside = _within(_within(kept, "request"), "postData", top=False)
    data = [coerce.mapping(inside.get("set")), coerce.mapping(_set(kept, "request").get("postData"))]
    listed: Any = next((one["params"] for one in data if isinstance(one.get("params"), list)), [])
    return [
        {
            "name": coerce.text(one.get("name")) or "",
            "value": coerce.text(one.get("value")),
            "filename": coerce.text(one.get("fileName")),
            "type": coerce.text(one.get("contentType")),
        }
        for one in map(coerce.mapping, listed)
    ]


def _message(shown: Any, before: Any) -> dict[str, Any]:
    message = coerce.mapping(shown)
    text = coerce.text(message.get("data"))
    seconds, opcode = coerce.number(message.get("time")), coerce.count(message.get("opcode"))
    return {
        "sent": message.get("type") in {"send", "request"},
        "time": None if seconds is None else _iso(seconds),
        "opcode": opcode,
        "binary": opcode == 2,
        "text": None if text is None else text[:SHOWN_TEXT],
        "length": len(text or ""),
        "masked": shown != before,
    }


def _iso(seconds: float) -> str | None:
    if not 0 < seconds < coerce.LATEST / 1_000_000:
        return None
    return coerce.moment(round(seconds * 1_000_000)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def interesting(kept: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield facts for a terminal: name and value. kept: masked already, or empty for other records."""
    if not kept:
        return
    shown = imported_json(kept, reveal=True)
    source = shown["browser"] or shown["creator"]
    yield "imported", f"log.entries[{shown['place']}] of a HAR{f' by {source}' if source else ''}"
    yield "http", shown["http_version"] or ""
    yield "server", shown["server"] or ""
    yield "page", shown["page"] or ""
    yield "initiator", shown["initiator"] or ""
    yield "timings", ", ".join(f"{name} {ms:g} ms" for name, ms in shown["timings"])
    yield from (("note", remark) for remark in shown["remarks"])
