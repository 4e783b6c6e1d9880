"""JSON tree: the objects and arrays of a document with their positions, for `json_tables` and `graphql`.

The end of the document may be missing. Nothing is masked here.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from drhttp._redact.formats.json_name_value_pairs import DEEPEST_CUT, TOKEN, decode_string, is_complete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.policy import Policy


class Node:
    """A value. begin: its position. literal: the text of a scalar.

    members: of an object, names and values in order. elements: of an array. is_open: its end is missing.
    """

    __slots__ = ("begin", "elements", "is_open", "literal", "members")

    def __init__(self, begin: int, token: str) -> None:
        self.begin = begin
        self.members: list[tuple[str, Node]] | None = [] if token == "{" else None
        self.elements: list[Node] | None = [] if token == "[" else None
        self.is_open = token in "{["
        self.literal = "" if self.is_open else token

    @property
    def text(self) -> str:
        """The content of a string; empty for any other value."""
        return decode_string(self.literal) if self.literal[:1] == '"' else ""

    def add(self, key: str, node: Node) -> None:
        """Add a member or an element."""
        if self.members is not None:
            self.members.append((key, node))
        elif self.elements is not None:
            self.elements.append(node)

    def member(self, *keys: str) -> Iterator[Node]:
        """Return the values of the members with these names."""
        return (each for key, each in self.members or () if key in keys)


def read_nodes(text: str, policy: Policy) -> list[Node]:
    """Return all objects and arrays of a document, outer ones first."""
    found: list[Node] = []
    opened: list[Node] = []
    policy.budget.spend((text.count('"') + text.count(",")) // 5)
    key = ""
    for match in takewhile(is_complete, TOKEN.finditer(text)):
        token = match[0]
        if match[1] is not None:
            key = decode_string(token[: -len(match[1])])
        elif token in "}]":
            if opened:
                opened.pop().is_open = False
        elif token != ",":
            node = Node(match.start(), token)
            policy.budget.spend(3 if node.is_open else 1)
            if opened:
                opened[-1].add(key, node)
            if node.is_open and len(opened) < DEEPEST_CUT:
                found.append(node)
                opened.append(node)
    return found
