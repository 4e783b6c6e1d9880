"""Text of any kind: which names are found in it, whatever stands around them."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact.detect.name_tables import BUILT_IN
from drhttp._redact.detect.vocabulary import _plural
from drhttp._redact_options import Redact
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


@pytest.mark.parametrize("mark", ["*", "**", "***", "_", "__", "~~"])
@pytest.mark.parametrize("name", ["Password", "API key", "password", "Seed phrase"])
def test_emphasis_in_markdown(name, mark):
    """Emphasis around a name, with its sign or without, is not taken for the value."""
    for front in ("", "- ", "Hello,\n", "\n> "):
        for sign in (":", " =", "="):
            assert (
                text_of(f"{front}{mark}{name}{sign}{mark} {S}\nBye", "text/plain")
                == f"{front}{mark}{name}{sign}{mark} {M}\nBye"
            )
            assert (
                text_of(f"{front}{mark}{name}{mark}{sign} {S}\nBye", "text/plain")
                == f"{front}{mark}{name}{mark}{sign} {M}\nBye"
            )
    assert text_of(f"your {mark}{name}:{mark} {S}, bye", "text/plain") == f"your {mark}{name}:{mark} {M}, bye"
    assert text_of(f"{mark}{name}:{mark}\n{S}", "text/plain") == f"{mark}{name}:{mark}\n{M}"


@pytest.mark.parametrize(
    "text",
    [
        "a *b*: c",
        "**Name:** Ada",
        "password *= 2 is no",
        "Hidden: ***\nLogin failed",
        "**Note:** your password is safe",
    ],
)
def test_other_emphasis(text):
    """Emphasis does not make other names secret."""
    assert text_of(text, "text/plain") in (text, text.replace("2", M))


def test_a_value_of_asterisks_is_all_of_the_value():
    """Asterisks that stand for a value are a mask and no emphasis: the next line is not taken for the value."""
    assert text_of("Password: ***\nLogin failed", "text/plain") == "Password: ***\nLogin failed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f'array(1) {{\n  ["password"]=>\n  string(8) "{S}"\n}}',
            f'array(1) {{\n  ["password"]=>\n  string(8) "{M}"\n}}',
        ),
        (f'a ["password":protected]=>\n  string(8) "{S}"\n', f'a ["password":protected]=>\n  string(8) "{M}"\n'),
        (
            f'a ["token":"App\\User":private]=>\n  &string(8) "{S}"\n',
            f'a ["token":"App\\User":private]=>\n  &string(8) "{M}"\n',
        ),
        (
            f'a ["token"]=>\n  array(1) {{\n  [0]=>\n  string(8) "{S}"\n}} ["b"]=> int(1)',
            f'a ["token"]=>\n  array(1) {M} ["b"]=> int(1)',
        ),
        (f'password => <<"{S}">>', f'password => <<"{M}">>'),
        (f'#{{password => <<"{S}">>,a => 1}}', f'#{{password => <<"{M}">>,a => 1}}'),
    ],
)
def test_dumps_with_types(text, shown):
    """The value is masked, not the type in front of it: `var_dump` of PHP, binaries of Erlang."""
    assert text_of(text, "text/plain") == shown
    assert S not in text_of(json.dumps({"a": text}), "application/json")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"pulumi config set --secret dbPassword {S}", f"pulumi config set --secret dbPassword {M}"),
        (f"pulumi config set --secret foo {S}", f"pulumi config set --secret foo {M}"),
        (f"pulumi config set foo {S} --secret", f"pulumi config set foo {M} --secret"),
        (f"pulumi config set --path --secret a.b {S}", f"pulumi config set --path --secret a.b {M}"),
        (f"x --secret {S}", f"x --secret {M}"),
        ("pulumi config set aws:region eu", "pulumi config set aws:region eu"),
    ],
)
def test_flags_that_make_a_value_secret(text, shown):
    """`--secret` of `config set` has no value: the secret is behind the name."""
    assert text_of(text, "text/plain") == shown
    assert json.loads(text_of(json.dumps({"a": text}), "application/json"))["a"] == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"<QueryDict: {{'password': ['{S}']}}>", f"<QueryDict: {{'password': {M}}}>"),
        (
            f"<ImmutableMultiDict([('password', '{S}'), ('a', 'b')])>",
            f"<ImmutableMultiDict([('password', '{M}'), ('a', 'b')])>",
        ),
        (f'<Config {{"password": "{S}"}}>', f'<Config {{"password": "{M}"}}>'),
        (f"<Login(password='{S}')>", f"<Login(password='{M}')>"),
        (f"<User: {{'token': ('{S}',)}}> b", f"<User: {{'token': {M}}}> b"),
        (f"<x token=['{S}']>", f"<x token={M}>"),
        (f"<p a='b' password: {S}>", f"<p a='b' password: {M}>"),
        (f"<a><b API key: {S}></a>", f"<a><b API key: {M}></a>"),
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_text_in_angle_brackets(text, shown, kind):
    """What stands in angle brackets and is no attribute is read as text, such as the form of an object in Python."""
    assert text_of(text, kind) == shown


@pytest.mark.parametrize(
    "text",
    [
        '<div :key="a.b" @click="go(1)" v-on:click.prevent="x = {a: 1}" disabled>a</div>',
        "<QueryDict: {'name': ['Ada']}>",
        "<Config(a=[1, 2])>",
        '<p style="color: red; margin: 0">a</p>',
        "<Foo token={token} />",
    ],
)
def test_harmless_text_in_angle_brackets(text):
    """Attributes of templates, and objects without secrets, stay byte for byte."""
    assert text_of(text, "text/html").replace(M, "{token}").replace('"{token}"', "{token}") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (rf"see https:\/\/ada:{S}@h\/a", f"see https://{M}@h/a"),
        (f"jdbc:oracle:thin:scott/{S}@h:1521:x", f"jdbc:oracle:thin:scott/{M}@h:1521:x"),
        (f"jdbc:oracle:oci8:scott/{S}@//h:1521/x", f"jdbc:oracle:oci8:scott/{M}@//h:1521/x"),
        (r"see https:\/\/h\/a@b", r"see https:\/\/h\/a@b"),
        ("jdbc:oracle:thin:@h:1521/x", "jdbc:oracle:thin:@h:1521/x"),
    ],
)
def test_urls_in_other_spellings(text, shown):
    """The user and the password are masked in URLs with escaped slashes, and in those of Oracle's driver."""
    assert text_of(text, "text/plain") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'password <- "{S}"', f'password <- "{M}"'),
        (f'fn f() {{ let password: &str = "{S}"; }}', f'fn f() {{ let password: {M}"; }}'),
        (f"CONFIG SET requirepass {S}", f"CONFIG SET requirepass {M}"),
        (f"port 6379\nmasterauth {S}\n", f"port 6379\nmasterauth {M}\n"),
        ("requirepass is not set", "requirepass is not set"),
        ('name <- "abc"', 'name <- "abc"'),
    ],
)
def test_assignments_in_other_languages(text, shown):
    """The value is found in R, in Rust, and in the configuration of Redis."""
    assert text_of(text, "text/plain") == shown
    assert json.loads(text_of(json.dumps({"message": text}), "application/json"))["message"] == shown
