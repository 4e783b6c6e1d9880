"""Error messages of databases and libraries: masks values that stand apart from their names: `Key (token)=(abc)
exists`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.formats.value_locator import ValueLocator
    from drhttp._redact.policy import Policy

    Spans = Iterator[tuple[int, int]]

_NAME = re.compile(r"[\w.$-]+")
_LINE = re.compile(r"[^\r\n]*")
_FARTHEST = 4000  # characters between a name and its value
# PostgreSQL: a row without names, and its end.
_ROW = "Failing row contains ("
_ROW_END = re.compile(r"\)\.?[\"']?[ \t]*(?:\\n|[\r\n]|\Z)")
# MySQL: `Duplicate entry 'abc' for key 'users.token'`.
_ENTRY = re.compile(r"(?:Duplicate entry|[Ii]ncorrect [a-z]{1,20} value:) '")
_ENTRY_END = re.compile(r"' for (?:key|column) ['`]([\w.$-]+)")
_VALUES = re.compile(r"[Vv](?<!\w.)(?i:ALUES)\s*(?=\()")
_MORE_VALUES = re.compile(r"\s*,\s*(?=\()")
# Placeholders for values that are passed separately.
_BOUND = re.compile(
    r"[\s()]*(?:\?|%s|\$\d+|:\w+|%\(\w+\)s)(?:[\s,()]+(?:\?|%s|\$\d+|:\w+|%\(\w+\)s|DEFAULT|NULL))*[\s()]*"
)
_PARAMETERS = "[parameters: "  # SQLAlchemy
_INPUT, _INPUT_END = "input_value=", ", input_type="  # pydantic


def holds_bracket_or_input(text: str) -> bool:
    """Whether a text without quotes may hold such a message, or an expression; `False` is certain."""
    return "(" in text or "[" in text or _INPUT in text


def find_error_values(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of secret values in such messages."""
    # Searching for one character is much faster than for several.
    called, quoted, equal = "(" in text, "'" in text, "=" in text
    if called and equal and ")=(" in text:
        yield from _postgresql_keys(text, policy)
    if called and _ROW in text:
        yield from _postgresql_rows(text)
    if quoted and (" entry '" in text or " value: '" in text):
        yield from _mysql_entries(text, policy)
    if called and ("VALUES" in text or "values" in text):
        yield from _sql_statements(text, policy, locator)
    if "[" in text and _PARAMETERS in text:
        yield from _sqlalchemy_parameters(text, policy, locator)
    if equal and _INPUT in text and not policy.is_allowed("input_value"):
        yield from _pydantic_inputs(text)


def _any_secret(text: str, policy: Policy) -> bool:
    """Whether a text holds a secret name."""
    return any(policy.is_secret(name) for name in set(_NAME.findall(text)))


def _postgresql_keys(text: str, policy: Policy) -> Spans:
    """Yield values in messages of PostgreSQL: `Key (token)=(abc) already exists.`"""
    behind, at = 0, text.find(")=(")
    while at >= 0:
        policy.budget.spend(3)
        names = text[max(behind, at - 200) : at].rpartition("\n")[2]
        behind = at + 3
        if _any_secret(names.partition("(")[2], policy):
            line = _LINE.match(text, behind)
            end = line.end() if line else behind
            last = text.rfind(")", behind, end)
            yield behind, last if last > 0 else end
            behind = end
        at = text.find(")=(", behind)


def _postgresql_rows(text: str) -> Spans:
    """Yield rows without names in messages of PostgreSQL: `Failing row contains (1, abc).`"""
    at = text.find(_ROW)
    while at >= 0:
        begin = at + len(_ROW)
        end = _ROW_END.search(text, begin)
        yield begin, end.start() if end else len(text)
        at = text.find(_ROW, end.end()) if end else -1


def _mysql_entries(text: str, policy: Policy) -> Spans:
    """Yield values in messages of MySQL: `Duplicate entry 'abc' for key 'users.token'`."""
    entry = _ENTRY.search(text)
    while entry:
        end = _ENTRY_END.search(text, entry.end())
        if end is None:
            break
        if policy.is_secret(end[1]):
            yield entry.end(), end.start()
        entry = _ENTRY.search(text, end.end())


def _sql_statements(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield values in SQL: `INSERT INTO users (name, token) VALUES ('ada', 'abc')`."""
    behind = 0
    match = _VALUES.search(text)
    while match:
        policy.budget.spend(3)
        columns = text[max(behind, match.start() - _FARTHEST) : match.start()].rpartition("(")[2]
        behind = match.end()
        if _any_secret(columns, policy):
            more: re.Match[str] | None = match
            while more:
                behind = locator.end_of_brackets(more.end())
                more = _MORE_VALUES.match(text, behind)
            if _BOUND.fullmatch(text, match.end(), behind) is None:
                yield match.end(), behind
        match = _VALUES.search(text, behind)


def _sqlalchemy_parameters(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield parameters in messages of SQLAlchemy: `[SQL: ... (name, token) ...] [parameters: ('ada', 'abc')]`."""
    behind, at = 0, text.find(_PARAMETERS)
    while at >= 0:
        policy.budget.spend(3)
        statement = text[max(behind, at - _FARTHEST) : at]
        behind = at + len(_PARAMETERS)
        if _any_secret(statement[max(0, statement.rfind("[SQL: ")) :], policy):
            begin, behind = behind, locator.end_of_brackets(at)
            yield begin, behind - text.endswith("]", begin, behind)
        at = text.find(_PARAMETERS, behind)


def _pydantic_inputs(text: str) -> Spans:
    """Yield inputs in messages of pydantic: `[type=string_too_short, input_value='abc', input_type=str]`."""
    at = text.find(_INPUT)
    while at >= 0:
        begin = at + len(_INPUT)
        end = text.find(_INPUT_END, begin, begin + _FARTHEST)
        if end < 0:
            line = _LINE.match(text, begin)
            end = line.end() if line else begin
        yield begin, end
        at = text.find(_INPUT, end)
