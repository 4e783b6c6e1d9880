"""JSON Web Keys (RFC 7517): finds the private and symmetric parts, such as `d` in `{"kty": "EC", "d": "abc"}`.

Sources: RFC 7518, section 6; RFC 8037; the key type AKP of ML-DSA (RFC 9964).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drhttp._redact.formats.json_tree import Node

KEY_TYPE = "kty"
#: The secret members. The public ones, such as `n`, `e`, `x` and `y`, stay.
SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv")
_MEMBERS = frozenset((
    KEY_TYPE, *SECRET_MEMBERS, "n", "e", "crv", "x", "y", "pub", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t",
    "x5t#S256", "ext", "iat", "nbf", "exp",
))  # fmt: skip


# A key in a text, also as Python prints it.
_OBJECT = re.compile(r"\{[^{}]*\}")
_PART = re.compile(
    rf"""(?P<mark>\\{{0,8}}["'])(?:{"|".join(SECRET_MEMBERS)})(?P=mark)\s*:\s*(?P=mark)(?P<part>[^"'\\]+)"""
)


def secret_parts_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the private and symmetric parts of keys in a text."""
    for match in _OBJECT.finditer(text):
        if KEY_TYPE in match[0]:
            yield from (part.span("part") for part in _PART.finditer(text, *match.span()))


def may_hold_keys(names: frozenset[str], *, cut: bool) -> bool:
    """Whether a document may hold a key; `False` is certain.

    names: of its members. cut: the end is missing, and may hold the type of a key.
    """
    return KEY_TYPE in names or (cut and not names.isdisjoint(SECRET_MEMBERS))


def secret_parts_at(nodes: Iterable[Node]) -> Iterator[int]:
    """Yield where the private and symmetric parts of keys begin. nodes: the objects of a document."""
    for node in nodes:
        if _is_key(node):
            yield from (part.begin for part in node.member(*SECRET_MEMBERS))


def _is_key(node: Node) -> bool:
    """Whether an object is a key, or may be one whose end is missing."""
    if node.members is None:
        return False
    if any(each.text for each in node.member(KEY_TYPE)):
        return True
    return node.is_open and all(name in _MEMBERS for name, _ in node.members)
