"""Splits a query into tokens with positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drhttp.inbox.errors import QueryError

MAX_LENGTH = 4_000
"""Maximum characters of a query."""
# A path such as `$.items[1].qty` is no field, but what is shown as the name of a value in a body.
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9._-]*|\$\.[A-Za-z0-9._\[\]-]+):(?!//)")
_WORDS = ("AND", "OR", "NOT")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value. quoted: its characters mean themselves."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Token:
    """kind: ``"("``, ``")"``, ``"AND"``, ``"OR"``, ``"NOT"`` or ``"term"``. end: behind its last character."""

    kind: str
    start: int
    end: int
    field: str | None = None
    pieces: tuple[Piece, ...] = ()

    @property
    def value(self) -> str:
        """The unquoted value."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def quoted(self) -> bool:
        return any(piece.quoted for piece in self.pieces)


def tokens(text: str) -> Iterator[Token]:
    """Return the tokens. Raises `QueryError` for an unclosed quote."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"A query is limited to {MAX_LENGTH:,} characters; this one has {len(text):,}.", MAX_LENGTH, 1)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token(text, at)
        yield token
        at = token.end


def _token(text: str, at: int) -> Token:
    char = text[at]
    if char in "()":
        return Token(char, at, at + 1)
    if char == "-" and text[at + 1 : at + 2].strip():
        return Token("NOT", at, at + 1)
    named = _FIELD.match(text, at)
    pieces, end = _value(text, named.end() if named else at)
    if named is None and len(pieces) == 1 and not pieces[0].quoted and pieces[0].text in _WORDS:
        return Token(pieces[0].text, at, end)
    return Token("term", at, end, named[1] if named else None, pieces)


def _value(text: str, at: int) -> tuple[tuple[Piece, ...], int]:
    """Return the end of a value: a space, or a closing parenthesis without an opening one in the value."""
    pieces: list[Piece] = []
    open_ones = 0
    start = at
    while at < len(text) and not text[at].isspace():
        char = text[at]
        if char == '"':
            if at > start:
                pieces.append(Piece(text[start:at], quoted=False))
            inside, at = _quoted(text, at)
            pieces.append(Piece(inside, quoted=True))
            start = at
            continue
        open_ones += (char == "(") - (char == ")")
        if open_ones < 0:
            break
        at += 1
    if at > start:
        pieces.append(Piece(text[start:at], quoted=False))
    return tuple(pieces), at


def _quoted(text: str, start: int) -> tuple[str, int]:
    found: list[str] = []
    at = start + 1
    while at < len(text):
        if text[at] == '"':
            return "".join(found), at + 1
        if text[at] == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:
            at += 1
        found.append(text[at])
        at += 1
    raise QueryError("Unclosed quote.", start, len(text) - start, (text[start:] + '"',))
