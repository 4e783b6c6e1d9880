"""Tables in HTML, and in XML of spreadsheets (SpreadsheetML, OpenDocument): finds the cells of secret columns:
`<tr><th>User</th><th>Password</th></tr><tr><td>ada</td><td>abc</td>`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from drhttp._redact.decoding.entities import unescape
from drhttp._redact.formats.aria_tables import AriaTableReader, may_hold_roles
from drhttp._redact.formats.markup_attributes import ATTRIBUTE, value_of
from drhttp._redact.formats.secret_columns import COLUMNS_BESIDE

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

# No part of a tag reaches beyond the next "<", which keeps the search linear.
_TAG = re.compile(
    r"<!--(?:[^-]|-(?!->))*(?:-->|\Z)|<(?P<raw>script|style)(?=[\s/>])"
    r"""|<(?P<close>/?)(?P<name>(?:ss:)?(?:table|row|cell)|table:table(?:-row|-cell)?|thead|tbody|tfoot|tr|th|td)(?=[\s/>])"""
    r"""(?P<attributes>(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""",
    re.IGNORECASE,
)
_RAW_END = re.compile(r"</(?:script|style)\b", re.IGNORECASE)
_HEADING = re.compile(r"<th(?=[\s/>])[^<>]*>((?:[^<]|<(?!/?(?:t[hdr]|table)\b))*)", re.IGNORECASE)
_TABLE = re.compile(r"<(?:table:|ss:)?table(?=[\s/>])", re.IGNORECASE)
_ROW = re.compile(r"<(?:tr|(?:ss:)?row|table:table-row)(?=[\s/>])", re.IGNORECASE)
_ROW_END = re.compile(r"</?(?:tr|(?:ss:)?row|table:table-row)(?=[\s/>])", re.IGNORECASE)
_CELL = re.compile(r"<(?:t[dh]|(?:ss:)?cell|table:table-cell)(?=[\s/>])[^<>]*>", re.IGNORECASE)
# The names in HTML of elements that XML of spreadsheets calls otherwise.
_IN_HTML = {"row": "tr", "cell": "td", "table-row": "tr", "table-cell": "td"}
_ANY_TAG = re.compile(r"<[^<>]*>")
_BEGINNING = re.compile("<(?:[tT]|[rR]ow|ss:)")
_LONGEST_ROW = 8000  # characters of a row that may be a heading
_LONGEST_NAME = 80
_MOST_COLUMNS = 1000
_LONGEST_INDEX = 5  # digits


class SecretCells(NamedTuple):
    """The secret cells of all tables.

    cells: where the tag of each begins, where its content ends, and the name of its column. headings: where the rows
    begin and end that name secret columns, in order, and apart from each other.
    """

    cells: dict[int, tuple[int, str]]
    headings: list[tuple[int, int]]

    def in_heading(self, place: int) -> bool:
        """Whether a position is in a heading, which names the cells below it, not beside it."""
        at = bisect_right(self.headings, place, key=itemgetter(0))
        return at > 0 and place < self.headings[at - 1][1]


NO_CELLS = SecretCells({}, [])


def holds_spreadsheet(text: str) -> bool:
    """Whether an XML document may hold a table of SpreadsheetML or OpenDocument."""
    return "<Cell" in text or "<ss:Cell" in text or "<table:table-cell" in text


def secret_cells(text: str, policy: Policy) -> SecretCells:
    """Return the secret cells of all tables in a document, or in a part of one."""
    holds_tables = _BEGINNING.search(text) is not None
    if not (holds_tables or may_hold_roles(text)):
        return NO_CELLS
    by_role = AriaTableReader(text, policy)
    by_role.run()
    if not (holds_tables and _names_secret_column(text, policy)):
        return SecretCells(by_role.cells, by_role.headings)
    reader = _TableReader(text, policy)
    reader.run()
    return SecretCells(by_role.cells | reader.cells, _joined(by_role.headings + reader.headings))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, with those that overlap as one; tables may stand within each other."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _names_secret_column(text: str, policy: Policy) -> bool:
    """Whether a heading, or a cell in the first row of a table, is a secret name."""
    headings = _HEADING.findall(text)
    policy.budget.spend(len(headings))
    if any(_is_secret(heading, policy) for heading in headings):
        return True
    row = _ROW.search(text)  # a part of a document may begin within a table
    while row:
        end = _ROW_END.search(text, row.end())
        at = end.start() if end else len(text)
        cells = _CELL.split(text[row.end() : min(at, row.end() + _LONGEST_ROW)])[1:]
        policy.budget.spend(7 * len(set(cells)))  # what is known of a name is remembered
        if any(_is_secret(cell, policy) for cell in cells):
            return True
        table = _TABLE.search(text, row.end())  # also within the row, which may have no end tag
        row = _ROW.search(text, table.end()) if table else None
    return False


def _cell_text(markup: str) -> str:
    """Return the text of a cell, without its tags."""
    return " ".join(unescape(_ANY_TAG.sub(" ", markup)).split()) if len(markup) <= _LONGEST_ROW else ""


def _is_secret(markup: str, policy: Policy) -> bool:
    """Whether the text of a cell is a secret name."""
    name = _cell_text(markup)
    return 0 < len(name) <= _LONGEST_NAME and policy.is_secret(name)


class _Cell:
    """A cell. column: its index in the grid. span: how many columns it takes."""

    __slots__ = ("attributes", "begin", "column", "content", "end", "is_heading", "span")

    def __init__(self, match: re.Match[str], column: int, attributes: dict[str, str]) -> None:
        self.begin, self.content = match.span()
        self.end = -1
        self.is_heading = match["name"].lower() == "th"
        self.attributes = attributes
        self.column, self.span = column, 1
        if attributes:
            self._place()

    def _place(self) -> None:
        """Read which columns the cell takes, from its attributes."""
        attributes = self.attributes
        index = attributes.get("ss:index", "")  # of a cell behind empty ones
        if index.isdecimal() and len(index) < _LONGEST_INDEX:
            self.column = max(self.column, int(index) - 1)
        merged = attributes.get("ss:mergeacross", "")
        span = attributes.get("colspan") or attributes.get("table:number-columns-repeated")
        self.span = _span_attribute(
            str(int(merged) + 1) if merged.isdecimal() and len(merged) < _LONGEST_INDEX else span
        )


class _Table:
    """An open table. columns: the name of each secret column, by its index. ids: of secret headings."""

    __slots__ = ("column", "columns", "ids", "in_head", "is_first", "row", "row_begin", "spans")

    def __init__(self) -> None:
        self.columns: dict[int, str] = {}
        self.ids: dict[str, str] = {}
        self.in_head = False
        self.is_first = True  # the next row is the first one
        self.row: list[_Cell] = []
        self.row_begin = 0
        self.spans: dict[int, int] = {}  # by column: further rows that a cell reaches down to
        self.column = 0  # the first one in the row that may be free

    def next_column(self) -> int:
        """Return the index of the next cell in the row, next to cells that reach down from rows above."""
        while self.spans.get(self.column, 0) > 0:
            self.column += 1
        return self.column

    def add_cell(self, cell: _Cell) -> None:
        """Add a cell to the row; those that begin beyond the last column are left out."""
        if cell.column < _MOST_COLUMNS:
            self.row.append(cell)
            self.column = cell.column + cell.span


class _TableReader:
    """Reads the tags of tables, and collects secret cells."""

    def __init__(self, text: str, policy: Policy) -> None:
        self._text = text
        self._policy = policy
        self._tables = [_Table()]  # a part of a document may begin within one
        self.cells: dict[int, tuple[int, str]] = {}
        self.headings: list[tuple[int, int]] = []

    def run(self) -> None:
        """Read all tags."""
        raw = 0
        for match in _TAG.finditer(self._text):
            if not match["close"]:
                self._policy.budget.spend(1)
            if match["raw"]:
                end = _RAW_END.search(self._text, match.end()) if match.start() >= raw else None
                raw = max(raw, end.start() if end else len(self._text))
            elif match["name"] and match.start() >= raw:
                name = match["name"].lower().rpartition(":")[2]
                self._tag(match, _IN_HTML.get(name, name))
        while self._tables:
            self._end_row(self._tables.pop(), len(self._text))

    def _tag(self, match: re.Match[str], name: str) -> None:
        table = self._tables[-1]
        if name == "table":
            if not match["close"]:
                self._tables.append(_Table())
            else:
                self._end_row(table, match.start())
                self._tables[-1:] = [] if len(self._tables) > 1 else [_Table()]
            return
        self._end_cell(table, match.start())
        if name in ("td", "th"):
            if not match["close"]:
                self._begin_cell(table, match)
            return
        self._end_row(table, match.start())
        if name != "tr":
            table.in_head = name == "thead" and not match["close"]
        table.row_begin = match.end()

    def _begin_cell(self, table: _Table, match: re.Match[str]) -> None:
        given = match["attributes"]
        attributes = {each[1].lower(): value_of(each) for each in ATTRIBUTE.finditer(given)} if "=" in given else {}
        cell = _Cell(match, table.next_column(), attributes)
        self._policy.budget.spend(cell.span // 8)
        table.add_cell(cell)

    @staticmethod
    def _end_cell(table: _Table, end: int) -> None:
        if table.row and table.row[-1].end < 0:
            table.row[-1].end = end

    def _end_row(self, table: _Table, end: int) -> None:
        """Use a complete row as a heading, or find the secret cells in it."""
        self._end_cell(table, end)
        row, table.row, table.column = table.row, [], 0
        if not row:
            return
        if self._is_heading(table, row):
            self._read_names(table, row, end)
        else:
            self._read_cells(table, row)
        table.is_first = False
        self._policy.budget.spend(len(table.spans) // 4)
        table.spans = {column: rows - 1 for column, rows in table.spans.items() if rows > 1}
        for cell in row:
            if not cell.attributes:
                continue
            rows = _span_attribute(cell.attributes.get("rowspan"))
            for column in range(cell.column, cell.column + cell.span) if rows > 1 else ():
                table.spans[column] = rows - 1

    def _is_heading(self, table: _Table, row: list[_Cell]) -> bool:
        """Whether a row is a heading: in `<thead>`, of `<th>`, or the first row of a table."""
        if table.in_head or all(cell.is_heading for cell in row):
            return True
        if not table.is_first or any(cell.is_heading for cell in row):
            return table.is_first and all(cell.is_heading for cell in row[1:])
        # A first row without `<th>`. If it has two columns, these are more often a name and its value.
        if len(row) == 2 and self._secret_name(row[0]):
            return _cell_text(self._text[row[1].content : row[1].end]).lower() in COLUMNS_BESIDE
        return len(row) > 1

    def _secret_name(self, cell: _Cell) -> str:
        """Return the secret name of a heading; empty if it has none."""
        markup = self._text[cell.content : cell.end]
        for name in (_cell_text(markup), cell.attributes.get("data-field", ""), cell.attributes.get("abbr", "")):
            if 0 < len(name) <= _LONGEST_NAME and self._policy.is_secret(name):
                return name
        return ""

    def _read_names(self, table: _Table, row: list[_Cell], end: int) -> None:
        for cell in row:
            self._policy.budget.spend(3)
            name = self._secret_name(cell)
            if not name:
                continue
            table.columns |= dict.fromkeys(range(cell.column, cell.column + cell.span), name)
            if "id" in cell.attributes:
                table.ids[cell.attributes["id"]] = name
            if self.headings[-1:] != [(table.row_begin, end)]:
                self.headings.append((table.row_begin, end))

    def _read_cells(self, table: _Table, row: list[_Cell]) -> None:
        if not table.columns:
            return
        for cell in row:
            places = range(cell.column, cell.column + cell.span)
            named = (table.columns[place] for place in places if place in table.columns)
            name = next(named, "")
            if not name and table.ids:
                headings = cell.attributes.get("headers", "").split()
                name = next((table.ids[each] for each in headings if each in table.ids), "")
            if name:
                self.cells[cell.begin] = (cell.end, name)


def _span_attribute(text: str | None) -> int:
    """Return how many columns or rows a cell takes, from `colspan` or `rowspan`."""
    return min(int(text), _MOST_COLUMNS) if text and text.isdecimal() and len(text) < 5 and int(text) else 1
