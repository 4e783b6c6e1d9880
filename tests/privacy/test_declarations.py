"""Source code that only declares or mentions secrets stays; the secrets in it do not."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact_options import Redact
from privacy.masking import text_of

M, S = "[redacted]", "Zq7hunter2xK9"

STAYS = [
    "type Mutation { login(username: String!, password: String!): Session }", "input LoginInput {\n  password: String!\n  token: ID\n  otp: [String!]!\n}",
    "extend type Query { session: Session! secret: String @deprecated }", "interface A { password: string; token: string | null }", "password: string\ntoken: number\n",
    "def login(password: str, token: str | None)", "def login(token: Optional[str], secret: SecretStr)", "fn login(password: &str, token: String) {}",
    ".token:hover{}", ".token:hover{color:red}", "a.session:focus, .password:invalid { x: y }", ".token::before{content:''}", "input[name=password]:focus{}",
    ".secret:not(.a):hover\n{", "#password:focus > .a {", ".token:nth-child(2n+1) {", "PyJWT==2.8.0", "PyJWT==2.8.0\nitsdangerous==2.1.2\nsession-tools==1.0rc1 ; x\n",
    "pip install pyjwt==2.* cookies==2.2.1", "implementation 'io.jsonwebtoken:jjwt-api:0.11.5'", "password==None",
]  # fmt: skip


@pytest.mark.parametrize("text", STAYS)
def test_declarations_stay(text):
    """Types, selectors of CSS and versions stay, also in a JSON string and beside a real secret."""
    for kind in ("text/plain", "text/css", "text/javascript"):
        assert text_of(text, kind) == text
        assert text_of(f"{text}\npassword: {S}\n", kind) == f"{text}\npassword: {M}\n"
    packed = json.dumps({"text": text, "line": "\n"})
    assert text_of(packed, "application/json") == packed
    assert text_of(f"<style>{text}</style>", "text/html") == f"<style>{text}</style>"


@pytest.mark.parametrize(
    "text",
    [
        f'password: String = "{S}"', f"password: str = '{S}'", f'const password: string = "{S}"', f"password: {S}!", f"token: Token{S}!", f"password: string{S}",
        f"password: String! = \"{S}\"", f"token:hover{S}", f".token:{S}{{", f"password:{S}:hover{{", f"password=={S}", f"password==2.8.0{S}", f"password: hover {S}",
        f"password:active {S}", f"a.token:b:{S}", f"password: Hunter{S}!", f"token: [String{S}]", f"password:invalid,{S}",
    ],
)  # fmt: skip
def test_values_in_source_code_are_masked(text):
    """Other values behind the same names and signs are masked."""
    for kind in ("text/plain", "text/css", "text/javascript"):
        assert S not in text_of(text, kind)
    assert S not in text_of(json.dumps({"text": text, "line": "\n"}), "application/json")


def test_short_values_in_source_code_are_masked():
    """Numbers, and words that are no pseudo-class or type, are masked."""
    for text in ("password==1234", "password: Hunter!", "password:hunter", "password=string", "token=2.8.0"):
        assert M in text_of(text, "text/plain")


def test_declarations_under_names_of_the_user_are_masked():
    """A name that the user added is masked whatever stands behind it."""
    policy = Policy(Redact(also=["patient"]))
    for text in ("patient: String!", "patient: null", "patient==2.8.0"):
        assert M in text_of(text, "text/plain", policy=policy)
