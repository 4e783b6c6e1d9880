"""Detects masks in recorded requests: masked values can be neither replayed nor compared with the original."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from drhttp.inbox import coerce
from drhttp.inbox.exchange import Exchange, Message

_SPACE = r"(?: |\+|%20)"
_OWN = rf"{_SPACE}here(?:,|%2C){_SPACE}arrived{_SPACE}in{_SPACE}clear"
_EXACT = rf"(?:\[(?:redacted|masked|filtered|hidden(?:{_OWN})?)\]|\*{{3,}})"
"""A mask as it is. With free text behind the word it could be the secret itself."""
_MASK = re.compile(_EXACT, re.IGNORECASE)
_MASKS = re.compile(rf"{_EXACT}(?:[\s,;]+{_EXACT})*", re.IGNORECASE)
_SHORT = 1_000
"""Maximum characters of a JSON array or object that is parsed."""
# What is to be sent again is better refused once too often, so any text may follow the word.
_WORD = rf"\[(?:redacted|masked|filtered|hidden{_SPACE}here)[^\]\n]{{0,40}}\]"
_MAYBE = re.compile(rf"{_WORD}|\*{{3,}}", re.IGNORECASE)
# Asterisks are common in text, so in bodies they count only where they are a whole value.
_IN_BODY = re.compile(rf'{_WORD}|["=]\*{{3,}}(?=["&]|\Z)'.encode(), re.IGNORECASE)


def is_mask(text: str) -> bool:
    """Return whether a value consists of masks only, or is JSON that does."""
    return _MASKS.fullmatch(text) is not None or (text[:1] in {"[", "{"} and _holds_masks_only(text))


def _holds_masks_only(text: str) -> bool:
    """Return whether a short JSON array or object contains masks and no other values."""
    try:
        # As pairs: a repeated name would hide the first of its values.
        found = [json.loads(text, object_pairs_hook=_values)] if len(text) <= _SHORT else []
    except (ValueError, RecursionError):
        return False
    count = 0
    while found:
        one = found.pop()
        if isinstance(one, list):
            found += one
        elif isinstance(one, str) and _MASK.fullmatch(one):
            count += 1
        else:
            return False
    return count > 0


def _values(pairs: list[tuple[str, object]]) -> list[object]:
    return [value for _, value in pairs]


def masks(text: str) -> int:
    """Return the number of masks in a text."""
    return len(_MASK.findall(text))


def in_address(exchange: Exchange) -> bool:
    """Return whether the path or query contains a mask, reported by the recorder or visible."""
    return _reported(exchange, "uri") > 0 or _MAYBE.search(unquote_plus(exchange.summary.target)) is not None


def in_headers(exchange: Exchange) -> tuple[str, ...]:
    """Return the lower-case names of request headers that contain a mask."""
    return tuple(name.lower() for name, value in exchange.request.headers if _MAYBE.search(value))


def in_unknown_headers(exchange: Exchange) -> bool:
    """Return whether the recorder masked more header values than are visible: its mask can be any text."""
    seen = sum(masks(value) for _, value in exchange.request.headers)
    return _reported(exchange, "request_headers") > seen


def in_body(message: Message) -> bool:
    """Return whether the body contains a mask."""
    return bool(message.body) and (
        message.redacted + message.hidden > 0 or _IN_BODY.search(message.body or b"") is not None
    )


def _reported(exchange: Exchange, part: str) -> int:
    return coerce.count(coerce.mapping(exchange.extra.get("masked")).get(part)) or 0
