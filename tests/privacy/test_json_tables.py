"""JSON tables that name their columns once: the cells of secret columns are masked, wherever the names are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from privacy.corpus import MARK
from privacy.masking import POLICY, masked, text_of

M = "[redacted]"
S = f"{MARK}0001NEL"
JSON = "application/json"


def objects(*names: str, key: str = "name") -> list[dict[str, str]]:
    """Make columns that are described by objects."""
    return [{key: name, "type": "text"} for name in names]


#: A document with `X` where the secrets are.
TABLES = {
    "columns, rows": {"columns": ["id", "password"], "rows": [[1, "X"], [2, "X"]], "n": 2},
    "fields, records": {"fields": ["user", "api_key", "x"], "records": [["ada", "X", 5]]},
    "header, data": {"data": [["ada", "X"]], "header": ["user", "pwd"]},
    "names, values": {"names": ["user", "token"], "values": [["ada", "X"], ["bob", None]]},
    "data frame, split": {"columns": ["a", "password"], "index": [0, 1], "data": [["b", "X"], ["c", "X"]]},
    "data frame, table": {"schema": {"fields": objects("index", "password")}, "data": [{"index": 0, "password": "X"}]},
    "Elasticsearch": {"columns": objects("user", "password"), "rows": [["ada", "X"]], "cursor": "abc"},
    "Trino": {"id": "q", "columns": objects("user", "password"), "data": [["ada", "X"]], "stats": {"state": "FINISHED"}},
    "InfluxDB": {"results": [{"series": [{"name": "logins", "columns": ["time", "password"], "values": [["t", "X"]]}]}]},
    "Neo4j, one column": {"results": [{"columns": ["u.password"], "data": [{"row": ["X"], "meta": [None]}]}], "errors": []},
    "Neo4j, query API": {"data": {"fields": ["password"], "values": [["X"]]}},
    "Athena, heading in the rows": {"ResultSet": {"Rows": [
        {"Data": [{"VarCharValue": "user"}, {"VarCharValue": "password"}]}, {"Data": [{"VarCharValue": "ada"}, {"VarCharValue": "X"}]}]}},
    "Athena, one column": {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "password"}]}, {"Data": [{"VarCharValue": "X"}]}]}},
    "Google Sheets, cells": {"rowData": [
        {"values": [{"formattedValue": "Password"}, {"formattedValue": "User"}]}, {"values": [{"formattedValue": "X"}, {"formattedValue": "ada"}]}]},
    "two columns, the first one secret": [["password", "user"], ["X", "ada"], ["X", "bob"]],
    "Google Sheets": {"range": "A1:B2", "majorDimension": "ROWS", "values": [["user", "password"], ["ada", "X"]]},
    "Google Sheets by column": {"majorDimension": "COLUMNS", "values": [["user", "ada", "bob"], ["password", "X", "X"]]},
    "Metabase": {"data": {"rows": [["ada", "X"]], "cols": objects("user", "password")}},
    "Superset": {"result": [{"colnames": ["a"], "columns": objects("user", "password"), "data": [["ada", "X"]]}]},
    "Grafana": {"frames": [{"schema": {"fields": objects("user", "password")}, "data": {"values": [["ada", "bob"], ["X", "X"]]}}]},
    "Grafana's old tables": {"columns": objects("user", "password", key="text"), "rows": [["ada", "X"]], "type": "table"},
    "BigQuery": {"schema": {"fields": objects("user", "password")}, "rows": [{"f": [{"v": "ada"}, {"v": "X"}]}]},
    "Google charts": {"cols": objects("user", "password", key="label"), "rows": [{"c": [{"v": "ada"}, {"v": "X", "f": "X"}]}]},
    "Snowflake": {"resultSetMetaData": {"rowType": objects("USER", "PASSWORD")}, "data": [["ada", "X"]]},
    "Databricks": {"manifest": {"schema": {"columns": objects("user", "password")}}, "result": {"data_array": [["ada", "X"]]}},
    "Redshift": {"ColumnMetadata": objects("user", "password"), "Records": [[{"stringValue": "ada"}, {"stringValue": "X"}]]},
    "Athena": {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "ada"}, {"VarCharValue": "X"}]}],
                             "ResultSetMetadata": {"ColumnInfo": objects("user", "password", key="Name")}}},
    "ClickHouse": {"meta": objects("user", "password"), "data": [["ada", "X"]], "rows": 1},
    "Druid": {"columns": ["user", "password"], "events": [["ada", "X"]]},
    "Neo4j": {"results": [{"columns": ["user", "password"], "data": [{"row": ["ada", "X"], "meta": [None, None]}]}]},
    "names in lists": {"columns": [["user", "varchar"], ["password", "varchar"]], "rows": [["ada", "X"]]},
    "lists alone": [["id", "user", "password"], [1, "ada", "X"], [2, "bob", "X"]],
    "lists under a name": {"table": [["user", "password"], ["ada", "X"]]},
    "a list for each column": {"columns": ["user", "password"], "data": [["ada", "bob", "eve"], ["X", "X", "X"]]},
    "parallel lists": {"keys": ["user", "password"], "values": ["ada", "X"]},
    "a row too long": {"columns": ["user", "password"], "rows": [[0, "X", "X"]]},
    "objects in cells": {"columns": ["user", "auth"], "rows": [["ada", {"X": {"y": 1}}]]},
    "numbers": {"columns": ["user", "pin"], "rows": [["ada", "X"], ["bob", "X"]]},
    "settings": {"columns": ["name", "value"], "rows": [["colour", "red"], ["db_password", "X"]]},
    "two tables": {"a": {"columns": ["id", "password"], "rows": [[1, "X"]]}, "b": {"columns": ["id", "n"], "rows": [[1, "c"]]}},
    "deep": {"a": [{"b": {"c": [{"d": {"columns": ["id", "password"], "rows": [[1, "X"]]}}]}}]},
}  # fmt: skip
HARMLESS = [
    {"errors": [["password"], ["email"]]}, {"Rows": [{"Data": [{"VarCharValue": "user"}]}, {"Data": [{"VarCharValue": "password"}]}]},
    {"columns": ["id", "name"], "rows": [[1, "password"], [2, "token"]]}, {"columns": ["id", "token_count"], "rows": [[1, 5], [2, 7]]},
    {"columns": ["user", "has_password"], "rows": [["ada", True], ["bob", False]]}, {"columns": ["id", "password"], "rows": []},
    {"fields": ["id", "name"], "data": [[1, "ada"]]}, {"coordinates": [[[1.5, 2.5], [3.5, 4.5]]]}, [["a", "b"], ["c", "d"]],
    {"fields": ["email", "password"], "message": "Enter both.", "status": "failed"}, {"errors": {"fields": ["password"]}, "data": {"id": 5}},
    {"data": [[1, 2], [3, 4]], "labels": ["a", "b"]}, {"columns": ["password"], "required": True}, [["Content-Type", "a"], ["Accept", "b"]],
    {"a": {"columns": ["id", "password"]}, "b": {"c": {"d": {"e": {"rows": [["x", "y"]]}}}}}, {"values": [["user", "city"], ["ada", "London"]]},
]  # fmt: skip


def filled(value: object, text: object) -> object:
    """Return the document with its secrets filled in."""
    if isinstance(value, dict):
        return {
            text if key == "X" and isinstance(text, str) else key: filled(each, text) for key, each in value.items()
        }
    return [filled(each, text) for each in value] if isinstance(value, list) else text if value == "X" else value


def reversed_members(value: object) -> object:
    """Return the document with its members in reverse order."""
    if isinstance(value, dict):
        return {key: reversed_members(value[key]) for key in reversed(value)}
    return list(map(reversed_members, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("document", TABLES.values(), ids=TABLES)
def test_cells_of_secret_columns(document):
    """Cells are masked whether the names come before or after the rows; the rest stays."""
    for each in (document, reversed_members(document), {"a": [document], "note": "x\ny"}):
        for text in (json.dumps(filled(each, S)), json.dumps(filled(each, S), indent=1)):
            for kind in (JSON, "text/plain", "application/vnd.api+json"):
                shown = text_of(text, kind)
                assert MARK not in shown
                if "auth" not in text:
                    assert json.loads(shown) == filled(each, M)


@pytest.mark.parametrize("document", TABLES.values(), ids=TABLES)
def test_cells_of_other_kinds(document):
    """Numbers, lists and objects are masked as a whole."""
    for value in (314159, [S, 1]):
        shown = text_of(json.dumps(filled(document, value)), JSON)
        assert MARK not in shown
        assert "314159" not in shown


@pytest.mark.parametrize("document", TABLES.values(), ids=TABLES)
def test_tables_within_texts(document):
    """Tables are masked in JSON strings, in NDJSON, and in events."""
    inner = json.dumps(filled(document, S))
    for text, kind in (
        (json.dumps({"body": inner}), JSON),
        (f"{inner}\n{inner}\n", "application/x-ndjson"),
        (f"data: {inner}\n\n", "text/event-stream"),
    ):
        assert MARK not in text_of(text, kind)


def test_lines_of_lists():
    """In NDJSON, the first line names the columns of the others."""
    lines = [["id", "user", "password"], [1, "ada", S], [2, "bob", S]]
    shown = text_of("".join(f"{json.dumps(line)}\n" for line in lines), "application/x-ndjson")
    assert [json.loads(line)[2] for line in shown.splitlines()] == ["password", M, M]


@pytest.mark.parametrize(
    "name", [name for name in TABLES if name not in ("settings", "parallel lists", "objects in cells")]
)
def test_a_table_that_is_cut(name):
    """Wherever a table is truncated, no secret is left, even if the names would have come after the rows."""
    for document in (TABLES[name], reversed_members(TABLES[name])):
        text = json.dumps(filled(document, S))
        for size in range(1, len(text)):
            shown = text_of(text[:size], JSON, cut=True)
            assert MARK not in shown, text[:size]


def test_lines_of_one_column():
    """The first line may name the only column of the lines below."""
    shown = text_of(f'["password"]\n["{S}"]\n["{S}"]\n', "application/x-ndjson")
    assert shown == f'["password"]\n["{M}"]\n["{M}"]\n'


@pytest.mark.parametrize("document", HARMLESS, ids=str)
def test_other_lists_stay(document):
    """Other lists stay byte for byte, whole and truncated."""
    for text in (
        json.dumps(document),
        json.dumps({"a": [document]}, indent=2),
        json.dumps({"body": json.dumps(document)}),
    ):
        body = masked(text, JSON)
        assert (body.content, body.redacted) == (text.encode(), 0)


def test_a_heading_may_be_long():
    """A heading may be longer than the part that is searched first."""
    columns = [f"a column of a long name {number}" for number in range(300)]
    document = {"columns": [*columns, "password"], "rows": [[*range(300), S]]}
    assert json.loads(text_of(json.dumps(document), JSON))["rows"] == [[*range(300), M]]


cells = st.none() | st.booleans() | st.integers(-99999, 99999) | st.text(max_size=5).map(lambda text: f"x{text}")
names = st.sampled_from(["id", "user", "password", "apiKey", "note (old)", "t\u00f6ken", 'a\\b"c'])
keys = st.sampled_from([("columns", "rows"), ("fields", "records"), ("header", "data"), ("names", "values")])


@effort(150)
@given(st.lists(names, min_size=1, max_size=5), st.lists(st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=6), keys,
       st.booleans(), st.booleans())  # fmt: skip
def test_a_masked_table_equals_the_table_but_for_its_secrets(heading, rows, members, first, ascii_only):
    """The masked document parses, and only the cells of secret columns differ."""
    rows = [[*row[: len(heading)]] for row in rows]
    pairs = [(members[0], heading), (members[1], rows)]
    text = json.dumps(dict(pairs if first else reversed(pairs)), ensure_ascii=ascii_only)
    shown = json.loads(text_of(text, JSON))
    assert shown[members[0]] == heading
    for row, before in zip(shown[members[1]], rows, strict=True):
        for name, cell, old in zip(heading, row, before, strict=True):
            hidden = POLICY.is_secret(name) and not (old is None or isinstance(old, bool))
            assert cell == (M if hidden else old)
