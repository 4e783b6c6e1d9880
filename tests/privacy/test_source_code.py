"""Source code, logs and tables of 64 KiB go through whole, with their secrets masked."""

from __future__ import annotations

import argparse
import http.client
import json
import random
from pathlib import Path

import pytest

from privacy.masking import masked

SIZE = 64 * 1024
FAR = "the quick brown fox jumps over the lazy dog\n" * 200
NAMES = ("token", "key", "name", "value", "type", "options", "state", "props", "password", "index", "data", "url")
STATEMENTS = (
    "var {a}=r({i});function {b}({a},{c}){{return {a}.{n}=={c}.{m}?{a}.{n}:{c}}}",
    "t.{n}=function({a}){{var {b}=this.{m}||{{}};return {b}.{n}=void 0,{a}?{b}:null}};",
    "if({a}===1&&{b}!=={i})switch({c}.type){{case {i}:return {a}.{m}({b},{c});default:throw new Error('Unknown {n}')}}",
    "{a}({i},(({b},{c})=>{b}.{n}??={c}?.{m}));h('div',{{class:'{n}'}},{a});",
)


def source(module) -> str:
    return Path(module.__file__).read_text(encoding="utf-8")[:SIZE]


def bundle() -> str:
    """Return JavaScript as a bundler writes it."""
    choice, text = random.Random(3), ""
    while len(text) < SIZE:
        a, b, c = choice.sample("abcdefghnrt", 3)
        statement, n, m = choice.choice(STATEMENTS), choice.choice(NAMES), choice.choice(NAMES)
        text += statement.format(a=a, b=b, c=c, n=n, m=m, i=choice.randrange(9999))
    return text[:SIZE]


@pytest.mark.parametrize("text", [source(http.client), source(argparse), bundle()], ids=["http", "argparse", "bundle"])
@pytest.mark.parametrize("kind", ["text/plain", "text/javascript"])
def test_source_code_goes_through(text, kind):
    """Files of code are kept, and a secret at their end is masked."""
    end = "\npassword = 'hunter2x'\n"
    body = masked(text[: SIZE - len(end)] + end, kind)
    assert body.omitted is None
    assert len(body.content) > SIZE // 3
    assert body.content[:200].decode() == text[:200]
    assert b"hunter2x" not in body.content


LOG = "".join(f"2026-11-29 10:{at // 60:02d}:{at % 60:02d} INFO login token=hunter{at}x\n" for at in range(1500))
PAGE = "".join(f"<tr><td>{at}</td><td>hunter{at}x</td></tr>\n" for at in range(1500))
ROWS = "user,password\n" + "".join(f"u{at},hunter{at}x\n" for at in range(4500))
LISTS = {
    "log": ("text/plain", LOG, 1500),
    "page": ("text/html", f"<table><tr><th>Id</th><th>Token</th></tr>{PAGE}</table>", 1500),
    "csv": ("text/csv", ROWS, 4500),
    "untyped csv": ("text/plain", ROWS, 4500),
}


@pytest.mark.parametrize(("kind", "text", "count"), LISTS.values(), ids=LISTS)
def test_a_list_of_secrets_goes_through(kind, text, count):
    """A log, a page or a table with thousands of secrets is kept, and each of them is masked."""
    body = masked(text, kind)
    assert (body.omitted, body.redacted) == (None, count)
    assert b"hunter" not in body.content


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/html", "<html><body>" + "<th>-" * 13000),
        ("application/json", json.dumps(["Basic<td>Basic<td>Basic<td>Basic<td>Bas"] * 1500)),
    ],
    ids=["headings", "schemes"],
)
def test_the_limit_counts_headings_and_schemes(kind, text):
    """Runs of headings, and of texts with `Basic`, take more time than others, which the limit counts."""
    assert masked(text, kind).truncated


@pytest.mark.parametrize(
    "secret",
    ["password%3Dhunter2x", "\\x70assword=hunter2x", "password\\u003dhunter2x", "%2570assword=hunter2x",
     "&lt;password&gt;hunter2x&lt;/password&gt;", "{&quot;password&quot;: &quot;hunter2x&quot;}",
     "&#112;assword=hunter2x"],
)  # fmt: skip
def test_an_escaped_secret_far_from_other_escapes_is_masked(secret):
    """In a long text only the surroundings of escapes are searched again, and that finds what the whole would show."""
    for text in (
        f"{FAR}{secret}\n{FAR}",
        f"{FAR}50%25 &lt;b\n{FAR}{secret}\n{FAR}",
        f"{secret}\n{FAR}",
        f"{FAR}{secret}",
    ):
        assert b"hunter2x" not in masked(text, "text/plain").content
