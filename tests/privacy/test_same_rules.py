"""What is masked in a text is masked wherever the text stands: in JSON, lines of JSON, events and forms."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._redact.formats.text import mask_text
from privacy.corpus import all_cases
from privacy.masking import POLICY, masked
from privacy.test_commands import LINES
from privacy.test_commands import WORDS as COMMANDS

S = "hunter2x"
FORM = "application/x-www-form-urlencoded"
# Each rule of the text mask, without any sign that the others need.
TEXTS = [
    f"nomad -token {S} status", f"-token {S}", f"(-token {S})", f"influx -username a -password {S}", f"keytool -keypass {S}", f"--password {S}",
    f"password\uff1a{S}", f"password\uff1d{S}", f"password \u2192 {S}", f"password->{S}", f"密码\uff1a{S}", f"пароль = {S}", f"password<>{S}",
    f"password '{S}'", f'password "{S}"', f"password `{S}`", f"password b'{S}'", f"password\t'{S}'", f'password\t"{S}"', f"password is `{S}`",
    f"IDENTIFIED BY '{S}'", f'password rb"{S}"', f"['password','{S}']", f"('password','{S}')", f"[b'password',b'{S}']", f"(`password`,`{S}`)",
    f'["password",  "{S}"]x', f"a,'--password','{S}'", f"a,\n'--password','{S}'", f"Failing row contains (1, {S}).", "insert into t (pin) VALUES (123456)",
    "insert into t (pin) values (123456)", f"Key (token)=({S}) exists", f"curl -u ada:{S} x", f"mysql -p{S}", f"npm config set _authToken {S}",
    f"Duplicate entry '{S}' for key 'users.token'", f"password%3D{S}", f"password\\u003d{S}", f"password\\x3d{S}", f"pin '{S[:3]}'", 'pin "123456"',
    "pin `1234`", "pin: 1234", "pin=1234", f"{{'password': '{S}'}}", f"<a password='{S}'>", f"API key: {S}",
    f"x\nAPI key: {S}", f"Seed phrase \u2192 {S}", f"Authorization: Basic {S}", f"password:\n  {S}", f'it said "password" => "{S}"',
]  # fmt: skip
TEXTS += [text for text, _ in LINES]


# Documents with a string in place of the mark. Most documents have no member that usually holds commands.
ORDINARY = ['{"m": @}', "[@]", '{"a": {"b": [1, @]}, "c": "\\n"}']
WITH_MESSAGES = ['{"message":@, "a": 1}', '{"cmd": [1, @], "c": "\\n"}']


def carriers(text, documents):
    """Return bodies that hold the text, each with its content type."""
    for string in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        for document in (each.replace("@", string) for each in documents):
            yield document, "application/json"
            yield f'{{"x": 1}}\n{document}\n', "application/x-ndjson"
            yield f"event: a\ndata: {document}\n\n", "text/event-stream"
    yield f"a=1&b={quote_plus(text)}", FORM
    yield f"a=1&b={quote(text)}&c", FORM
    yield "".join(f"data: {line}\n" for line in text.split("\n")) + "\n", "text/event-stream"


def missed(text, documents=(*ORDINARY, *WITH_MESSAGES)):
    """Return the bodies with the text in which nothing was masked; none if the text itself is harmless."""
    if not mask_text(text, POLICY)[1]:
        return []
    bodies = [(*each, masked(*each)) for each in carriers(text, documents)]
    return [(content, kind) for content, kind, body in bodies if not (body.redacted or body.omitted)]


@pytest.mark.parametrize("text", TEXTS)
def test_each_rule_of_text(text):
    """Each rule for text applies wherever the text stands."""
    assert mask_text(text, POLICY)[1]
    assert missed(text) == []


@pytest.mark.parametrize("text", [text for text, _ in COMMANDS])
def test_words_of_commands(text):
    """Secrets among the words of commands are found wherever members hold messages, commands or payloads."""
    assert missed(text, WITH_MESSAGES) == []


def test_the_texts_of_the_corpus():
    """What the corpus has as text is found in the other formats too."""
    bodies = {case.body.decode() for case in all_cases() if case.kind == "text/plain" and case.body.isascii()}
    assert len(bodies) > 50
    assert [content for text in bodies for content in missed(text)] == []


PIECES = ["password", "token", "API key", "pin", "note", S, "1234", "-", "--", "=", ":", " ", "  ", "\t", "\n", "'", '"', "`", "(", ")", "[", "]", "{", "}", ",", ";",
          "\uff1a", "\uff1d", "\u2192", "->", "=>", "<>", "<", ">", "/", "&", "%", "%3d", "\\", "\\u003a", "b", "is", "curl", "-u", "a:b", "VALUES", "é", "\u3000", "密码"]  # fmt: skip


@effort(500)
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=9).map("".join))
def test_any_text(text):
    """Whatever the text mask changes is changed in a string of JSON, in lines of JSON, in events and in forms."""
    assert missed(text) == []


@effort(500)
@given(
    st.sampled_from(["password", "token", "pin", "API key", "-token", "--pin", "密码", "'pwd'", '"pwd"', "`pwd`", "b'pwd'", "[pwd]"]),
    st.sampled_from(["", " ", "  ", "\t", "\n", "\u00a0"]),
    st.sampled_from(["", "=", ":", "\uff1a", "\uff1d", "\u2192", "->", "=>", "==", "<>", "!=", ":=", ",", "is", "was"]),
    st.sampled_from(["", " ", "\t", "\n "]),
    st.sampled_from([S, "1234", f"'{S}'", f'"{S}"', f"`{S}`", f"b'{S}'", f"('{S}')", f"['{S}']", f"{{'a': '{S}'}}"]),
    st.sampled_from([("", ""), ("a ", " b"), ("(", ")"), ("[", "]"), ("{", "}"), ('"', '"'), ("\n", "\n"), ("x,", ",y")]),
)  # fmt: skip
def test_any_name_with_a_value(name, front, sign, behind, value, around):
    """So is a value behind any sign, in any quotes and between any brackets."""
    text = f"{around[0]}{name}{front}{sign}{behind}{value}{around[1]}"
    assume(not is_json(text))  # JSON in a string is masked by its own rules
    assert missed(text) == []


def is_json(text):
    """Whether a text is a JSON document."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
