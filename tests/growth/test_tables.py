"""Tables, forms and descriptions whose parts multiply do not make the masking slow, as told by `growth.test_growth`.

Columns by rows, cells by the columns that they span, and parts by what they name are shapes that no run of pieces has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from growth.entries import SIZE, delivery, exchange
from growth.measure import undisturbed
from growth.test_growth import fault
from growth.texts import HINTED_NAMES, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

CSV, HTML, JSON, TEXT, XML = "text/csv", "text/html", "application/json", "text/plain", "application/xml"
FORM = "multipart/form-data; boundary=B"
PASSWORD_TABLE = "<table><tr><th>Password</th></tr>"


def json_table(names: str, rows: str) -> str:
    return f'{{"columns":[{names}"a"],"rows":[{rows}]}}'


def text_table(rows: str) -> str:
    """Put rows below a heading that is as long as one may be, and a row of its width."""
    return f"{repeated('pw@', 1800)}pw\n{repeated('a@', 1200)}a\n{rows}\n".replace("@", "\t")


def first_rows(size: int) -> str:
    """Return tables of one row; their names are all different and hold a secret word, but are not secret."""
    cells = [f"<td>{name}" for name in HINTED_NAMES[: size // 11]]
    return "".join(f"<table><tr>{''.join(cells[at : at + 700])}</table>" for at in range(0, len(cells), 700))


def naming_parts(size: int) -> str:
    parts = [f"--B\r\nname={number}key\r\n\r\npwd\r\n" for number in range(size // 29)]
    return f"{''.join(parts)}--B\r\nname=value\r\n\r\npwd\r\n--B--\r\n"


def nested_schemas(size: int) -> str:
    members = ",".join(f'"a{number}":{{"type":"string"}}' for number in range(size // 60))
    front = '{"token":{"properties":'
    return f"{front * 7}{{{members}}}{'}}' * 7}"


SHAPES: dict[str, tuple[str, Callable[[int], str]]] = {
    "cells beyond the heading": (CSV, lambda size: f"{repeated('pw,', size // 4)}a\n{',' * (size // 3)}\n"),
    "cells beyond the heading of a text": (TEXT, lambda size: text_table("@" * (size - 3100))),
    "cells beyond the names in JSON": (
        JSON,
        lambda size: json_table(repeated('"pw",', size // 8), f"[{repeated('1,', size // 4)}1]"),
    ),
    "columns by rows": (CSV, lambda size: repeated("pw,", size // 8) + "a\n" + repeated("a\n", size // 4)),
    "columns by rows of a text": (TEXT, lambda size: text_table(repeated("a\n", size // 4))),
    "columns by rows in JSON": (
        JSON,
        lambda size: json_table(repeated('"pw",', size // 8), f"{repeated('[1],', size // 4)}[1]"),
    ),
    "columns of names by rows": (
        CSV,
        lambda size: repeated("key,", size // 8) + "value\n" + repeated("a\n", size // 4),
    ),
    "headings by rows": (
        CSV,
        lambda size: repeated("name,value\n\nkey,value\n\n", size // 3) + repeated("a,b\n", size // 4),
    ),
    "headings by rows in JSON": (
        JSON,
        lambda size: (
            f"""{{{repeated('"keys":["name","value"],', size // 4)}"""
            f""""rows":[{repeated('["a","b"],', size // 6)}["a","b"]]}}"""
        ),
    ),
    "cells beyond the last column": (
        HTML,
        lambda size: f"{PASSWORD_TABLE}<tr><td colspan=1000 rowspan=1000></td></tr><tr>{repeated('<td>', size - 100)}",
    ),
    "cells of nested tables": (
        HTML,
        lambda size: PASSWORD_TABLE + "</table>" + repeated('<table><tr><th abbr="token url"><tr><td>', size // 2),
    ),
    "cells of first rows": (HTML, first_rows),
    "parts that name parts": (FORM, naming_parts),
    "postal codes": (JSON, lambda size: f"""{{{repeated('"pincode":560001,', size)}"a":1}}"""),
    "nested schemas": (JSON, nested_schemas),
}


@pytest.mark.parametrize("name", SHAPES)
def test_parts_that_multiply_grow_in_proportion(name: str) -> None:
    """Time grows with the size of a body, not with the product of the numbers of its parts."""
    kind, content = SHAPES[name]
    with undisturbed():
        assert fault(lambda size: exchange(content(size).encode(), kind), delivery()) is None


def test_values_masked_afterwards_grow_in_proportion() -> None:
    """In cut XML, values at thousands of levels are masked at the end, as their names may be missing."""
    with undisturbed():
        found = fault(
            lambda size: exchange(f"<a>{'<a><value>x</value>' * (size // 24)}".encode(), XML, declared=10 * SIZE),
            delivery(),
        )
    assert found is None


def test_values_named_at_each_level_grow_in_proportion() -> None:
    """In whole XML, a value is masked when its name follows, however much stands between them or within it."""
    beside = "<a><value>x</value>", "<name>pwd</name></a>"
    around = "<b><value>", "</value><name>pwd</name></b>"
    for front, end in (beside, around):
        with undisturbed():
            found = fault(
                lambda size, front=front, end=end: exchange(
                    f"<a>{front * (size // 40)}x{end * (size // 40)}</a>".encode(), XML
                ),
                delivery(),
            )
        assert found is None, front


def test_repeated_fields_grow_in_proportion() -> None:
    """Cookies that come again, which HTTP/2 compresses to a few bytes each, are joined in one pass."""
    with undisturbed():
        assert fault(lambda size: exchange(answered=[("set-cookie", "a")] * (size // 8)), delivery()) is None
