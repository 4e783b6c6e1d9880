"""JSON structures: finds values that are secret by the structure they stand in.

These are the cells of tables, the variables of GraphQL documents, JSON Web Keys, the examples of parameters, and codes
beside an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._redact.formats.graphql_variables import VARIABLES, secret_variables_at
from drhttp._redact.formats.json_codes import CODE, may_hold_codes, secret_codes_at
from drhttp._redact.formats.json_parameters import PARAMETER_KEYS, examples_of_parameters_at, may_hold_parameters
from drhttp._redact.formats.json_tables import TABLE_KEYS, may_hold_table, secret_cells_at
from drhttp._redact.formats.json_tree import read_nodes
from drhttp._redact.formats.json_web_keys import KEY_TYPE, may_hold_keys, secret_parts_at

if TYPE_CHECKING:
    from drhttp._redact.formats.json_tree import Node
    from drhttp._redact.policy import Policy

_VARIABLES = frozenset(VARIABLES)
#: A document without members of these names holds none of the structures, apart from tables in nested arrays.
STRUCTURE_KEYS = _VARIABLES | TABLE_KEYS | PARAMETER_KEYS | {KEY_TYPE, CODE}


def add_by_structure(
    text: str, names: frozenset[str], policy: Policy, secret_at: frozenset[int], *, cut: bool = False
) -> frozenset[int]:
    """Return where values begin that are secret by the structure they stand in, or were known to be.

    names: of the members. secret_at: where values begin that are secret by a neighboring member; they are included,
    except for names of columns. cut: the end is missing.
    """
    if not may_hold_structures(text, names, policy, cut=cut):
        return secret_at
    return secret_in_structures(read_nodes(text, policy), policy, secret_at)


def may_hold_structures(text: str, names: frozenset[str], policy: Policy, *, cut: bool = False) -> bool:
    """Whether a document may hold one of the structures; `False` is certain.

    names: of its members. cut: the end is missing.
    """
    return (
        not _VARIABLES.isdisjoint(names)
        or may_hold_keys(names, cut=cut)
        or may_hold_codes(text, names, cut=cut)
        or may_hold_table(text, names, policy, cut=cut)
        or may_hold_parameters(text, names, policy, cut=cut)
    )


def secret_in_structures(nodes: list[Node], policy: Policy, secret_at: frozenset[int]) -> frozenset[int]:
    """Return the same for the objects and arrays of a document."""
    cells, headings = secret_cells_at(nodes, policy)
    return (
        (secret_at - headings)
        | cells
        | secret_variables_at(nodes, policy)
        | frozenset(secret_parts_at(nodes))
        | frozenset(secret_codes_at(nodes, policy))
        | frozenset(examples_of_parameters_at(nodes, policy))
    )
