"""Compiles a query to a condition of ClickHouse. Values are always bound as parameters."""

from __future__ import annotations

from collections.abc import Iterable

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
from drhttp.inbox.store.like import like
from drhttp.inbox.store.schema import BODY, OMITTED, RESPONSE, TRUNCATED
from drhttp.inbox.store.search import MESSAGES, lower

NEAR = "n BETWEEN {near_low:UInt64} AND {near_high:UInt64}"
"""Calls are looked for beside what is being read only; a scan sets the bounds."""
_PARENTS = f"SELECT assumeNotNull(parent) FROM record WHERE parent IS NOT NULL AND {NEAR}"
_SPANS = f"SELECT assumeNotNull(span) FROM record WHERE span IS NOT NULL AND {NEAR}"
_EXPRESSIONS = {
    "url": "concat(if(scheme = '', '', concat(scheme, '://', host)), path, ifNull(concat('?', query), ''))",
    "response_type": "trimBoth(substringIndex(response_type, ';', 1))",
}
_FLAGS = {
    "error": "error",
    "client-error": "status BETWEEN 400 AND 499",
    "slow": f"duration >= {SLOW}",
    "aborted": "aborted",
    "exception": "exception IS NOT NULL",
    "pinned": "n IN (SELECT n FROM mark FINAL WHERE pinned)",
    "replay": "replay_of IS NOT NULL",
    "truncated": f"bitTest(flags, {TRUNCATED.bit_length() - 1})",
    "masked": "masked > 0",
    "omitted": f"bitTest(flags, {OMITTED.bit_length() - 1})",
    "orphan": f"parent IS NOT NULL AND parent NOT IN ({_SPANS})",
    "has-outbound": f"span IS NOT NULL AND span IN ({_PARENTS})",
    "has-body": f"bitTest(flags, {BODY.bit_length() - 1})",
    "has-response": f"bitTest(flags, {RESPONSE.bit_length() - 1})",
}
_MARKED = {"tags": "notEmpty(tags)", "note": "note IS NOT NULL"}
_WORDS = ("method", "url", "id", "user", "device", "exception", "exception_text")
"""Columns in which free text is searched, in addition to notes, headers, bodies, and WebSocket messages."""
_MESSAGES = f"JSONExtractArrayRaw(marks, {', '.join(map(repr, MESSAGES))})"
_HAS_MESSAGES = f"""position(marks, '"{MESSAGES[-1]}"') > 0"""


class Condition:
    """sql: over ``record``. parameters: by name, without those of `NEAR`. payload: whether it reads bodies."""

    def __init__(self, node: Node) -> None:
        self.parameters: dict[str, object] = {}
        self.payload = reads_payload(node)
        self.sql = self._of(node)

    def _of(self, node: Node) -> str:
        if isinstance(node, (All, Any)):
            return _joined(map(self._of, node.nodes), " AND " if isinstance(node, All) else " OR ")
        if isinstance(node, Not):
            return f"NOT {self._of(node.node)}"
        # A comparison with NULL is NULL; here it is false.
        return f"ifNull({self._test(node)}, 0)"

    def _test(self, node: Between | Like | Holds | Present | Flag | Body | Header | Anywhere) -> str:
        if isinstance(node, Between):
            return self._calls(node) if node.column == "calls" else _between(_expression(node.column), node)
        if isinstance(node, Like):
            return self._like(node)
        if isinstance(node, Holds):
            return self._part_of(_expression(node.column), node.part)
        if isinstance(node, Present):
            if node.column in _MARKED:
                return _marked(_MARKED[node.column])
            return "1" if node.column == "calls" else f"({_expression(node.column)} IS NOT NULL)"
        if isinstance(node, Flag):
            return f"({_FLAGS[node.name]})"
        return self._payload(node)

    def _payload(self, node: Body | Header | Anywhere) -> str:
        if isinstance(node, Anywhere):
            return self._anywhere(node.part)
        if isinstance(node, Body):
            return _joined((self._in_body(side, node.part) for side in node.sides), " OR ")
        return _joined((self._in_header(side, node) for side in node.sides), " OR ")

    def _in_body(self, side: str, part: str) -> str:
        text, body = (self._part_of(f"{side}_{which}", part) for which in ("text", "body"))
        return f"ifNull(if(isNull({side}_text), {body}, {text}), 0)"

    def _in_header(self, side: str, node: Header) -> str:
        value = "" if node.part is None else f" AND {self._latin('v', node.part)}"
        return _in_headers(side, f"lower(h) = {self._put(lower(node.name))}{value}")

    def _latin(self, expression: str, part: str) -> str:
        """Header bytes are kept as latin-1; whoever asks for an umlaut may mean its UTF-8 bytes."""
        test = self._part_of(expression, part)
        if part.isascii():
            return test
        return f"({test} OR {self._part_of(expression, lower(part).encode('utf-8', 'replace').decode('latin-1'))})"

    def _part_of(self, expression: str, part: str) -> str:
        return f"(positionCaseInsensitive({expression}, {self._put(lower(part))}) > 0)"

    def _calls(self, node: Between) -> str:
        low, high = node.low or 0, node.high
        within = " AND ".join(
            [f"uniqExact(n) >= {max(low, 1)}", *([] if high is None else [f"uniqExact(n) <= {int(high)}"])]
        )
        some = f"ifNull(span IN ({_PARENTS} GROUP BY parent HAVING {within}), 0)"
        if low > 0:
            return some
        none = f"(span IS NULL OR span NOT IN ({_PARENTS}))" if high is None or high >= 0 else "0"
        return f"({some} OR {none})"

    def _like(self, node: Like) -> str:
        if node.column == "tags":
            # The tests of a tag are those of a text, over each of them.
            return _marked(f"arrayExists(t -> {self._matches('t', node.pattern)}, tags)")
        if node.column == "note":
            return _marked(self._matches("note", node.pattern))
        return self._matches(_expression(node.column), node.pattern)

    def _matches(self, expression: str, pattern: tuple[tuple[str | None, ...], ...]) -> str:
        (first, *others) = pattern
        if not others and None not in first:
            return f"(lower({expression}) = {self._put(lower(''.join(map(str, first))))})"
        return f"(lower({expression}) LIKE {self._put(lower(like(pattern)))})"

    def _anywhere(self, text: str) -> str:
        tests = [self._part_of(_expression(column), text) for column in _WORDS]
        tests.append(_marked(f"ifNull({self._part_of('note', text)}, 0)"))
        line = "concat(h, ': ', v)"
        for side in ("request", "response"):
            tests += [_in_headers(side, self._latin(line, text)), self._in_body(side, text)]
        data = self._part_of("JSONExtractString(m, 'data')", text)
        tests.append(f"({_HAS_MESSAGES} AND arrayExists(m -> {data}, {_MESSAGES}))")
        return _joined((f"ifNull({test}, 0)" for test in tests), " OR ")

    def _put(self, value: str) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value.encode("utf-8", "replace").decode()
        return f"{{{name}:String}}"


def _joined(tests: Iterable[str], word: str) -> str:
    return f"({word.join(tests) or '1'})"


def _in_headers(side: str, condition: str) -> str:
    return f"arrayExists((h, v) -> {condition}, {side}_names, {side}_values)"


def _marked(condition: str) -> str:
    return f"(n IN (SELECT n FROM mark FINAL WHERE {condition}))"


def _between(expression: str, node: Between) -> str:
    bounds = [(">=", node.low), ("<=", node.high)]
    return _joined((f"{expression} {sign} {int(bound)}" for sign, bound in bounds if bound is not None), " AND ")


def _expression(column: str) -> str:
    return f"({_EXPRESSIONS[column]})" if column in _EXPRESSIONS else f"`{column}`"
