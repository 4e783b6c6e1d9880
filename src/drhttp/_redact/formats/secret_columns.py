"""Secret columns of a table, by the names in its heading, such as `user,password`, and the secret cells of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._redact.formats.compound_pairs import is_setting_name, is_setting_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from drhttp._redact.policy import Policy

_LONGEST_NAME = 80  # characters
_SURROUNDING = " \t\r\n\"'`\ufeff*#:"  # what may surround a name in a heading
#: Tables of settings have names in one column and values in another: `name,value`.
NAMING = frozenset(("name", "key", "field", "setting", "option", "variable", "parameter", "property", "attribute",
                     "header", "config", "env"))  # fmt: skip
VALUED = frozenset(("value", "val", "values", "content", "new value", "old value", "default value", "current value",
                     "default"))  # fmt: skip
#: Beside one of these, a secret name in front is one of two columns rather than a name with its value.
COLUMNS_BESIDE = frozenset(("user", "username", "login", "email", "mail", "name", "id", "account", "host", "userid"))


class Columns:
    """The columns of a table, by their names in a heading. False if no cell below the heading can be secret.

    secret: the name of each secret column, by its index. width: how many columns there are.
    """

    def __init__(self, names: Iterable[str], policy: Policy) -> None:
        stripped = [name.strip(_SURROUNDING) if len(name) <= _LONGEST_NAME else "" for name in names]
        policy.budget.spend(len(stripped) + 3 * len(set(stripped)))  # what is known of a name is remembered
        spellings = [name.lower().replace("_", " ") for name in stripped]
        self.width = len(stripped)
        self.secret = {place: name for place, name in enumerate(stripped) if name and policy.is_secret(name)}
        # Sets in order.
        self._naming = {place: name for place, name in enumerate(spellings) if name in NAMING or is_setting_name(name)}
        self._valued = {place: name for place, name in enumerate(spellings) if name in VALUED or is_setting_value(name)}
        self._policy = policy

    def __bool__(self) -> bool:
        return bool(self.secret or (self._naming and self._valued))

    def add(self, other: Columns) -> None:
        """Add the secret columns of another heading of the same table."""
        self._policy.budget.spend((len(other.secret) + len(other._naming) + len(other._valued)) // 16)
        self.secret |= other.secret
        self._naming |= other._naming
        self._valued |= other._valued
        self.width = max(self.width, other.width)

    def secret_cells(self, row: Sequence[str]) -> dict[int, str]:
        """Return the secret cells of a row: the name of each, by its index.

        If a row has more cells than the heading, values hold the delimiter, or the first column has no name. Then every
        cell that may hold the secret value is secret.
        """
        extra = max(0, len(row) - self.width)
        if extra and not row[-1].strip():  # every row ends with a delimiter
            extra -= 1
        found = self._reached_cells(len(row), extra) if extra else _named_within(self.secret, len(row))
        if self._valued:
            found |= self._named_cells(row)
        return found

    def _reached_cells(self, width: int, extra: int) -> dict[int, str]:
        """Return the cells up to `extra` places behind a secret column, with the name of the nearest one in front.

        In one pass over the row, because there may be thousands of secret columns, and as many further cells.
        """
        found = {}
        name, end = "", 0
        for place in range(width):
            if place in self.secret:
                name, end = self.secret[place], place + extra + 1
            if place < end:
                found[place] = name
        return found

    def _named_cells(self, row: Sequence[str]) -> dict[int, str]:
        """Return the cells whose name is a secret name in another cell: `password,abc` below `name,value`."""
        for place in _named_within(self._naming, len(row)):
            name = row[place].strip(_SURROUNDING)
            if name and len(name) <= _LONGEST_NAME and self._policy.is_secret(name):
                return dict.fromkeys(_named_within(self._valued, len(row)), name)
        return {}


def _named_within(names: dict[int, str], width: int) -> dict[int, str]:
    """Return the names of those columns that a row of this width has, in the time that the row takes.

    Each of thousands of short rows may stand below a heading of thousands of columns.
    """
    if len(names) <= width:
        return {place: name for place, name in names.items() if place < width}
    return {place: names[place] for place in range(width) if place in names}
