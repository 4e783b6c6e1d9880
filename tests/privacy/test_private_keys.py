"""Private keys in other formats than PEM are masked: JSON Web Keys, and the keys of SSH2 and PuTTY."""

from __future__ import annotations

import base64
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


KINDS = ("RSA ", "", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")


def in_base64(label):
    """Return the base64 of a PEM block with this label."""
    lines = "\n".join([S * 4] * 6)
    return base64.b64encode(f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_base64_of_a_private_key(kind):
    """The base64 of a PEM block is masked as a whole, under any name, in text, JSON, YAML, forms and data URLs."""
    key = in_base64(f"{kind}PRIVATE KEY")
    for text in ("{}", "see {} there", "a: 1\nx: {}\nb: 2\n", "x: '{}'", "data:x/y;base64,{}", "a b c " * 40 + "{}."):
        assert text_of(text.format(key), "text/plain") == text.format(M)
        assert json.loads(text_of(json.dumps({"x": [text.format(key)]}), JSON)) == {"x": [text.format(M)]}
    assert text_of(f"x: {key}\n", "application/yaml") == f"x: {M}\n"
    assert text_of(json.dumps({"x": key, "y": 1}), JSON) == json.dumps({"x": M, "y": 1})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    "], ids=repr)
@pytest.mark.parametrize("width", [64, 76])
def test_base64_of_a_private_key_in_lines(width, end):
    """The base64 of a private key is masked to its last line; the lines of other fields stay."""
    key = in_base64("PRIVATE KEY")
    lines = end.join(key[at : at + width] for at in range(0, len(key), width))
    for text in ("{}", "x: |{}", "x: {}\ntls.crt: abc\n", '"{}"', "x: {}\n\nHello there\n"):
        assert text_of(text.format(lines), "text/plain") == text.format(M)
        assert json.loads(text_of(json.dumps({"x": text.format(lines)}), JSON)) == {"x": text.format(M)}
    assert key[80:120] not in text_of(f"log {json.dumps(lines)} end", "text/plain")


@pytest.mark.parametrize("label", ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"])
def test_base64_of_a_public_block_stays(label):
    """The base64 of a certificate and of a public key stays."""
    for text in ("{}", "x: {}\n", "see {} there", '{{"x": "{}"}}'):
        whole = text.format(in_base64(label))
        assert text_of(whole, "text/plain") == whole
