"""Character references of HTML and XML."""

from __future__ import annotations

import html
import re

_LONG = re.compile(r"&#(?:([0-9]{8,})|[xX]([0-9A-Fa-f]{8,}));?")
_MOST_DIGITS = 7  # of a character; the last one is 1114111, or 10FFFF


def unescape(text: str) -> str:
    """A text with its character references replaced, as HTML has it.

    `html.unescape` converts any number, which takes quadratic time, and fails where it has more than 4300 digits.
    """
    return html.unescape(_LONG.sub(_shortened, text) if "&#" in text else text)


def _shortened(reference: re.Match[str]) -> str:
    """The same reference without leading zeros; what stands for no character where it is too large for one."""
    digits = (reference[1] or reference[2]).lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:
        return "\ufffd"
    return f"&#{'x' if reference[2] else ''}{digits};"
