"""URIs: what the client asked for, percent-encoded, without losing a byte."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp._capture.wsgi_uri import absolute_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

LATIN = st.text(st.characters(max_codepoint=255))


@pytest.mark.parametrize(
    ("environ", "uri"),
    [
        ({}, "http:///"),
        ({"HTTP_HOST": "h", "PATH_INFO": "/a", "QUERY_STRING": "b=1"}, "http://h/a?b=1"),
        ({"HTTP_HOST": "h:8000", "SCRIPT_NAME": "/shop", "PATH_INFO": ""}, "http://h:8000/shop"),
        ({"HTTP_HOST": "h", "PATH_INFO": "/\x83/\xc3\xa9 %"}, "http://h/%83/%C3%A9%20%25"),
        ({"HTTP_HOST": "h", "PATH_INFO": "/", "QUERY_STRING": "a=\xff b&c=%zz#"}, "http://h/?a=%FF%20b&c=%zz%23"),
        ({"SERVER_NAME": "h", "SERVER_PORT": "80"}, "http://h/"),
        ({"SERVER_NAME": "h", "SERVER_PORT": "443", "wsgi.url_scheme": "https"}, "https://h/"),
        ({"SERVER_NAME": "h", "SERVER_PORT": "8080"}, "http://h:8080/"),
        ({"SERVER_NAME": "::1", "SERVER_PORT": "8080"}, "http://[::1]:8080/"),
        ({"SERVER_NAME": "[::1]", "SERVER_PORT": ""}, "http://[::1]/"),
        ({"HTTP_HOST": "evil/@?#\xff", "PATH_INFO": "/"}, "http://evil%2F%40%3F%23%FF/"),
        ({"HTTP_HOST": "h", "PATH_INFO": "*"}, "http://h/*"),
        ({"HTTP_HOST": "h", "PATH_INFO": "//a/../b"}, "http://h//a/../b"),
        ({"HTTP_HOST": "h", "PATH_INFO": "/\N{SNOWMAN}"}, "http://h/%E2%98%83"),
    ],
)
def test_absolute_uri(environ: dict[str, str], uri: str) -> None:
    """W7: from whatever the server tells."""
    assert absolute_uri(environ) == uri


@pytest.mark.parametrize("variable", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize(
    ("raw", "path", "uri"),
    [
        ("/a%2Fb?x=1", "/a/b", "http://h/a%2Fb?x=1"),
        ("/caf%c3%a9?x=1", "/caf\xc3\xa9", "http://h/caf%c3%a9?x=1"),
        ("/\xc3\xa9?x=1", "/\xc3\xa9", "http://h/%C3%A9?x=1"),
        ("/old?x=1", "/rewritten", "http://h/rewritten?x=1"),
        ("http://other/a?x=1", "/a", "http://h/a?x=1"),
        ("", "/a", "http://h/a?x=1"),
    ],
)
def test_encoding_of_the_client(variable: str, raw: str, path: str, uri: str) -> None:
    """W7: where the server hands on the client's own encoding it is kept, unless somebody rewrote the path."""
    environ = {variable: raw, "HTTP_HOST": "h", "PATH_INFO": path, "QUERY_STRING": "x=1"}
    assert absolute_uri(environ) == uri


@given(LATIN, LATIN, LATIN)
def test_lossless(mount: str, path: str, query: str) -> None:
    """W7: every byte of path and query can be had back, and the URI is plain ASCII that parses."""
    environ: Mapping[str, str] = {"HTTP_HOST": "h", "SCRIPT_NAME": mount, "PATH_INFO": path, "QUERY_STRING": query}
    uri = absolute_uri(environ)
    assert uri.isascii()
    assert uri.isprintable()
    assert " " not in uri
    whole = (mount + path).encode("latin-1")
    raw_path, _, raw_query = uri.removeprefix("http://h").partition("?")
    assert unquote_to_bytes(raw_path) == (whole if whole.startswith(b"/") else b"/" + whole)
    assert unquote_to_bytes(raw_query) == unquote_to_bytes(query.encode("latin-1"))
    assert urlsplit(uri).netloc == "h"
