"""Binary formats with names, such as MessagePack, CBOR and BSON: finds out whether they hold a secret name.

They are not parsed. A name is recognized by its length in front of it (BSON: by a zero byte behind it), and by the
first byte of a value that may be secret: a string, bytes, a number beyond one byte, a list or an object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.secret_words import secret_words

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_NOT_IN_NAME = re.compile(r"[^\w.$ -]", re.ASCII)
_LONGEST = 32  # characters of a name
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
    for hit in secret_words(policy.names).finditer(lower):
        begin, end = hit.span()
        starts = _starts(text, begin)
        policy.budget.spend(3 + len(starts) * 3 // 2)
        if any(policy.is_secret(name) for name in _names_around(text, starts, end)):
            return True
    return False


def _starts(text: str, begin: int) -> range:
    """Return where a name that a secret word is part of may begin, from the word to the front."""
    first = begin
    while first > max(1, begin - _LONGEST + 1) and _NOT_IN_NAME.match(text, first - 1) is None:
        first -= 1
    return range(begin, first - 1, -1) if begin else range(0)


def _names_around(text: str, starts: range, end: int) -> list[str]:
    """Return the whole names that begin at one of these places and hold the text up to this end."""
    found: list[str] = []
    for start in starts:
        size = _size(text, start, end - start)
        if size and _NOT_IN_NAME.search(name := text[start : start + size]) is None:
            found.append(name)
    return found


def _size(text: str, start: int, least: int) -> int:
    """Return the length of the name that begins here; 0 if it is shorter, or no value that may be secret follows."""
    before = ord(text[start - 1])
    if before >= least and text[start - 2 : start - 1] in _LONGER:
        values = _MESSAGEPACK if text[start - 2] == _LONGER[0] else _CBOR
        if values.match(text, start + before):
            return before
    if before < _FIXED_CBOR:
        size = text.find("\0", start, start + 2 * _LONGEST) - start if text[start - 1] in _BSON else 0
        return size if size >= least else 0
    for fixed, values in ((_FIXED_MESSAGEPACK, _MESSAGEPACK), (_FIXED_CBOR, _CBOR)):
        size = before - fixed
        if least <= size < _LONGEST and values.match(text, start + size):
            return size
    return 0
