"""Markup in other formats, values named by a neighbor, and values that only look secret."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_url
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

JSON, FORM, XML, HTML = "application/json", "application/x-www-form-urlencoded", "application/xml", "text/html"
ELEMENT = "<r><password>SENT</password></r>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps({"doc": ELEMENT}), JSON),
        (json.dumps({"doc": json.dumps({"doc": ELEMENT})}), JSON),
        (json.dumps({"html": '<input name="csrfmiddlewaretoken" value="SENT">'}), JSON),
        (json.dumps({"html": '<div data-p="{&quot;token&quot;:&quot;SENT&quot;}">'}), JSON),
        ("xml=" + quote(ELEMENT), FORM),
        (f"<a><![CDATA[{ELEMENT}]]></a>", XML),
        ("<a>&lt;r&gt;&lt;password&gt;SENT&lt;/password&gt;&lt;/r&gt;</a>", XML),
        (f"<a><!-- {ELEMENT} --></a>", XML),
        (f"2024 sent: {ELEMENT}", "text/plain"),
        (f"data: {ELEMENT}\n\n", "text/event-stream"),
        (f"--B\r\nContent-Type: application/xop+xml\r\n\r\n{ELEMENT}\r\n--B--\r\n", "multipart/related; boundary=B"),
        ("<p>Password: <b>SENT</b></p>", HTML),
        ("<table><tr><td>Password</td><td>SENT</td></tr></table>", HTML),
        ('<code id="api-key">SENT</code>', HTML),
        ('<input name="password" value="a<SENT">', HTML),
        ('<input name="password" value="a<b SENT">', HTML),
        ('<input name="token" data-value="SENT">', HTML),
        ("<p><name>password</name><description>d</description><value>SENT</value></p>", XML),
        ("<p><value>SENT</value><name>password</name></p>", XML),
        ("<a><Name><![CDATA[password]]></Name><Value>SENT</Value></a>", XML),
        ("<pass&#119;ord>SENT</pass&#119;ord>", XML),
    ],
)
def test_markup_anywhere(text, kind):
    """Elements and attributes are masked wherever they are, whole or truncated."""
    assert "SENT" not in text_of(text, kind)
    assert "SENT" not in text_of(text, kind, cut=True)


def test_markup_within_markup_without_end():
    """Markup that is nested too deep is masked as a secret."""
    text = "<password>SENT</password>"
    for _ in range(6):
        text = f"<a><![CDATA[{text.replace(']]>', ']]&gt;')}]]></a>"
        assert "SENT" not in text_of(text, XML)
        assert "SENT" not in text_of(json.dumps({"doc": text}), JSON)


@pytest.mark.parametrize(
    "document",
    [
        [{"name": "password", "value": "SENT"}],
        {"value": "SENT", "name": "password"},
        {"Key": "DB_PASSWORD", "Value": "SENT"},
        {"value": {"stringValue": ["SENT"]}, "key": "password"},
        {"type": "password", "value": "SENT", "temporary": False},
        {"op": "replace", "path": "/user/password", "value": "SENT"},
        {"name": "é", "value": "x", "b": {"name": "token\n", "value": "x"}, "c": {"name": "pass\u0077ord", "value": "SENT"}},
        {"headers": [["Accept", "x"], ["Authorization", "SENT"]]},
        [["Authorization", {"a": ["SENT"]}]],
        ["mysqldump", "--password", "SENT"],
        {"detail": [{"loc": ["body", "password"], "msg": "short", "input": "SENT"}]},
        {"grant_type": "authorization_code", "code": "SENT"},
        {"data": base64.b64encode(json.dumps({"token": "SENT"}).encode()).decode()},
        {"field": "password", "old": "SENT", "new": "SENT"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_values_named_by_what_stands_beside_them(document, indent):
    """The value is masked, and the rest stays JSON; no part of it is left if the document is truncated anywhere."""
    for ascii_only in (True, False):
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
        shown = text_of(text, JSON)
        assert "SENT" not in shown
        assert base64.b64encode(b'"token": "SENT"')[2:-4].decode() not in shown
        assert type(json.loads(shown)) is type(document)
        for size in range(1, len(text)):
            assert "SENT" not in text_of(text[:size], JSON, cut=True)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "colour", "value": "red"},
        {"name": "max_tokens", "value": 5},
        {"model": "x", "max_tokens": 100, "usage": {"prompt_tokens": 5, "total_tokens": 12, "tokens": 3}},
        {"token_expires_in": 3600, "session_count": 5, "password_changed_at": 1700000000, "has_password": True},
        {"checks": {"cvc_check": "pass", "address_check": "fail"}},
        {"properties": {"password": {"type": "string", "format": "password", "title": "Password", "minLength": 8}}},
        {"password": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "of the user"}},
        {"required": ["username", "password"]},
        {"rows": [["author", "Ada"], ["password", "token"]]},
        {"html": "<p class='a'>1 < 2 &amp; 3</p><ul><li>monkey</ul>"},
        {"data": base64.b64encode(b'{"a": 1}').decode()},
        {"grant_type": "password", "code": "DE"},
    ],
)
def test_harmless_neighbors(document):
    """Similar harmless documents stay byte for byte."""
    text = json.dumps(document)
    assert text_of(text, JSON) == text


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"password": {"type": "string", "example": "S"}}, {"password": {"type": "string", "example": "[redacted]"}}),
        ({"password": {"type": "S"}}, {"password": "[redacted]"}),
        ({"password": {"type": "string", "x": "S"}}, {"password": "[redacted]"}),
        ({"token": 5, "pin": 1234, "cvv": 123}, {"token": "[redacted]", "pin": "[redacted]", "cvv": "[redacted]"}),
        ({"password": "true", "secret": "null"}, {"password": "[redacted]", "secret": "[redacted]"}),
        ({"max_tokens": "S", "has_password": "S"}, {"max_tokens": "[redacted]", "has_password": "[redacted]"}),
    ],
)
def test_what_is_masked_all_the_same(document, shown):
    """Only values that are certainly harmless stay."""
    assert json.loads(text_of(json.dumps(document), JSON)) == shown
    assert json.loads(text_of(json.dumps({"\u00e9": "\n", **document}), JSON)) == {"\u00e9": "\n", **shown}


def test_names_of_the_user_spare_nothing():
    """Under the user's own names everything is masked, even counts."""
    policy = Policy(Redact(also={"positive", "token_count"}))
    text = json.dumps({"is_positive": True, "positive_count": 5, "token_count": 7})
    assert set(json.loads(text_of(text, JSON, policy=policy)).values()) == {"[redacted]"}


def test_what_was_masked_counts_once():
    """A secret that is found both as text and as markup is counted once."""
    assert masked(json.dumps({"a": '<a token="x"/>'}), JSON).redacted == 1
    assert masked(json.dumps({"a": "<token>x</token>"}), JSON).redacted == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-websocket-protocol", "access_token, SENT"),
        ("www-authenticate", "Negotiate SENT"),
        ("proxy-authenticate", "NTLM SENT"),
        ("x-functions-key", "SENT"),
        ("x-pin", "SENT"),
        ("x-sso-ticket", "SENT"),
        ("ticket", "SENT"),
        ("x-amz-signature", "SENT"),
        ("host", "ada:SENT@shop.example"),
        ("x-query", "code=SENT&a=1"),
        ("hx-current-url", "https://x/#code=SENT"),
        ("location", "/#/in?code=SENT"),
        ("location", "/#!/in?key=SENT"),
        ("x-doc", ELEMENT),
    ],
)
def test_header_fields(name, value):
    """Header fields with secrets in special forms are masked."""
    ((_, shown),), count = mask_headers(((name, value),), POLICY)
    assert "SENT" not in shown
    assert count


@pytest.mark.parametrize(
    "url",
    [
        "/#/cb?code=SENT", "/#!/cb?key=SENT", "/?a=1;code=SENT", "/?a=1&amp;code=SENT", "/?x=/cb%23code%3DSENT",
        "/reset-password/SENT12345/", "/token/SENT12345", "/?contrase%F1a=SENT", "/?f[0][name]=password&f[0][value]=SENT",
        "/?name=password&value=SENT", "/?doc=" + quote(ELEMENT),
    ],
)  # fmt: skip
def test_urls(url):
    """Routes in the fragment, other separators, other charsets, and names and values in separate parameters are masked."""
    assert "SENT" not in mask_url(url, POLICY)[0]


@pytest.mark.parametrize("url", ["https://a.example/token/SENT1234?a=b", "https://a.example/token/SENT1234"])
def test_short_secrets_in_paths(url):
    """A whole URL is masked as thoroughly as a part of one, with a query or without."""
    assert "SENT" not in mask_url(url, POLICY)[0]


@pytest.mark.parametrize("form", ["state=%s", "f[]=%s", "a[b]=%s", "%s=a+b", "a=b&c=%s"])
def test_packed_in_a_query(form):
    """Base64 of JSON is masked, with padding or without, under any name."""
    packed = base64.b64encode(b'{"token":"SENT"}').decode()
    for value in (packed, packed.rstrip("=")):
        assert value not in mask_query(form % value, POLICY)[0]


@pytest.mark.parametrize(
    "url", ["/api/token/refresh/", "/auth/v2/login", "/a;v=1?x=1;y=2", "/?max_tokens=5", "/#/a?b=c"]
)
def test_harmless_urls(url):
    """Similar harmless URLs stay."""
    assert mask_url(url, POLICY) == (url, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events(end):
    """The data lines of an event are one text, whatever separates them and however they end."""
    text = end.join(['data: {"token":', "id: 5", 'data: "SENT"}', "", "data: x", "", ""])
    shown = text_of(text, "text/event-stream")
    assert "SENT" not in shown
    assert shown.endswith(end.join(["", "data: x", "", ""]))
    harmless = text.replace("token", "a")
    assert text_of(harmless, "text/event-stream") == harmless


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("base64", base64.b64encode(b'{"password": "SENT"}')),
        ("quoted-printable", b'{"pass=77ord": "SENT"}'),
        ("base64", b"%%%"),
    ],
)
def test_parts_in_a_transfer_coding(coding, content):
    """A part is decoded, masked and encoded again; if that fails, the body is left out."""
    body = b"--B\r\nContent-Transfer-Encoding: " + coding.encode() + b"\r\n\r\n" + content + b"\r\n--B--\r\n"
    shown = text_of(body, "multipart/mixed; boundary=B")
    assert "SENT" not in shown
    assert base64.b64encode(b'{"password": "SENT"}').decode() not in shown
    assert "--B--" in shown or content == b"%%%"
