"""The JSON of summaries and whole records, as described in docs/inbox-api.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drhttp.inbox.coerce import mapping, moment, readable
from drhttp.inbox.exchange import Entry, Exchange, Message
from drhttp.inbox.query.nodes import EVERYTHING, Node
from drhttp.inbox.view import imported, masking, unmasked_values
from drhttp.inbox.view.bodies import MAX_FIELDS, DisplayedBody, body_json, cookies, listed, views
from drhttp.inbox.view.hits import hits_json
from drhttp.inbox.view.json_web_tokens import tokens_json
from drhttp.inbox.view.masked_exchange import extra
from drhttp.inbox.view.summary_fields import summary_fields


def iso(microseconds: int) -> str:
    """Format an instant as ISO 8601 in UTC with microseconds."""
    return moment(microseconds).isoformat(timespec="microseconds").replace("+00:00", "Z")


def summary_json(entry: Entry, *, reveal: bool = False) -> dict[str, Any]:
    """Return a record without headers and bodies."""
    summary, counts = (entry.summary, {}) if reveal else masking.summary_and_counts(entry.summary)
    return {
        "n": entry.n,
        **summary_fields(summary, iso),
        "direction": "out" if summary.direction == "Outgoing" else "in",
        "scheme": summary.scheme,
        "host": summary.host,
        "endpoint": entry.endpoint if reveal else masking.path(entry.endpoint)[0],
        "request_type": summary.request_type,
        "response_type": summary.response_type,
        "error": entry.error,
        "pinned": entry.pinned,
        "tags": list(entry.tags),
        "note": entry.note,
        "operation": entry.operation if reveal or not entry.operation else masking.path(entry.operation)[0],
        "imported": summary.protocol == "har",
        "replay_of": summary.replay_of,
        "truncated": entry.truncated,
        "masked": entry.masked,
        "hidden": unmasked_values.hidden_json(unmasked_values.in_line(counts)),
        "children": entry.calls,
        "failed_children": entry.failed_calls,
    }


def record_json(
    entry: Entry,
    exchange: Exchange,
    *,
    reveal: bool,
    marked: Node = EVERYTHING,
    bodies: Mapping[str, DisplayedBody] | None = None,
) -> dict[str, Any]:
    """Return a record with headers and bodies.

    marked: the query whose texts the member ``hits`` is about. bodies: the displayed bodies by side, if they are known.
    """
    summary = entry.summary
    bodies = views(exchange, reveal=reveal) if bodies is None else bodies
    request = _message_json(exchange.request, summary.request_size, bodies["request"], reveal=reveal)
    query = summary.query or ""
    shown = query if reveal else masking.pairs_text(query)[0]
    request["query"] = listed(masking.pairs(query, shown, MAX_FIELDS))
    places = [] if reveal else unmasked_values.in_record(exchange, bodies)
    response = None
    if exchange.response is not None:
        response = _message_json(exchange.response, summary.response_size, bodies["response"], reveal=reveal)
    return {
        **summary_json(entry, reveal=reveal),
        "request": request,
        "response": response,
        **_additional(exchange, reveal=reveal),
        "hidden": unmasked_values.hidden_json(places, exchange),
        "hits": hits_json(marked, exchange, bodies, reveal=reveal),
        "tokens": tokens_json(exchange, bodies, reveal=reveal),
    }


def _additional(exchange: Exchange, *, reveal: bool) -> dict[str, Any]:
    """Return the additional fields, and those that only an imported record has."""
    kept = mapping(exchange.extra.get(imported.NAME))
    others = {name: value for name, value in exchange.extra.items() if name != imported.NAME}
    shown = imported.imported_json(kept, reveal=reveal) if kept else None
    whole = imported.url(kept)
    url = {} if whole is None else {"url": whole if reveal else masking.value(whole)[0]}
    return {**url, "extra": extra(others, reveal=reveal), "imported": shown}


def _message_json(message: Message, size: int | None, view: DisplayedBody, *, reveal: bool) -> dict[str, Any]:
    pairs = [(name, readable(value)) for name, value in message.headers]
    found = [pair for pair in pairs if pair[0].lower() in {"cookie", "set-cookie"}]
    return {
        "headers": listed(masking.headers(tuple(pairs), reveal=reveal)),
        "cookies": listed(masking.cookies(cookies(found), reveal=reveal)),
        "body": body_json(message, size, view),
    }
