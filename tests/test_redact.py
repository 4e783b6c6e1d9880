"""Redaction: credentials in header fields are masked, and the rest is left alone."""

from __future__ import annotations

import gzip
import logging
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specimen import a_full_record, a_record, with_request, with_response

import drhttp
from drhttp._redact import redact

SECRET = "s3cr3tValue"


def masked(name, value, response=False):
    """What becomes of the value of a header field."""
    change = with_response if response else with_request
    record = redact(change(headers=((name, value),)))
    ((_, shown),) = (record.response if response else record.request).headers
    return shown


@pytest.mark.parametrize("response", [False, True])
@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", f"Basic {SECRET}", "Basic [redacted]"),
        ("authorization", f"BEARER {SECRET} x", "BEARER [redacted]"),
        ("authorization", f'Digest username="{SECRET}", realm="x"', "Digest [redacted]"),
        ("authorization", SECRET, "[redacted]"),
        ("authorization", f"{SECRET} x", "[redacted]"),
        ("authorization", f"Basic\t{SECRET}", "[redacted]"),
        ("authorization", "", "[redacted]"),
        ("Authorization", f"Token {SECRET}", "Token [redacted]"),
        ("proxy-authorization", f"Basic {SECRET}", "Basic [redacted]"),
        ("PROXY-AUTHORIZATION", f"Negotiate {SECRET}", "Negotiate [redacted]"),
        ("cookie", f"sid={SECRET}", "sid=[redacted]"),
        ("cookie", f"sid={SECRET}; b={SECRET};c={SECRET}", "sid=[redacted]; b=[redacted]; c=[redacted]"),
        ("cookie", f"sid={SECRET}={SECRET}", "sid=[redacted]"),
        ("cookie", f'sid="{SECRET};{SECRET}"', "sid=[redacted]; [redacted]"),
        ("cookie", SECRET, "[redacted]"),
        ("cookie", f"={SECRET}", "=[redacted]"),
        ("CooKie", f"a={SECRET}", "a=[redacted]"),
        ("set-cookie", f"sid={SECRET}", "sid=[redacted]"),
        (
            "set-cookie",
            f"sid={SECRET}; Path=/; expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=60; HttpOnly; SameSite=Lax",
            "sid=[redacted]; Path=/; expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=60; HttpOnly; SameSite=Lax",
        ),
        ("set-cookie", f"sid={SECRET}; token={SECRET}; Secure", "sid=[redacted]; Secure"),
        ("set-cookie", f"a=1; Path=/, b={SECRET}; Secure", "a=[redacted]; Secure"),
        ("set-cookie", f"a=1; Path=/, {SECRET}; Secure", "a=[redacted]; Secure"),
        ("set-cookie", f"a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT, b={SECRET}", "a=[redacted]"),
        ("set-cookie", f"a=1; HttpOnly, b={SECRET}", "a=[redacted]"),
        ("Set-Cookie", SECRET, "[redacted]"),
    ],
)
def test_credentials_are_masked(name, value, shown, response):
    """Values of credentials are masked in both directions; names, schemes and attributes of cookies stay."""
    assert masked(name, value, response) == shown
    assert SECRET not in shown


@pytest.mark.parametrize("name", ["accept", "x-authorization-by", "cookies", "host", "x-drhttp-user"])
def test_other_fields_stay(name):
    """What does not carry credentials by its name is left as it is."""
    assert masked(name, "sid=1; b=2") == "sid=1; b=2"


def test_the_rest_of_a_record_stays():
    """Redaction makes a new record, and changes nothing but the headers that it masks."""
    record = a_full_record()
    expected = with_response(
        record, headers=tuple((n, f"{v[0]}=[redacted]" if n == "set-cookie" else v) for n, v in record.response.headers)
    )
    assert redact(record) == expected
    assert record == a_full_record()
    assert redact(redact(record)) == expected
    assert redact(a_record()) == a_record()


# Letters that no scheme, attribute or mask has next to each other, between all that has a meaning in these fields.
pieces = st.lists(
    st.sampled_from([SECRET, ";", "; ", ",", ", ", "=", " ", '"', "; Path=/;", "; expires=Wed, 21 Oct 2026, ", "a"])
)


@given(st.sampled_from(["authorization", "proxy-authorization"]), pieces)
def test_no_credential_survives(name, parts):
    """However the value of an authorization is put together, what is secret in it is gone."""
    assert SECRET not in masked(name, "".join(parts))


@given(pieces)
def test_no_value_of_a_set_cookie_survives(parts):
    """However a `Set-Cookie` is put together, nothing is left of what stands behind an equals sign or a comma."""
    assert SECRET not in masked("set-cookie", "sid=" + "".join(parts))


def app(environ, start_response):
    """Answer with two cookies, and look at what came."""
    assert environ["HTTP_AUTHORIZATION"] == f"Bearer {SECRET}"
    environ["wsgi.input"].read()
    cookies = [("Set-Cookie", f"sid={SECRET}; Path=/"), ("SET-COOKIE", f"csrf={SECRET}"), ("X-Kept", "kept")]
    start_response("200 OK", [*cookies, ("authorization", f"Basic {SECRET}")])
    return [b"ok"]


def through(receiver, **options):
    """Send one request with credentials through the real middleware to the receiver; all bytes that left."""
    wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn, **options)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "HTTP_HOST": "shop.example",
        "HTTP_AUTHORIZATION": f"Bearer {SECRET}",
        "HTTP_PROXY_AUTHORIZATION": f"Basic {SECRET}",
        "HTTP_COOKIE": f"sid={SECRET}; csrf={SECRET}",
        "wsgi.input": BytesIO(),
    }
    seen = []
    assert list(wrapped(environ, lambda status, headers: seen.extend(headers))) == [b"ok"]
    assert ("Set-Cookie", f"sid={SECRET}; Path=/") in seen
    assert drhttp.flush(5.0)
    (post,) = receiver.posts
    body = gzip.decompress(post.body) if post.headers.get("content-encoding") == "gzip" else post.body
    return repr(post.headers).encode() + body


@pytest.mark.parametrize("protocol", ["events", "record"])
def test_no_credential_leaves_the_process(receiver, protocol):
    """No byte that leaves holds a credential, in either protocol; the names of the fields and cookies do."""
    sent = through(receiver, protocol=protocol)
    assert SECRET.encode() not in sent
    for name in (
        b'"authorization"',
        b'"proxy-authorization"',
        b'"cookie"',
        b'"set-cookie"',
        b"sid=",
        b"csrf=",
        b"kept",
    ):
        assert name in sent


def test_masking_can_be_switched_off(receiver, caplog):
    """`redact=False` sends credentials as they are, and says so once, as a warning."""
    with caplog.at_level(logging.DEBUG, "drhttp"):
        sent = through(receiver, redact=False)
        wrapped = drhttp.WSGIMiddleware(lambda environ, start: [b""], dsn=receiver.dsn, redact=False)
        wrapped({"REQUEST_METHOD": "GET"}, print)
        assert drhttp.flush(5.0)
    assert sent.count(SECRET.encode()) == 7
    said = [(each.levelname, each.getMessage()) for each in caplog.records if "masking" in each.getMessage()]
    assert said == [
        ("WARNING", "the masking of credentials is switched off by the option redact; records hold them as they are")
    ]
