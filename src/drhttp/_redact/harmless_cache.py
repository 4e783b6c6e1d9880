"""Remembers header fields, member names and parameters that hold no secret, such as `Accept: */*`, `id` and `page`.

Requests to one application repeat them, so each is examined once.
"""

from __future__ import annotations

_MOST_FIELDS, _LONGEST_VALUE = 1000, 300  # fields, characters
_MOST_NAMES = 4096
_MOST_PARAMETERS = 1000


class HarmlessCache:
    """What was found to be harmless. Bounded, because clients choose all of it.

    fields: pairs of the name and the value of header fields. names: of members of JSON. ordinary_names: those whose
    values need no closer look either. parameters: names of query parameters and form fields.
    """

    __slots__ = ("fields", "names", "ordinary_names", "parameters")

    def __init__(self) -> None:
        self.fields: set[tuple[str, str]] = set()
        self.names: set[str] = set()
        self.ordinary_names: set[str] = set()
        self.parameters: set[str] = set()

    def add_field(self, field: tuple[str, str]) -> None:
        """Remember a header field, unless its value is long."""
        if len(field[1]) < _LONGEST_VALUE:
            if len(self.fields) >= _MOST_FIELDS:
                self.fields.clear()
            self.fields.add(field)

    def add_names(self, names: frozenset[str]) -> None:
        """Remember the names of a document, unless they are too many."""
        _add(names, self.names)

    def add_ordinary_names(self, names: frozenset[str]) -> None:
        """Remember names of a document whose values need no closer look, unless they are too many."""
        _add(names, self.ordinary_names)

    def add_parameter(self, name: str) -> None:
        """Remember the name of a parameter."""
        if len(self.parameters) >= _MOST_PARAMETERS:
            self.parameters.clear()
        self.parameters.add(name)


def _add(names: frozenset[str], known: set[str]) -> None:
    if len(known) + len(names) > _MOST_NAMES:
        known.clear()
    if len(names) <= _MOST_NAMES:
        known.update(names)
