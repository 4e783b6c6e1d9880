"""Tables made of other elements by their roles (WAI-ARIA): finds the cells of secret columns:
`<div role="columnheader">Password</div>`, and below it `<div role="cell">abc</div>`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.decoding.entities import unescape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.policy import Policy

# No part of a tag reaches beyond the next "<", and the role is searched for in complete tags, which keeps both linear.
_TAG = re.compile(r"<([A-Za-z][\w-]*)\s[^<>]*>")
_ROLE = re.compile(
    r"\srole=[\"']?(row|columnheader|rowheader|cell|gridcell|table|grid|treegrid)(?=[\s\"'/>])", re.IGNORECASE
)
_ELEMENT = re.compile(r"<(/?)([A-Za-z][\w-]*)")
_ANY_TAG = re.compile(r"<[^<>]*>")
_INDEX = re.compile(r"aria-colindex=[\"']?([0-9]{1,3})\b", re.IGNORECASE)
_LONGEST_NAME, _LONGEST_MARKUP = 80, 1000  # characters of a heading, without and with its tags


class _Cell:
    """A cell. begin: of its tag. content, end: of what it holds. column: its index."""

    __slots__ = ("begin", "column", "content", "end", "role")

    def __init__(self, match: re.Match[str], role: str, end: int, column: int) -> None:
        self.begin, self.content = match.span()
        self.end = end
        self.role = role
        index = _INDEX.search(match[0])
        self.column = int(index[1]) if index else column


class AriaTableReader:
    """Reads the tags with roles, and collects secret cells.

    cells: where the tag of each begins, where its content ends, and the name of its column. headings: where the cells
    with secret names begin and end.
    """

    def __init__(self, text: str, policy: Policy) -> None:
        self._text = text
        self._policy = policy
        self._columns: dict[int, str] = {}
        self.cells: dict[int, tuple[int, str]] = {}
        self.headings: list[tuple[int, int]] = []

    def run(self) -> None:
        """Read all tags with roles."""
        row: list[_Cell] = []
        tags = list(self._tags()) if may_hold_roles(self._text) else []
        self._policy.budget.spend(4 * len(tags))
        for at, (match, role) in enumerate(tags):
            if role in ("row", "table", "grid", "treegrid"):
                self._end_row(row)
                row = []
                if role != "row":
                    self._columns = {}
                continue
            limit = tags[at + 1][0].start() if at + 1 < len(tags) else len(self._text)
            row.append(_Cell(match, role, self._end_of(match, limit), row[-1].column + 1 if row else 1))
        self._end_row(row)

    def _tags(self) -> Iterator[tuple[re.Match[str], str]]:
        """Yield the start tags that have a role of a table, with that role."""
        for match in _TAG.finditer(self._text):
            role = _ROLE.search(match[0]) if "role" in match[0] or "ROLE" in match[0] else None
            if role:
                yield match, role[1].lower()

    def _end_of(self, match: re.Match[str], limit: int) -> int:
        """Return where the content of an element ends, at the latest at a limit."""
        name, depth = match[1].lower(), 1
        for each in _ELEMENT.finditer(self._text, match.end(), limit):
            if each[2].lower() == name:
                depth += -1 if each[1] else 1
                if depth == 0:
                    return each.start()
        return limit

    def _end_row(self, row: list[_Cell]) -> None:
        """Use a complete row as a heading, or find the secret cells in it."""
        if row and all(cell.role == "columnheader" for cell in row):
            self._columns = {}
        of_row = ""
        for cell in row:
            if cell.role.endswith("header"):
                name = self._secret_name(cell)
                if name and cell.role == "columnheader":
                    self._columns[cell.column] = name
                    self.headings.append((cell.begin, cell.end))
                elif name:
                    of_row = name
            elif of_row or cell.column in self._columns:
                self.cells[cell.begin] = (cell.end, of_row or self._columns[cell.column])

    def _secret_name(self, cell: _Cell) -> str:
        """Return the secret name of a heading; empty if it has none."""
        if cell.end - cell.content > _LONGEST_MARKUP:
            return ""
        name = " ".join(unescape(_ANY_TAG.sub(" ", self._text[cell.content : cell.end])).split())
        return name if 0 < len(name) <= _LONGEST_NAME and self._policy.is_secret(name) else ""


def may_hold_roles(text: str) -> bool:
    """Whether a text may hold a table made by roles."""
    return "role=" in text and ("columnheader" in text or "rowheader" in text)
