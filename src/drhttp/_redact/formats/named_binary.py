"""Binary formats with names, such as MessagePack, CBOR and BSON: finds out whether they hold a secret name.

They are not parsed. A name is recognized by its length in front of it (BSON: by a zero byte behind it), and by the
first byte of a value that may be secret: a string, bytes, a number beyond one byte, a list or an object.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from drhttp._redact.detect.tries import trie

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_NOT_IN_NAME = re.compile(r"[^\w.$ -]", re.ASCII)
_SHORTEST, _LONGEST = 3, 32  # characters of a name; shorter ones occur by chance in compressed data
_SPELLINGS = ("", "_", "-", " ")  # between the words of a name
# The first byte of a value, and in BSON the byte in front of the name.
_MESSAGEPACK = re.compile(r"[\x81-\x8f\x91-\x9f\xa1-\xbf\xc4-\xc6\xcd-\xcf\xd1-\xd3\xd9-\xdf]")
_CBOR = re.compile(r"[\x19-\x1b\x41-\x5b\x5f\x61-\x7b\x7f\x81-\x9b\x9f\xa1-\xbb\xbf]")
_BSON = "\x02\x03\x04\x05\x10\x12"
_FIXED_MESSAGEPACK, _FIXED_CBOR = 0xA0, 0x60  # the length is added to these
_LONGER = ("\xd9", "x")  # MessagePack and CBOR: the length is the next byte


def names_secret(content: bytes, policy: Policy) -> bool:
    """Whether binary content holds a secret name with a value."""
    lower, text = content.lower().decode("latin-1"), content.decode("latin-1")
    policy.budget.spend(len(text) // 64)
    for hit in _finder(policy.names).finditer(lower):
        policy.budget.spend(8)
        if any(policy.is_secret(name) for name in _names_around(text, *hit.span())):
            return True
    return False


@lru_cache(maxsize=64)
def _finder(names: tuple[str, ...]) -> re.Pattern[str]:
    """Compile an expression for names in lower case, with the usual separators between their words."""
    spellings = {mark.join(name.lower().split()) for name in names for mark in _SPELLINGS}
    return re.compile(trie(each for each in spellings if len(each) >= _SHORTEST))


def _names_around(text: str, begin: int, end: int) -> list[str]:
    """Return the whole names that a secret word may be part of."""
    found: list[str] = []
    for start in range(begin, max(0, begin - _LONGEST), -1):
        size = _size(text, start)
        name = text[start : start + size]
        if start + size >= end and _NOT_IN_NAME.search(name) is None:
            found.append(name)
        if _NOT_IN_NAME.match(text, start - 1):
            break
    return found


def _size(text: str, start: int) -> int:
    """Return the length of the name that begins here; 0 if there is none, or no value that may be secret."""
    before = ord(text[start - 1])
    if text[start - 2 : start - 1] in _LONGER:
        size, values = before, (_MESSAGEPACK if text[start - 2] == _LONGER[0] else _CBOR)
        if values.match(text, start + size):
            return size
    for fixed, values in ((_FIXED_MESSAGEPACK, _MESSAGEPACK), (_FIXED_CBOR, _CBOR)):
        size = before - fixed
        if 0 < size < _LONGEST and values.match(text, start + size):
            return size
    return max(0, text.find("\0", start, start + 2 * _LONGEST) - start) if text[start - 1] in _BSON else 0
