"""A whole exchange without its secrets, for whatever shows or hands on more than single values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drhttp.inbox.exchange import Exchange, Message
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import shown

HELD_BACK = "holds secrets"
"""Why a body is not there: what is no text cannot be masked."""


def masked(exchange: Exchange, *, reveal: bool = False) -> Exchange:
    """The exchange as it is shown. What is masked counts as masked, so that nothing takes a mask for what was sent."""
    if reveal:
        return exchange
    summary = masking.summary(exchange.summary, reveal=False)
    told = dict(exchange.extra)
    if (summary.path, summary.query) != (exchange.summary.path, exchange.summary.query):
        counts = told.get("masked")
        told["masked"] = {"uri": 1, **(counts if isinstance(counts, dict) else {})}
    response = exchange.response and _message(exchange.response)
    return Exchange(summary=summary, request=_message(exchange.request), response=response, extra=extra(told))


def extra(told: Mapping[str, object], *, reveal: bool = False) -> dict[str, Any]:
    """What applications tell beside the exchange."""
    if reveal or not told:
        return dict(told)
    text, count = masking.json_text(json.dumps(told))
    found: dict[str, Any] = json.loads(text) if count else dict(told)
    return found


def _message(message: Message) -> Message:
    view = shown(message, reveal=False)
    headers = tuple((name, value) for name, value, _ in masking.headers(message.headers, reveal=False))
    if not view.masked:
        return replace(message, headers=headers)
    count = message.redacted + view.masked
    if view.text is None:
        return replace(message, headers=headers, body=None, omitted=HELD_BACK, redacted=count)
    content = view.content
    return replace(
        message,
        headers=headers,
        body=view.text.encode(content.charset, "replace"),
        truncated=message.truncated or content.cut,
        decoded=content.coding or message.decoded,
        redacted=count,
    )
