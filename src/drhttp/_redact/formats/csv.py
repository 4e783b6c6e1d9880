"""CSV (RFC 4180), TSV and similar tables: masks the columns with secret names, such as `user,password`.

The text is read as rows and fields, not parsed and serialized again: what is not masked stays byte for byte.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from drhttp._redact.formats.secret_columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._redact.policy import Policy

    # The fields of a row as in the text, with their quotes, and the line end.
    Row = tuple[list[str], str]

#: Content types of such tables. Clients often send CSV with Excel's.
CSV_TYPES = frozenset(("text/csv", "application/csv", "text/x-csv", "application/x-csv", "text/comma-separated-values",
                       "text/tab-separated-values", "text/tsv", "application/vnd.ms-excel"))  # fmt: skip
_PART = "\x01"  # does not occur in text
_DELIMITERS = "\t;|,"
_SAMPLE = 12  # rows that are examined to detect the delimiter and the width
_LINE = re.compile(r"[^\r\n]*")
_DOUBLED = re.compile(r'(?<=[^,;|\t\r\n"])""')  # a quote in a quoted field
# What may precede the first row: a byte order mark, and Excel's line with the delimiter.
_FRONT = re.compile(r"\ufeff?(?:\"?sep=(?P<sep>[^\"\r\n])\"?(?:\r\n|\n|\r))?", re.IGNORECASE)
_RULE = re.compile(r"[-+=:|_\s]*")


def mask_csv(
    text: str, policy: Policy, inner: Callable[[str], tuple[str, int]], *, cut: bool = False
) -> tuple[str, int] | None:
    """Mask a table with a content type of CSV; return it and how many values were masked, or `None` if it is not a
    table.

    inner: masks other secrets in the text. cut: the end is missing, so the last row is left out.
    """
    front = _FRONT.match(text)
    begin = front.end() if front else 0
    delimiter = front["sep"] if front and front["sep"] else _delimiter(text, begin)
    first = list(islice(rows_of(text, delimiter, begin), _SAMPLE))
    if len(first) < 2:
        return None
    pairs = _are_pairs(first, policy)
    doubled = '""' in text and _DOUBLED.search(text) is not None
    simple = not (cut or doubled or pairs or _has_empty_line(text)) and not _headings(first, policy)
    if simple and not _mask_whole(text, delimiter, inner)[1]:
        return text, 0
    policy.budget.spend(2 * (text.count("\n") + text.count("\r")) + text.count(delimiter) // 2)
    rows = list(rows_of(text, delimiter, begin))
    if cut and not rows[-1][1]:
        rows.pop()
    count = _mask_pairs(rows, delimiter, policy) if pairs else _mask_rows(rows, delimiter, policy, inner)
    masked, found = _mask_whole(_join_rows(rows, delimiter), delimiter, inner)
    if found and _widths(masked, delimiter) != [len(fields) for fields, _ in rows]:
        masked = _join_rows([_mask_row(row, delimiter, inner, policy) for row in rows], delimiter)
    return text[:begin] + masked, count + found


def _are_pairs(rows: list[Row], policy: Policy) -> bool:
    """Whether each row is a name and a value: at least two names are secret."""
    if any(len(fields) != 2 for fields, _ in rows if is_not_empty(fields)):
        return False
    return sum(policy.is_secret(unquote_field(fields[0])) for fields, _ in rows) > 1


def _mask_pairs(rows: list[Row], delimiter: str, policy: Policy) -> int:
    """Mask the values of secret names in rows of a name and a value, in place; return how many there were."""
    count = 0
    for fields, _ in rows:
        name, content = unquote_field(fields[0]), unquote_field(fields[-1]).strip()
        if len(fields) == 2 and content and policy.is_secret(name) and not policy.is_harmless(name, content):
            fields[1] = _requote(policy.mask(content), fields[1], delimiter)
            count += 1
    return count


def _has_empty_line(text: str) -> bool:
    """Whether a text has an empty line, behind which another table may begin."""
    return "\n\n" in text or "\n\r\n" in text or "\r\r" in text


def _mask_whole(text: str, delimiter: str, inner: Callable[[str], tuple[str, int]]) -> tuple[str, int]:
    """Mask other secrets in a table. Tabs are hidden from `inner`, as in other texts a tab may assign a value to a
    name.
    """
    if delimiter != "\t" or _PART in text:
        return inner(text)
    masked, count = inner(text.replace("\t", _PART))
    return (masked.replace(_PART, "\t"), count) if count else (text, 0)


def _headings(rows: list[Row], policy: Policy) -> Columns:
    """Return the columns that the first rows of a table name, up to the first row with the width of the table."""
    columns, width = Columns((), policy), _width(rows)[0]
    for fields, _ in rows:
        columns.add(Columns(map(unquote_field, fields), policy))
        if len(fields) == width and is_not_empty(fields):
            break
    return columns


def _width(rows: list[Row]) -> tuple[int, int]:
    """Return how many fields most of the first rows have, and how many rows those are."""
    widths = [len(fields) for fields, _ in rows[:_SAMPLE] if len(fields) > 1]
    width = max(widths, key=widths.count, default=1)
    return width, widths.count(width)


def _delimiter(text: str, begin: int) -> str:
    """Return the character that separates fields: the one that gives the most rows of the same width.

    One that gives that width to the first row, which names the columns, comes first.
    """

    def score(delimiter: str) -> tuple[bool, int, int]:
        rows = list(islice(rows_of(text, delimiter, begin), _SAMPLE))
        width, count = _width(rows)
        if width == 1:
            return False, 0, 1
        first = next(len(fields) for fields, _ in rows if is_not_empty(fields))
        return first == width and count > 1, count, width

    return max(_DELIMITERS, key=score)


def rows_of(text: str, delimiter: str, at: int = 0) -> Iterator[Row]:
    """Yield the rows of a text from a position on. Quoted fields may hold delimiters and line ends."""
    while at < len(text):
        line = _LINE.match(text, at)
        end = line.end() if line else at
        if '"' not in text[at:end]:
            after = end + (2 if text.startswith("\r\n", end) else 1)
            yield text[at:end].split(delimiter), text[end:after]
            at = after
            continue
        fields, mark = [], delimiter
        while mark == delimiter:
            match = _field(delimiter).match(text, at)
            if match is None:  # never, as the expression matches any text
                break
            fields.append(match[1])
            mark, at = match[2], match.end()
        yield fields, mark


@lru_cache(maxsize=16)
def _field(delimiter: str) -> re.Pattern[str]:
    """Compile an expression for a field, perhaps quoted, and its end. A quote inside a field is an ordinary letter."""
    end = re.escape(delimiter)
    return re.compile(rf'( {{0,2}}"[^"]*(?:""[^"]*)*(?:"|\Z)[^{end}\r\n]*|[^{end}\r\n]*)({end}|\r\n|\n|\r|\Z)')


def _join_rows(rows: list[Row], delimiter: str) -> str:
    return "".join([delimiter.join(fields) + end for fields, end in rows])


def _widths(text: str, delimiter: str) -> list[int]:
    return [len(fields) for fields, _ in rows_of(text, delimiter)]


def is_separator_line(text: str) -> bool:
    """Whether a text is a line between a heading and its rows (`|---|---|`), or a part of one."""
    return _RULE.fullmatch(text) is not None


def is_not_empty(fields: list[str]) -> bool:
    """Whether a row has more than one field, or a field that is not blank."""
    return len(fields) > 1 or bool(fields[0].strip())


def _mask_rows(rows: list[Row], delimiter: str, policy: Policy, inner: Callable[[str], tuple[str, int]]) -> int:
    """Mask the secret cells of all rows in place; return how many there were.

    The heading is the first row with the width of the table; a title, comments and empty lines may precede it. Behind
    an empty line there may be another heading.
    """
    columns, width = Columns((), policy), _width(rows)[0]
    heading: list[str] = []
    expected, count = True, 0
    for fields, _ in rows:
        if not is_not_empty(fields):
            expected = True
            continue
        named = Columns(map(unquote_field, fields), policy) if expected and _may_be_heading(fields, width) else None
        expected = expected and len(fields) != width
        before = fields.copy()
        count += _mask_quoted(fields, inner)
        if columns and fields != heading:
            count += mask_cells(fields, columns, delimiter, policy)
        if named:
            named.add(columns)
            columns, heading = named, before
    return count


def _may_be_heading(fields: list[str], width: int) -> bool:
    """Whether a row may name the columns. A row with one long field is a title."""
    return len(fields) > 1 or width == 1 or fields[0].strip().count(" ") < 2


def mask_cells(fields: list[str], columns: Columns, delimiter: str, policy: Policy) -> int:
    """Mask the secret cells of a row in place; return how many there were."""
    count = 0
    for place, name in {**_merged(fields, columns, delimiter), **columns.secret_cells(fields)}.items():
        content = unquote_field(fields[place])
        if not content.strip() or policy.is_harmless(name, content.strip()) or is_separator_line(content):
            continue
        masked = policy.mask(content)
        if masked != content:
            fields[place] = _requote(masked, fields[place], delimiter)
            count += 1
    return count


def _merged(fields: list[str], columns: Columns, delimiter: str) -> dict[int, str]:
    """Return the quoted fields that seem to hold others: the row is too short, or a quote ends before the field."""
    short = len(fields) < columns.width and bool(columns.secret)
    return {
        place: ""
        for place, field in enumerate(fields)
        if (delimiter in field or "\n" in field or "\r" in field)
        and (short or field.rstrip()[-1:] != '"' or field.count('"') % 2)
    }


def _mask_quoted(fields: list[str], inner: Callable[[str], tuple[str, int]]) -> int:
    """Mask fields with doubled quotes inside, JSON above all; return how many values were masked."""
    count = 0
    for place, field in enumerate(fields):
        if '""' in field and len(field) > 2:
            masked, found = inner(unquote_field(field))
            if found:
                fields[place] = _quote(masked)
                count += found
    return count


def _mask_row(row: Row, delimiter: str, inner: Callable[[str], tuple[str, int]], policy: Policy) -> Row:
    """Mask other secrets of a row field by field, if masking it as a whole would change the number of fields."""
    fields, end = row
    text = delimiter.join(fields)
    masked, found = inner(text)
    if not found or _widths(masked, delimiter) in ([len(fields)], []):
        return ([masked], end) if found else row
    first, last = _common_prefix_length(text, masked), len(text) - _common_prefix_length(text[::-1], masked[::-1])
    position, changed = 0, []
    for field in fields:
        touched = position < last and position + len(field) >= first
        position += len(field) + len(delimiter)
        part, count = inner(unquote_field(field)) if touched else (field, 0)
        if touched and field.strip():
            part = _requote(part if count else policy.mask(unquote_field(field)), field, delimiter)
        changed.append(part)
    return changed, end


def _common_prefix_length(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def unquote_field(field: str) -> str:
    """Return the content of a field, without its quotes."""
    stripped = field.lstrip(" ")
    if not stripped.startswith('"'):
        return field
    stripped = stripped.rstrip()
    return stripped[1 : -1 if len(stripped) > 1 and stripped[-1] == '"' else None].replace('""', '"')


def _requote(text: str, field: str, delimiter: str) -> str:
    """Return a text in place of a field, with the space and the quotes around it."""
    lead = field[: len(field) - len(field.lstrip(" "))]
    if field.startswith('"', len(lead)) or any(mark in text for mark in (delimiter, '"', "\r", "\n")):
        return lead + _quote(text)
    return f"{lead}{text}{field[len(field.rstrip(' ')) :]}"


def _quote(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))
