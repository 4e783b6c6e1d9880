"""HTML tables: only the cells below a heading with a secret name are masked."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from privacy.corpus import MARK
from privacy.masking import masked, text_of

M = "[redacted]"
S = f"{MARK}0001NEL"
HEAD = "<tr><th>User</th><th>Password</th><th>Since</th></tr>"
ROW = "<tr><td>ada</td><td>{}</td><td>2019</td></tr>"
#: Tables with `{}` where the secrets are.
TABLES = {
    "th": f"<table>{HEAD}{ROW}{ROW}</table>",
    "sections": f"<table class='a'><caption>Users</caption><thead>{HEAD}</thead><tbody>{ROW}{ROW}</tbody><tfoot>{ROW}</tfoot></table>",
    "td in thead": "<table><thead><tr><td>User</td><td>API key</td></tr></thead><tbody><tr><td>ada</td><td>{}</td></tr></tbody></table>",
    "td alone": "<table><tr><td>User</td><td>Password</td></tr><tr><td>ada</td><td>{}</td></tr></table>",
    "td alone, three": "<table><tr><td>Password</td><td>User</td><td>Since</td></tr><tr><td>{}</td><td>ada</td><td>2019</td></tr></table>",
    "first": "<table><tr><th>Password</th><th>User</th></tr><tr><td>{}</td><td>ada</td></tr></table>",
    "one column": "<table><tr><th>Token</th></tr><tr><td>{}</td></tr><tr><td>{}</td></tr></table>",
    "several": "<table><tr><th>Token</th><th>User</th><th>PIN code</th></tr><tr><td>{}</td><td>ada</td><td>{}</td></tr></table>",
    "tags in the heading": '<table><tr><th>User</th><th class="s"><a href="?s=1">Pass<b>word</b> &#9650;</a></th></tr><tr><td>ada</td><td>{}</td></tr></table>',
    "attributes": '<TABLE><TR><TH scope="col">User</TH><TH scope=col data-a="b>c">Password</TH></TR><TR><TD a="b>c">ada</TD><TD class="x">{}</TD></TR></TABLE>',
    "colspan": "<table><tr><th>User</th><th colspan=2>Credentials</th><th>n</th></tr><tr><td>ada</td><td>{}</td><td>{}</td><td>5</td></tr></table>",
    "colspan in a row": "<table><tr><th>a</th><th>b</th><th>Password</th></tr><tr><td colspan=2>ada</td><td>{}</td></tr></table>",
    "rowspan": "<table><tr><th rowspan=2>Team</th><th>User</th><th>Password</th></tr><tr><th>name</th><th>now</th></tr>"
               "<tr><td rowspan=2>a</td><td>ada</td><td>{}</td></tr><tr><td>bob</td><td>{}</td></tr></table>",
    "row headings": '<table><tr><td></td><th>Password</th></tr><tr><th scope="row">ada</th><td>{}</td></tr></table>',
    "no end tags": "<table><tr><th>User<th>Password<th>n<tr><td>ada<td>{}<td>5<tr><td>bob<td>{}<td>6</table>",
    "no end tags, behind a table of one row": "<table><tr><td>a</table><table><tr><td>User<td>Password<tr><td>ada<td>{}</table>",
    "rows alone": f"{HEAD}{ROW}",
    "two tables": "<table><tr><th>a</th><th>Password</th></tr><tr><td>1</td><td>{}</td></tr></table>"
                  "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>kept</td></tr></table>",
    "a table in a cell": "<table><tr><th>User</th><th>Password</th></tr><tr><td><table><tr><td>x</td><td>y</td></tr></table></td><td>{}</td></tr></table>",
    "a comment in a row": "<table><tr><th>User</th><th>Password</th></tr><tr><!-- <td>old</td> --><td>ada</td><td>{}</td></tr></table>",
    "a script in a row": '<table><tr><th>User</th><th>Password</th></tr><tr><td><script>var a = "<td>";</script></td><td>{}</td></tr></table>',
    "ids": '<table><tr><th id="h1">User</th><th id="h2">Password</th></tr><tr><td headers="h1">ada</td><td headers="h2">{}</td></tr></table>',
    "white space": "<table>\n <tr>\n  <th>\n User </th>\n  <th>\n   Password\n  </th>\n </tr>\n <tr>\n  <td>ada</td>\n  <td>{}</td>\n </tr>\n</table>",
    "div": '<div class="row"><div data-label="User">ada</div><div data-label="Password">{}</div></div>',
    "data-label": '<table><tr><td data-label="User">ada</td><td data-label="Password">{}</td></tr></table>',
    "headers": '<table><tr><td headers="user">ada</td><td headers="password">{}</td></tr></table>',
}  # fmt: skip
#: The content of a cell, with a mark in it.
CONTENTS = [
    S,
    f"<b>{S}</b>",
    f"<code class='x'>{S}</code> <i>{S}</i>",
    f"a<br>{S}",
    f"<input value='{S}'>",
    f"&quot;{S}&amp;",
    f"<span title='{S}'></span>",
]
HARMLESS = [
    "<table><tr><th>User</th><th>Password changed</th></tr><tr><td>ada</td><td>true</td></tr></table>",
    "<table><tr><th>Model</th><th>Max tokens</th></tr><tr><td>a</td><td>4096</td></tr></table>",
    "<table><tr><th>User</th><th>Password</th></tr></table><table><tr><td>a</td><td>b</td></tr></table>",
    "<table><tr><th>User</th><th>Password</th></tr><tr><td>ada</td><td></td></tr><tr><td>bob</td><td> <br></td></tr></table>",
    "<table><tr><td>Name</td><td>Ada</td></tr><tr><td>City</td><td>London</td></tr></table>",
    "<table><tr><th>Field</th><th>Type</th></tr><tr><td>name</td><td>text</td></tr></table>",
    '<p><span class="token keyword">if</span> <span class="token">x</span></p>',
    "<ul><li>Password</li><li>User</li></ul>", '<div data-label="Name">Ada</div>',
]  # fmt: skip


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/xhtml+xml", ""])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_cells_below_a_secret_heading(table, kind):
    """The cells become the mask; everything else stays byte for byte."""
    text = f"<html><body>{table.replace('{}', S)}<p>kept</p></body></html>"
    assert text_of(text, kind) == text.replace(S, M)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_whatever_stands_in_a_cell(table, content):
    """Tags in a secret cell and their attributes are masked with it."""
    shown = text_of(f"<html>{table.replace('{}', content)}<p>kept</p></html>", "text/html")
    assert MARK not in shown
    assert shown.endswith("<p>kept</p></html>")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_within_texts(table):
    """Tables are masked in JSON strings, and with character references for their tags."""
    text = table.replace("{}", S)
    assert json.loads(text_of(json.dumps({"html": text, "a": 1}), "application/json")) == {
        "html": text.replace(S, M),
        "a": 1,
    }
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert MARK not in text_of(f"<pre>{escaped}</pre>", "text/html")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_that_is_cut(table):
    """No secret is left wherever a table is truncated."""
    text = f"<html>{table.replace('{}', S)}</html>"
    for size in range(1, len(text)):
        assert MARK not in text_of(text[:size], "text/html", cut=True), text[:size]


@pytest.mark.parametrize("table", HARMLESS)
def test_other_tables_stay(table):
    """Other tables stay byte for byte."""
    body = masked(f"<html>{table}</html>", "text/html")
    assert (body.content, body.redacted) == (f"<html>{table}</html>".encode(), 0)


SHEETS = {
    "SpreadsheetML": "<Table><Row><Cell><Data ss:Type='String'>User</Data></Cell><Cell><Data>Password</Data></Cell></Row>"
    "<Row><Cell><Data>ada</Data></Cell><Cell><Data>{}</Data></Cell></Row></Table>",
    "SpreadsheetML, prefixed": "<ss:Table><ss:Row><ss:Cell><ss:Data>Password</ss:Data></ss:Cell><ss:Cell><ss:Data>User</ss:Data></ss:Cell></ss:Row>"
    "<ss:Row><ss:Cell><ss:Data>{}</ss:Data></ss:Cell><ss:Cell><ss:Data>ada</ss:Data></ss:Cell></ss:Row></ss:Table>",
    "SpreadsheetML, empty cells": "<Table><Row><Cell><Data>User</Data></Cell><Cell/><Cell><Data>Password</Data></Cell></Row>"
    "<Row><Cell><Data>ada</Data></Cell><Cell ss:Index='3'><Data>{}</Data></Cell></Row></Table>",
    "SpreadsheetML, merged cells": "<Table><Row><Cell ss:MergeAcross='1'><Data>User</Data></Cell><Cell><Data>Password</Data></Cell></Row>"
    "<Row><Cell><Data>ada</Data></Cell><Cell><Data>b</Data></Cell><Cell><Data>{}</Data></Cell></Row></Table>",
    "OpenDocument": "<table:table table:name='a'><table:table-row><table:table-cell><text:p>User</text:p></table:table-cell>"
    "<table:table-cell table:number-columns-repeated='2'/><table:table-cell><text:p>Password</text:p></table:table-cell></table:table-row>"
    "<table:table-row><table:table-cell><text:p>ada</text:p></table:table-cell><table:table-cell table:number-columns-repeated='2'/>"
    "<table:table-cell><text:p>{}</text:p></table:table-cell></table:table-row></table:table>",
}  # fmt: skip


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_cells_of_spreadsheets(sheet):
    """Cells below a secret heading are masked in the XML of spreadsheets, which stays well-formed."""
    text = f"<a xmlns:ss='s' xmlns:table='t' xmlns:text='u'>{sheet}</a>"
    for kind in ("application/xml", "application/vnd.ms-excel", ""):
        shown = text_of(text.format(S), kind)
        assert S not in shown
        assert "ada" in shown
        assert ElementTree.fromstring(shown) is not None
    harmless = text.replace("Password", "City").format("Lima")
    assert text_of(harmless, "application/xml") == harmless


def test_each_cell_is_counted():
    """Each cell is counted once."""
    assert masked(f"<html>{TABLES['several'].replace('{}', S)}</html>", "text/html").redacted == 2
