"""Percent-encoding (RFC 3986, section 2.1): decodes `%20` as `urllib.parse` does, but each run of escapes in one call.

`urllib.parse.unquote` makes several objects for each escape; for 64 KiB of escapes that takes longer than masking.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPES = re.compile("(?:%[0-9A-Fa-f]{2})+")
# Single escapes of ASCII characters, in upper and lower case: most runs are no longer.
_SINGLE = {f"%{code:{form}}": chr(code) for code in range(128) for form in ("02x", "02X")}
_LONGEST_CHARACTER = 12  # characters of the escapes of one character: four bytes in UTF-8


def unquote(text: str, charset: str = "utf-8") -> str:
    """Return a text with each run of escapes replaced by the text that its bytes encode."""
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda match: _SINGLE.get(match[0]) or _decode_run(match[0], charset), text)


def unquote_plus(text: str, charset: str = "utf-8") -> str:
    """Return a text from a query or a form, decoded, in which a plus sign encodes a space."""
    return unquote(text.replace("+", " "), charset)


def unquote_to_bytes(text: str) -> bytes:
    """Return the bytes that a text of Latin-1 characters encodes."""
    return unquote(text, "latin-1").encode("latin-1")


def _decode_run(escapes: str, charset: str) -> str:
    return _character(escapes, charset) if len(escapes) <= _LONGEST_CHARACTER else _decoded(escapes, charset)


def _decoded(escapes: str, charset: str) -> str:
    return bytes.fromhex(escapes.replace("%", "")).decode(charset, "replace")


_character = lru_cache(maxsize=2048)(_decoded)
