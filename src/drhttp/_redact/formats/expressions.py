"""Expressions in source code: where a value ends that goes on behind its first string, and values in calls of methods
and in conditions of SQL.

Such as `password = "a" + "b"`, a heredoc, `() => "abc"`, `password.set("abc")` and `password IN ('abc')`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.formats.value_locator import ValueLocator
    from drhttp._redact.policy import Policy

_OPERAND = r"[\w$\[\]]{1,80}(?:\([^()\r\n\"']{0,80}\))?"
# What joins a string with the next one: an operator, perhaps with variables and further operators; or a backslash.
_JOIN = re.compile(
    rf"\s{{0,80}}(?:\+|\.{{1,2}}|&|~|\|\||<>)\s{{0,80}}(?:{_OPERAND}\s{{0,80}}(?:\+|\.{{1,2}}|&|\|\|)\s{{0,80}}){{0,8}}"
    r"(?=[bBfFnNrRuU]{0,2}[\"'`])|[ \t]{1,40}\\\r?\n[ \t]{0,80}(?=[\"'])"
)
_JOINING = frozenset("+.&~|<\\ \t\r\n")
_NEXT = re.compile(r"[ \t]{1,40}(?=[\"'])")  # strings side by side
_ENDS = re.compile(r"[ \t]{0,40}[;,)}\]]{0,4}[ \t]{0,40}(?:\r?\n|\Z)")
_HEREDOC = re.compile(r"<<<?[-~]?[ \t]?(?P<quote>[\"'`]?)(?P<mark>[A-Za-z_]\w{0,40})(?P=quote)[^\r\n]{0,80}(?:\r?\n)")
_LINE_MARK = re.compile(r"^[ \t]*([A-Za-z_]\w{0,40})\b", re.MULTILINE)
_ARROW = re.compile(r"\s{0,40}=>\s{0,40}")
# Another recorder's mask, with one word behind it at the end of a line.
_MASKED = re.compile(r"\[(?!redacted\])[A-Za-z*_]{1,30}\][ \t]{1,10}[^\s=,;:]{1,200}(?=[ \t]{0,40}(?:\r?\n|\Z))")

# What the next patterns need: one search for a bracket is faster than several for two characters.
_CALLED, _LISTED, _REMARKED = re.compile(r"\([\"'`]"), re.compile(r"\((?<= (?:IN|in) \()"), re.compile(r"\)(?::| =)")
_METHOD = re.compile(r"\.(?:set(?:Value)?|equals|fill|sendKeys|send_keys|eq)\(\s{0,40}(?=[bBfFnNrRuU]{0,2}[\"'`])")
_LIST = re.compile(r"[ \t](?:IN|in) (?=\([ \t]{0,9}[\"'])")
_RANGE = re.compile(r"[ \t](?:BETWEEN|between) (?=')")
_AND = re.compile(r"'[ \t]{1,9}(?:AND|and)[ \t]{1,9}(?=')")
# Types and the like describe a parameter: `password (str): The password`.
_REMARK = re.compile(
    r"[ \t][(\[](?!(?:[Ss]tr|[Ss]tring|int|[Bb]ool|[Bb]oolean|bytes|[Oo]ptional|[Rr]equired|[Oo]bject|list|dict)\b)"
    r"[\w -]{1,30}[)\]][ \t]?[:=][ \t]{1,9}(?=\S)"
)
_LAST_NAME = re.compile(r"[\w$.-]{1,80}")
_LONGEST_NAME = 80

_LONGEST_EXPRESSION = 300  # characters, if no string goes on
# What may end an expression, or begins something with an end of its own.
_TOKEN = re.compile(
    r"[(\[{]|[)\]}]|[,;]|\r?\n|(?<=[=(,:!&|?+])/(?:[^/\\\r\n*]|\\.)+/"
    r"|(?<!\\)(\\*)([\"'`])"
)
_CLOSED = re.compile(r"[)\]}]{1,9}")
_GOES_ON = re.compile(r"[ \t]{0,80}(?:[.?:+|&]|=>)")
_UNFINISHED = ("+", "|", "&", "?", "=", ">", ",", "(", ".", "\\")
# A value that is an expression, and no password of a text: a variable, a call, a function.
_BEGINNING = re.compile(
    r"!|\(|/[^/*\s]{1,200}/|(?:function|async|new|await|typeof)\b|[A-Za-z_$][\w$]{0,40}(?:[(\[,;)}?.&|+=!`]|[ \t]?=>)"
)


class Scripts:
    """Finds where expressions of JavaScript end, in a text that holds functions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._holds_functions: bool | None = None

    def expression_at(self, at: int, locator: ValueLocator) -> tuple[int, int] | None:
        """Return the span of an expression, such as `e`, `n(e, t)` or `function(e) {`; `None` if none begins there."""
        if self._holds_functions is None:
            self._holds_functions = _holds_functions(self._text)
        if not self._holds_functions or _BEGINNING.match(self._text, at) is None:
            return None
        return at, _end_of_expression(self._text, at, locator)


def _holds_functions(text: str) -> bool:
    """Whether a text holds functions of JavaScript."""
    return ("){" in text or ") {" in text or "=>{" in text) and ("function" in text or "=>" in text)


def _ends_expression(token: re.Match[str], at: int) -> bool:
    """Whether a token outside of brackets ends the expression that begins at a position."""
    if token[0][-1] == "\n":
        text = token.string
        return not (text[at : token.start()].rstrip().endswith(_UNFINISHED) or _GOES_ON.match(text, token.end()))
    return token[0] in ")]},;"


def _end_of_expression(text: str, at: int, locator: ValueLocator) -> int:
    """Return where an expression ends: at a comma, a semicolon or a bracket that was opened before it, at the end of
    the line, or behind 300 characters and the string that stands there.
    """
    depth, position = 0, at
    newest = at + _LONGEST_EXPRESSION
    token = _TOKEN.search(text, position, newest)
    while token:
        sign, position = token[0], token.end()
        if depth == 0 and _ends_expression(token, at):
            return token.start()
        depth += (sign in "([{") - (sign in ")]}")
        if token[2]:
            position = locator.end_of_quoted(token[1], token[2], position)
        token = _TOKEN.search(text, position, newest)
    if position > newest:  # behind a string
        closed = _CLOSED.match(text, position)
        return closed.end() if closed else position
    return min(len(text), newest)


def end_of_joined(text: str, end: int, locator: ValueLocator, *, spaced: bool) -> int:
    """Return where the last of the strings ends that are joined with a string.

    end: where the first one ends, with its quote. spaced: whether strings side by side are joined too, if nothing
    follows them in the line.
    """
    last = end
    while text[last : last + 1] in _JOINING:
        join = _JOIN.match(text, last)
        string = locator.string_at(join.end()) if join else None
        if string is None:
            break
        last = string[2]
    beside = _NEXT.match(text, last) if spaced else None
    string = locator.string_at(beside.end()) if beside else None
    return string[2] if string and _ENDS.match(text, string[2]) else last


class Heredocs:
    """Finds the lines of heredocs in a text. It reads the lines that may end one only once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[str, list[int]] | None = None  # where the lines begin that begin with a word

    def lines_at(self, at: int) -> tuple[int, int] | None:
        """Return the span of the lines of a heredoc: `<<EOF`, lines, `EOF`; `None` if none begins there."""
        match = _HEREDOC.match(self._text, at)
        if match is None:
            return None
        if self._ends is None:
            self._ends = {}
            for line in _LINE_MARK.finditer(self._text):
                self._ends.setdefault(line[1], []).append(line.start())
        begin, ends = match.end(), self._ends.get(match["mark"], [])
        index = bisect_left(ends, begin)
        if index == len(ends):
            return begin, len(self._text)
        return begin, max(begin, ends[index] - 1)


def end_of_function(text: str, end: int, locator: ValueLocator) -> int:
    """Return where the value of an arrow function ends. end: the end of its parameters."""
    arrow = _ARROW.match(text, end)
    if arrow is None:
        return end
    string = locator.string_at(arrow.end())
    return string[2] if string else locator.value_at(arrow.end())[1]


def masked_and_more(text: str, at: int) -> tuple[int, int] | None:
    """Return the span of another mask, as in `[FILTERED] abc`, with the word behind it."""
    match = _MASKED.match(text, at)
    return match.span() if match else None


def holds_compound_sign(text: str) -> bool:
    """Whether a text holds one of the signs of assignment that are rare outside of programs, such as `+=`."""
    # A loop would take three times as long.
    return (
        ("?" in text and ("?:" in text or "?=" in text))
        or ("+" in text and "+=" in text)
        or ("|" in text and "|=" in text)
        or ("&" in text and "&=" in text)
        or ("!" in text and ("!:" in text or "!==" in text))
    )


def with_compound_signs(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Return the pattern for a name and its sign with more signs: `+=`, `??=`, `||=`, `?:`, `!==`."""
    return re.compile(pattern.pattern.replace("!=|", r"!(?:==?|:)|[+?|&][?|&]?[=:]|"))


def find_in_expressions(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of values in calls of methods, in conditions of SQL, and behind names with a remark."""
    quoted = "'" in text or '"' in text or "`" in text
    if quoted and "(" in text:
        if _CALLED.search(text):
            yield from _strings_behind(_METHOD, text, policy, locator)
        if _LISTED.search(text):
            yield from _lists(text, policy, locator)
    if quoted and ("BETWEEN '" in text or "between '" in text):
        yield from _ranges(text, policy, locator)
    if ("(" in text and _REMARKED.search(text)) or ("[" in text and ("]:" in text or "] =" in text)):
        yield from (locator.value_at(at) for at in _behind(_REMARK, text, policy))


def _lists(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of lists: `password IN ('a', 'b')`."""
    end = 0
    for at in _behind(_LIST, text, policy):
        if at >= end:
            end = locator.end_of_brackets(at)
            yield at, end


def _ranges(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of both strings of ranges: `password BETWEEN 'a' AND 'b'`."""
    for begin, end in _strings_behind(_RANGE, text, policy, locator):
        yield begin, end
        other = _AND.match(text, end)
        string = locator.string_at(other.end()) if other else None
        if string:
            yield string[:2]


def _strings_behind(
    pattern: re.Pattern[str], text: str, policy: Policy, locator: ValueLocator
) -> Iterator[tuple[int, int]]:
    """Yield the spans of the strings behind a pattern that a secret name precedes."""
    for at in _behind(pattern, text, policy):
        string = locator.string_at(at)
        if string and string[0] < string[1]:
            yield string[:2]


def _behind(pattern: re.Pattern[str], text: str, policy: Policy) -> Iterator[int]:
    """Yield where a pattern ends that a secret name precedes, perhaps with `NOT`."""
    for match in pattern.finditer(text):
        policy.budget.spend(2)
        front = text[max(0, match.start() - _LONGEST_NAME) : match.start()].rstrip()
        if front[-4:] in (" NOT", " not"):
            front = front[:-4].rstrip()
        name = _LAST_NAME.match(front[::-1])
        if name and policy.is_secret(name[0][::-1].strip(".")):
            yield match.end()
