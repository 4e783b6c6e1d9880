"""The part of an imported entry that a record does not hold: what differs from the entry written from the record alone.

An entry that is exported again is that entry with the remainder put back, so that it equals the imported one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from drhttp.inbox.coerce import scrub

_NESTED = ("request", "response", "postData", "content")
"""Members whose own members are compared; others are kept as a whole."""
_SHOWN = ("timings", "httpVersion")
"""Members that the page shows as the file has them, and that are kept even if they are written the same."""
_OPTIONAL = ("postData", "text", "encoding", "_encoding", "comment")
"""Members that may be missing; others are required, and stay as they are written if the original lacks them."""
Json = dict[str, Any]


def clean(value: Any) -> Any:
    """Return a copy of parsed JSON without what JSON or UTF-8 cannot write: ``NaN``, infinities, lone surrogates."""
    if isinstance(value, dict):
        return {scrub(name): clean(one) for name, one in value.items()}
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, str):
        return scrub(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def difference(original: Mapping[str, Any], written: Mapping[str, Any]) -> Json:
    """Return what has to be done to `written` to get `original`: members to set, to drop, and to change inside."""
    changes: Json = {"set": {}, "drop": [], "within": {}}
    changes["drop"] = [name for name in _OPTIONAL if name in written and name not in original]
    for name, value in original.items():
        known = written.get(name)
        if name in written and (value is None or (name not in _SHOWN and _equal(value, known))):
            continue  # some programs write null for an empty text
        if name in _NESTED and isinstance(value, dict) and isinstance(known, dict):
            inside = difference(value, known)
            changes["within"].update({name: inside} if inside else {})
        elif isinstance(value, list) and isinstance(known, list) and known and (rest := _additions(value, known)):
            changes["within"][name] = rest
        else:
            changes["set"][name] = value
    return {kind: found for kind, found in changes.items() if found}


def restored(written: Json, changes: Mapping[str, Any]) -> Json:
    """Put the remainder back. A member of another type than importers require stays as it is written."""
    kept = {name: value for name, value in written.items() if name not in _list(changes.get("drop"))}
    members = _dict(changes.get("set")).items()
    kept |= {name: one for name, one in members if name not in written or _same_kind(one, written[name])}
    for name, inside in _dict(changes.get("within")).items():
        if isinstance(kept.get(name), dict):
            kept[name] = restored(kept[name], _dict(inside))
        elif isinstance(kept.get(name), list):
            kept[name] = _with_additions(kept[name], _dict(inside))
    return kept


def _additions(original: list[Any], written: list[Any]) -> Json | None:
    """Return the items and members that only `original` has, or None if it differs otherwise.

    A changed value is never kept without the name beside it, because masking goes by names.
    """
    inserted: list[list[Any]] = []
    members: list[list[Any]] = []
    at = 0
    for place, item in enumerate(original):
        more = _more(item, written[at]) if at < len(written) else None
        if more is None:
            inserted.append([place, item])
            continue
        if more:
            members.append([place, more])
        at += 1
    return {"insert": inserted, "add": members} if at == len(written) else None


def _more(item: Any, known: Any) -> Json | None:
    """Return the members that `item` has beyond those of `known`, or None if they differ."""
    if not isinstance(item, dict) or not isinstance(known, dict):
        return {} if _equal(item, known) else None
    same = all(name in item and _equal(item[name], value) for name, value in known.items())
    return {name: value for name, value in item.items() if name not in known} if same else None


def _with_additions(written: list[Any], changes: Mapping[str, Any]) -> list[Any]:
    found = list(written)
    for place, item in _pairs(changes.get("insert")):
        found.insert(place, item)
    for place, members in _pairs(changes.get("add")):
        if place < len(found) and isinstance(found[place], dict):
            found[place] = {**found[place], **_dict(members)}
    return found


def _pairs(value: Any) -> list[tuple[int, Any]]:
    pairs = [one for one in _list(value) if isinstance(one, list) and len(one) == 2]
    return [(place, one) for place, one in pairs if isinstance(place, int) and place >= 0]


def _equal(one: Any, other: Any) -> bool:
    # In JSON, true and 1 differ; in Python they are equal. Whole numbers may be written either way.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _same_kind(one: Any, other: Any) -> bool:
    kinds = ((bool,), (int, float), (str,), (list,), (dict,), (type(None),))
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in kinds if not _is_bool_as_int(kind, one))


def _is_bool_as_int(kind: tuple[type, ...], value: Any) -> bool:
    return kind == (int, float) and isinstance(value, bool)


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
