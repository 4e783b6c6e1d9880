"""Source code, logs and tables of 64 KiB go through whole, with their secrets masked."""

from __future__ import annotations

import argparse
import http.client
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
