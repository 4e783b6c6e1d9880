"""Where the value ends that stands behind a name in a text. In doubt it is longer."""

from __future__ import annotations

import re

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
_BRACKET = re.compile(r"""[{}\[\]()]|\\{0,8}["']""")
_OPENING = ("{", "[", '"', "'")
_LONGEST_LEAD = 40  # characters in front of a name that begins a line
_PEM = "-----BEGIN"


def extent(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the value begins and ends. match: the name (group 1), and what ties the value to it (group 2)."""
    at = match.end()
    line = _line_start(text, match.start())
    empty = _EMPTY.match(text, at) if line is not None else None
    if line is not None and empty:
        at = empty.end()
        if text[at : at + 1] not in _OPENING:
            return at, _end_of_block(text, at, match.start() - line)
    quote = _QUOTE.match(text, at)
    if quote:
        return quote.end(), _closing(text, quote)
    if text[at : at + 1] in ("{", "[", "("):
        return at, _balanced(text, at)
    if text.startswith(_PEM, at):
        end = text.find("-----END", at)
        return at, len(text) if end < 0 else _end_of_line(text, end)
    scheme = _SCHEME.match(text, at)
    if scheme:
        at = scheme.end()
    if _HEADERS.search(match[1]) or (line is not None and match[2] != "="):
        return at, _end_of_line(text, at)
    return at, _end_of_word(text, at)


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


def _closing(text: str, quote: re.Match[str]) -> int:
    """Where a quoted value ends: before its closing quote, or with the line if there is none."""
    end = _end_of_string(text, quote[1] + quote[2], quote.end())
    return end if end >= 0 else _end_of_line(text, quote.end())


def _end_of_string(text: str, mark: str, at: int) -> int:
    """Where the closing quote is, with as many backslashes as the opening one; -1 if there is none."""
    escapes = len(mark) - 1
    end = text.find(mark, at)
    while end >= 0:
        first = end
        while first > at and text[first - 1] == "\\":
            first -= 1
        # Twice as many and one make it a quote within the value; at each level of texts within texts.
        if (end - first + escapes) % (2 * escapes + 2) == escapes:
            return first
        end = text.find(mark, end + len(mark))
    return -1


def _balanced(text: str, at: int) -> int:
    """Where a value between brackets ends; with the text, if they are not closed."""
    depth = position = 0
    for match in _BRACKET.finditer(text, at):
        token = match[0]
        if match.start() < position:
            continue
        if token in "{[(":
            depth += 1
        elif token in "}])":
            depth -= 1
            if depth == 0:
                return match.end()
        else:
            # A quote without another is an apostrophe.
            end = _end_of_string(text, token, match.end())
            position = text.find(token[-1], end) + 1 if end >= 0 else match.end()
    return len(text)


def _end_of_block(text: str, at: int, indent: int) -> int:
    """Where the lines end that are further indented."""
    end = filled = at
    while end < len(text):
        line = _INDENTED.match(text, end)
        if line is None or (line[2] and (len(line[1]) < indent or (len(line[1]) == indent and line[2][:2] != "- "))):
            break
        filled, end = (line.end(2) if line[2] else filled), line.end()
    return filled
