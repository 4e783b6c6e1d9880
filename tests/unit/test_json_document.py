"""JSON documents, read once: what is told of a text, and that it stays true when values were masked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp import _json_document
from drhttp._redact.formats.json import mask_json
from drhttp._redact.policy import Policy
from drhttp._redact_options import Redact

POLICY = Policy(Redact())
NAMES = st.sampled_from(["token", "apiKey", "name", "a b", "total", "Пароль", "x.password", 'quo"ted', "ключ"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | NAMES
    | st.sampled_from(["a:b", "token=1", "4111111111111111", "Bearer abcdefghij0123456789", "\ud800", "é", "😀"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def test_names_are_told_of_all_levels():
    document = _json_document.read('{"a":[{"b":1,"c\\u0064":{"a":2}}],"e":{}}')
    assert (document.fault, document.names) == ("", frozenset({"a", "b", "cd", "e"}))
    assert (document.members, document.unique) == (5, True)


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ('{"a":"x","b":{"c":"\\u0079","d":true,"e":null},"f":[["z",{"g":"v"}],1,"w"]}', "vwxyz"),
        ('["a",["b",["c"]],{}]', "abc"),
        ('{"a":4111111111111111,"b":123456789012}', ["4111111111111111"]),
        ('[""]', [""]),
        ("{}", ""),
    ],
)
def test_strings_of_all_levels_and_long_numbers_are_told(text, strings):
    told = _json_document.read(text).strings
    assert sorted(told.split(_json_document.STRING_SEPARATOR) if told else []) == sorted(strings if told else "")


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '[{"b":{"a":1,"\\u0061":2}}]'])
def test_a_name_twice_is_told(text):
    assert _json_document.read(text).unique is False
    assert not _json_document.is_portable(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "unparsable"),
        ("\n", "unparsable"),
        (" x\n", "unparsable"),
        ("{}x\n", "unparsable"),
        ("{", "unparsable"),
        ("[NaN]", "unparsable"),
        ("[1] 2", "unparsable"),
        ("[" * 100_000, "too_deep"),
    ],
)
def test_what_is_no_document_says_why(text, fault):
    assert _json_document.read(text).fault == fault
    assert not _json_document.is_portable(text)


@pytest.mark.parametrize("text", ["{}\n", "{}\n\n", " {}\n", "[1]\r\n", "\n{}"])
def test_spaces_around_a_document_are_no_part_of_it(text):
    assert _json_document.is_portable(text)


@pytest.mark.parametrize(("levels", "portable"), [(48, True), (49, False), (90, False)])
@pytest.mark.parametrize("pair", ["[]", "{}", "[{"])
def test_depth_is_counted_whatever_is_nested_in_what(levels, portable, pair):
    text = "0"
    for level in range(levels):
        square = pair == "[]" or (pair == "[{" and level % 2)
        text = f"[{text}]" if square else f'{{"a":{text}}}'
    beside = ",".join(['"]"', "{}"] * 30)  # brackets that are beside each other, or within strings, are no depth
    assert _json_document.is_portable(f"[{beside},1]")
    assert _json_document.is_portable(text) is portable


@pytest.mark.parametrize(
    ("text", "portable"),
    [
        ("[1e308]", True),
        ("[1e309]", False),
        ("[1E+400]", False),
        ("[1e-999]", True),
        ('["apple123 e999"]', True),
        (f"[{'9' * 308}]", True),
        (f"[{'9' * 309}]", False),
        ('["\\ud83d\\ude00"]', True),
        ('["\\ud83d"]', False),
        ('{"\\udc00":1}', False),
    ],
)
def test_numbers_and_letters_that_some_receivers_refuse(text, portable):
    assert _json_document.is_portable(text) is portable


@given(VALUES, st.sampled_from([None, 1]))
def test_what_masking_made_of_a_document_is_known_as_if_it_were_read(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    _json_document._known.clear()
    masked, _ = mask_json(text, POLICY)
    known = _json_document.is_portable(masked)
    _json_document._known.clear()
    _json_document._derived.clear()
    assert _json_document.is_portable(masked) is known
    json.loads(masked)


def test_few_texts_are_kept():
    for number in range(100):
        _json_document.read(f"[{number}]")
    assert len(_json_document._known) <= 4
