"""Described parameters: masks the examples under a secret name, as in `{"name": "password", "example": "abc"}`.

OpenAPI describes parameters in this way; command lines, forms and templates are described with a `default`.

Sources: OpenAPI 2.0, 3.0 and 3.1 (Parameter Object).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.formats.json_name_value_pairs import may_hold_secret_name
from drhttp._redact.formats.json_schemas import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drhttp._redact.formats.json_tree import Node
    from drhttp._redact.policy import Policy

_NAMING = ("name", "key", "field", "parameter", "param", "variable", "option", "Name")
_EXAMPLES = (*sorted(EXAMPLES - {"const", "enum"}), "Default", "Example")
_PLACES = frozenset(("query", "header", "path", "cookie", "formData", "body", "querystring"))
_SCHEMAS = ("schema", "content")
#: A document without members of these names describes no parameters with examples.
PARAMETER_KEYS = frozenset((*_EXAMPLES, *_SCHEMAS))
_DEEPEST = 8
_NO_EXAMPLE = re.compile(r'true|false|null|""')


def may_hold_parameters(text: str, names: frozenset[str], policy: Policy, *, cut: bool) -> bool:
    """Whether a document may describe a parameter with a secret name; `False` is certain.

    names: of its members. cut: the end is missing, and may hold the name of a parameter.
    """
    if cut:
        return not names.isdisjoint(PARAMETER_KEYS)
    return not names.isdisjoint(PARAMETER_KEYS) and not names.isdisjoint(_NAMING) and may_hold_secret_name(text, policy)


def examples_of_parameters_at(nodes: Iterable[Node], policy: Policy) -> Iterator[int]:
    """Yield where the examples and defaults of parameters with secret names begin. nodes: the objects of a document."""
    for node in nodes:
        if node.members is None:
            continue
        name = next((each.text for each in node.member(*_NAMING) if policy.is_secret(each.text)), "")
        if name:
            yield from _secret_examples(node, name, policy)
        elif node.is_open and not any(node.member(*_NAMING)):
            # The missing end may hold the name.
            yield from (each.begin for each in node.member(*_EXAMPLES) if each.literal)


def _secret_examples(parameter: Node, name: str, policy: Policy) -> Iterator[int]:
    """Yield where the examples of one parameter begin. name: the secret name."""
    found = list(parameter.member(*_EXAMPLES))
    if any(each.text in _PLACES for each in parameter.member("in")):
        for schema in parameter.member(*_SCHEMAS):
            found += _examples(schema, 0)
    for each in found:
        if _NO_EXAMPLE.fullmatch(each.literal) is None and not policy.is_harmless(name, each.literal):
            yield each.begin


def _examples(node: Node, level: int) -> Iterator[Node]:
    """Yield the examples in a schema."""
    if level == _DEEPEST:
        return
    for key, each in node.members or ():
        if key in EXAMPLES:
            yield each
        else:
            yield from _examples(each, level + 1)
    for each in node.elements or ():
        yield from _examples(each, level + 1)
