"""Detects masks in recorded requests: masked values can be neither replayed nor compared with the original."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from drhttp.inbox import coerce
from drhttp.inbox.exchange import Exchange, Message

_WORD = r"\[(?:redacted|masked|filtered|hidden(?: |\+|%20)here)[^\]\n]{0,40}\]"
_MASK = re.compile(rf"{_WORD}|\*{{3,}}", re.IGNORECASE)
_SHORT = 1_000
"""Maximum characters of a JSON array or object that is parsed."""
_MASKS = re.compile(rf"(?:{_WORD}|\*{{3,}})(?:[\s,;]+(?:{_WORD}|\*{{3,}}))*", re.IGNORECASE)
# Asterisks are common in text, so in bodies they count only where they are a whole value.
_IN_BODY = re.compile(rf'{_WORD}|["=]\*{{3,}}(?=["&]|\Z)'.encode(), re.IGNORECASE)


def is_mask(text: str) -> bool:
    """Return whether a value consists of masks only, or is JSON that does."""
    return _MASKS.fullmatch(text) is not None or (text[:1] in {"[", "{"} and _holds_masks_only(text))


def _holds_masks_only(text: str) -> bool:
    """Return whether a short JSON array or object contains masks and no other values."""
    try:
        found = [json.loads(text)] if len(text) <= _SHORT else []
    except (ValueError, RecursionError):
        return False
    count = 0
    while found:
        one = found.pop()
        if isinstance(one, (dict, list)):
            found += one.values() if isinstance(one, dict) else one
        elif isinstance(one, str) and _MASK.fullmatch(one):
            count += 1
        else:
            return False
    return count > 0


def masks(text: str) -> int:
    """Return the number of masks in a text."""
    return len(_MASK.findall(text))


def in_address(exchange: Exchange) -> bool:
    """Return whether the path or query contains a mask, reported by the recorder or visible."""
    return _reported(exchange, "uri") > 0 or _MASK.search(unquote_plus(exchange.summary.target)) is not None


def in_headers(exchange: Exchange) -> tuple[str, ...]:
    """Return the lower-case names of request headers that contain a mask."""
    return tuple(name.lower() for name, value in exchange.request.headers if _MASK.search(value))


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
