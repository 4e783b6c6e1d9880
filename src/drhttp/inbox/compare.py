"""Differences between two records: headers regardless of order, JSON by path, text by line."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from drhttp.inbox.coerce import readable
from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import DisplayedBody, shown, views

IGNORED = ("date", "age", "x-request-id", "etag")
MAX_CHANGES = 1_000
"""Maximum number of changes reported per part."""
MAX_LINES = 5_000
"""Maximum lines of a text that are compared; difflib takes more than linear time."""
_SUMMARY_FIELDS = (
    "method",
    "scheme",
    "host",
    "path",
    "query",
    "status",
    "user",
    "device",
    "direction",
    "route",
    "exception",
)
_ABSENT = object()
_ABSENT_ON = {"left": "added", "right": "removed"}

Change = dict[str, Any]
Bodies = Mapping[str, DisplayedBody]
_NOTHING = shown(Message(), reveal=True)


def compare(
    left: Exchange, right: Exchange, ignored: frozenset[str], *, reveal: bool, masked: Sequence[Bodies] = ()
) -> list[dict[str, Any]]:
    """Return the parts of a record, each with its changes.

    ignored: names of headers, JSON paths, or facts to skip. masked: the masked bodies of both, if they are known.
    """
    bodies = masked if masked and not reveal else [views(one, reveal=reveal) for one in (left, right)]
    parts = [_part("summary", _summaries(left.summary, right.summary, ignored, reveal))]
    for side in ("request", "response"):
        one, other = getattr(left, side) or Message(), getattr(right, side) or Message()
        parts.append(_part(f"{side}.headers", _headers(one, other, ignored, reveal)))
        parts.append(_body(f"{side}.body", one, other, ignored, [each.get(side, _NOTHING) for each in bodies]))
    return parts


def _part(name: str, changes: Iterator[Change], **attributes: object) -> dict[str, Any]:
    found = [change for change, _ in zip(changes, range(MAX_CHANGES + 1), strict=False)]
    more = {"more": True} if len(found) > MAX_CHANGES else {}
    return {"part": name, "equal": not found, **attributes, "changes": found[:MAX_CHANGES], **more}


def _change(path: str, left: Any, right: Any) -> Change:
    kind = "added" if left is _ABSENT else "removed" if right is _ABSENT else "changed"
    return {
        "path": path,
        "change": kind,
        "left": None if left is _ABSENT else left,
        "right": None if right is _ABSENT else right,
    }


def _summaries(left: Summary, right: Summary, ignored: frozenset[str], reveal: bool) -> Iterator[Change]:
    for name in _SUMMARY_FIELDS:
        one, other = getattr(left, name), getattr(right, name)
        if one != other and name not in ignored:
            one, other = (getattr(masking.summary(summary, reveal=reveal), name) for summary in (left, right))
            yield _change(name, _ABSENT if one is None else one, _ABSENT if other is None else other)


def _headers(left: Message, right: Message, ignored: frozenset[str], reveal: bool) -> Iterator[Change]:
    one, other = _grouped(left), _grouped(right)
    for name in dict.fromkeys([*one, *other]):
        before, after = one.get(name, _ABSENT), other.get(name, _ABSENT)
        if before != after and name not in ignored:
            yield _change(name, *(_hidden(name, values, reveal) for values in (before, after)))


def _grouped(message: Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in message.headers:
        found.setdefault(name.lower(), []).append(readable(value))
    return found


def _hidden(name: str, values: Any, reveal: bool) -> Any:
    if values is _ABSENT:
        return values
    return [shown for _, shown, _ in masking.headers(tuple((name, one) for one in values), reveal=reveal)]


def _body(
    name: str, left: Message, right: Message, ignored: frozenset[str], both: list[DisplayedBody]
) -> dict[str, Any]:
    one, other = both
    if (one.content.partial or other.content.partial) and one.text == other.text:
        return _part(name, _bytes(left.body or b"", right.body or b""), **{"as": "binary"})
    values = _json(one), _json(other)
    if _ABSENT not in values:
        return _part(name, map(_exact, _values("$", *values, ignored)), **{"as": "json"})
    if _is_text(one) and _is_text(other):
        return _part(name, _lines(one.text or "", other.text or ""), **{"as": "text"})
    return _part(name, _bytes(left.body or b"", right.body or b""), **{"as": "binary"})


def _is_text(view: DisplayedBody) -> bool:
    return view.text is not None or view.content.form == "empty"


def _json(view: DisplayedBody) -> Any:
    if view.content.form != "json" or view.text is None:
        return _ABSENT
    try:
        # A number of any length and precision stays what it is.
        return json.loads(view.text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return _ABSENT


def _exact(change: Change) -> Change:
    """Add the JSON text of both values, since many programs round numbers when they read JSON."""
    texts = {f"{side}_text": _text(change[side], change["change"] == absent) for side, absent in _ABSENT_ON.items()}
    return {**change, "left": _plain(change["left"]), "right": _plain(change["right"]), **texts}


def _text(value: Any, absent: bool) -> str | None:
    return None if absent else "".join(_pieces(value, ""))


def _pieces(value: Any, indent: str) -> Iterator[str]:
    """Yield JSON text, indented by one."""
    if not value or not isinstance(value, (dict, list)):
        yield str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
        return
    inner = f"{indent} "
    members = (
        [(f"{json.dumps(key, ensure_ascii=False)}: ", one) for key, one in value.items()]
        if isinstance(value, dict)
        else [("", one) for one in value]
    )
    yield "{" if isinstance(value, dict) else "["
    for place, (name, one) in enumerate(members):
        yield f"{',' if place else ''}\n{inner}{name}"
        yield from _pieces(one, inner)
    yield f"\n{indent}{'}' if isinstance(value, dict) else ']'}"


def _plain(value: Any) -> Any:
    """Return a value with floating-point numbers, which JSON is written from."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        value = float(value)
    return value if not isinstance(value, float) or value - value == 0 else str(value)


def _values(path: str, left: Any, right: Any, ignored: frozenset[str]) -> Iterator[Change]:
    if path in ignored:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            yield from _values(_below(path, key), left.get(key, _ABSENT), right.get(key, _ABSENT), ignored)
    elif isinstance(left, list) and isinstance(right, list):
        for place in range(max(len(left), len(right))):
            one, other = (values[place] if place < len(values) else _ABSENT for values in (left, right))
            yield from _values(f"{path}[{place}]", one, other, ignored)
    # In JSON, true and 1 differ; in Python they are equal.
    elif type(left) is not type(right) or left != right:
        yield _change(path, left, right)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _lines(left: str, right: str) -> Iterator[Change]:
    one, other = left.splitlines()[:MAX_LINES], right.splitlines()[:MAX_LINES]
    for kind, start, end, low, high in difflib.SequenceMatcher(None, one, other, autojunk=True).get_opcodes():
        if kind != "equal":
            before, after = one[start:end], other[low:high]
            yield _change(
                str(start + 1), "\n".join(before) if before else _ABSENT, "\n".join(after) if after else _ABSENT
            )


def _bytes(left: bytes, right: bytes) -> Iterator[Change]:
    if len(left) != len(right):
        yield _change("size", len(left), len(right))
    if left != right:
        yield _change("sha256", *(hashlib.sha256(body).hexdigest() for body in (left, right)))
