from __future__ import annotations

import pytest

from drhttp.inbox import coerce


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-22T07:38:25.157Z", 1795333105_157000),
        ("2026-11-22T07:38:25.157", 1795333105_157000),
        ("2026-11-22T07:38:25", 1795333105_000000),
        ("2026-11-22T09:38:25.157001+02:00", 1795333105_157001),
        ("yesterday", None),
        ("9999-12-31T23:59:59.999-23:59", None),
        (1795333105, None),
        (None, None),
    ],
)
def test_instants_are_read_in_every_form_that_senders_write(written, expected):
    """Times with "Z", with an offset and without a zone are the same instants; anything else is not told."""
    assert coerce.instant(written) == expected


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.test/orders/7?q=1",
        "http://[::1]:8000/",
        "https://shop.test",
        "http://shop.test/?",
        "http://shop.test/a#b?c#d",
        "http://shop.test/%FF%E9\n//x",
        "/relative?x",
        "http://[broken/",
        "",
    ],
)
def test_the_parts_of_an_address_spell_it_unchanged(uri):
    """Scheme, host, path and query put together again are the address that was sent, character for character."""
    scheme, host, path, query = coerce.address(uri)

    assert (f"{scheme}://{host}" if scheme else "") + path + ("" if query is None else f"?{query}") == uri


@pytest.mark.parametrize(
    ("value", "encoding", "content_type", "expected"),
    [
        (None, None, None, (None, False)),
        ({"a": "é"}, "json", "application/json", ('{"a":"é"}'.encode(), True)),
        ([1, None], None, None, (b"[1,null]", True)),
        (42, "", "text/plain", (b"42", True)),
        ("hello", "json", "application/json", (b'"hello"', True)),
        ("hello", None, "text/plain", (b"hello", False)),
        ("AP8=", "base64", "application/json", (b"\x00\xff", False)),
        ("not base64!", "base64", None, (b"not base64!", False)),
        ({"a": "\ud800"}, "json", None, (b'{"a":"\\ud800"}', True)),
    ],
)
def test_bodies_are_kept_as_bytes(value, encoding, content_type, expected):
    """Base64 is kept as the bytes it stands for, parsed JSON as compact JSON, and text as itself."""
    assert coerce.body(value, encoding=encoding, content_type=content_type) == expected


def test_headers_are_an_ordered_list_of_pairs():
    """Order, spelling, repeats, numbers and nulls of a header object survive."""
    fields = {"X-B": "2", "set-cookie": ["a=1", "b=2"], "X-A": 7, "content-length": "", "x-null": None}

    assert coerce.headers(fields) == (
        ("X-B", "2"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("X-A", "7"),
        ("content-length", ""),
        ("x-null", ""),
    )


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), 10**400, -1, 1e300])
def test_what_is_no_duration_is_not_told(value):
    """Numbers that no clock could have measured, and other values, are left out rather than stored."""
    assert coerce.micros(value) is None


def test_text_can_always_be_encoded():
    """Halves of surrogate pairs, which JSON can carry, become replacement characters; pairs become one character."""
    assert coerce.text("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"
    assert coerce.text("\ud83d\ude00") == "\U0001f600"
    assert coerce.text(7) == "7"
    assert coerce.text({"id": 7}) == '{"id": 7}'
