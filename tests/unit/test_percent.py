"""Percent-encoding is decoded as `urllib.parse` decodes it, in a fraction of the time."""

from __future__ import annotations

import urllib.parse

from hypothesis import example, given
from hypothesis import strategies as st
from support.effort import effort

from drhttp import _percent

texts = st.lists(
    st.one_of(
        st.binary(max_size=4).map(lambda data: "".join(f"%{byte:02x}" for byte in data)),
        st.sampled_from(["%", "%4", "%zz", "%C3", "%A9", "+", "%2B", "é", "\u5bc6", "a", "%25", "%E2%82", "\x00"]),
        st.text(max_size=5),
    )
).map("".join)


@effort(300)
@given(texts)
@example("%C3é%A9")
@example("%E2%82x%AC%E2%82%AC")
def test_as_the_standard_library(text: str) -> None:
    assert _percent.unquote(text) == urllib.parse.unquote(text)
    assert _percent.unquote(text, "latin-1") == urllib.parse.unquote(text, "latin-1")
    assert _percent.unquote_plus(text) == urllib.parse.unquote_plus(text)


@effort(300)
@given(st.binary().map(lambda data: data.decode("latin-1")) | st.text("%0123456789abcdefABCDEF\xff/"))
def test_bytes_as_the_standard_library(text: str) -> None:
    assert _percent.unquote_to_bytes(text) == urllib.parse.unquote_to_bytes(text.encode("latin-1"))
