"""Queries of URLs, and forms (`application/x-www-form-urlencoded`): pairs of a name and a value, percent-encoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote_plus

from drhttp._redact.json import mask_string

if TYPE_CHECKING:
    from drhttp._redact.rules import Rules

_DEEPEST = 3  # times that a name may be encoded
_PLAIN = re.compile(r"[A-Za-z][\w.-]*|\d{0,11}", re.ASCII)  # a value without anything to look at


def mask_query(query: str, rules: Rules) -> tuple[str, int]:
    """The query of a URL, or a form, masked, and how many values that were.

    Names stay, and so does the coding of all that is not masked.
    """
    masked: list[str] = []
    total = 0
    betrays = rules.betrays(query)
    for part in query.split("&"):
        if not part:
            masked.append("")
            continue
        name, equals, value = part.partition("=")
        meant = _decoded(name)
        text, count = part, 0
        if equals and rules.secret_in_query(meant):
            before, found = rules.mask_values(_decode(name)) if betrays else (name, 0)
            text, count = f"{_encoded(before) if found else name}={_encoded(rules.mask(_decode(value)))}", 1 + found
        elif betrays or not (_PLAIN.fullmatch(value) and _PLAIN.fullmatch(name)):
            # Its name is innocent, but may hold anything, and so may its value.
            before, found = _mask_text(name, meant, rules)
            text, count = _mask_text(value, _decoded(value), rules)
            text, count = f"{before}{equals}{text}", count + found
        total += count
        masked.append(text)
    return "&".join(masked), total


def _mask_text(text: str, meant: str, rules: Rules) -> tuple[str, int]:
    """A name or a value, still encoded. meant: the same decoded."""
    if len(meant) < rules.shortest and _PLAIN.fullmatch(meant):
        return text, 0
    masked, count = mask_string(_decode(text), rules)
    return (_encoded(masked) if count else text), count


def _decoded(name: str) -> str:
    """A name as it is meant, however often it was encoded."""
    for _ in range(_DEEPEST):
        if "%" not in name:
            break
        name = unquote_plus(name)
    return name


def _decode(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _encoded(text: str) -> str:
    return quote_plus(text, safe="[]", errors="replace")
