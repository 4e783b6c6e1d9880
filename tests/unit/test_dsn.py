"""The data source name: what is read of it, and that its key is never shown."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drhttp._dsn import Dsn

SENTINEL = "s3ntinel-Key.Value"


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        ("https://abc@api.drhttp.com/", "https://api.drhttp.com", "abc"),
        ("https://abc@api.drhttp.com", "https://api.drhttp.com", "abc"),
        ("http://abc@localhost:4000/", "http://localhost:4000", "abc"),
        ("https://abc@api.drhttp.com/base/path/", "https://api.drhttp.com/base/path", "abc"),
        ("HTTPS://abc@API.DrHTTP.com/", "https://api.drhttp.com", "abc"),
        ("https://a%40b%2Fc%3Ad@api.drhttp.com/", "https://api.drhttp.com", "a@b/c:d"),
        ("https://a:@api.drhttp.com/", "https://api.drhttp.com", "a"),
        ("http://abc@127.0.0.1:1/", "http://127.0.0.1:1", "abc"),
        ("http://abc@[::1]:65535/", "http://[::1]:65535", "abc"),
        ("http://abc@[2001:db8::1]/x", "http://[2001:db8::1]/x", "abc"),
        ("http://abc@[fe80::1%25eth0]:80/", "http://[fe80::1%25eth0]:80", "abc"),
        ("http://abc@inbox_1:4000/", "http://inbox_1:4000", "abc"),
        ("https://abc@bücher.example/", "https://xn--bcher-kva.example", "abc"),
        ("https://abc@host.example./", "https://host.example.", "abc"),
    ],
)
def test_a_good_dsn_is_read(text, url, key):
    """Scheme, host, port, path and the percent-decoded key are taken as they are written."""
    dsn = Dsn.parse(text)
    assert (dsn.url, dsn.key) == (url, key)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("api.drhttp.com", "has no scheme"),
        ("abc@api.drhttp.com", "has no scheme"),
        ("//abc@api.drhttp.com/", "has no scheme"),
        ("https:/abc@api.drhttp.com/", "has no scheme"),
        ("ftp://abc@api.drhttp.com/", "'ftp://***@api.drhttp.com' has a scheme other than https and http"),
        ("://abc@api.drhttp.com/", "has a scheme other than https and http"),
        ("https://ab@c@api.drhttp.com/", "'https://***' has more than one @; write an @ in the key as %40"),
        ("https://ab@c/d@api.drhttp.com/", "has more than one @"),
        ("https://abc@/", "has no host"),
        ("https://abc@:443/", "has no host"),
        ("https:///", "has no host"),
        ("https://api.drhttp.com/", "has no key"),
        ("https://@api.drhttp.com/", "'https://***' has no key"),
        ("https://:abc@api.drhttp.com/", "has no key"),
        ("https://abc:secret@api.drhttp.com/", "has a password"),
        ("https://abc@api.drhttp.com:0/", "'https://***@api.drhttp.com:0' has a port that is not a number from 1"),
        ("https://abc@api.drhttp.com:65536/", "has a port"),
        ("https://abc@api.drhttp.com:x/", "'https://***@api.drhttp.com:x' has a port"),
        ("https://abc@api.drhttp.com:-1/", "has a port"),
        ("https://abc@api.drhttp.com/?a=b", "has a query"),
        ("https://abc@api.drhttp.com/#a", "has a query or a fragment"),
        ("https://abc@[::1/", "has a malformed host"),
        ("https://abc@[::g]/", "has a malformed host"),
        ("https://abc@a..b/", "has a malformed host"),
        ("https://abc@-a&b/", "has a malformed host"),
        (f"https://abc@{'a' * 64}.example/", "has a malformed host"),
        ("https://<api key>@api.drhttp.com/", "has a space"),
        ("https://abc@api.drhttp.com/ ", "has a space"),
        ("https://abc@api.drhttp.com/\n", "has a space or a control character"),
        ("https://a%20b@api.drhttp.com/", "has a key with characters outside of visible ASCII"),
        ("https://a%0d%0aHost:x@api.drhttp.com/", "has a password"),
        ("https://a%0d%0ab@api.drhttp.com/", "has a key with characters outside of visible ASCII"),
        ("https://clé@api.drhttp.com/", "has a key with characters outside of visible ASCII"),
        ("", "has no scheme"),
    ],
)
def test_a_bad_dsn_says_what_is_wrong(text, sentence):
    """What is missing or wrong is named, and the form that is expected is shown."""
    with pytest.raises(ValueError, match="the form is https://<key>@<host>") as caught:
        Dsn.parse(text)
    assert sentence in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 5, b"https://s3ntinel@h/", ["https://s3ntinel@h/"]])
def test_a_dsn_is_text(value):
    """Anything but text is refused by its type, and its value is not shown."""
    with pytest.raises(ValueError, match="must be a string") as caught:
        Dsn.parse(value)
    assert "s3ntinel" not in str(caught.value)


MALFORMED = st.sampled_from(
    [
        "{}",
        "{}@",
        "{}@api.drhttp.com",
        "{}:{}@api.drhttp.com",
        "https:{}@api.drhttp.com",
        "https:/{}@api.drhttp.com/",
        "https://{}",
        "https://{}/",
        "https://{}:443/",
        "https://{}:x@/",
        "https://{}@/",
        "https://{}@@/",
        "https://{}@h:x/",
        "https://{}@h:99999/",
        "https://{}@[::1/",
        "https://{}@[x]/",
        "https://[{}]@h/",
        "https://{}/x@h:0/",
        "https://{}?x@h:0/",
        "https://{}#x@h:0/",
        "https://x@{}/y@h:0/",
        "https://x@{}@h:0/",
        "https://{}\\@h:0/",
        "https://user:{}@h/",
        "https://{}:password@h/",
        "https://k@h:{}/",
        "https://k@h:0/{}",
        "https://k@h/?key={}",
        "https://k@h/#{}",
        "https://h/{}",
        "https://h/{}@",
        "https://h?key={}",
        "{}://k@h/",
        "{}://h",
        "ftp://{}@h/",
        "https://{} @h/",
        "https://{}\n@h/",
        "https://{}é@h/",
        "https://{}\x00@h/",
        "https://{}ﬀ℀@h/",
    ]
)
SIGNS = "ab:/?#[]%\\ .\té\x00"
NOISE = st.text(alphabet=st.sampled_from(SIGNS), max_size=6)  # no @: what stands behind one is a host by its place
NOISE_BEHIND = st.text(alphabet=st.sampled_from(f"@{SIGNS}"), max_size=6)


def said_of(text: str) -> str:
    """All that can be seen of a bad DSN: its error, with what caused that. Of a good one: that it was read."""
    try:
        return "read" if Dsn.parse(text).key else "no key"
    except ValueError as error:
        hidden = error.__suppress_context__ and error.__cause__ is None
        return f"{error} {'' if hidden else error.__context__}"


@given(form=MALFORMED, before=NOISE, after=NOISE_BEHIND, encoded=st.booleans())
@example(form="https://{}", before="", after="", encoded=False)
@example(form="https://@{}", before="", after="", encoded=False)
def test_no_error_shows_the_key(form, before, after, encoded):
    """Wherever in a malformed DSN the key may stand, no error shows it."""
    secret = quote(SENTINEL, safe="") if encoded else SENTINEL
    assert SENTINEL.lower() not in said_of(form.replace("{}", before + secret + after)).lower()


@given(st.text(max_size=40))
def test_any_text_is_a_dsn_or_a_value_error(text):
    """Whatever text is given, it is read or refused, and never fails otherwise."""
    said = said_of(text)
    assert said == "read" or "the form is" in said


def test_a_dsn_keeps_its_key_to_itself():
    """Neither `repr` nor `str` nor the URL of a DSN holds the key, and nobody can change it."""
    dsn = Dsn.parse(f"https://{SENTINEL}@h/")
    assert SENTINEL not in f"{dsn!r}{dsn}{dsn.url}"
    with pytest.raises(FrozenInstanceError):
        dsn.key = ""
