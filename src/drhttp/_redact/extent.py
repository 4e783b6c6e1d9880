"""Where the value ends that stands behind a name in a text. In doubt it is longer."""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTE = re.compile(r"""[A-Za-z]{0,2}(\\{0,8})(["'`])""")
_SCHEME = re.compile(r"(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)[ \t]+", re.IGNORECASE)
# Up to a space; a separator ends it if another name or nothing follows.
_WORD = re.compile(r"[^\s&;<>]*(?:[&;](?!(?:amp;)?[\w.$%\[\] -]{0,60}=|\s|\Z)[^\s&;<>]*)*")
_TRAILING = "\"'`),;]}."
_LINE = re.compile(r"[^\r\n]*")
_HEADERS = re.compile(r"(?:cookie2?|authorization|authentication)\Z", re.IGNORECASE)
_LEAD = re.compile(r"""[ \t]*(?:(?:[-*#>;]|//|export|set)[ \t]*)?["']?""")
_EMPTY = re.compile(r"(?:[|>][+-]?\d?)?[ \t]*(?:\r?\n|\Z)")  # YAML: a block follows
_INDENTED = re.compile(r"([ \t]*)([^\r\n]*)(?:\r?\n|\Z)")
# A bracket; a whole string; or the quote of one that is escaped, or without an end.
_BRACKET = re.compile(r"""[{}\[\]()]|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|(?<!\\)\\*["']""", re.DOTALL)
_ESCAPES = (0, 1, 3, 7)  # backslashes in front of a quote: none, and at each level of texts within texts
_OPENING = ("{", "[", '"', "'")
_LONGEST_LEAD = 40  # characters in front of a name that begins a line
_PEM = "-----BEGIN"


class Extents:
    """The extents of the values in one text. It remembers which quotes have no end, so that none is looked for twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._unclosed: set[str] = set()

    def of(self, match: re.Match[str]) -> tuple[int, int]:
        """Where the value begins and ends. match: the name (group 1), and what ties the value to it (group 2)."""
        text, at = self._text, match.end()
        line = _line_start(text, match.start())
        empty = _EMPTY.match(text, at) if line is not None else None
        if line is not None and empty:
            at = empty.end()
            if text[at : at + 1] not in _OPENING:
                return at, _end_of_block(text, at, match.start() - line)
        quote = _QUOTE.match(text, at)
        if quote:
            end = self._closing(quote[1] + quote[2], quote.end())
            return quote.end(), end[0] if end else _end_of_line(text, quote.end())
        if text[at : at + 1] in ("{", "[", "("):
            return at, self._balanced(at)
        if text.startswith(_PEM, at):
            end_of_key = text.find("-----END", at)
            return at, len(text) if end_of_key < 0 else _end_of_line(text, end_of_key)
        scheme = _SCHEME.match(text, at)
        if scheme:
            at = scheme.end()
        if _HEADERS.search(match[1]) or (line is not None and match[2] != "="):
            return at, _end_of_line(text, at)
        return at, _end_of_word(text, at)

    def _closing(self, mark: str, at: int) -> tuple[int, int] | None:
        """Where the closing quote is, with as many backslashes as the opening one; `None` if there is none."""
        escapes = len(mark) - 1
        # What has no end here has none further on.
        if escapes not in _ESCAPES or mark in self._unclosed:
            return None
        match = _ending(escapes, mark[-1]).search(self._text, at)
        if match is None:
            self._unclosed.add(mark)
            return None
        return match.span()

    def _balanced(self, at: int) -> int:
        """Where a value between brackets ends; with the text, if they are not closed."""
        text, depth = self._text, 0
        match = _BRACKET.search(text, at)
        while match:
            token, position = match[0], match.end()
            if token in "{[(":
                depth += 1
            elif token in "}])":
                depth -= 1
                if depth == 0:
                    return position
            elif token[0] == "\\":
                # A quote without another is an apostrophe.
                closing = self._closing(token, position)
                position = closing[1] if closing else position
            match = _BRACKET.search(text, position)
        return len(text)


@lru_cache(maxsize=32)
def _ending(escapes: int, quote: str) -> re.Pattern[str]:
    """What ends a string. Twice as many backslashes and two make it a part of the string, at each level again."""
    return re.compile(rf"(?<!\\)(?:\\{{{2 * escapes + 2}}})*\\{{{escapes}}}{quote}")


def _line_start(text: str, start: int) -> int | None:
    """Where the line begins, if nothing but bullets and quotes stands in front; else `None`."""
    newest = max(0, start - _LONGEST_LEAD)
    line = max(text.rfind("\n", newest, start), text.rfind("\r", newest, start)) + 1
    if line == 0 and newest > 0:
        return None
    lead = _LEAD.match(text, line, start)
    return line if lead is not None and lead.end() == start else None


def _end_of_line(text: str, at: int) -> int:
    match = _LINE.match(text, at)
    return match.end() if match else at


def _end_of_word(text: str, at: int) -> int:
    match = _WORD.match(text, at)
    word = match[0] if match else ""
    stripped = word.rstrip(_TRAILING)
    opening = stripped.rfind("(")
    if opening > 0 and ")" not in word[opening:]:  # a call: `Secret('a b')`
        end = text.find(")", at, at + 500)
        return end if end > 0 else at + len(word)
    return at + len(stripped or word)


def _end_of_block(text: str, at: int, indent: int) -> int:
    """Where the lines end that are further indented."""
    end = filled = at
    while end < len(text):
        line = _INDENTED.match(text, end)
        if line is None or (line[2] and (len(line[1]) < indent or (len(line[1]) == indent and line[2][:2] != "- "))):
            break
        filled, end = (line.end(2) if line[2] else filled), line.end()
    return filled
