"""Text of any kind: which names are found in it, whatever stands around them."""

from __future__ import annotations

import json

import pytest

from drhttp._privacy import Redact
from drhttp._redact import Policy
from drhttp._redact.detect.name_tables import BUILT_IN
from drhttp._redact.detect.secret_names import _plural
from privacy.masking import POLICY, text_of

M = "[redacted]"
S = "hunter2x"
PHRASES = [name for name in BUILT_IN if " " in name]
FRONTS = ["\n", "\r\n", "a line\n", "(", '"', "[", "* ", "- ", "1. ", "/", "your ", "a, ", "\t"]


@pytest.mark.parametrize("name", PHRASES)
def test_names_of_several_words_count_in_text(name):
    """The built-in names of several words count at any place in a text, in any case, in singular and plural."""
    for front in FRONTS:
        for spelling in {name, name.upper(), name.capitalize(), name.title(), _plural(name)}:
            for sign in (": ", "=", " = ", " : "):
                text = f"{front}{spelling}{sign}{S}"
                assert S not in text_of(text, "text/plain"), text
                assert S not in text_of(json.dumps({"a": text}), "application/json"), text


@pytest.mark.parametrize(
    "name", ["mother's maiden name", "patient_id", "shoeSize", "one two three four five six", "x y"]
)
def test_names_of_several_words_that_the_user_added(name):
    """Names of the user count in text too, spelled as words."""
    policy = Policy(Redact(also=[name]))
    spelled = "shoe size" if name == "shoeSize" else name.replace("_", " ").replace("'", "-")
    for front in FRONTS:
        text = f"{front}{spelled}: {S}"
        assert S not in text_of(text, "text/plain", policy=policy), text
    assert text_of("a token of any size: abc", "text/plain", policy=policy) == "a token of any size: abc"
    assert text_of(f"a {spelled}: {S}", "text/plain") == f"a {spelled}: {S}"


@pytest.mark.parametrize("name", ["Seed phrase", "Recovery key", "Mot de passe", "Security answer"])
def test_the_value_of_several_words(name):
    """As for names of one word, a value that begins a line ends with the line."""
    assert text_of(f"Hello\n{name}: one two three\nBye", "text/plain") == f"Hello\n{name}: {M}\nBye"
    assert text_of(f"- {name}: one two three", "text/plain") == f"- {name}: {M}"
    assert text_of(f"my {name.lower()}: one two three", "text/plain") == f"my {name.lower()}: {M} two three"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"(API key: {S})", f"(API key: {M})"),
        (f'say "API key: {S}" b', f'say "API key: {M}" b'),
        (f"a (card number: {S}, name: Ada)", f"a (card number: {M}, name: Ada)"),
        (f"| user | 2fa code |\n|---|---|\n| ada | {S} |", f"| user | 2fa code |\n|---|---|\n| ada | {M} |"),
        (f"run --api.key {S} now", f"run --api.key {M} now"),
    ],
)
def test_names_of_several_words_between_signs(text, shown):
    """Brackets and quotes around a name and its value stay."""
    assert text_of(text, "text/plain") == shown


@pytest.mark.parametrize(
    "text",
    [
        "status code: 200",
        "a\nerror code: 17",
        "first\nzip code: 12345",
        "A\nanswer: no",
        "(HTTP response: ok)",
        "step 1: open the door\nstep 2: go in",
        "the string: abc",
        "house number: 12",
        "API\nkey: abc",
        "a token of the id: abc",
        "key: abc",
        "one-two-three-four-five-six-seven-eight-nine-card number-of-nothing: 12",
        f"{'x' * 40} phrase: abc",
    ],
)
def test_last_words_alone_are_not_secret(text):
    """The last word of a name is not secret by itself, nor behind other words."""
    assert text_of(text, "text/plain") == text


def test_an_allowed_name_of_several_words():
    """An allowed name is not secret in text either."""
    text = "a\nAPI key: abc"
    assert text_of(text, "text/plain", policy=Policy(Redact(allow=["api_key"]))) == text
    assert text_of(text, "text/plain", policy=POLICY) == f"a\nAPI key: {M}"
