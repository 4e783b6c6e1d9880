"""A second reading of queries, as plain as can be: what a store answers is compared with it."""

from __future__ import annotations

import fnmatch
import gzip
import re
import string
from collections import Counter
from functools import lru_cache

from drhttp.inbox.operation import operation
from drhttp.inbox.query.nodes import All, Any, Anywhere, Between, Body, Flag, Header, Holds, Like, Not, Present


class World:
    """All exchanges, with what was added to them. marks: from the id to pinned, tags and note."""

    def __init__(self, exchanges, marks):
        self.exchanges = exchanges
        self.marks = marks
        self.all = {each.summary.id for each in exchanges}
        self.operations = {each.summary.id: operation(each) for each in exchanges}
        self._found = {}
        self.spans = {each.summary.span for each in exchanges} - {None}
        self.children = Counter(each.summary.parent for each in exchanges if each.summary.parent)
        self.parents = set(self.children)

    def ids(self, node):
        match node:
            case All(nodes):
                return self.all.intersection(*map(self.ids, nodes))
            case Any(nodes):
                return set().union(*map(self.ids, nodes))
            case Not(one):
                return self.all - self.ids(one)
        if node not in self._found:  # queries have many terms in common
            self._found[node] = {each.summary.id for each in self.exchanges if self.matches(node, each)}
        return self._found[node]

    def sorted(self, node, order):
        """Return the ids in an order: unknown values last, equal ones from the newest on."""
        found = [each.summary for each in self.exchanges[::-1] if each.summary.id in self.ids(node)]
        known = [each for each in found if getattr(each, order.column) is not None]
        known.sort(key=lambda summary: getattr(summary, order.column), reverse=order.descending)
        return [each.id for each in known] + [each.id for each in found if getattr(each, order.column) is None]

    def matches(self, node, exchange):  # noqa: C901 one case a kind of test
        summary = exchange.summary
        match node:
            case Between(column, low, high):
                value = self.value(column, summary)
                return value is not None and (low is None or low <= value) and (high is None or value <= high)
            case Like("tags", pattern):
                return any(like(tag, pattern) for tag in self.marks.get(summary.id, {}).get("tags", []))
            case Like(column, pattern):
                return like(self.value(column, summary), pattern)
            case Holds("url", part):
                return plain(part) in plain(summary.url)
            case Holds(column, part):
                value = getattr(summary, column)
                return value is not None and plain(part) in plain(value)
            case Present(column):
                return self.value(column, summary) not in (None, [])
            case Flag(name):
                return bool(self.flag(name, exchange))
            case Body(sides, part):
                return any(in_body(getattr(exchange, side), part) for side in sides)
            case Header(sides, name, part):
                return any(in_headers(getattr(exchange, side), name, part) for side in sides)
            case Anywhere(part):
                return self.anywhere(part, exchange)
        raise AssertionError(node)

    def value(self, column, summary):
        if column == "calls":
            return self.children[summary.span] if summary.span else 0
        if column == "operation":
            return self.operations[summary.id]
        if column in {"tags", "note"}:
            return self.marks.get(summary.id, {}).get(column)
        if column == "endpoint":
            place = summary.route or re.sub(r"(?<=/)\d+(?=/|$)", "{id}", summary.path)
            return summary.host + place if summary.direction == "Outgoing" else place
        value = getattr(summary, column)
        return value.split(";")[0].strip() if column == "response_type" and value else value

    def flag(self, name, exchange):
        summary = exchange.summary
        messages = [each for each in (exchange.request, exchange.response) if each is not None]
        return {
            "error": lambda: summary.status is None or summary.status >= 500 or summary.exception,
            "client-error": lambda: summary.status is not None and 400 <= summary.status < 500,
            "slow": lambda: (summary.duration or 0) >= 1_000_000,
            "aborted": lambda: summary.aborted,
            "exception": lambda: summary.exception,
            "pinned": lambda: self.marks.get(summary.id, {}).get("pinned"),
            "replay": lambda: summary.replay_of,
            "truncated": lambda: any(each.truncated for each in messages),
            "masked": lambda: sum(each.redacted for each in messages),
            "omitted": lambda: any(each.omitted for each in messages),
            "orphan": lambda: summary.parent and summary.parent not in self.spans,
            "has-outbound": lambda: summary.span in self.parents,
            "has-body": lambda: any(each.body for each in messages),
            "has-response": lambda: exchange.response is not None,
        }[name]()

    def anywhere(self, part, exchange):
        summary = exchange.summary
        words = [summary.method, summary.url, summary.id, summary.user, summary.device, summary.exception,
                 summary.exception_text, self.marks.get(summary.id, {}).get("note")]  # fmt: skip
        if any(plain(part) in plain(word) for word in words if word is not None):
            return True
        messages = [each for each in (exchange.request, exchange.response) if each is not None]
        lines = [f"{name}: {value}" for each in messages for name, value in each.headers]
        if any(within(line, part) for line in lines) or any(in_body(each, part) for each in messages):
            return True
        entry = exchange.extra.get("har", {}).get("rest", {}).get("set", {})
        return any(plain(part) in plain(one["data"]) for one in entry.get("_webSocketMessages", ()))


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def plain(text):
    return text.translate(_LOWER)


def like(value, pattern):
    return value is not None and expression(pattern).fullmatch(plain(value)) is not None


@lru_cache(maxsize=1000)
def expression(pattern):
    glob = "*".join(
        "".join("?" if char is None else f"[{char}]" if char in "*?[" else char for char in run) for run in pattern
    )
    return re.compile(fnmatch.translate(plain(glob)))


def within(value, part):
    return plain(part) in plain(value) or plain(part).encode().decode("latin-1") in plain(value)


def in_headers(message, name, part):
    found = [value for key, value in message.headers if key.lower() == name] if message else []
    return any(part is None or within(value, part) for value in found)


def in_body(message, part):
    if message is None or message.body is None:
        return False
    return plain(part).encode() in unpacked(message.body).lower()


@lru_cache(maxsize=1000)
def unpacked(body):
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
