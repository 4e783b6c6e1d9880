"""Attributes of XML and HTML elements."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drhttp._redact.rules import Rules

ATTRIBUTE = re.compile(r"""(?<![^\s<>/="'])([^\s<>/="']+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s<>"']+|["'][^<>]*)""")
# HTML and many others name a field in one attribute and give its value in another, or as the content.
_NAMING = frozenset(("name", "id", "property", "itemprop", "key", "type", "autocomplete", "http-equiv", "for",
                     "data-name", "aria-label", "label", "placeholder"))  # fmt: skip
VALUED = ("value", "content", "val", "data-value", "data-clipboard-text")


def say_secret(attributes: Iterable[re.Match[str]], rules: Rules) -> bool:
    """Whether one of the attributes is the name of a secret."""
    return any(match[1].lower() in _NAMING and rules.secret(value_of(match)) for match in attributes)


def value_of(match: re.Match[str]) -> str:
    """The value of an attribute, without its quotes."""
    text = match[3]
    return unescape(text[1:].rstrip("\"'") if text[0] in "\"'" else text)
