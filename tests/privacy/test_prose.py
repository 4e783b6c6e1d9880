"""Text of any kind: which values are masked, where they end, and how fast that is."""

from __future__ import annotations

import re
import time

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"
TEXT = "text/plain"

# Units that could make the search for an end start again and again, and the text in front of them.
SLOW = {
    "quotes that do not end, in brackets": ("token:{", "\\" * 10 + '"'),
    "quotes of one level, in brackets": ("token:{", '\\"a\\\\\\"'),
    "quotes of many levels": ("", "".join(f"token={chr(92) * level}'a " for level in range(12))),
    "backslashes": ('token:"', "\\"),
    "backslashes in brackets": ("token:{", "\\"),
    "brackets in quotes": ("token:{'", '}"'),
    "apostrophes": ("", "token: it's {'"),
    "calls without an end": ("", "=pwd:pwd("),
    "constraints": ("", "=pwd:pwd)=("),
    "rows": ("", "Failing row contains ("),
    "entries": ("", "Duplicate entry '"),
    "statements": ("(pwd) ", "VALUES ("),
    "statements that end": ("", "(pwd) VALUES (1),(2) "),
    "parameters": ("", "pwd [parameters: "),
    "inputs": ("", "input_value="),
    "pairs": ("", "('pwd', "),
    "options": ("", "--pwd 'a "),
    "names beside quotes": ("", "pwd is '"),
    "three quotes": ("", 'pwd="""a'),
    "doubled quotes": ("pwd='a", "''"),
    "quotes of markup": ("", "pwd=&quot;{&quot;"),
    "blanks": ("pwd", " "),
    "lines below": ("", "pwd:\n \n"),
    "no values": ("", "pwd: null  "),
    "types": ("", "$pwd: [[String "),
    "annotations": ("", "pwd: str | "),
}


def seconds(text):
    """Return the process time of masking, the best of several."""
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        text_of(text, TEXT)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.wide
@pytest.mark.parametrize(("front", "unit"), SLOW.values(), ids=SLOW)
def test_the_time_is_linear(front, unit):
    """Twice as much text takes about twice as long, at a size that takes some milliseconds."""
    times = 2000 // len(unit) + 1
    while seconds(front + unit * times) < 0.004 and times * len(unit) < 1_000_000:
        times *= 2
    growth = min(seconds(front + unit * 2 * times) / seconds(front + unit * times) for _ in range(3))
    assert growth < 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"{\"token\":\"S\",\"a\":1}", rf"{{\"token\":\"{M}\",\"a\":1}}"),
        (r"token=\\\"S\\\\\\\"S\\\" b", rf"token=\\\"{M}\\\" b"),
        (r"token:{\"a\":\"}S\"} b", f"token:{M} b"),
        (r'token:{"a":"\"}S"} b', f"token:{M} b"),
        ("token:{'a':'}S'} b", f"token:{M} b"),
    ],
)
def test_quotes(text, shown):
    """A string ends with as many backslashes as it began; brackets in strings are text."""
    assert text_of(text, TEXT) == shown


S = "Zx9S"
# Texts with the secret `S`, in which its name is apart from it, or its end is hard to find.
LEAKS = (
    "password      : S", "password      = S", "x password =         S", "password： S", "password -> S", "token → S",
    'password: """a\nS"""', "password = '''a\nS'''", r'x password: \"\"\"S\"\"\" b', 'password=""S', 'password=""S b="1"',
    'cb({"token":\nS})', 'cb({"token"\n: S})', 'cb({"token"/*c*/: "S"})', 'cb({"token": /*c*/ "S"})', '{"token":\n"S"}',
    "password: abc\n  S", "password: | # comment\n  S", "password: # comment\n  S", "password: |2-\n  S",
    "password: !!binary |\n  S", "password: &a |\n  S", 'password: "abc\nS', 'cut: "password": "abc\nS', "Authorization: a\n b S",
    "PASSPHRASE=correct S", "a=1\r\npassword=correct S\r\nb=2", "password:\nS", "Your new password:\nS\nbye",
    "DETAIL:  Key (api_key)=(S) already exists.", "Key (tenant, lower(api_key::text))=(1, S)x) already exists.",
    "[SQL: INSERT INTO users (name, password) VALUES (?, ?)]\n[parameters: ('ada', 'S')]\n(Background: x)",
    "INSERT INTO users (name, password) VALUES ('ada','a'), ('b', 'S');", "Failing row contains (5, ada, S, null).",
    "Duplicate entry 'S' for key 'users.api_key'", "Incorrect string value: 'S' for column 'password' at row 1",
    "password\n  String should be longer [type=string_too_short, input_value='S', input_type=str]", "input_value={'a': 'S",
    "['mysqldump','--password','S']", "mysqldump --password S db", "mysqldump --password 'S' db",
    "ImmutableMultiDict([('password','S')])", "[(b'authorization', b'S')]", '("token", "S")', '[["Authorization","S"]]',
    "CREATE USER ada IDENTIFIED BY 'S'", "ALTER USER a WITH PASSWORD 'S'", "assert password != 'S'", "invalid password 'S' given",
    'Invalid token "S"', "password is 'S'", "password='it''s S'", "def f(password: str = 'S')",
    'mutation($password: String = "S")', "&quot;token&quot;:&quot;S&quot;", "&#34;pin&#34;: &#34;S&#34;",
    "{&quot;token&quot;:{&quot;a&quot;:&quot;}S&quot;}}", r"{\x22pin\x22: \x22,S\x22}", "f(token=g(1, S), 2)",
)  # fmt: skip


@pytest.mark.parametrize("text", LEAKS)
def test_secrets_with_their_name_apart(text):
    """Values apart from their names are masked, also among other lines, and in the message of a failure."""
    text = re.sub(r"\bS\b", S, text)
    assert S in text
    for form in ("{}", "before it\n{}", "{}\nafter it"):
        assert S not in mask_text(form.format(text), POLICY)[0]


@pytest.mark.parametrize(
    "text",
    [
        "password: null", '"password": null, "a": 1', '{"has_password": true}', "password=none&a=b", "token: None\nx: 1",
        "query($password: String!, $b: [Int!]) { login(password: $password) }", "mutation L($password: String!) { a }",
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", "expected token 'end of print statement', got 'x'",
        "the following arguments are required: --password, --user", "the --password option is required",
        "Missing fields: 'password', 'email'", "['username', 'password', 'email']", "password:\nname: Ada", "password=\nuser=x",
        "password:\n\nfoo", "INSERT INTO orders (id, total) VALUES (1, 9.99);", "Key (email)=(a) already exists.",
        "[SQL: SELECT id FROM t WHERE id = ?]\n[parameters: (5,)]", "Duplicate entry 'a' for key 'users.email'",
        "INSERT INTO users (name, password) VALUES (%s, %s)", "insert into t (a, token) values (:a, :token), (?, NULL)",
        "password ''", 'token: ""',
    ],
)  # fmt: skip
def test_names_without_a_secret(text):
    """Nulls, types, a parser's tokens, lists of names, and statements with separate values stay."""
    assert mask_text(text, POLICY) == (text, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Key (token)=(a(b) c) already exists.\nx", f"Key (token)=({M}) already exists.\nx"),
        ("VALUES (1); INSERT INTO t (pwd) VALUES ('a') ; x", f"VALUES (1); INSERT INTO t (pwd) VALUES {M} ; x"),
        ("(pwd) [parameters: ('a]',)] (x)", f"(pwd) [parameters: {M}] (x)"),
        ("x [input_value='a, b', input_type=str] y", f"x [input_value={M}, input_type=str] y"),
        ("run --password abc def", f"run --password {M} def"),
        ("('token', 'a'), ('b', 'c')", f"('token', '{M}'), ('b', 'c')"),
        ("wrong token 'a b' for x", f"wrong token '{M}' for x"),
        ("pwd=&quot;a&quot;, b", f"pwd=&quot;{M}&quot;, b"),
        ("pwd='a'' b' c", f"pwd='{M}' c"),
        ("token: a\n b\nc: d", f"token: {M}\nc: d"),
        ("token=a b=c", f"token={M} b=c"),
        ("x token: 'a' b", f"x token: '{M}' b"),
        ("Token:\nabc\ndef", f"Token:\n{M}\ndef"),
        ("userPassword: {SSHA}abcd1234efgh", f"userPassword: {M}"),
        ("password={noop}hunter2x&b=c", f"password={M}&b=c"),
        ("password={bcrypt}$2a$10$abcdefghij d", f"password={M} d"),
        ("x password={MD5}/abc+d==; b", f"x password={M}; b"),
        ("Password: (abc)defg1\nb", f"Password: {M}\nb"),
        ("run --password [abc]defg1 b", f"run --password {M} b"),
        ("cb(token:{a})", f"cb(token:{M})"),
    ],
)
def test_extents(text, shown):
    """Only the value is masked, not what surrounds it."""
    assert mask_text(text, POLICY)[0] == shown


def test_what_pydantic_shows_can_be_allowed():
    """Inputs in messages of pydantic are masked, unless the name is allowed."""
    text = "[type=int_parsing, input_value='abc', input_type=str]"
    assert M in mask_text(text, POLICY)[0]
    assert mask_text(text, Policy(Redact(allow=["input_value"]))) == (text, 0)
