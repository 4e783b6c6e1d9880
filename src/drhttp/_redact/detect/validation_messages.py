"""Validation messages: what frameworks say about a secret field, such as `{"password": ["This field is required."]}`.

A message consists of nothing but the words of such messages, with at least one that says what is wrong; a passphrase
such as `correct horse battery staple` does not. Sources: the messages of Django, Django REST framework, Rails, Laravel,
pydantic, marshmallow, WTForms, ASP.NET, Zod, Mongoose, Symfony, express-validator, and Spring.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._redact.work_budget import Spend


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What is wrong. A message holds at least one of these.
_FAULTS = _words("""
    accepted allowed between blank breached can't cannot choose common compromised confirm contain contains
    empty enter equal exceed exist exists expected expired fail failed fails identical include includes
    incorrect invalid leaked least long longer malformed match matches mismatch missing must necessary none not null
    numeric provided pwned required reset revoked same short shorter similar simple small specify taken
    undefined unknown weak wrong
""")  # fmt: skip
# All other words of messages: names of fields, kinds of characters, and grammar.
_WORDS = _FAULTS | _words("""
    a account adding after again ago all alphabetic alphanumeric already also an and another any api appeared
    are aren't array as ascii at attribute auth authentication authorization be been before being body boolean
    both breach breaches by can capital case change changed char character characters chars code commonly
    complexity confirmation confirmed confirming consider constraint constraints cookie could couldn't
    credential credentials csrf current data database day days did didn't different digit digits do does doesn't
    don't each email enough entirely entry error errors expression false field fields first following for form
    format found from given got had has hasn't have haven't header high history hour hours if in information
    input integer is isn't it its key known last leak leaks length less letter letters list lists log login low
    lower lowercase make max maximum maxlength may meet meets member might min minimum minlength minute minutes
    more most mustn't name new no non not number numbers object of old on one only or original other otp
    parameter passphrase passwd password passwords path pattern personal pin please policy previous property
    provide re received recently regular repeat repeated request requirement requirements retype reuse
    reused rule rules satisfy secret seen session set should shouldn't s size some space spaces special strength
    string strong supplied sure symbol symbols text than that the then these this those time times to token
    tokens too true try two type unable unicode unique up update updated upper uppercase use used user username
    using valid validation value values verification very violation was wasn't we were whitespace will with
    without word words would you your
""")  # fmt: skip
# Words of sentences. A message holds one of these, or begins or ends with one of the others.
_GRAMMAR = _words("""
    is are was be has have must may can can't cannot does do did not please too should at for least your than
    didn't don't doesn't couldn't hasn't isn't aren't wasn't
""")
_ENDS = _words("required invalid missing mismatch expired incorrect")
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"[0-9]{1,4}")
# Nothing but words and the punctuation of sentences.
_SENTENCE = re.compile(r"[A-Za-z0-9 \n.,:;()\"'`\u2018\u2019\u201c\u201d/!<>=*-]{8,300}")
_ALONE = frozenset(("required", "missing", "blank", "empty", "invalid", "expired", "taken"))
# An error code: `too_short`, `value_error.missing`, `password_mismatch`, `ValidatorError`, `too_small`.
_CODE_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CODE = re.compile(r"[A-Za-z]{2,40}(?:[_.-][A-Za-z]{1,20}){0,6}")
_CODES = _words("validator big defined regexp regex")  # words that occur only there
_SCOPE = re.compile(r"[a-z][a-z._-]{0,30}(?:[:/][a-z*][a-z._*-]{0,30}){1,3}")
_KEYS = _words("""
    message msg messages code error errors kind type path name field rule count description detail details reason
    validation key id min max minimum maximum limit inclusive
""")
# A bracket, a comma, a string with the colon behind a key, a small number or a word.
_PIECE = re.compile(
    r'\s{0,200}(?:(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<string>"(?:[^"\\]|\\.){0,300}")(?P<colon>\s*:)?'
    r"|(?P<scalar>[0-9]{1,3}|true|false|null)(?![\w.]))"
)
_MOST_PIECES = 80
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\([\"/n])")


def is_message(text: str) -> bool:
    """Whether a text is a message about a field: `must be at least 8 characters`."""
    if " " not in text or _SENTENCE.fullmatch(text) is None:
        return False
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    if (
        len(words) < 2
        or _FAULTS.isdisjoint(words)
        or not all(word in _WORDS or _NUMBER.fullmatch(word) for word in words)
    ):
        return False
    return not _GRAMMAR.isdisjoint(words) or words[0] in _ENDS or words[-1] in _ENDS


def is_quoted_message(literal: str) -> bool:
    """Whether a string of JSON is such a message. literal: with its quotes and escapes."""
    return " " in literal and is_message(_unescape(literal[1:-1]))


def end_of_messages(text: str, start: int, spend: Spend) -> int | None:
    """Return where the array or object of JSON ends that begins at `start`, if it holds only messages; or `None`.

    Also an object with a message and a code, as in `[{"message": "too short", "code": "too_short"}]`, and an array of
    scopes of OAuth (`["read:pets"]`). spend: called with the work done.
    """
    reader, piece = _Reader(), _PIECE.match(text, start)
    for number in range(_MOST_PIECES):
        if piece is None or not reader.reads(piece):
            return None
        if reader.depth == 0:
            return piece.end() if reader.has_message else None
        if not number % 8:
            spend(16)
        piece = _PIECE.match(text, piece.end())
    return None


class _Reader:
    """Reads the pieces of an array or object. depth: of open brackets. has_message: whether there was a message."""

    def __init__(self) -> None:
        self.depth = 0
        self.has_message = False
        self._key = ""  # the last key; empty in an array

    def reads(self, piece: re.Match[str]) -> bool:
        """Read a piece; return whether it belongs in messages."""
        kind = piece.lastgroup
        if kind == "open":
            self.depth, self._key = self.depth + 1, ""
        elif kind == "close":
            self.depth, self._key = self.depth - 1, ""
        elif kind == "colon":
            self._key = piece["string"][1:-1]
            return self._key in _KEYS
        elif kind == "string":
            self.has_message = True
            return _is_message(self._key, _unescape(piece["string"][1:-1]))
        return kind != "scalar" or bool(self._key)


def _is_message(key: str, text: str) -> bool:
    """Whether a string is a message, or the code of one. key: its name in an object; empty in an array."""
    if is_message(text):
        return True
    if not key:
        return text.lower() in _ALONE or _SCOPE.fullmatch(text) is not None
    if _CODE.fullmatch(text) is None:
        return False
    return all(word.lower() in _WORDS or word.lower() in _CODES for word in _CODE_WORDS.findall(text))


def _unescape(text: str) -> str:
    """Return the content of a JSON string with the escapes decoded that occur in messages."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2].replace("n", "\n"), text)
