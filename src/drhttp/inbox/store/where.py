"""Compiles a query to an SQL condition. Values are always bound as parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from drhttp.inbox.query.fields import SLOW
from drhttp.inbox.query.nodes import (
    All,
    Any,
    Anywhere,
    Between,
    Body,
    Flag,
    Header,
    Holds,
    Like,
    Node,
    Not,
    Present,
    reads_payload,
)
from drhttp.inbox.store.like import escaped, like
from drhttp.inbox.store.schema import BODY, OMITTED, RESPONSE, TRUNCATED
from drhttp.inbox.store.search import MESSAGES, lower

_URL = "CASE r.scheme WHEN '' THEN '' ELSE r.scheme || '://' || r.host END || r.path || ifnull('?' || r.query, '')"
_EXPRESSIONS = {
    "url": _URL,
    "calls": "CASE WHEN r.span IS NULL THEN 0 ELSE (SELECT count(*) FROM record o WHERE o.parent = r.span) END",
    "response_type": "trim(substr(r.response_type, 1, instr(r.response_type || ';', ';') - 1))",
}
_FLAGS = {
    "error": "r.error",
    "client-error": "r.status BETWEEN 400 AND 499",
    "slow": f"r.duration >= {SLOW}",
    "aborted": "r.aborted",
    "exception": "r.exception IS NOT NULL",
    "pinned": "r.pinned",
    "replay": "r.replay_of IS NOT NULL",
    "truncated": f"r.flags & {TRUNCATED}",
    "masked": "r.masked",
    "omitted": f"r.flags & {OMITTED}",
    "orphan": "r.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM record o WHERE o.span = r.parent)",
    "has-outbound": "EXISTS (SELECT 1 FROM record o WHERE o.parent = r.span)",
    "has-body": f"r.flags & {BODY}",
    "has-response": f"r.flags & {RESPONSE}",
}
_WORDS = ("method", "url", "id", "user", "device", "exception", "exception_text", "note")
"""Columns in which free text is searched, in addition to headers, bodies and WebSocket messages."""
_HAS_MESSAGES = f"""instr(p.marks, '"{MESSAGES[-1]}"')"""
_UNESCAPED = re.compile(r"[ !#-9;-\[\]-~]+")
"""What JSON writes as itself, and a line of a header does not put between name and value."""


class Condition:
    """sql: over ``record r``, and ``payload p`` when `payload`. parameters: in its order."""

    def __init__(self, node: Node) -> None:
        self.parameters: list[object] = []
        self.payload = reads_payload(node)
        self.sql = self._of(node)

    def _of(self, node: Node) -> str:
        if isinstance(node, (All, Any)):
            parts = [self._of(one) for one in node.nodes]
            return "(" + (" AND " if isinstance(node, All) else " OR ").join(parts or ["1"]) + ")"
        if isinstance(node, Not):
            return f"NOT {self._of(node.node)}"
        # In SQL, a comparison with NULL is NULL; here it is false.
        return f"ifnull({self._test(node)}, 0)"

    def _test(self, node: Between | Like | Holds | Present | Flag | Body | Header | Anywhere) -> str:
        if isinstance(node, Between):
            return self._between(node)
        if isinstance(node, Like):
            return self._like(node)
        if isinstance(node, Holds):
            return f"instr(lower({_expression(node.column)}), {self._put(lower(node.part))})"
        if isinstance(node, Present):
            return f"{_expression(node.column)} IS NOT NULL"
        if isinstance(node, Flag):
            return f"({_FLAGS[node.name]})"
        return self._payload(node)

    def _payload(self, node: Body | Header | Anywhere) -> str:
        if isinstance(node, Anywhere):
            return self._anywhere(node.part)
        if isinstance(node, Body):
            return self._or(self._in_body(side, node.part) for side in node.sides)
        wanted = None if node.part is None else lower(node.part)
        return self._or(
            self._anchored(
                f"p.{side}_headers",
                node.name,
                lambda kept: f"drhttp_header({kept}, {self._put(node.name)}, {self._put(wanted)})",
            )
            for side in node.sides
        )

    def _in_body(self, side: str, part: str) -> str:
        """Return the condition for a body. SQLite searches text itself; other bytes need a Python function."""
        raw = lower(part).encode("utf-8", "replace")
        body = f"p.{side}_body"
        return (
            f"CASE typeof({body}) WHEN 'text' THEN {self._part_of(body, raw.decode())}"
            f" WHEN 'blob' THEN drhttp_body({body}, {self._put(raw)}) ELSE 0 END"
        )

    def _anchored(self, headers: str, part: str, test: Callable[[str], str]) -> str:
        """A test that calls our function only where the JSON of the headers holds what it must for it to be true."""
        plain = max(_UNESCAPED.findall(part), key=len, default="").strip()
        # Of an AND within a value the database may work out both sides.
        return f"CASE WHEN {self._part_of(headers, plain)} THEN {test(headers)} ELSE 0 END" if plain else test(headers)

    def _part_of(self, expression: str, part: str) -> str:
        if "\0" in part:  # a pattern would end there
            return f"instr(lower({expression}), {self._put(part)})"
        return f"{expression} LIKE {self._put(f'%{escaped(part)}%')} ESCAPE '\\'"

    def _between(self, node: Between) -> str:
        column = _expression(node.column)
        bounds = [(">=", node.low), ("<=", node.high)]
        tests = [f"{column} {sign} {self._put(bound)}" for sign, bound in bounds if bound is not None]
        return f"({' AND '.join(tests) or '1'})"

    def _like(self, node: Like) -> str:
        if node.column == "tags":
            # The tests of a tag are those of a text, over each of them.
            return f"EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE {self._matches('t.value', node.pattern)})"
        return self._matches(_expression(node.column), node.pattern)

    def _matches(self, expression: str, pattern: tuple[tuple[str | None, ...], ...]) -> str:
        (first, *others) = pattern
        if not others and None not in first:
            return f"{expression} = {self._put(lower(''.join(map(str, first))))} COLLATE NOCASE"
        return f"{expression} LIKE {self._put(like(pattern))} ESCAPE '\\'"

    def _anywhere(self, text: str) -> str:
        part = lower(text)
        words = [self._part_of(_expression(column), part) for column in _WORDS]
        headers = [
            self._anchored(f"p.{side}_headers", part, lambda kept: f"drhttp_lines({kept}, {self._put(part)})")
            for side in ("request", "response")
        ]
        bodies = [self._in_body(side, part) for side in ("request", "response")]
        # Last, as few records have any.
        messages = f"CASE WHEN {_HAS_MESSAGES} THEN drhttp_messages(p.marks, {self._put(part)}) END"
        return self._or(f"ifnull({test}, 0)" for test in [*words, *headers, *bodies, messages])

    def _or(self, tests: Iterable[str]) -> str:
        return f"({' OR '.join(tests)})"

    def _put(self, value: object) -> str:
        self.parameters.append(value)
        return "?"


def _expression(column: str) -> str:
    return f"({_EXPRESSIONS[column]})" if column in _EXPRESSIONS else f"r.{column}"
