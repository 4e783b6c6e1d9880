"""JSON tables that name columns once: masks cells in `{"columns": ["user", "password"], "rows": [["ada", "abc"]]}`.

Databases, data frames, spreadsheets and dashboards use such tables, with different names for the two members. Some nest
them, some describe columns by objects, some have a list for each column, and in some the first row is the heading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.formats.json_name_value_pairs import decode_string, spellings
from drhttp._redact.formats.secret_columns import COLUMNS_BESIDE, Columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drhttp._redact.formats.json_tree import Node
    from drhttp._redact.policy import Policy

_HEADINGS = spellings(
    "columns cols column fields header headers heading headings names keys column_names field_names column_info"
    " column_metadata row_type column_defs attributes meta thead labels titles"
)
_ROWS = spellings(
    "rows data values records tuples results result items row_set result_set record_set dataset cells body data_array"
    " events row tuple record tbody"
)
_OF_HTTP = frozenset(("header", "headers"))
_FLAT = spellings("values row tuple record data cells")
# Members that hold the name of a column described by an object; members that hold the cells of a row.
_NAMES = ("name", "Name", "field", "id", "key", "label", "Label", "title", "text", "header", "headerName", "columnName",
          "column_name", "displayName", "display_name", "accessor", "accessorKey", "dataIndex", "prop",
          "ColumnName", "data")  # fmt: skip
_ROW_OBJECTS = frozenset(("f", "c", "cells", "Data", "row", "values", "data"))
_KEY = re.compile(r'"([A-Za-z_]{3,20})"\s*:\s*\[')
_LIST_OF_ROWS = re.compile(r'\[\s*\[\s*"')
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)  # up to its end or the end of the text
_BRACKET = re.compile(r"[\[\]]")
_WINDOW = 4000  # characters of a heading that are searched for a secret name
# Members that hold the text of a cell described by an object, where the first row may be the heading (Amazon Athena,
# Google Sheets).
_TEXTS = frozenset(("VarCharValue", "formattedValue", "stringValue"))
_TEXT = re.compile(r'"(?:VarCharValue|formattedValue|stringValue)"\s*:\s*"([^"\\]{1,80})"')
#: Members that may hold the heading of a table or a name in it, or its orientation.
TABLE_KEYS = _HEADINGS | _TEXTS | {"majorDimension"}
_DIMENSION, _BY_COLUMN = "majorDimension", "COLUMNS"  # of Google Sheets
_MOST_HEADINGS = 16
_LONGEST_NAME = 80
_DEEPEST = 3  # levels between the object with the table, and the heading or the rows

# A heading or rows, with the keys that lead there.
_Heading = tuple["Node", tuple[str, ...]]
_Table = tuple["Node", tuple[str, ...]]


def may_hold_table(text: str, names: frozenset[str], policy: Policy, *, cut: bool = False) -> bool:
    """Whether a document may hold a table with a secret column; `False` is certain. names: of its members."""
    if "[" not in text:
        return False
    if _DIMENSION in names or (cut and not _ROWS.isdisjoint(names) and _may_hold_rows(text, names)):
        return True
    if not _TEXTS.isdisjoint(names) and _holds_secret_text(text, policy):
        return True
    return (not _HEADINGS.isdisjoint(names) and _names_secret(_KEY, text, policy)) or _names_secret(
        _LIST_OF_ROWS, text, policy
    )


def _may_hold_rows(text: str, names: frozenset[str]) -> bool:
    """Whether a document may hold rows: arrays in arrays, or objects with the cells of a row."""
    if not _ROW_OBJECTS.isdisjoint(names):
        return True
    at = text.find("[")
    while at >= 0:
        front = at - 1
        while front >= 0 and text[front].isspace():
            front -= 1
        if front >= 0 and text[front] in "[,":
            return True
        at = text.find("[", at + 1)
    return False


def _holds_secret_text(text: str, policy: Policy) -> bool:
    """Whether the text of a cell described by an object is a secret name."""
    names = frozenset(_TEXT.findall(text))
    policy.budget.spend(len(names))
    return any(map(policy.is_secret, names))


def _names_secret(pattern: re.Pattern[str], text: str, policy: Policy) -> bool:
    """Whether a heading that begins with a match may name a secret column."""
    number = 0
    for match in pattern.finditer(text):
        if pattern is _KEY and match[1] not in _HEADINGS:
            continue
        window = text[match.end() - 1 : match.end() + _WINDOW]
        number += 1
        if number > _MOST_HEADINGS:
            return True
        of_strings = pattern is _LIST_OF_ROWS or window[1:].lstrip()[:1] == '"'
        inside = window.partition("]")[0] if of_strings else window
        policy.budget.spend(1 + len(inside) // 100)
        if any(_is_secret(decode_string(each), policy) for each in _STRING.findall(inside)):
            return True
        if len(inside) > _WINDOW and not _is_closed(inside):
            return True
    return False


def _is_closed(text: str) -> bool:
    """Whether the list that a text begins with ends within it."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket == "[" else -1
        if depth == 0:
            return True
    return False


def _is_secret(name: str, policy: Policy) -> bool:
    return len(name) <= _LONGEST_NAME and policy.is_secret(name)


def secret_cells_at(nodes: list[Node], policy: Policy) -> tuple[set[int], set[int]]:
    """Return where the secret cells of all tables begin, and where the names of their columns do.

    All rows of an object are secret if its end and the heading are missing.
    """
    reader = _TableReader(policy)
    for node in reversed(nodes):  # inner ones first
        if node.members is not None:
            reader.read_object(node)
    for node in nodes:
        if node.elements and id(node) not in reader.known:
            reader.read_list(node, outermost=node is nodes[0])
    return reader.found, reader.names


class _TableReader:
    """Finds headings and rows in the objects and lists of a document."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._headings: dict[int, list[_Heading]] = {}  # by object without rows
        self._tables: dict[int, list[_Table]] = {}  # by object without a heading
        self.known: set[int] = set()  # lists whose columns are known
        self.found: set[int] = set()
        self.names: set[int] = set()

    def read_object(self, node: Node) -> None:
        """Find the headings and the rows in an object, and in objects inside it that hold only one of the two."""
        headings, tables = self._parts(node)
        if any(each.text == _BY_COLUMN for each in node.member(_DIMENSION)):
            self._read_columns(table for table, _ in tables)
        elif headings and tables:
            for table, keys in tables:
                self._mask(table, keys, headings)
        elif tables and node.is_open:
            self.found.update(table.begin for table, _ in tables if self._holds_texts(table))
        else:
            self._headings[id(node)], self._tables[id(node)] = headings, tables

    def _parts(self, node: Node) -> tuple[list[_Heading], list[_Table]]:
        """Return the headings and the rows in an object."""
        headings: list[_Heading] = []
        tables: list[_Table] = []
        for key, child in node.members or ():
            if child.elements:
                if key in _HEADINGS and not child.is_open and self._are_names(child, key):
                    headings.append((child, (key,)))
                elif key in _ROWS:
                    tables.append((child, (key,)))
            for each, keys in self._headings.pop(id(child), ()) if child.members else ():
                headings += [(each, (key, *keys))] if len(keys) < _DEEPEST else []
            for table, keys in self._tables.pop(id(child), ()) if child.members else ():
                tables += [(table, (key, *keys))] if len(keys) < _DEEPEST else []
        return headings, tables

    def _are_names(self, heading: Node, key: str) -> bool:
        """Whether a list may hold names of columns; a list of lists under "headers" holds header fields."""
        elements = heading.elements or []
        return any(map(self._name, elements)) and not (key.lower() in _OF_HTTP and elements[0].elements)

    def _columns(self, heading: Node) -> Columns:
        """Return the columns of a heading, and note its names, which are not secret values."""
        elements = heading.elements or []
        for each in elements:
            self.names.update((each.begin, *(inner.begin for inner in each.elements or ())))
        return Columns(map(self._name, elements), self._policy)

    def _name(self, node: Node) -> str:
        """Return the name of a column: a string, or one from an object or a list; a secret one if there are several."""
        if node.text:
            return node.text
        if node.elements:
            return node.elements[0].text
        names = [each.text for each in node.member(*_NAMES) if each.text]
        return next((name for name in names if _is_secret(name, self._policy)), names[0] if names else "")

    def _mask(self, table: Node, keys: tuple[str, ...], headings: list[_Heading]) -> None:
        """Collect the secret cells of a table, whether it is a list of rows or of columns."""
        columns = Columns((), self._policy)
        for heading, _ in headings:
            columns.add(self._columns(heading))
        if not columns:
            return
        self.known.add(id(table))
        elements = table.elements or []
        rows = [row for row in map(_cells, elements) if row is not None]
        whole = [len(row.elements) for row in elements if row.elements is not None and not row.is_open]
        in_frame = keys[-2:] == ("data", "values") and all(path[-2:] == ("schema", "fields") for _, path in headings)
        # A list for each column. A truncated list may be either.
        as_wide = len(elements) == columns.width or (table.is_open and len(elements) < columns.width)
        of_lists = any(row.elements is not None for row in elements)
        by_column = in_frame or (as_wide and columns.width not in whole and of_lists)
        if len(rows) < len(elements) == columns.width and keys[-1] in _FLAT:
            rows = [elements]
            by_column = False
        for place, name in columns.secret.items() if by_column else ():
            for cell in elements[place].elements or () if place < len(elements) else ():
                self._add(cell, name)
        for row in rows if not by_column or (table.is_open and not in_frame) else ():
            self._mask_row(row, columns)

    def _mask_row(self, row: list[Node], columns: Columns) -> None:
        self._policy.budget.spend(1)
        for place, name in columns.secret_cells([each.text or each.literal or "-" for each in row]).items():
            self._add(row[place], name)

    def _add(self, cell: Node, name: str) -> None:
        """Collect a secret cell; of an object, the scalars in it."""
        scalars = [each for _, each in cell.members or () if each.literal] or [cell]
        for each in scalars:
            if not self._policy.is_harmless_literal(name, each.literal):
                self.found.add(each.begin)

    def _read_columns(self, tables: Iterable[Node]) -> None:
        """Collect the secret cells of lists that begin with the name of their column."""
        for table in tables:
            self.known.add(id(table))
            for column in table.elements or ():
                first, *cells = column.elements or [column]
                for each in cells if _is_secret(first.text, self._policy) else ():
                    self._add(each, first.text)

    def read_list(self, table: Node, *, outermost: bool) -> None:
        """Collect the secret cells of a list of rows whose first row may be the heading.

        A heading of one column is read as such only in the outermost list, as in lines of JSON.
        """
        first, *others = table.elements or [table]
        heading = _cells(first) or []
        names = list(map(_text_of, heading))
        described = bool(heading) and heading[0].members is not None
        if (
            len(names) < 2 - (described or outermost)
            or not all(names)
            or not any(_is_secret(each, self._policy) for each in names)
        ):
            return
        columns = Columns(names, self._policy)
        # Two are more often a name with its value.
        if len(names) == 2 and 0 in columns.secret and not described and names[1].lower() not in COLUMNS_BESIDE:
            return
        self.names.update(each.begin for each in heading)
        for each in others:
            row = _cells(each) or []
            if len(row) == len(names) or each.is_open:
                self._mask_row(row, columns)

    @staticmethod
    def _holds_texts(table: Node) -> bool:
        return any(cell.text or cell.members for row in map(_cells, table.elements or ()) for cell in row or ())


def _text_of(cell: Node) -> str:
    """Return the text of a cell, which is a string or an object that holds one."""
    return cell.text or next((each.text for each in cell.member(*_TEXTS)), "")


def _cells(row: Node) -> list[Node] | None:
    """Return the cells of a row, which is a list or an object that holds one; `None` if it is not a row."""
    if row.elements is not None:
        return row.elements
    return next((each.elements for key, each in row.members or () if key in _ROW_OBJECTS and each.elements), None)
