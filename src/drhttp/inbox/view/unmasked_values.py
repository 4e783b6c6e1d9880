"""Describes values that arrived unmasked and are hidden on display: their places, their number, and advice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from drhttp.inbox import coerce
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.mask_detection import masks
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import MAX_FIELDS, DisplayedBody, views
from drhttp.inbox.view.masked_exchange import extra_and_count, masked_with

MAX_PLACES = 50
"""Maximum number of places listed; counts include all."""
_PARSED = 256 * 1024
"""Maximum characters of JSON that are parsed to find the names of hidden members."""
_LISTED = 5
IMPORTED = "They are unmasked in the imported file."
ADVICE = (
    "The recorder sent them unmasked. Turn on redaction, upgrade drhttp in that application, "
    "or add the field names with Redact(also=...)."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place with hidden values. part: "path", "request.headers", ... name: of the header, parameter, or member."""

    part: str
    count: int
    name: str | None = None


def in_line(counts: Mapping[str, int]) -> list[Place]:
    """Return the places in a summary. counts: by part, from `masking.summary_and_counts`."""
    return [Place(part, count) for part, count in counts.items()]


def in_record(exchange: Exchange, bodies: Mapping[str, DisplayedBody]) -> list[Place]:
    """Return the places in a whole exchange. bodies: the displayed bodies by side."""
    _, counts = masking.summary_and_counts(exchange.summary)
    query = counts.pop("query", 0)
    found = in_line(counts)
    if query:
        text = exchange.summary.query or ""
        named = _named("query", masking.pairs(text, masking.pairs_text(text)[0], MAX_FIELDS))
        found += named if sum(place.count for place in named) >= query else [Place("query", query)]
    for side, message in (("request", exchange.request), ("response", exchange.response)):
        if message is not None:
            pairs = [(name, coerce.readable(value)) for name, value in message.headers]
            found += _named(f"{side}.headers", masking.headers(tuple(pairs), reveal=False))
            found += _in_body(f"{side}.body", bodies[side])
    if exchange.extra:
        _, count = extra_and_count(exchange.extra)
        found += [Place("extra", count)] if count else []
    return found


def masked_and_places(exchange: Exchange, *, reveal: bool) -> tuple[Exchange, list[Place]]:
    """Return the masked exchange and the places of its hidden values."""
    if reveal:
        return exchange, []
    bodies = views(exchange, reveal=False)
    return masked_with(exchange, bodies), in_record(exchange, bodies)


def hidden_json(places: list[Place], exchange: Exchange | None = None) -> dict[str, Any]:
    """Return the JSON member ``hidden``. exchange: the exchange, if `places` is complete."""
    summary = {
        "count": sum(place.count for place in places),
        "places": [{"part": one.part, "name": one.name, "count": one.count} for one in places[:MAX_PLACES]],
    }
    if exchange is None:
        return summary
    imported = exchange.summary.protocol == "har"
    return {**summary, "unknown_masks": _unknown_masks(exchange) if places else 0, "imported": imported}


def sentences(places: list[Place], exchange: Exchange) -> list[str]:
    """Return sentences with number, places, and advice; an empty list if nothing is hidden."""
    if not places:
        return []
    count = sum(place.count for place in places)
    where = [f"{one.part}{f' {one.name}' if one.name else ''}" for one in places]
    rest = len(where) - 2 * _LISTED
    listed = ", ".join(where[: 2 * _LISTED]) + (f" and {rest:,} other places" if rest > 0 else "")
    some = "1 value arrived unmasked and is" if count == 1 else f"{count:,} values arrived unmasked and are"
    unknown = _unknown_masks(exchange)
    advice = IMPORTED if exchange.summary.protocol == "har" else ADVICE
    lines = [f"{some} hidden here: {listed}.", advice]
    if unknown:
        lines.append(
            f"The recorder reports {unknown:,} masked values in this "
            "record with a mask that the inbox does not recognize."
        )
    return lines


def _named(part: str, shown: list[tuple[str, str, int]]) -> list[Place]:
    return [Place(part, count, name) for name, _, count in shown if count]


def _in_body(part: str, view: DisplayedBody) -> list[Place]:
    if not view.masked:
        return []
    names = list(islice(dict.fromkeys(_names(view)), _LISTED))
    return [Place(part, view.masked, ", ".join(names) or None)]


def _names(view: DisplayedBody) -> Iterator[str]:
    """Yield the names of hidden values in a body that are cheap to find."""
    for one in view.fields or view.parts or ():
        if one["masked"] and one["name"]:
            yield one["name"]
    text = view.text or ""
    if view.content.form == "json" and len(text) <= _PARSED:
        try:
            yield from _members(json.loads(text))
        except (ValueError, RecursionError):
            return


def _members(value: Any) -> Iterator[str]:
    stack = [("", value)]
    while stack:
        name, one = stack.pop()
        if isinstance(one, dict):
            stack += reversed(one.items())
        elif isinstance(one, list):
            stack += [(name, each) for each in reversed(one)]
        elif isinstance(one, str) and name and masking.MASK in one:
            yield name


def _unknown_masks(exchange: Exchange) -> int:
    """Return the number of reported masks that are not visible: a recorder's mask can be any text."""
    reported = sum(coerce.count(count) or 0 for count in coerce.mapping(exchange.extra.get("masked")).values())
    summary = exchange.summary
    line = (summary.host, summary.target, summary.user, summary.device, summary.exception_text)
    seen = sum(_recorded(text) for text in line if text)
    for message in (exchange.request, exchange.response):
        if message is not None:
            reported += message.redacted
            seen += sum(_recorded(value) for _, value in message.headers)
            seen += _recorded((message.body or b"").decode("latin-1")) if message.redacted else 0
    return max(0, reported - seen)


def _recorded(text: str) -> int:
    """Return the number of visible recorder masks in a text."""
    return masks(text) - text.count(masking.MASK)
