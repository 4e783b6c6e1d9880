"""Calls of the standard library with text from clients are fast and never fail."""

from __future__ import annotations

import codecs
import encodings
import json

import pytest

from drhttp._json_document import is_portable
from drhttp._redact.decoding.charset import charset_of
from drhttp._redact.decoding.entities import unescape
from drhttp._redact.errors import MaskingError
from drhttp.inbox.view.content import _text
from privacy.masking import masked, text_of
from privacy.test_linear import SIZE, processor_time

DIGITS = "9" * (SIZE - 100)


@pytest.mark.parametrize("reference", [f"&#{DIGITS};", f"&#x{DIGITS};", f"&#{DIGITS}", f"&#{'9' * 4301};"], ids=len)
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("text/html", "<p>a: {}</p>"),
        ("text/html", '<p title="{}">a</p>'),
        ("application/xml", "<p>a: {}</p>"),
        ("application/json", '{{"a": "<p>{}</p>"}}'),
        ("application/json", '{{"a": "x: &lt;p&gt;{}"}}'),
    ],
)
def test_a_character_reference_of_many_digits(kind, form, reference):
    """References with many digits are not converted: Python refuses more than 4300, and takes quadratic time for fewer."""
    content = form.format(reference)
    assert text_of(content, kind) == content
    assert processor_time(lambda: masked(content, kind)) < 0.2


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("&#0000000000112;assword", "password"),
        ("&#x0000000070;assword", "password"),
        ("&#X00000000070;assword", "password"),
        ("&#112;&#x70;&lt;&amp;#112;", "pp<&#112;"),
        ("&#99999999;", "\ufffd"),
        ("&#x1234567890;b", "\ufffdb"),
        ("&#000000000;", "\ufffd"),
        ("&#1114112; &#; &#x; &", "\ufffd &#; &#x; &"),
    ],
)
def test_character_references_mean_what_they_mean_to_browsers(text, meant):
    """References are decoded as in browsers, also with leading zeros, which could hide a name otherwise."""
    assert unescape(text) == meant


def test_names_that_are_spelled_in_long_references_are_masked():
    """Leading zeros in references do not hide a name."""
    assert "hunter2" not in text_of('<input name="&#0000000000112;assword" value="hunter2">', "text/html")


@pytest.mark.parametrize("text", [f"[{DIGITS}]", f'{{"a": "\\ud83d\\ude00", "b": {DIGITS}}}', f"[{DIGITS}e1]"], ids=len)
def test_a_number_of_many_digits_in_json(text):
    """Long numbers in JSON are never converted."""
    assert text_of(text, "application/json") == text
    assert processor_time(lambda: (masked(text, "application/json"), is_portable(text))) < 0.2


@pytest.mark.parametrize("charset", ["x" * 60_000, "x-unheard-of", "x..1", "\u0130"])
def test_an_unknown_charset_is_not_looked_up(charset):
    """An unknown charset is not looked up: Python would remember its name for as long as the process runs."""
    with pytest.raises(MaskingError):
        charset_of(b"a", f"text/plain; charset={charset}")
    assert _text(b"a", f"text/plain; charset={charset}", cut=False) == ("a", "utf-8")
    assert [name for name in encodings._cache if name.startswith("x")] == []


@pytest.mark.parametrize("charset", ["rot13", "idna", "punycode", "undefined", "unicode_escape", "base64", "mbcs"])
def test_a_codec_that_is_no_charset_is_not_used(charset):
    """Codecs that are not charsets are not used: some take quadratic time, some work on bytes, some always fail."""
    content = b"a-" * (SIZE // 2)
    with pytest.raises(MaskingError):
        charset_of(content, f"text/plain; charset={charset}")
    assert _text(content, f"text/plain; charset={charset}", cut=False)[1] == "utf-8"
    assert processor_time(lambda: _text(content, f"text/plain; charset={charset}", cut=False)) < 0.1


@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "UTF8",
        "iso-8859-1",
        "ISO_8859-15",
        "latin1",
        "windows-1252",
        "shift_jis",
        "big5-hkscs",
        "utf-16le",
        "us-ascii",
    ],
)
def test_known_charsets_are_known_by_all_their_names(charset):
    """Charsets are known by the names that mails and browsers use."""
    assert charset_of(b"a", f"text/plain; charset={charset}") == codecs.lookup(charset).name


@pytest.mark.parametrize(
    ("charset", "unit"),
    [
        ("utf-7", "+AGE-"),
        ("utf-7", "+A"),
        ("hz", "~{"),
        ("iso2022_jp", "\x1b$B"),
        ("gb18030", "\x81"),
        ("big5", "\xa4"),
    ],
)
def test_charsets_with_states(charset, unit):
    """Charsets whose characters depend on those before them work."""
    content = (unit * (SIZE // len(unit))).encode("latin-1")
    assert processor_time(lambda: masked(content, f"text/plain; charset={charset}")) < 0.2


@pytest.mark.parametrize("unit", ["=\r", "= ", "=", "=3D", " \t", "=\n"])
@pytest.mark.parametrize("coding", ["quoted-printable", "base64"])
def test_transfer_codings(coding, unit):
    """Parts of forms with unfinished escapes in a transfer encoding do not fail."""
    front = (
        f'--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: {coding}\r\n\r\npassword: abc '
    )
    content = front + unit * (SIZE // len(unit)) + "\r\n--B--\r\n"
    assert processor_time(lambda: masked(content, "multipart/form-data; boundary=B")) < 0.2


@pytest.mark.parametrize("letters", ["\u0315\u0300", "\ufdfa", "\u1e9b\u0323", "%C2%A0", "\u0130"])
def test_names_that_are_composed_of_many_letters(letters):
    """Normalizing names is fast: it sorts combining marks, and expands ligatures to up to 18 letters."""
    content = json.dumps({letters * (SIZE // len(letters.encode())): "1"}, ensure_ascii=False)
    assert processor_time(lambda: masked(content, "application/json")) < 0.2
