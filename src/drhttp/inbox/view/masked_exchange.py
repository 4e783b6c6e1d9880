"""Masks the secrets of a whole exchange, for exports and snippets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drhttp.inbox.exchange import Exchange, Message
from drhttp.inbox.view import imported, masking
from drhttp.inbox.view.bodies import DisplayedBody, views

OMITTED_SECRETS = "holds secrets"
"""Reason for an omitted body: binary data cannot be masked."""
UNSEARCHED = "too large to be searched for secrets"
"""Reason for another one, which may hold some."""


def masked(exchange: Exchange, *, reveal: bool = False) -> Exchange:
    """Return the exchange with secrets masked and counted."""
    return exchange if reveal else masked_with(exchange, views(exchange, reveal=False))


def masked_with(exchange: Exchange, bodies: Mapping[str, DisplayedBody]) -> Exchange:
    """Return the masked exchange. bodies: the displayed bodies by side."""
    summary = masking.summary(exchange.summary, reveal=False)
    request = _message(exchange.request, bodies["request"])
    response = exchange.response and _message(exchange.response, bodies["response"])
    return Exchange(summary=summary, request=request, response=response, extra=extra(exchange.extra))


def extra(fields: Mapping[str, object], *, reveal: bool = False) -> dict[str, Any]:
    """Mask the additional fields of an exchange."""
    return dict(fields) if reveal else extra_and_count(fields)[0]


def extra_and_count(fields: Mapping[str, object]) -> tuple[dict[str, Any], int]:
    """Mask the additional fields of an exchange. Returns them with the number of hidden values."""
    others = {name: value for name, value in fields.items() if name != imported.NAME}
    found: dict[str, Any] = others
    count = 0
    if others:
        text, count = masking.json_text(json.dumps(others))
        found = _parsed(text) if count else others
    kept = fields.get(imported.NAME)
    if isinstance(kept, dict):
        shown, hidden = imported.masked(kept)
        found, count = {**found, imported.NAME: shown}, count + hidden
    return found, count


def _parsed(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:  # hidden as a whole, because masking would take too long
        return {"hidden": masking.MASK}
    return found


def _message(message: Message, view: DisplayedBody) -> Message:
    headers = tuple((name, value) for name, value, _ in masking.headers(message.headers, reveal=False))
    content = view.content
    if not view.masked and not content.unsearched:
        return replace(message, headers=headers)
    count = message.hidden + view.masked
    if view.text is None:
        reason = OMITTED_SECRETS if view.masked else UNSEARCHED
        return replace(message, headers=headers, body=None, omitted=reason, hidden=count)
    return replace(
        message,
        headers=headers,
        body=view.text.encode(content.charset, "replace"),
        truncated=message.truncated or content.cut,
        decoded=content.coding or message.decoded,
        hidden=count,
    )
