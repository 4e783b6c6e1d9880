"""Base64 of JSON, such as `eyJ0b2tlbiI6ImFiYyJ9`: finds it, alone or within a text, and masks the JSON.

JSON that begins with a name, a space, a line break, or another bracket is recognized by its first letters in base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.tries import trie

if TYPE_CHECKING:
    from collections.abc import Callable

_JSON = (
    '{"a',
    '{"-',
    '["-',
    '{ "',
    "{\n ",
    '{\n"',
    "{\r\n",
    '{\t"',
    '[{"',
    '["a',
    '[ "',
    "[ {",
    "[\n ",
    "[\r\n",
    "[\t{",
    '[["',
)
#: The first three letters, which hold the bracket and what follows it.
BEGINNINGS = tuple(sorted({base64.b64encode(text.encode()).decode()[:3] for text in _JSON}))
_LETTERS = "A-Za-z0-9+/_-"
_ALONE = re.compile(rf"{trie(BEGINNINGS)}[{_LETTERS}]{{5,}}={{0,2}}")
# Behind a slash, as in a path or a data URL, base64 begins too.
_WITHIN = re.compile(rf"(?:(?<![{_LETTERS}])|(?<=/)){trie(BEGINNINGS)}[{_LETTERS}]{{9,}}={{0,2}}")
_BEHIND_SLASH = re.compile(f"/{trie(BEGINNINGS)}")
_SHORTEST = 16  # letters, for the shortest JSON with a secret: `{"pin":"1"}`
_LONG_WORD = b"a" * _SHORTEST
_CLASSES = bytes(97 if byte < 128 and (chr(byte).isalnum() or chr(byte) in "+/_-") else 46 for byte in range(256))


def may_be_base64_json(text: str) -> bool:
    """Whether a text may hold base64 of JSON; `False` is certain."""
    if len(text) < _SHORTEST:
        return False
    letters = text.encode("ascii", "replace").translate(_CLASSES)  # positions stay
    begin = letters.find(_LONG_WORD)
    while begin >= 0:
        end = letters.find(b".", begin) % (len(text) + 1)  # -1 becomes the end of the text
        if text.startswith(BEGINNINGS, begin) or _behind_slash(text, begin, end):
            return True
        begin = letters.find(_LONG_WORD, end)
    return False


def _behind_slash(text: str, begin: int, end: int) -> bool:
    """Whether base64 of JSON may begin behind a slash, between two positions."""
    return text.find("/", begin, end) >= 0 and _BEHIND_SLASH.search(text, begin, end) is not None


def decode_base64_json(text: str) -> str | None:
    """Return the JSON that base64 stands for; `None` if it is something else."""
    if _ALONE.fullmatch(text) is None:
        return None
    letters = text.rstrip("=")
    try:
        content = base64.b64decode(
            letters + "=" * (-len(letters) % 4), altchars=b"-_" if "-" in text or "_" in text else None
        )
        plain = content.decode()
    except (binascii.Error, ValueError):
        return None
    return plain if plain.lstrip()[:1] in ("{", "[") else None


def mask_base64_json(text: str, inner: Callable[[str], tuple[str, int]]) -> tuple[str, int]:
    """Mask base64 of JSON within a text; return the text and how many values were masked. inner: masks the JSON."""
    total = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal total
        # In a path, other segments may follow.
        for word in (match[0], match[0].partition("/")[0]):
            plain = decode_base64_json(word)
            if plain is not None:
                masked, count = inner(plain)
                total += count
                return encode(masked) + match[0][len(word) :] if count else match[0]
        return match[0]

    return _WITHIN.sub(replace, text), total


def encode(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode("utf-8", "replace")).decode()
