"""Tables in other text: masks columns in CSV, Markdown, psql output and pasted spreadsheets, such as `| user | password
|`.

A line is a heading if it holds only names, one of them secret, and the row below it has as many fields.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from drhttp._redact.formats.csv import is_not_empty, is_separator_line, mask_cells, rows_of
from drhttp._redact.formats.json_name_value_pairs import decode_string
from drhttp._redact.formats.secret_columns import VALUED, Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.policy import Policy

_DELIMITERS = "\t|;,"
_LONGEST_HEADING = 2000  # characters
_NAME = re.compile(r"(?:[^\W\d]|2[fF][aA]\b)[\w .#/*-]{0,50}(?:\([^()]{0,30}\))?\*?")
_ONE_WORD = re.compile(r"[\w.-]*")
_SURROUNDING = " \t\r\n\"'`\ufeff*#"
_LONGEST_COLUMN, _LONGEST_WORD = 60, 200  # characters of the name and of a value in a text of one column
_WORD_ALONE = re.compile(r"[^\s<>{}()\[\]:]*")
_SAMPLE = 4  # rows below a heading that are examined


def may_hold_tables(text: str, policy: Policy) -> bool:
    """Whether a string in a JSON document may hold a table with secrets; `False` is certain."""
    if "\\n" not in text and "\\r" not in text:
        return False
    if "\\t" in text:
        return True
    if not any(delimiter in text for delimiter in "|;,"):
        return False
    pieces = text.replace('\\"', "''").replace("\\r", "\\n").split("\\n")
    above, barred = "", "|" in text
    for at, piece in enumerate(pieces):
        line = piece[piece.rfind('"') + 1 :]
        first = len(line) < len(piece) or not above or above[-1] in ":`"
        above = piece
        if not (first or barred) or len(line) > _LONGEST_HEADING:
            continue
        line = decode_string(f'"{line}"')
        for mark in _marks(line, first):
            below = pieces[at + 1 : at + 1 + _SAMPLE]
            if (mark == "|" or any(_has_width(each, line, mark) for each in below)) and _columns(line, mark, policy):
                return True
    return False


def _has_width(row: str, heading: str, mark: str) -> bool:
    """Whether a row has as many fields as a heading, apart from an empty one at the end of either."""
    more = row.count(mark) - heading.count(mark)
    return more == 0 or (more == -1 and heading.rstrip()[-1:] == mark) or (more == 1 and mark in row[-3:])


def _marks(line: str, first: bool) -> list[str]:
    """Return the delimiters that a heading may have. first: it is the first line of a paragraph."""
    return [mark for mark in ("\t|;," if first else "\t|") if mark in line]


def mask_tables(text: str, policy: Policy, *, cut: bool = False) -> tuple[str, int]:
    """Mask the secret cells of tables in a text; return it and how many there were.

    cut: the end is missing, so the last row of a table that reaches the end is left out.
    """
    if not any(delimiter in text for delimiter in _DELIMITERS):
        return text, 0
    pieces, copied, count = [], 0, 0
    for begin, line in _candidates(text):
        policy.budget.spend(1)
        if begin < copied:
            continue
        found = _heading(text, begin, line, policy, cut=cut)
        if found is not None:
            policy.budget.spend(16)
            pieces.append(text[copied:begin])
            masked, copied, more = _mask_table(text, begin, *found, policy, cut=cut)
            pieces.append(masked)
            count += more
    return ("".join(pieces) + text[copied:], count) if count else (text, 0)


_IN_FRONT = ("#", "sep=")  # lines in front of a heading: comments, and the delimiter for spreadsheets


def mask_single_column(text: str, policy: Policy) -> tuple[str, int] | None:
    """Mask a text of one column whose first line is its name, such as `password`; `None` if it is something else.

    The other lines must be single words, none of them a secret name.
    """
    heading, _, rest = text.lstrip("\ufeff").partition("\n")
    name = heading.strip(_SURROUNDING)
    if not rest or not name or len(heading) > _LONGEST_COLUMN or not (_NAME.fullmatch(name) and policy.is_secret(name)):
        return None
    lines = rest.split("\n")
    policy.budget.spend(len(lines))
    if not all(_is_single_word(line) for line in lines) or any(policy.is_secret(line.strip()) for line in lines):
        return None
    count = 0
    for at, line in enumerate(lines):
        value = line.strip()
        if value and not policy.is_harmless(name, value):
            lines[at] = line.replace(value, policy.mask(value))
            count += 1
    return f"{text[: len(text) - len(rest)]}{chr(10).join(lines)}", count


def _is_single_word(line: str) -> bool:
    """Whether a line is empty or one word, and neither a name with its value nor markup."""
    word = line.strip()
    return len(word) <= _LONGEST_WORD and _WORD_ALONE.fullmatch(word) is not None


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines that may be headings, and where they begin.

    These are lines with another number of tabs or bars than the line above, and the first line of each paragraph.
    """
    at, above, first = 0, 0, True
    for line in text.split("\n" if "\n" in text else "\r"):
        marks = line.count("\t") or line.count("|")
        if (marks and (marks != above or first)) or (first and ("," in line or ";" in line)):
            yield at, line
        at += len(line) + 1
        above = marks
        first = (
            not line
            or line.isspace()
            or line.rstrip()[-1] in ":`"
            or (line[0] in "+-|=" and is_separator_line(line))
            or line.startswith(_IN_FRONT)
        )


def _heading(text: str, begin: int, line: str, policy: Policy, *, cut: bool) -> tuple[str, Columns] | None:
    """Return the delimiter and the columns of the table whose heading begins here; `None` if there is none."""
    if len(line) > _LONGEST_HEADING:
        return None
    for delimiter in _marks(line, True):
        columns = _columns(line, delimiter, policy)
        if columns and _has_rows(text, begin, line, delimiter, cut=cut):
            return delimiter, columns
    return None


def _columns(line: str, delimiter: str, policy: Policy) -> Columns | None:
    """Return the columns that a line names, if it holds only names and some may be secret; `None` otherwise."""
    names = [name.strip(_SURROUNDING) for name in line.split(delimiter)]
    filled = list(filter(None, names))
    if len(filled) < 2 or not all(map(_NAME.fullmatch, filled)):
        return None
    if not any(map(policy.is_secret, filled)) and VALUED.isdisjoint(map(str.lower, filled)):
        return None
    return Columns(names, policy)


def _has_rows(text: str, begin: int, line: str, delimiter: str, *, cut: bool) -> bool:
    """Whether rows below a heading are as wide; there must be two if the heading may also be a sentence."""
    names = line.split(delimiter)
    rows = list(islice(rows_of(text, delimiter, begin), 1, _SAMPLE + 1))
    if cut and rows and not rows[-1][1]:
        return True
    below = delimiter.join(rows[0][0]) if rows else ""
    if "-" in below and is_separator_line(below):
        return True  # a separator line below makes it a heading
    spaced = f"{delimiter} " in line and not all(_ONE_WORD.fullmatch(name.strip(_SURROUNDING)) for name in names)
    width = len(names) - (not names[-1].strip())  # a heading, or a row, may end with a delimiter
    return sum(width <= len(fields) <= len(names) + (not fields[-1].strip()) for fields, _ in rows) > spaced


def _mask_table(
    text: str, begin: int, delimiter: str, columns: Columns, policy: Policy, *, cut: bool
) -> tuple[str, int, int]:
    """Mask a table from its heading on; return it, where it ends, and how many cells were masked.

    It ends at a row of another width behind an empty line.
    """
    pieces, count, at, empty = [], 0, begin, False
    for number, (fields, end) in enumerate(rows_of(text, delimiter, begin)):
        policy.budget.spend(5 if '"' in fields[0] else 3)
        size = sum(map(len, fields)) + (len(fields) - 1) * len(delimiter) + len(end)
        if not is_not_empty(fields):
            empty = True
        elif number:
            if empty and len(fields) != columns.width:
                break
            count += mask_cells(fields, columns, delimiter, policy)
        if not cut or end:
            pieces.append(delimiter.join(fields) + end)
        at += size
    return "".join(pieces), at, count
