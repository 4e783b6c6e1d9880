"""Parses a query into a syntax tree."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from drhttp.inbox.errors import QueryError
from drhttp.inbox.query.fields import FIELDS
from drhttp.inbox.query.lexer import Token, tokens
from drhttp.inbox.query.nodes import EVERYTHING, All, Any, Node, Not
from drhttp.inbox.query.values import anywhere, read

MAX_DEPTH = 20
"""Maximum nesting of parentheses and negations."""
MAX_TERMS = 100
"""Maximum number of terms."""
_BODIES = ("req.body", "res.body")


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it stands in the text, for chips. start: with its minus. depth: of parentheses around it."""

    start: int
    end: int
    field: str | None
    value: str
    negated: bool
    depth: int


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: its syntax tree and its terms."""

    text: str
    node: Node
    terms: tuple[Term, ...]


def parse(text: str, now: int) -> Query:
    """Parse a query. now: microseconds since the epoch. Raises `QueryError` with the position of the error."""
    parser = _Parser(text, now)
    return Query(text, parser.whole(), tuple(parser.terms))


class _Parser:
    def __init__(self, text: str, now: int) -> None:
        self._tokens = list(tokens(text))
        self._now = now
        self._at = 0
        self._end = len(text)
        self._alternatives = any(token.kind == "OR" for token in self._tokens)
        self.terms: list[Term] = []

    def whole(self) -> Node:
        if not self._tokens:
            return EVERYTHING
        node = self._alternatives_of(0)
        left = self._peek()
        if left is not None:
            raise QueryError("Unmatched closing parenthesis.", left.start, 1)
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next_is(self, *kinds: str) -> bool:
        token = self._peek()
        return token is not None and token.kind in kinds

    def _alternatives_of(self, depth: int) -> Node:
        nodes = [self._conjunction(depth)]
        while self._next_is("OR"):
            self._at += 1
            nodes.append(self._conjunction(depth))
        return nodes[0] if len(nodes) == 1 else Any(tuple(nodes))

    def _conjunction(self, depth: int) -> Node:
        nodes = [self._single(depth, None)]
        while self._next_is("AND", "NOT", "(", "term"):
            if self._next_is("AND"):
                self._at += 1
            nodes.append(self._single(depth, None))
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _single(self, depth: int, minus: Token | None, negations: int = 0) -> Node:
        token = self._peek()
        if token is None or token.kind in {"AND", "OR", ")"}:
            raise self._nothing(token)
        self._at += 1
        if depth + negations > MAX_DEPTH:
            raise QueryError(f"Parentheses are limited to {MAX_DEPTH} levels.", token.start, 1)
        if token.kind == "NOT":
            return Not(self._single(depth, minus or token, negations + 1))
        if token.kind == "(":
            return self._parenthesis(token, depth)
        return self._term(token, depth, minus, negations)

    def _parenthesis(self, opening: Token, depth: int) -> Node:
        node = self._alternatives_of(depth + 1)
        if not self._next_is(")"):
            raise QueryError("Unclosed parenthesis.", opening.start, 1)
        self._at += 1
        return node

    def _term(self, token: Token, depth: int, minus: Token | None, negations: int) -> Node:
        start = minus.start if minus else token.start
        # A term of an OR cannot be removed alone without changing the meaning of the query.
        inside = depth + self._alternatives
        self.terms.append(Term(start, token.end, token.field, token.value, negations % 2 == 1, inside))
        if len(self.terms) > MAX_TERMS:
            raise QueryError(f"A query is limited to {MAX_TERMS} terms.", token.start, token.end - token.start)
        if token.field is None:
            return anywhere(token.value)
        field = FIELDS.get(token.field.lower())
        if field is None:
            raise _unknown(token)
        return read(token, field, self._now)

    def _nothing(self, token: Token | None) -> QueryError:
        before = self._tokens[self._at - 1] if self._at else None
        if before is None or (token is not None and token.kind == ")" and before.kind == "("):
            what, at = "Expected a search term here.", token or before
        else:
            what, at = f"Expected a search term after {before.kind.replace('NOT', 'the minus sign')}.", before
        return QueryError(what, at.start if at else self._end, at.end - at.start if at else 0)


def _unknown(token: Token) -> QueryError:
    name = token.field or ""
    close = tuple(get_close_matches(name.lower(), FIELDS, 3, 0.5))
    bodies, text = " or ".join(_BODIES), f'"{name}:{token.value}"'
    elsewhere = f"to look for a value in bodies, use {bodies}; to look for the text, put it in quotes: {text}."
    hint = f"did you mean {close[0]}?" if close else elsewhere
    return QueryError(f'Unknown field "{name}"; {hint}', token.start, len(name), close or _BODIES)
