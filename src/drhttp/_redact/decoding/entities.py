"""Character references of HTML and XML: decodes `&quot;` and `&#34;`."""

from __future__ import annotations

import html
import re

_LONG = re.compile(r"&#(?:([0-9]{8,})|[xX]([0-9A-Fa-f]{8,}));?")
_MOST_DIGITS = 7  # of a character; the last one is 1114111, or 10FFFF


def unescape(text: str) -> str:
    """Return a text with its character references decoded, as in HTML.

    `html.unescape` takes quadratic time for a long number, and fails for more than 4300 digits.
    """
    if "&" not in text:
        return text
    return html.unescape(_LONG.sub(_strip_zeros, text) if "&#" in text else text)


def _strip_zeros(reference: re.Match[str]) -> str:
    """Return a reference without leading zeros; U+FFFD if its number is too large for a character."""
    digits = (reference[1] or reference[2]).lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:
        return "\ufffd"
    return f"&#{'x' if reference[2] else ''}{digits};"
