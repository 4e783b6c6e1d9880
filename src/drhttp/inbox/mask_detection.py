"""What a recorder has masked or an inbox has hidden: it can neither be sent again nor be taken for what was sent."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from drhttp.inbox import coerce
from drhttp.inbox.exchange import Exchange, Message

_WORD = r"\[(?:redacted|masked|filtered|hidden(?: |\+|%20)here)[^\]\n]{0,40}\]"
_MASK = re.compile(rf"{_WORD}|\*{{3,}}", re.IGNORECASE)
_SHORT = 1_000
"""Characters of an array or object that is looked into."""
_MASKS = re.compile(rf"(?:{_WORD}|\*{{3,}})(?:[\s,;]+(?:{_WORD}|\*{{3,}}))*", re.IGNORECASE)
# Asterisks alone are common in texts: in bodies they mean something where they are a whole value.
_IN_BODY = re.compile(rf'{_WORD}|["=]\*{{3,}}(?=["&]|\Z)'.encode(), re.IGNORECASE)


def is_mask(text: str) -> bool:
    """Whether a value is made of masks and nothing else, or JSON that is, as far as that can be seen."""
    return _MASKS.fullmatch(text) is not None or (text[:1] in {"[", "{"} and _holds_masks_only(text))


def _holds_masks_only(text: str) -> bool:
    """Whether a short array or object of JSON holds masks, at any depth, and no other value."""
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
    """How many masks there are to be seen in a text."""
    return len(_MASK.findall(text))


def in_address(exchange: Exchange) -> bool:
    """Whether path or query hold a mask, by what the recorder tells or by what there is to be seen."""
    return _told(exchange, "uri") > 0 or _MASK.search(unquote_plus(exchange.summary.target)) is not None


def in_headers(exchange: Exchange) -> tuple[str, ...]:
    """The names of fields of the request that hold a mask."""
    return tuple(name.lower() for name, value in exchange.request.headers if _MASK.search(value))


def in_unknown_headers(exchange: Exchange) -> bool:
    """Whether the recorder has masked more values than can be seen: it may write anything in their place."""
    seen = sum(masks(value) for _, value in exchange.request.headers)
    return _told(exchange, "request_headers") > seen


def in_body(message: Message) -> bool:
    """Whether the body holds a mask."""
    return bool(message.body) and (
        message.redacted + message.hidden > 0 or _IN_BODY.search(message.body or b"") is not None
    )


def _told(exchange: Exchange, part: str) -> int:
    return coerce.count(coerce.mapping(exchange.extra.get("masked")).get(part)) or 0
