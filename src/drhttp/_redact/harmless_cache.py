"""Remembers header fields and member names that hold no secret, such as `Accept: */*` and `id`.

Requests to one application repeat them, so each is examined once.
"""

from __future__ import annotations

_MOST_FIELDS, _LONGEST_VALUE = 1000, 300  # fields, characters
_MOST_NAMES = 4096


class HarmlessCache:
    """The header fields and the member names of JSON that were found to be harmless. Bounded: clients choose both.

    fields: pairs of name and value.
    """

    __slots__ = ("fields", "names")

    def __init__(self) -> None:
        self.fields: set[tuple[str, str]] = set()
        self.names: set[str] = set()

    def add_field(self, field: tuple[str, str]) -> None:
        """Remember a header field, unless its value is long."""
        if len(field[1]) < _LONGEST_VALUE:
            if len(self.fields) >= _MOST_FIELDS:
                self.fields.clear()
            self.fields.add(field)

    def add_names(self, names: frozenset[str]) -> None:
        """Remember the names of a document, unless they are too many."""
        if len(self.names) + len(names) > _MOST_NAMES:
            self.names.clear()
        if len(names) <= _MOST_NAMES:
            self.names.update(names)
