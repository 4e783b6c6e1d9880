"""JSON (RFC 8259): secrets are replaced where they stand; all other text stays as it is, to the letter.

The text is not parsed and written anew: that would change numbers, duplicates and spacing, and could not be done at all
with a document that was cut. It is read as tokens; `json.loads` is asked only whether a whole document is one.
"""

from __future__ import annotations

import json
import re
from json import decoder, encoder
from typing import TYPE_CHECKING, Any

from drhttp._redact.prose import mask_prose
from drhttp._redact.rules import Refusal

if TYPE_CHECKING:
    from drhttp._redact.rules import Rules

    # The closers of the brackets that are open, the innermost first.
    _Open = tuple[str, "_Open | None"]

_DEEPEST_TEXT = 3  # levels of JSON inside of a JSON string
# A string with the colon behind it that makes it a key; a bracket; a comma; a number or word; a quote without an end.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:\s*)?|[\[\]{},]|[^\s"\[\]{},:]+|"', re.DOTALL)
_SCALAR = re.compile(r"(\s*:\s*)([^\s,{}\[\]]+)")  # a colon, and a number or word
_LONG_NUMBER = re.compile(r"[0-9]{12}")
_DEEPEST_CUT = 200  # levels of a document without an end
_CLOSERS = {"{": "}", "[": "]"}


def _refuse(constant: str) -> None:
    # Python reads NaN and Infinity, which are not JSON.
    raise ValueError(constant)


_scan: Any = decoder.scanstring  # type: ignore[attr-defined]
_ENDS = {"{": "}", "[": "]", '"': '"'}
_quoted: Any = encoder.encode_basestring_ascii
# Made once: `json.loads` would make one a call. Numbers are not converted: they may be longer than Python converts.
_CHECKER = json.JSONDecoder(parse_constant=_refuse, parse_int=len, parse_float=len)


def mask_json(text: str, rules: Rules, level: int = 0) -> tuple[str, int]:
    """A whole document, masked, and how many values that were. Raises `Refusal` if it is not JSON."""
    check_json(text)
    done = _mask_plain(text, rules, level) if "\\" not in text else None
    count, masker = 0, _Masker
    if done is not None:
        (text, count), masker = done, _ValueMasker
    betrays = rules.betrays(text)
    if done is not None and not betrays:
        return done
    passage = masker(text, rules, level, betrays=betrays)
    passage.run()
    return passage.result(), count + passage.count


def mask_cut_json(text: str, rules: Rules) -> tuple[str, int]:
    """What is sure of a document whose end is missing, closed so that it is one again, and how many values were masked.

    The last member is left out: its value may be incomplete, and so may be its name. Raises `Refusal`.
    """
    masker = _CutMasker(text, rules, 0, betrays=rules.betrays(text))
    masker.run()
    closed = masker.result()
    check_json(closed)
    return closed, masker.count


def mask_string(text: str, rules: Rules, level: int = 0) -> tuple[str, int]:
    """A text from within something else, masked, and how many values that were.

    JSON is read as such; where JSON within strings within JSON goes too deep, the text is taken for a secret.
    """
    if len(text) < rules.shortest and not _ties(text):
        return text, 0
    begin = text.lstrip()[:1]
    if begin in _ENDS and text.rstrip()[-1] == _ENDS[begin]:
        try:
            if level < _DEEPEST_TEXT:
                return mask_json(text, rules, level + 1)
            check_json(text)
            return rules.mask(text), 1
        except Refusal as refusal:
            if refusal.reason != "unparsable":
                raise
    return mask_prose(text, rules)


def check_json(text: str) -> None:
    """Raise `Refusal` if the text is not JSON."""
    try:
        _CHECKER.decode(text)
    except RecursionError:
        raise Refusal("too_deep") from None
    except ValueError:
        raise Refusal("unparsable") from None


def _mask_plain(text: str, rules: Rules, level: int) -> tuple[str, int] | None:
    """A document without escapes, masked by its names, without reading it token by token.

    Every second piece between quotes is a string then, and what follows a key begins with a colon. `None` if a secret
    is an object or an array.
    """
    pieces = text.split('"')
    strings, behind = pieces[1::2], pieces[2::2]
    keys = [string for string, rest in zip(strings, behind, strict=True) if rest[:1] == ":"]
    colons = text.count(":")
    if len(keys) < colons:  # there are blanks before some
        keys = [string for string, rest in zip(strings, behind, strict=True) if rest.lstrip()[:1] == ":"]
    # A colon or an equals sign within a string may tie a name to a value.
    tied = "=" in text or "%" in text or len(keys) < colons
    if not tied and not any(map(rules.secret, set(keys))):
        return text, 0
    return _replace_plain(pieces, rules, level)


def _replace_plain(pieces: list[str], rules: Rules, level: int) -> tuple[str, int] | None:
    count, behind_key = 0, False
    for at in range(1, len(pieces) - 1, 2):
        rest = pieces[at + 1].lstrip()
        if rest[:1] != ":":
            if not behind_key and _ties(pieces[at]):
                masked, found = mask_string(pieces[at], rules, level)
                if found:
                    pieces[at], count = _inside(masked), count + found
            behind_key = False
        elif rules.secret(pieces[at]):
            if len(rest.rstrip()) == 1:
                pieces[at + 2] = _inside(rules.mask(pieces[at + 2]))
                behind_key = True
            else:
                match = _SCALAR.match(pieces[at + 1])
                if match is None:
                    return None
                pieces[at + 1] = f"{match[1]}{_quoted(rules.mask(match[2]))}{pieces[at + 1][match.end() :]}"
            count += 1
    return '"'.join(pieces), count


def _ties(text: str) -> bool:
    """Whether a text may hold a name and its value."""
    return ":" in text or "=" in text or "%" in text


def _inside(text: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return str(_quoted(text))[1:-1]


class _Masker:
    """One passage over a text. betrays: whether there are values in it that betray themselves, as it stands."""

    def __init__(self, text: str, rules: Rules, level: int, *, betrays: bool) -> None:
        self._text = text
        self._rules = rules
        self._level = level
        self._betrays = betrays
        self._tokens = _TOKEN.finditer(text)
        self._pieces: list[str] = []
        self._copied = 0  # up to where the text is in the pieces, or was replaced
        self.count = 0

    def run(self) -> None:
        """Read all tokens, and replace what is secret."""
        for match in self._tokens:
            token = match[0]
            if token[0] == '"':
                if not self._read_string(match):
                    return
            elif token in "{}[],":
                self._read_structure(match)
            elif self._betrays and _LONG_NUMBER.search(token):
                self._replace_if(match.start(), match.end(), *self._rules.mask_values(token))

    def result(self) -> str:
        """The text with the replacements."""
        return "".join(self._pieces) + self._text[self._copied :]

    def _read_structure(self, match: re.Match[str]) -> None:
        """Brackets and commas matter to a cut document alone."""

    def _read_string(self, match: re.Match[str]) -> bool:
        """A key with its value, or a value; `False` if the text ends within it."""
        token, tie = match[0], match[1]
        if len(token) == 1:
            return False
        if tie is None:
            if self._betrays or "\\" in token or _ties(token):
                masked, count = mask_string(_decoded(token), self._rules, self._level)
                self._replace_if(match.start(), match.end(), masked, count)
            return True
        key = _decoded(token[: -len(tie)])
        if self._betrays or "\\" in token:
            self._replace_if(match.start(), match.end() - len(tie), *self._rules.mask_values(key))
        if not self._rules.secret(key):
            return True
        end = self._end_of_value()
        if end is None:
            return False
        value = self._text[match.end() : end]
        self._replace_if(match.end(), end, self._rules.mask(_decoded(value) if value[0] == '"' else value), 1)
        return True

    def _end_of_value(self) -> int | None:
        """Pass over the value that begins with the next token; `None` if the text ends before it does."""
        depth = 0
        for match in self._tokens:
            token = match[0]
            if token == '"':
                return None
            if token in "{[":
                depth += 1
            elif token in "}]":
                depth -= 1
            if depth == 0:
                return match.end()
        return None

    def _replace_if(self, start: int, end: int, masked: str, count: int) -> None:
        if count:
            self._pieces += (self._text[self._copied : start], _quoted(masked))
            self._copied = end
            self.count += count


class _ValueMasker(_Masker):
    """One passage over a text whose names have been dealt with."""

    def _read_string(self, match: re.Match[str]) -> bool:
        end = match.end() - len(match[1] or "")
        self._replace_if(match.start(), end, *self._rules.mask_values(_decoded(self._text[match.start() : end])))
        return True


class _CutMasker(_Masker):
    """One passage over a text whose end is missing; it remembers up to where that is sure to be whole."""

    _open: _Open | None = None
    _depth = 0
    _ended = False
    _sure: tuple[int, int, int, int, _Open | None] = (0, 0, 0, 0, None)

    def result(self) -> str:
        """The text with the replacements up to that place, closed."""
        pieces, self.count, copied, position, opened = self._sure
        closers = []
        while opened is not None:
            closer, opened = opened
            closers.append(closer)
        return "".join([*self._pieces[:pieces], self._text[copied:position], *closers])

    def _read_structure(self, match: re.Match[str]) -> None:
        token = match[0]
        if self._ended:
            raise Refusal("unparsable")
        if token in _CLOSERS:
            self._open = (_CLOSERS[token], self._open)
            self._depth += 1
            if self._depth > _DEEPEST_CUT:
                raise Refusal("too_deep")
        elif token != "," and self._open is not None:
            self._open = self._open[1]
            self._depth -= 1
            self._ended = self._open is None
        position = match.start() if token == "," else match.end()
        self._sure = (len(self._pieces), self.count, self._copied, position, self._open)


def _decoded(token: str) -> str:
    """The text that a string token stands for."""
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(_scan(token, 1, False)[0])
    except ValueError:
        return token[1:-1]
