"""The syntax tree of a query, independent of spelling and store."""

from __future__ import annotations

from dataclasses import dataclass

Side = str
"""``"request"`` or ``"response"``."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number in an inclusive range; ``None`` means unbounded. A record without the number does not match."""

    column: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Like:
    """A case-insensitive match of a whole text. pattern: literal pieces, separated by wildcards.

    Within a piece, ``None`` stands for any one character.
    """

    column: str
    pattern: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """A text that holds another, without case."""

    column: str
    part: str


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a column has a value."""

    column: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A property with a name; `FLAGS` lists them."""

    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """A case-insensitive substring of a body."""

    sides: tuple[Side, ...]
    part: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header field of that name on one of the sides; with a part, one whose value holds it."""

    sides: tuple[Side, ...]
    name: str
    part: str | None


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Free text: a substring of URL, names, headers, or bodies."""

    part: str


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class All:
    """A conjunction; without terms it matches everything."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """A disjunction."""

    nodes: tuple[Node, ...]


Node = Between | Like | Holds | Present | Flag | Body | Header | Anywhere | Not | All | Any
PAYLOAD = (Body, Header, Anywhere)
EVERYTHING = All(())


def reads_payload(node: Node) -> bool:
    """Return whether a query needs to read headers or bodies."""
    if isinstance(node, (All, Any)):
        return any(map(reads_payload, node.nodes))
    return reads_payload(node.node) if isinstance(node, Not) else isinstance(node, PAYLOAD)
