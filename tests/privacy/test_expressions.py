"""Values in source code: joined strings, heredocs, functions, calls of methods, conditions of SQL, minified scripts."""

from __future__ import annotations

import json

import pytest

from privacy.masking import text_of

M = "[redacted]"
S = "hunter2x"
OTHER = 'function g(){alert("harmless text");return 1}' * 20


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"password = <<EOF\n{S}\nEOF\nnext", f"password = <<EOF\n{M}\nEOF\nnext"),
        (f"password = <<-'EOF'\n{S}\n{S}\n  EOF\nnext", f"password = <<-'EOF'\n{M}\n  EOF\nnext"),
        (f"$password = <<<EOT\n{S}\nEOT;\nnext", f"$password = <<<EOT\n{M}\nEOT;\nnext"),
        (f"password = <<EOF\n{S}\n{S}", f"password = <<EOF\n{M}"),
        (f'password: "a" + "{S}"', f'password: "{M}"'),
        (f"let password = \"a\" + '{S}';", f"let password = {M};"),
        (f'{{password: "a" + x.y(1) + "{S}", b: 1}}', f'{{password: "{M}", b: 1}}'),
        (f'password = "a" "{S}";', f'password = "{M}";'),
        (f'$password = "a"."{S}";', f'$password = "{M}";'),
        (f'$password = "a" . $b . "{S}";', f'$password = "{M}";'),
        (f"password: 'a' || '{S}'", f"password: '{M}'"),
        (f'password: "a" +\n  "{S}"', f'password: "{M}"'),
        (f'password: "a"\n  + "{S}"', f'password: "{M}"'),
        (f'password: "a" \\\n  "{S}"', f'password: "{M}"'),
        (f'password: () => "{S}"', f"password: {M}"),
        (f'{{password: (a, b) => "{S}", b: 1}}', f"{{password: {M}, b: 1}}"),
        (f"password: [FILTERED] {S}", f"password: {M}"),
        (f"WHERE password IN ('a', '{S}') AND b = 1", f"WHERE password IN {M} AND b = 1"),
        (f"WHERE password NOT IN ('{S}')", f"WHERE password NOT IN {M}"),
        (f"password BETWEEN '{S}' AND '{S}' AND b", f"password BETWEEN '{M}' AND '{M}' AND b"),
        (f'password += "{S}"', f'password += "{M}"'),
        (f'password ??= "{S}"', f'password ??= "{M}"'),
        (f'password ||= "{S}"', f'password ||= "{M}"'),
        (f"password ?= {S}", f"password ?= {M}"),
        (f'password || "{S}"', f'password || "{M}"'),
        (f'a.password.set("{S}")', f'a.password.set("{M}")'),
        (f"password.equals('{S}')", f"password.equals('{M}')"),
        (f"password (new): {S}", f"password (new): {M}"),
        (f"password [new] = {S}", f"password [new] = {M}"),
        (f'{{password?: "{S}"}}', f'{{password?: "{M}"}}'),
        (f'password!: string = "{S}"', f"password!: {M}"),
    ],
)
def test_values_of_expressions(text, shown):
    """No part of the value stays, and what stands around the value does; also in a string of JSON."""
    masked = text_of(text, "text/plain")
    assert S not in masked
    assert masked == shown
    assert S not in text_of(json.dumps({"a": text}), "application/json")


@pytest.mark.parametrize(
    "text",
    [
        "password?: string;",
        "password!: string;",
        "if (password in names) {",
        'params.set("a")',
        "Args:\n    password (str): The password.\n    token (optional): A token.",
        "cout << password << EOF\n",
    ],
)
def test_code_without_a_value(text):
    """Types and containers stay."""
    assert text_of(text, "text/plain") == text


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (
            'function f(e,t){return token=n(((e,t)=>{a(e);var b=1;c("x y");return e+t}))}',
            f"function f(e,t){{return token={M}}}",
        ),
        ("var x={password:e,token:t};", f"var x={{password:{M},token:{M}}};"),
        ("a.password=b.c(d),e.f=1;", f"a.password={M},e.f=1;"),
        ("token=(e,t)=>{return 1};", f"token={M};"),
        (f'token:function(e,t){{return "{S}"}},', f"token:{M},"),
        ("return token!==e&&(t=e),", f"return token!=={M},"),
        ('token=/["]/.exec(e),', f"token={M},"),
        ("token=t`a${b}c`,", f"token={M},"),
        (f'token=a("b","{S}"),', f"token={M},"),
    ],
)
def test_values_in_minified_scripts(start, shown):
    """A value ends with its expression, and the rest of the script stays."""
    for kind in ("text/javascript", "text/plain"):
        assert text_of(f"{start}{OTHER}", kind) == f"{shown}{OTHER}"


def test_long_values_in_minified_scripts():
    """A value without an end in sight ends behind some hundred characters, but not within a string."""
    text = f'e.token=t.a("x",{{b:{{c:function(){{{OTHER}'
    masked = text_of(text, "text/javascript")
    assert masked.startswith(f"e.token={M}")
    assert len(text) - 400 < len(masked)
    assert text_of(f'token=a("{S * 100}"),{OTHER}', "text/javascript") == f"token={M},{OTHER}"
