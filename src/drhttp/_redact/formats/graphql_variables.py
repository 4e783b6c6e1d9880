"""Variables of GraphQL requests: finds those that are secret in `{"query": "...", "variables": {"p": "abc"}}`.

They are passed to secret arguments in the document, or their type is secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.graphql_names import PASSWORD_FIELD, is_login, is_secret_in
from drhttp._redact.formats.graphql import DocumentReader, read_document
from drhttp._redact.formats.secret_columns import NAMING

if TYPE_CHECKING:
    from drhttp._redact.formats.json_tree import Node
    from drhttp._redact.policy import Policy

_NAME = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]{0,99}")
_NOTHING = frozenset(("null", "true", "false"))
#: Members of a request that hold a document, and its variables.
DOCUMENTS = ("query", "mutation", "subscription", "document")
VARIABLES = ("variables", "variableValues")


def secret_variables(text: str, policy: Policy) -> frozenset[str]:
    """Return the variables of a document that are passed to secret arguments, or have a secret type."""
    reader = _read_variables(text, policy)
    return frozenset(reader.variables | reader.inputs) if reader else frozenset()


def _read_variables(text: str, policy: Policy) -> DocumentReader | None:
    """Read a document with variables of which some may be secret; `None` if there are none."""
    names = frozenset(_NAME.findall(text)) if "$" in text else ()
    policy.budget.spend(len(names))
    if not any(name in NAMING or policy.is_secret(name) or is_login(name) for name in names):
        return None
    return read_document(text, policy)


def secret_variables_at(nodes: list[Node], policy: Policy) -> set[int]:
    """Return where the values of secret variables begin in one request or in several.

    If the end of an object is missing and it holds no document, every variable may be secret.
    """
    found: set[int] = set()
    for node in nodes:
        variables = list(node.member(*VARIABLES))
        if not variables:
            continue
        documents = [each.text for each in node.member(*DOCUMENTS) if "{" in each.text]
        readers = [reader for each in documents if (reader := _read_variables(each, policy)) is not None]
        names = set[str]().union(*(reader.variables for reader in readers))
        inputs = set[str]().union(*(reader.inputs for reader in readers)) - names
        unknown = node.is_open and not documents
        for each in variables:
            if each.literal[:1] == '"' and (names or inputs):  # JSON in a string
                found.add(each.begin)
            for key, value in each.members or ():
                if unknown or key in names:
                    found.add(value.begin)
                elif key in inputs:
                    found.update(_secret_members_at(value, policy))
    return found


def _secret_members_at(node: Node, policy: Policy) -> set[int]:
    """Return where the values begin that are secret in an object passed to a field that sets a password."""
    if node.members is None:
        return {node.begin}
    return {
        value.begin
        for key, value in node.members
        if value.literal not in _NOTHING and is_secret_in(PASSWORD_FIELD, key, policy)
    }
