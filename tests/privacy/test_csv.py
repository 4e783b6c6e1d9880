"""CSV and similar tables: columns are masked by name; everything else, and the shape, stays."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._redact import Policy
from drhttp._redact.formats.csv import CSV_TYPES
from drhttp._redact_options import Redact
from privacy.corpus import MARK
from privacy.masking import masked, text_of

M = "[redacted]"
S = f"{MARK}0001NEL"
TABLES = {
    "commas": (f"name,password\nada,{S}\nbob,{S}\n", f"name,password\nada,{M}\nbob,{M}\n"),
    "semicolons": (f"name;Password;x\r\nada;{S};1,5\r\n", f"name;Password;x\r\nada;{M};1,5\r\n"),
    "tabs": (f"name\tAPI key\nada\t{S} {S}\n", f"name\tAPI key\nada\t{M}\n"),
    "bars": (f"name|password\nada|{S}", f"name|password\nada|{M}"),
    "a name of other letters": (f"id,contraseña\n1,{S}\n", f"id,contraseña\n1,{M}\n"),
    "quotes": (f'"a","Password"\n"x ""y"", z","{S}"\n', f'"a","Password"\n"x ""y"", z","{M}"\n'),
    "line ends in quotes": (
        f'a,password,b\r\n1,"{S}\r\n{S}",2\r\n3,{S},4\r\n',
        f'a,password,b\r\n1,"{M}",2\r\n3,{M},4\r\n',
    ),
    "line feeds in old files": (f"a,password\r1,{S}\r2,{S}\r", f"a,password\r1,{M}\r2,{M}\r"),
    "byte order mark": (f'\ufeff"Token","a"\n{S},1\n', f'\ufeff"Token","a"\n{M},1\n'),
    "line of Excel's": (f"sep=;\r\na;password\r\n1;{S}\r\n", f"sep=;\r\na;password\r\n1;{M}\r\n"),
    "space": (f"name, password\nada, {S}\nbob, {S}\n", f"name, password\nada, {M}\nbob, {M}\n"),
    "unit": (f"id,Password (initial),API key [prod]\n1,{S},{S}\n", f"id,Password (initial),API key [prod]\n1,{M},{M}\n"),
    "comment": (f"# users, 2024\nid,pwd,x\n1,{S},2\n", f"# users, 2024\nid,pwd,x\n1,{M},2\n"),
    "heading in a comment": (f"#id,pwd\n1,{S}\n2,{S}\n", f"#id,pwd\n1,{M}\n2,{M}\n"),
    "title": (f"Users\n\nid,name,pwd\n1,x,{S}\n2,y,{S}\n", f"Users\n\nid,name,pwd\n1,x,{M}\n2,y,{M}\n"),
    "two tables": (
        f"id,name\n1,x\n2,y\n\nid,token,a\n1,{S},2\n\n3,{S},4\n",
        f"id,name\n1,x\n2,y\n\nid,token,a\n1,{M},2\n\n3,{M},4\n",
    ),
    "longer row": (f"id,pwd,x\n1,2,3\n1,a,{S},x\n", f"id,pwd,x\n1,{M},3\n1,{M},{M},x\n"),
    "rows with names": (f"name,pwd\n1,ada,{S}\n2,bob,{S}\n", f"name,pwd\n1,{M},{M}\n2,{M},{M}\n"),
    "shorter row": (f"id,x,pwd\n1\n\n1,2,{S}\n", f"id,x,pwd\n1\n\n1,2,{M}\n"),
    "delimiters at the ends": (f"id,pwd,\n1,{S},\n2,{S},\n", f"id,pwd,\n1,{M},\n2,{M},\n"),
    "empty": (f"a,pwd\n1,\n2,\"\"\n3,{S}\n", f"a,pwd\n1,\n2,\"\"\n3,{M}\n"),
    "quote without an end": (f'a,b,pwd\n"x,1,{S}\ny,2,{S}\n', f'a,b,pwd\n"{M}"'),
    "quote in a field": (f'a,pwd\n5" disk,{S}\n6" disk,{S}\n', f'a,pwd\n5" disk,{M}\n6" disk,{M}\n'),
    "backslash": (f'a,pwd,b\n"x\\"y,z",{S},1\n', f'a,pwd,b\n"x\\"y,{M},{M},1\n'),
    "settings": (f"name,value\nuser,ada\ndb_password,{S}\n", f"name,value\nuser,ada\ndb_password,{M}\n"),
    "JSON in a field": (
        f'id,note\n1,"{{""password"": ""{S}"", ""a"": 1}}"\n',
        f'id,note\n1,"{{""password"": ""{M}"", ""a"": 1}}"\n',
    ),
}  # fmt: skip
#: Tables that are recognized only by their content type.
TOLD = {
    "one column": (f"password\n{S}\n{S},x\n", f"password\n{M}\n{M},{M}\n"),
    "names that are values": (f"1,password\n2,{S}\n", f"1,password\n2,{M}\n"),
    "text in a field": (f"id,note,x\n1,password: {S},2\n", f"id,note,x\n1,password: {M},{M}\n"),
    "text at the begin of a row": (f"note,x\npassword: {S},2\n", f"note,x\npassword: {M},{M}\n"),
}
HARMLESS = {
    "counts": "id,token_count,max_tokens\n1,5,7\n2,6,8\n",
    "no secrets": "sku,ean,note\n1,2,\"a, b\"\n\n3,4,\"c\nd\"\n",
    "numbers": "1,2,3\n4,5,6\n",
    "decimal commas": "Name;Größe\nAda;1,5\nBob;2,5\n",
    "settings": "name,value\ncolour,red\nsize,5\n",
    "heading alone": "id,password\n",
    "empty": "",
    "one line": "a,b",
}  # fmt: skip
TEXTS = {
    "letter": "Dear Ada, your password, please\nSend it, and soon\nBye, Bob\n",
    "list": "I forgot my password, sorry.\nWhat now, Ada?\n",
    "code": "login(user, password)\nstart(user, session)\n",
    "arguments": "user,\npassword,\nemail,\n",
    "choice": "Give the user | the password\nor nothing at all.\n",
    "log": "10:30 level=info, token refreshed, ok\n10:31 level=info, nothing, ok\n",
    "names": "Columns: id, password\n",
    "tabs": "if a:\n\tpassword()\n\treturn\n",
}
#: Tables in a text without a content type, or with a wrong one.
IN_TEXTS = {
    "pasted": (f"See:\nName\tPassword\nada\t{S}\nbob\t{S}\n\nBye\tnow, Ada\t1", f"See:\nName\tPassword\nada\t{M}\nbob\t{M}\n\nBye\tnow, Ada\t1"),
    "Markdown": (f"Text.\n| user | password |\n|---|:---:|\n| ada | {S} |\n\nA | b", f"Text.\n| user | password |\n|---|:---:|\n| ada | {M} |\n\nA | b"),
    "psql": (f" user | password\n------+---\n ada  | {S} \n(1 row)\n", f" user | password\n------+---\n ada  | {M} \n(1 row)\n"),
    "mysql": (
        f"+------+-----+\n| user | pwd |\n+------+-----+\n| ada  | {S} |\n+------+-----+\n",
        f"+------+-----+\n| user | pwd |\n+------+-----+\n| ada  | {M} |\n+------+-----+\n",
    ),
    "behind a colon": (f"These, please:\r\nname,token\r\nada,{S}\r\n", f"These, please:\r\nname,token\r\nada,{M}\r\n"),
    "in a fence": (f"So, see\n```\nname,token\nada,{S}\n```\n", f"So, see\n```\nname,token\nada,{M}\n```\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(CSV_TYPES))
@pytest.mark.parametrize(("text", "expected"), [*TABLES.values(), *TOLD.values()], ids=[*TABLES, *TOLD])
def test_secret_columns_of_a_table_are_masked(text, expected, kind):
    """Columns are masked by the names in the first row; everything else stays."""
    assert text_of(text, f"{kind}; charset=utf-8") == expected


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream", "image/png"])
@pytest.mark.parametrize("name", ["commas", "semicolons", "tabs", "bars", "quotes", "line ends in quotes", "space",
                                  "byte order mark", "empty", "delimiters at the ends"])  # fmt: skip
def test_a_table_is_known_without_its_content_type(name, kind):
    """A table is recognized by a first row of names, one of them secret, and a row with as many fields."""
    text, expected = TABLES[name]
    assert text_of(text, kind) == expected


@pytest.mark.parametrize(("text", "expected"), IN_TEXTS.values(), ids=IN_TEXTS)
def test_tables_within_texts(text, expected):
    """Tables are masked in JSON strings, values of forms and parts of multipart forms; the text around them stays."""
    assert text_of(text, "text/plain") == expected
    assert json.loads(text_of(json.dumps({"m": text, "n": 1}), "application/json")) == {"m": expected, "n": 1}
    assert json.loads(text_of(json.dumps({"m": [text], "a": "b=c"}), "text/plain"))["m"] == [expected]
    part = 'Content-Disposition: form-data; name="x"\r\n\r\n'
    form = f"--B\r\n{part}{{}}\r\n--B--\r\n"
    assert text_of(form.format(text), "multipart/form-data; boundary=B") == form.format(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"user,password,\nada,{S}\nbob,{S}\n", f"user,password,\nada,{M}\nbob,{M}\n"),
        (f"user,password\nada,{S},\nbob,{S},\n", f"user,password\nada,{M},\nbob,{M},\n"),
        (f"user;password;\r\nada;{S};\r\n", f"user;password;\r\nada;{M};\r\n"),
    ],
)
def test_a_delimiter_at_the_end(text, expected):
    """A heading or the rows may end with a delimiter."""
    for kind in ("text/csv", "text/plain", ""):
        assert text_of(text, kind) == expected
    assert json.loads(text_of(json.dumps({"a": text}), "application/json")) == {"a": expected}


@pytest.mark.parametrize("kind", ["text/csv", "text/plain", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_column(kind, end):
    """A text of one column whose first line is a secret name is masked, whatever its content type."""
    for name in ("password", "API key", "\ufeffToken"):
        text = end.join((name, S, "abc", "", S, ""))
        assert text_of(text, kind) == end.join((name, M, M, "", M, ""))


@pytest.mark.parametrize(
    "text",
    ["password\n", "password", "Password\nForgot your password?\n", "password\nemail\ntoken\n", "token\n<b>a</b>\n", "max tokens\n5\n",
     "color\nred\n", "token\n{\n}\n", "password\nis: required\n"],
)  # fmt: skip
def test_lines_that_are_no_column(text):
    """Lists of names, sentences, markup and programs are no column of secrets."""
    for kind in ("text/plain", ""):
        assert masked(text, kind).redacted == 0


@pytest.mark.parametrize("kind", ["text/csv", "text/plain", "", "application/vnd.ms-excel"])
@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_other_tables_stay(text, kind):
    """Tables without secret columns stay byte for byte."""
    assert text_of(text, kind) == text
    assert text_of(json.dumps({"a": text}), "application/json") == json.dumps({"a": text})


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_sentences_are_no_tables(text):
    """Other texts with commas, bars and tabs stay."""
    assert text_of(text, "text/plain") == text
    assert text_of(json.dumps({"a": text}), "application/json") == json.dumps({"a": text})


@pytest.mark.parametrize("kind", ["text/csv", "text/plain"])
@pytest.mark.parametrize("name", ["commas", "quotes", "line ends in quotes", "longer row", "two tables", "title"])
def test_a_table_that_is_cut(name, kind):
    """Wherever a table is truncated, no part of a secret is left, and the rest is what the whole table would give."""
    text, expected = TABLES[name]
    for size in range(1, len(text)):
        shown = text_of(text[:size], kind, cut=True)
        assert MARK not in shown, text[:size]
        assert MARK[:2] not in shown, text[:size]
        if kind == "text/csv" and "\n" in shown:
            whole = shown if shown.endswith("\n") else shown.rpartition("\n")[0]
            assert expected.startswith(whole)


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("name", ["byte order mark", "a name of other letters", "quotes"])
def test_a_table_in_a_string_with_escapes(name, ascii_only):
    """Escaped names are decoded."""
    text, expected = TABLES[name]
    shown = text_of(json.dumps({"m": text, "n": 1}, ensure_ascii=ascii_only), "application/json")
    assert json.loads(shown) == {"m": expected, "n": 1}


def test_every_secret_cell_is_counted():
    """Every secret cell is counted, but not empty cells and masks."""
    assert masked(f"a,pwd\n1,{S}\n2,\n3,{M}\n4,{S}\n", "text/csv").redacted == 2


def test_a_mask_that_needs_quotes_gets_them():
    """The table keeps its shape with any mask of the user."""
    policy = Policy(Redact(value=lambda secret: f'"{secret[:2]}",\n'))
    text = text_of(f'a,pwd\n1,{S}\n2,"{S}"\n', "text/csv", policy=policy)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "pwd"], *([each, '"S3",\n'] for each in "12")]


cells = st.text(alphabet='ab1 ,;\t"\n:=%<&é', max_size=8)
names = st.lists(st.sampled_from(["id", "name", "note (old)", "password", "api key"]), min_size=2, max_size=5)


@effort(150)
@given(names, st.lists(st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=6), st.sampled_from(",;\t"),
       st.sampled_from(["\r\n", "\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))  # fmt: skip
def test_a_masked_table_equals_the_table_but_for_its_secrets(heading, rows, delimiter, end, quoting):
    """A masked table has the same rows and fields, and the same values in all cells that are not secret."""
    rows = [[f"x{cell}" for cell in row[: len(heading)]] for row in rows]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([heading, *rows])
    shown = list(csv.reader(io.StringIO(text_of(written.getvalue(), "text/csv"), newline=""), delimiter=delimiter))
    assert shown[0] == heading
    assert [len(row) for row in shown] == [len(row) for row in (heading, *rows)]
    for row, before in zip(shown[1:], rows, strict=True):
        for name, cell, old in zip(heading, row, before, strict=True):
            assert cell.strip(" ") == (M if name in ("password", "api key") else old.strip(" "))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password,hunter2x\napi_key,hunter2y", "password,[redacted]\napi_key,[redacted]"),
        (
            'user;ada\r\npassword;hunter2x\r\ntoken;"a;b"\r\n',
            'user;ada\r\npassword;[redacted]\r\ntoken;"[redacted]"\r\n',
        ),
        ("password,user\nhunter2x,ada\nhunter2y,bob", "password,user\n[redacted],ada\n[redacted],bob"),
        ("user,ada\npin,\npassword,\nb,c", "user,ada\npin,\npassword,\nb,c"),
    ],
)
def test_rows_of_a_name_and_a_value(text, shown):
    """If several rows begin with a secret name, the rows are pairs, and the first one is no heading."""
    assert text_of(text, "text/csv") == shown
