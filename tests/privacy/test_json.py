"""Masked JSON equals the original except for the masked values."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

KIND = "application/json"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password": "x"}', '{"password": "[redacted]"}'),
        ('{"password":null,"a":1}', '{"password":null,"a":1}'),
        ('{ "password" : 5 , "a" : 1.50E+10 }', '{ "password" : "[redacted]" , "a" : 1.50E+10 }'),
        ('{"password":\n\t1}', '{"password":\n\t"[redacted]"}'),
        ('{"password": {"a": [1, "}"]}, "b": -0.0}', '{"password": "[redacted]", "b": -0.0}'),
        ('{"token": [5], "a": [[], {}]}', '{"token": "[redacted]", "a": [[], {}]}'),
        ('{"token": "", "a": ""}', '{"token": "[redacted]", "a": ""}'),
        ('[{"Password": 1}, {"Password": 2}]', '[{"Password": "[redacted]"}, {"Password": "[redacted]"}]'),
        ('{"token": 1, "token": 2, "a": 1, "a": 2}', '{"token": "[redacted]", "token": "[redacted]", "a": 1, "a": 2}'),
        (
            '{"to\\u006ben": 1, "\\u00e9": "\\/\\ud83d\\ude00"}',
            '{"to\\u006ben": "[redacted]", "\\u00e9": "\\/\\ud83d\\ude00"}',
        ),
        ('{"a": "\\"password\\": \\"x\\""}', '{"a": "\\"password\\": \\"[redacted]\\""}'),
        ('{"a": "{\\"token\\": 5}"}', '{"a": "{\\"token\\": \\"[redacted]\\"}"}'),
        ('{"a": "x", "n": 123456789012345678901234567890}', '{"a": "x", "n": 123456789012345678901234567890}'),
        ('{"n": 4111111111111111, "m": 4111111111111112}', '{"n": "[redacted]", "m": 4111111111111112}'),
        ('{"sk_live_0123456789ab": 1}', '{"[redacted]": 1}'),
        ('"token=abc"', '"token=[redacted]"'),
        ('{"":{"":[{"":"token: x"}]}}', '{"":{"":[{"":"token: [redacted]"}]}}'),
        (
            '{"x": "4111111111111111", "password": "a", "y": "z"}',
            '{"x": "[redacted]", "password": "[redacted]", "y": "z"}',
        ),
    ],
)
def test_documents(text, shown):
    """Values are replaced in place; spacing, order, numbers, duplicates and escapes stay byte for byte."""
    assert text_of(text, KIND) == shown
    json.loads(shown)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("{", "unparsable"),
        ('{"a": 1}}', "unparsable"),
        ('{"a": NaN}', "unparsable"),
        ('{"a": Infinity}', "unparsable"),
        ('{"a": 01}', "unparsable"),
        ('{"a": "\n"}', "unparsable"),
        ("[" * 100_000, "too_deep"),
        ("[" * 100_000 + "]" * 100_000, "too_deep"),
        (json.dumps({"a": '[{"a":' * 50_000 + "1" + "}]" * 50_000}), "too_deep"),
    ],
)
def test_what_is_no_json_goes_without(text, reason):
    """A body declared as JSON that is not JSON, or is too deep, is left out with the reason."""
    assert text_of(text, KIND) == reason


def test_levels():
    """JSON in JSON strings is read three levels deep; deeper strings are masked as a whole."""
    text = '{"a": 1, "token": "S"}'
    for level in range(1, 7):
        text = json.dumps({"body": text})
        shown = text_of(text, KIND)
        assert '"S' not in shown
        assert "S\\" not in shown
        value = json.loads(shown)
        for _ in range(min(level, 3) - (level > 3)):
            value = json.loads(value["body"])
        if level <= 3:
            assert value == {"a": 1, "token": "[redacted]"}
    assert value["body"] == "[redacted]" or json.loads(value["body"])["body"] == "[redacted]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a": 1, "b": 2', '{"a": 1}'),
        ('{"a": 1, "password": "x", "c', '{"a": 1, "password": "[redacted]"}'),
        ('{"a": [1, 2, {"b": "c"}, {"d": "e', '{"a": [1, 2, {"b": "c"}, {}]}'),
        ('{"password": "abc', "{}"),
        ('{"password": {"a": 1, "b": [2, 3', '{"password": "[redacted]"}'),
        ("[1, 2], 3", "unparsable"),
        ("123", "unparsable"),
        ('{"a": "x", "token": "a\\"b, c', '{"a": "x"}'),
        ("[" * 300, "too_deep"),
    ],
)
def test_a_cut_document_keeps_what_is_sure(text, shown):
    """A truncated document keeps complete members, closed; the last one, and an unfinished secret, are left out."""
    assert text_of(text, KIND, cut=True) == shown


def test_counts():
    """The number of masked values is correct."""
    assert masked('{"password": 1, "a": [{"token": {"secret": 2}}], "b": "Bearer abc123"}', KIND).redacted == 3
    assert masked('{"password": 1, "x": "\\n", "c": 4111111111111111}', KIND).redacted == 2


def test_a_mask_of_any_letters():
    """The result of the user's function is escaped for JSON, including lone surrogates."""
    policy = Policy(Redact(value=lambda text: '"\\\n\ud800é'))
    for text in ('{"token": 1, "a": "b"}', '{"token": "x"}', '{"token": [1], "a": "\\n"}'):
        assert json.loads(text_of(text, KIND, policy=policy))["token"] == '"\\\n?é'


def test_the_callback_gets_the_secret_as_it_is_meant():
    """The user's function gets decoded strings, and other values as JSON."""
    got = []
    policy = Policy(Redact(value=lambda text: got.append(text) or "*"))
    for value in ("x", 5, [1, "a"], {"b": 2}, 'é"\n'):
        text_of(json.dumps({"token": value, "z": "\\"}), KIND, policy=policy)
    assert got == ["x", "5", '[1, "a"]', '{"b": 2}', 'é"\n']
    assert text_of('{"a": 1}', KIND, policy=POLICY) == '{"a": 1}'


@pytest.mark.parametrize(
    "text",
    [
        'Your temporary password is "Zq7hunter2xK9"',
        "snowsql --password Zq7hunter2xK9",
        "ALTER USER a WITH PASSWORD 'Zq7hunter2xK9'",
        "INSERT INTO users (n, password) VALUES ('a', 'Zq7hunter2xK9')",
        "aws configure set aws_secret_access_key Zq7hunter2xK9",
    ],
)
@pytest.mark.parametrize("name", ["message", "run", "c"])
def test_strings_are_searched_whatever_their_member_is_called(text, name):
    """A value behind its name, or behind an option, is masked in each string of a document."""
    assert "Zq7hunter2xK9" not in text_of(json.dumps({name: text, "list": [text]}), "application/json")


SHA1 = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
CODES = [
    {"email": "a@b.c", "code": "123456"},
    {"code": "1234", "email": "a@b.c"},
    {"code": 123456, "phone": "+4915112345678"},
    {"phone_number": "+4915112345678", "code": "12345678", "device_id": "x1"},
    {"phoneNumber": "+4915112345678", "code": "123456", "user_id": 5},
    {"type": "totp", "code": "123456"},
    {"id": "f1", "name": "my phone", "type": "totp", "code": "123456"},
    {"sessionInfo": "abc", "code": "123456"},
    {"operation": "VERIFY", "sessionInfo": "abc", "code": "123456", "name": "x"},
    {"data": [{"email": "a@b.c", "code": "123456", "purpose": "login"}]},
]
KEYS = [
    {"key": SHA1},
    {"key": SHA1, "user": {"id": 1, "key": "b"}},
    {"user": {"id": 1, "username": "ada"}, "key": SHA1},
]


def without_secrets(value, name=""):
    """Return a document in which codes, keys of logins and what has a secret name are masked."""
    if isinstance(value, dict):
        return {name: without_secrets(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(without_secrets, value))
    return "[redacted]" if name == "sessionInfo" or str(value) in (SHA1, "123456", "1234", "12345678") else value


@pytest.mark.parametrize("document", [*CODES, *KEYS], ids=repr)
@pytest.mark.parametrize("form", [{}, {"indent": 2}, {"separators": (",", ":")}], ids=["default", "indent", "compact"])
def test_codes_and_keys_of_a_login(document, form):
    """A code beside an address, and the key of a login, are masked, also in a string and in a cut document."""
    text, shown = json.dumps(document, **form), json.dumps(without_secrets(document), **form)
    assert text_of(text, KIND) == shown
    assert json.loads(text_of(json.dumps({"body": text}), KIND)) == {"body": shown}
    if document in CODES:
        line, masked_line = f"{json.dumps(document)}\n", f"{json.dumps(without_secrets(document))}\n"
        assert text_of(line * 2, "application/x-ndjson") == masked_line * 2
    for size in range(1, len(text)):
        cut = json.loads(text_of(text[:size], KIND, cut=True) or "{}")
        assert cut == without_secrets(cut)


@pytest.mark.parametrize(
    "document",
    [
        {"code": "123456"},
        {"code": 404, "email": "a@b.c"},
        {"code": 4001, "email": "a@b.c"},
        {"code": "123", "email": "a@b.c"},
        {"code": "123456789", "email": "a@b.c"},
        {"code": "E12345", "email": "a@b.c"},
        {"code": "10023", "name": "Shop", "email": "a@b.c"},
        {"code": "1234", "address": "Street 5", "phone": "+4915112345678"},
        {"code": "10023", "email": ["is taken"]},
        {"code": "10023", "message": "wrong", "phone": "+4915112345678"},
        {"type": "sms", "code": "123456", "label": "x"},
        {"users": [{"email": "a@b.c"}], "code": "123456"},
        {"email": "a@b.c", "country": {"code": "123456"}},
        {"key": SHA1, "size": 5},
        {"key": SHA1[:39]},
        {"key": SHA1 + "0"},
        {"key": SHA1.upper()},
        {"key": "9944b091-99c6-2bcf-9418-ad846dd0e4bb"},
        [{"key": SHA1}],
        {"entry": {"key": SHA1}},
        {"size": 5, "key": SHA1},
        {"key": "user", "user": SHA1},
    ],
    ids=repr,
)
def test_other_codes_and_keys_stay(document):
    """The codes of errors, shops and countries stay, and so do keys that name something."""
    for text in (json.dumps(document), json.dumps(document, indent=1)):
        assert text_of(text, KIND) == text


@pytest.mark.parametrize("document", [CODES[0], KEYS[0]])
def test_allowed_codes_and_keys_stay(document):
    """A name that the user allows is no secret beside others either."""
    text = json.dumps(document)
    assert text_of(text, KIND, policy=Policy(Redact(allow=["code", "key"]))) == text


def test_a_masked_text_is_read_by_other_rules():
    """What masking made of one body is no document whose names and strings are known when it comes back."""
    policy = Policy(Redact())
    shown = text_of('{"password":"hunter2","patient":"Ada"}', KIND, policy=policy)
    assert shown == '{"password":"[redacted]","patient":"Ada"}'
    marked = policy.with_names(frozenset({"patient"}))
    assert text_of(shown, KIND, policy=marked) == '{"password":"[redacted]","patient":"[redacted]"}'
    assert "s3cret" in text_of('{"password":"x","value":"s3cret"}', KIND, policy=policy)
    cut = '{"password":"[redacted]","value":"s3cret","na'
    assert "s3cret" not in text_of(cut, KIND, cut=True, policy=policy)
