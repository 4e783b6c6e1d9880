"""Private keys in other formats than PEM are masked: JSON Web Keys, and the keys of SSH2 and PuTTY."""

from __future__ import annotations

import json

import pytest

from privacy.masking import masked, text_of

M, S = "[redacted]", "Zq7hunter2xK9"
JSON = "application/json"
PUBLIC = {"kid": "key-1", "use": "sig", "alg": "RS256", "n": "AQABn", "e": "AQAB", "crv": "P-256", "x": "abc", "y": "def", "x5c": ["MIIB"]}  # fmt: skip
KEYS = {
    "RSA": ("d", "p", "q", "dp", "dq", "qi"),
    "EC": ("d",),
    "OKP": ("d",),
    "oct": ("k",),
    "AKP": ("priv",),
}


@pytest.mark.parametrize("kind", KEYS)
def test_json_web_keys(kind):
    """Private and symmetric parts are masked, alone, in a set, in a string, in a text and in a cut document."""
    key = {**PUBLIC, **dict.fromkeys(KEYS[kind], S)}
    for document in ({"kty": kind, **key}, {**key, "kty": kind}):
        shown = {name: M if value == S else value for name, value in document.items()}
        assert json.loads(text_of(json.dumps(document), JSON)) == shown
        assert json.loads(text_of(json.dumps({"keys": [document]}, indent=1), JSON)) == {"keys": [shown]}
        assert S not in text_of(json.dumps({"note": json.dumps(document)}), JSON)
        for text in (f"loaded {json.dumps(document)} now", f"loaded {document!r}", f"jwk={json.dumps(document)}"):
            assert S not in text_of(text, "text/plain")
            assert "AQABn" in text_of(text, "text/plain")
        whole = json.dumps({"keys": [document]})
        for size in range(1, len(whole)):
            assert S not in text_of(whole[:size], JSON, cut=True)


def test_other_primes_are_masked():
    """The list of further primes is masked as a whole."""
    key = {"kty": "RSA", "n": "a", "oth": [{"r": S, "d": S, "t": S}]}
    assert json.loads(text_of(json.dumps(key), JSON)) == {**key, "oth": M}


@pytest.mark.parametrize(
    "document",
    [
        {"keys": [{"kty": "RSA", **PUBLIC}]},
        {"d": "M 10 10", "k": 5, "p": 0.5, "q": "monkey"},
        {"kty": None, "d": "x"},
        {"a": {"kty": "EC"}, "d": "x"},
    ],
)
def test_public_keys_and_short_names_stay(document):
    """Public keys stay byte for byte, and so do members with the same short names elsewhere."""
    text = json.dumps(document)
    assert masked(text, JSON).redacted == 0
    assert text_of(text, JSON) == text
    assert text_of(text, "text/plain") == text


def test_short_names_in_a_cut_document_stay():
    """In a cut document, an open object is a key only if nothing but parts of a key is in it."""
    assert text_of('{"d": "x", "colour": "red", "size', JSON, cut=True) == '{"d": "x", "colour": "red"}'


LINES = "Zq7hunter2xK9AAAAB3NzaC1yc2EAAAADAQABAAABAQ==\nZq7hunter2xK9AAAA="
PUTTY = f"""PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: ada@example
Public-Lines: 1
AAAAC3NzaC1lZDI1NTE5AAAAIH
Private-Lines: 2
{LINES}
Private-MAC: 4a
"""
SSH2 = f"""---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----
Comment: "ada"
{LINES}
---- END SSH2 ENCRYPTED PRIVATE KEY ----"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("key", [PUTTY, SSH2], ids=["PuTTY", "SSH2"])
def test_keys_of_ssh(key, end):
    """The private lines of a key are masked, in text, in JSON and in a part of a form."""
    text = key.replace("\n", end)
    for front in ("", "see\n", "x " * 80):
        assert S not in text_of(front + text, "text/plain")
        assert S not in text_of(json.dumps({"key_file": front + text}), JSON)
        assert S not in text_of(f"{front} {json.dumps(text)}", "text/plain")
    assert S not in text_of(text[: text.rindex("Zq7")], "text/plain", cut=True)


def test_the_public_part_stays():
    """The other fields of a PuTTY key stay, and a public key of SSH2 stays."""
    assert text_of(PUTTY, "text/plain").splitlines()[:5] == PUTTY.splitlines()[:5]
    assert text_of(PUTTY, "text/plain").splitlines()[-1] == "Private-MAC: 4a"
    public = SSH2.replace("ENCRYPTED PRIVATE", "PUBLIC")
    assert text_of(public, "text/plain") == public
