"""What a query says, once read: a tree of tests, without anything of its spelling or of a store."""

from __future__ import annotations

from dataclasses import dataclass

Side = str
"""``"request"`` or ``"response"``."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number within bounds, both included; ``None`` is no bound. A record that was not told the number is outside."""

    column: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Like:
    """A text that is matched as a whole, without case. pattern: literal pieces, between any two of which anything goes.

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
class Told:
    """Whether there is a value at all."""

    column: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A property with a name; `FLAGS` lists them."""

    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes in the body of one of the sides, without case."""

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
    """Free text: in the address, the names, the headers or the bodies."""

    part: str


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them; everything when there is none."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of them at least."""

    nodes: tuple[Node, ...]


Node = Between | Like | Holds | Told | Flag | Body | Header | Anywhere | Not | All | Any
PAYLOAD = (Body, Header, Anywhere)
EVERYTHING = All(())


def reads_payload(node: Node) -> bool:
    """Whether headers or bodies have to be read to decide."""
    if isinstance(node, (All, Any)):
        return any(map(reads_payload, node.nodes))
    return reads_payload(node.node) if isinstance(node, Not) else isinstance(node, PAYLOAD)
