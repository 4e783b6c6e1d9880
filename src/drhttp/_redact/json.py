"""JSON (RFC 8259): secrets are replaced where they stand; all other text stays as it is, to the letter.

The text is not parsed and written anew: that would change numbers, duplicates and spacing, and could not be done at all
with a document that was cut. It is read as tokens; `json.loads` is asked only whether a whole document is one.
"""

from __future__ import annotations

import re
from json import decoder, encoder
from typing import TYPE_CHECKING, Any

from drhttp._document import Document, derive, read
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
_MEMBER = re.compile(r'\s*:\s*("[^"]*"|[^\s,{}\[\]"]+)')  # what follows a name whose value is no object or array
_NAME = re.compile(r"[\w.$@ -]+")  # a name without anything that could stand between two strings
_TIE = re.compile(r"\s*:")
_FEW = 8  # names that are looked for one by one
_LONG_NUMBER = re.compile(r"[0-9]{12}")
_DEEPEST_CUT = 200  # levels of a document without an end
_CLOSERS = {"{": "}", "[": "]"}


_scan: Any = decoder.scanstring  # type: ignore[attr-defined]
_ENDS = {"{": "}", "[": "]", '"': '"'}
_quoted: Any = encoder.encode_basestring_ascii


def mask_json(text: str, rules: Rules, level: int = 0) -> tuple[str, int]:
    """A whole document, masked, and how many values that were. Raises `Refusal` if it is not JSON."""
    document = check_json(text)
    if "\\" not in text:
        done = _mask_plain(text, document, rules, level)
    elif _is_innocent(text, document, rules):
        return text, 0
    else:
        done = None
    if done is None:
        passage = _Masker(text, rules, level, betrays=rules.betrays(text))
    elif rules.betrays(done[0]):
        passage = _ValueMasker(done[0], rules, level, betrays=True)
    else:
        if done[1]:
            derive(done[0], document)
        return done
    passage.run()
    return passage.result(), passage.count + (done[1] if done else 0)


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


def check_json(text: str) -> Document:
    """What is known of a document. Raise `Refusal` if it is none."""
    document = read(text)
    if document.fault:
        raise Refusal(document.fault)
    return document


def _is_innocent(text: str, document: Document, rules: Rules) -> bool:
    """Whether a document with escapes holds nothing to mask, as far as that shows without reading it token by token."""
    if "\\\\" in text or not rules.innocent_names(document.names):
        return False
    plain = text.replace("\\/", "/").encode("ascii", "backslashreplace").decode("unicode_escape")
    return not ("\\" in plain or _is_tied(plain, document) or rules.betrays(plain))


def _is_tied(text: str, document: Document) -> bool:
    """Whether a colon or an equals sign within a string may tie a name to a value."""
    return "=" in text or "%" in text or text.count(":") > document.members


def _mask_plain(text: str, document: Document, rules: Rules, level: int) -> tuple[str, int] | None:
    """A document without escapes, masked by its names, without reading it token by token.

    `None` if a secret is an object or an array.
    """
    if _is_tied(text, document):
        return _replace_plain(text.split('"'), rules, level)
    if rules.innocent_names(document.names):
        return text, 0
    secret = list(filter(rules.secret, document.names))
    if len(secret) > _FEW or not all(map(_NAME.fullmatch, secret)):
        return _replace_plain(text.split('"'), rules, level)
    return _replace_named(text, secret, rules)


def _replace_named(text: str, names: list[str], rules: Rules) -> tuple[str, int] | None:
    """The same for a few names, looked for one by one: between quotes, none of them is anything but a string."""
    found = []
    for name in names:
        quoted = f'"{name}"'
        at = text.find(quoted)
        while at >= 0:
            match = _MEMBER.match(text, at + len(quoted))
            if match is not None:
                found.append(match.span(1))
            elif _TIE.match(text, at + len(quoted)):
                return None  # it names an object or an array
            at = text.find(quoted, at + len(quoted))
    pieces: list[str] = []
    copied = 0
    for start, end in sorted(found):
        value = text[start:end]
        pieces += (text[copied:start], _quoted(rules.mask(value[1:-1] if value[0] == '"' else value)))
        copied = end
    return "".join(pieces) + text[copied:], len(found)


def _replace_plain(pieces: list[str], rules: Rules, level: int) -> tuple[str, int] | None:
    """The same for the text between quotes: every second piece is a string; what follows a key begins with a colon."""
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
