"""Texts that begin like a key or a JWT and are neither stay; every real one is masked."""

from __future__ import annotations

import base64
import json
import random
import string

import pytest

from drhttp._redact.detect.credentials import CredentialFinder
from privacy.masking import POLICY, text_of

VALUES = CredentialFinder()
M = "[redacted]"


def shown(text):
    """Return the text with `*` for each secret."""
    return VALUES.mask(text, lambda _: "*")[0]


SLUGS = """sk-learn-how-to-tokenize sk-image-processing-with-python3 sk-hynix-memory-prices-in-2024 sk-Learn-How-To-Tokenize
sk-learn_and_other_libraries sk-how-to-install-on-ubuntu-20-04 sk-test-key-for-the-documentation xoxo-gossip-girl-forever
xoxb-this-is-how-slack-names-tokens xapp-level-tokens-explained pypi-package-with-a-rather-long-name-indeed
glpat-what-gitlab-calls-its-tokens github_pat_token_for_the_build_server 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
npm_ConfigRegistryAndOtherSettingsHere SG.someMethodNameHere.anotherMethodName sq0atp-access-token-prefix-explained
rk_live_performance_of_the_century sk_test_documentation-for-beginners gho_SomeFunctionNameHere ya29.this-is-how-google-begins-tokens""".split()


@pytest.mark.parametrize("slug", SLUGS)
def test_slugs_stay(slug):
    """Slugs stay alone, in a URL, in text and in JSON."""
    for text in (
        slug,
        f"https://blog.example/posts/{slug}",
        f"see {slug}, please",
        json.dumps({"slug": slug, "a": "x: y"}),
    ):
        assert shown(text) == text
        assert not VALUES.may_hold_secret(text)
    assert text_of(json.dumps({"slug": slug}), "application/json") == json.dumps({"slug": slug})


LETTERS, LOWER, HEX = string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef"
KEYS = (
    ("sk_live_", LETTERS, 24), ("rk_test_", LETTERS, 24), ("whsec_", LETTERS, 32), ("sk-", LETTERS, 48), ("sk-", HEX, 32),
    ("sk-proj-", LETTERS + "-_", 48), ("sk-ant-api03-", LETTERS + "-_", 80), ("ghp_", LETTERS, 36), ("github_pat_", LETTERS + "_", 82),
    ("glpat-", LETTERS + "-_", 20), ("AKIA", string.ascii_uppercase + "234567", 16), ("AIza", LETTERS + "-_", 35), ("npm_", LETTERS, 36),
    ("pypi-", LETTERS + "-_", 80), ("hf_", string.ascii_letters, 34), ("shpat_", HEX, 32), ("GOCSPX-", LETTERS + "-_", 28), ("sk-", LOWER, 32),
)  # fmt: skip


@pytest.mark.parametrize(("prefix", "alphabet", "length"), KEYS)
def test_random_keys_are_masked(prefix, alphabet, length):
    """Every one of thousands of random keys of each kind is masked."""
    rng = random.Random(7)
    for _ in range(3000):
        key = prefix + "".join(rng.choices(alphabet, k=length))
        assert shown(f"see {key} there") in ("see * there", f"see *{key[-1]} there"), key


def encoded(value):
    """Encode a part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


BODY, SIGNATURE = encoded({"sub": "1234567890", "name": "Ada"}), "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
HEADERS = [
    {"alg": "HS256", "typ": "JWT"},
    {"alg": "none"},
    {"typ": "JWT"},
    {"typ": "at+jwt", "alg": "ES256", "kid": "a~b?c"},
]
TOKENS = [
    *(f"{encoded(header)}.{BODY}.{SIGNATURE}" for header in HEADERS),
    f"{encoded(HEADERS[0])}.{BODY}", f"{encoded(HEADERS[0])}.", f"{encoded(HEADERS[1])}.{BODY}.",
    f"{encoded({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.OKOawDo13gRp2ojaHV7LFpZ.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ.XFBoMYUZodetZdvTiFvSkQ",
    f"{encoded({'alg': 'dir', 'enc': 'A128GCM'})}..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ.XFBoMYUZodetZdvTiFvSkQ",
    f"{encoded({'user_id': 7, '_fresh': True})}.ZxYz12.AbCdEfGhIjKlMnOpQrStUvWxYz0",
    *(f"{encoded(HEADERS[0])[:cut]}.{BODY}.{SIGNATURE}" for cut in (12, 13, 14, 15, 20, 29)),
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_are_masked(token):
    """Signed and encrypted JWTs, signed cookies of Flask, and JWTs with a truncated header are masked."""
    for form in ("{}", "see {} there", '"{}"', "x:{},y", "a=%20{}"):
        assert shown(form.format(token)) == form.format("*")
        assert VALUES.may_hold_secret(form.format(token))


@pytest.mark.parametrize(
    "text", ["eyJsonSerializer.x", "eyJsonSerializer.serialize.to", "eyJavaScriptEngine.evaluate(x)", "eyJumping.jack", "eyJust.a.word",
             "eyJournalEntries.total", "import eyJsonWebTokens.decoder"]
)  # fmt: skip
def test_names_in_programs_stay(text):
    """A text whose first part does not decode to JSON is not a JWT."""
    assert shown(text) == text
    assert not VALUES.may_hold_secret(text)
    assert text_of(text, "text/plain") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"eyJsonSerializer.{TOKENS[0]}", "eyJsonSerializer.*"),
        (f"eyJsonSerializer.a.b.c.{TOKENS[0]}", "eyJsonSerializer.a.b.c.*"),
        ("eyJsonSerializer.ghp_0123456789abcdefABCDEF", "eyJsonSerializer.*"),
        ("sk-learn-how-to-tokenize/ghp_0123456789abcdefABCDEF", "sk-learn-how-to-tokenize/*"),
        (f"Basic {TOKENS[0]}", "Basic *"),
        ("basic sk_live_4eC39HqLyjWDarjtT1zdp7dc", "basic *"),
    ],
)
def test_secrets_behind_what_is_none(text, expected):
    """A false positive does not hide the key behind it."""
    assert shown(text) == expected


def test_words_in_bodies():
    """Slugs and names stay in every kind of body, beside a secret that is masked."""
    body = {"slug": "sk-learn-how-to-tokenize", "call": "eyJsonSerializer.x", "password": "y"}
    assert json.loads(text_of(json.dumps(body), "application/json")) == {**body, "password": M}
    assert POLICY.mask_values("sk-learn-how-to-tokenize eyJsonSerializer.x")[1] == 0


@pytest.mark.parametrize("behind", ["_backup", "-of-the-shop", "_for_tests_and_more"])
def test_a_key_in_front_of_words_is_masked(behind):
    """A random key is masked even with words behind it."""
    for key in ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "rk_test_aB3dE6gH9jK2mN5pQ8sT1vW4"):
        assert shown(f"see {key}{behind}") == f"see *{behind}"
